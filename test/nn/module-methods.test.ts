/** What modules have besides forward. */
import * as nn from '../../lib/nn';
import { getRngState, manualSeed, ones, randn, tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { expectSameState } from './compare-module';

beforeEach(() => manualSeed(21));

describeWithOracle('tables', (oracle) => {
  it('are made of a table that is there, whose memory they share, without drawing', async () => {
    const table = randn([5, 3]);
    const input = tensor([[1, 4, 4]]);
    const { printed, rows, bags } = await oracle().run(
      `
      nn = torch.nn
      made = [nn.Embedding.from_pretrained(table, padding_idx=-1), nn.EmbeddingBag.from_pretrained(table, mode='sum', padding_idx=1)]
      printed = [f'{m} {m.weight.requires_grad}' for m in made]
      rows, bags = [m(input) for m in made]
      `,
      { inputs: { table, input }, outputs: { printed: 'strings', rows: 'tensor', bags: 'tensor' } },
    );
    const before = getRngState();
    const embedding = nn.Embedding.fromPretrained(table, { paddingIdx: -1 });
    const bag = nn.EmbeddingBag.fromPretrained(table, { mode: 'sum', paddingIdx: 1 });
    expectSameBits(getRngState(), before);
    const python = (flag: boolean): string => (flag ? 'True' : 'False');
    expect([embedding, bag].map((made) => `${made.toString()} ${python(made.weight.requiresGrad)}`)).toEqual(printed);
    expectSameBits(embedding.forward(input), rows);
    expectSameBits(bag.forward(input), bags);
    table.zero_();
    expect(embedding.weight.abs().sum().item()).toBe(0);
    expect(nn.Embedding.fromPretrained(table, false).weight.requiresGrad).toBe(true);
    expect(nn.EmbeddingBag.fromPretrained(table, { freeze: false }).weight.requiresGrad).toBe(true);
    expect(() => nn.Embedding.fromPretrained(randn([3]))).toThrow('expected to be 2-dimensional');
  });
});

describeWithOracle('AdaptiveLogSoftmaxWithLoss', (oracle) => {
  it('gives all log-probabilities, predicts, and takes one sample', async () => {
    const [x, one] = [randn([12, 6]), randn([6])];
    const target = tensor(7);
    const expected = await oracle().run(
      `
      torch.manual_seed(8)
      module = torch.nn.AdaptiveLogSoftmaxWithLoss(6, 20, [2, 7, 11], div_value=1.5)
      state = dict(module.state_dict())
      log_prob, predicted = module.log_prob(x), module.predict(x)
      output, loss = module(one, target)
      # The head decides: all classes inside of it, and all outside.
      def biased(sign):
          module.head.weight[:] = 0
          module.head.weight[:2, 0] = sign
          return module.predict(x.abs())
      with torch.no_grad():
          inside, outside = biased(1.0), biased(-1.0)
      try:
          module(x, torch.full([12], 20))
      except RuntimeError as error:
          message = str(error)
      `,
      {
        inputs: { x, one, target },
        outputs: {
          state: 'tensorDict',
          log_prob: 'tensor',
          predicted: 'tensor',
          output: 'tensor',
          loss: 'tensor',
          inside: 'tensor',
          outside: 'tensor',
          message: 'string',
        },
      },
    );
    manualSeed(8);
    const module = new nn.AdaptiveLogSoftmaxWithLoss(6, 20, [2, 7, 11], { divValue: 1.5 }).requiresGrad_(false);
    const { head } = module;
    // Python's dict shares the memory that is changed afterwards.
    expect([...module.stateDict().keys()]).toEqual(Object.keys(expected.state));
    expectSameBits(module.logProb(x), expected.log_prob, 'logProb');
    expectSameBits(module.predict(x), expected.predicted, 'predict');
    const [output, loss] = module.forward(one, target);
    expectSameBits(output, expected.output, 'output');
    expectSameBits(loss, expected.loss, 'loss');
    for (const [sign, wanted] of [
      [1, expected.inside],
      [-1, expected.outside],
    ] as const) {
      head.weight.zero_().narrow(0, 0, 2).select(1, 0).fill_(sign);
      expectSameBits(module.predict(x.abs()), wanted, `predict, ${sign}`);
    }
    expect(() => module.forward(x, tensor(Array<number>(12).fill(20)))).toThrow(expected.message.trim());
    expect(() => module.forward(x, tensor([1]))).toThrow('same size in the batch dimension');
    expect(() => module.forward(x, tensor([[1]]))).toThrow('multi-target not supported');
  });
});

describeWithOracle('InstanceNorm', (oracle) => {
  it('refuses running statistics of files from before PyTorch 0.4, strict or not', async () => {
    const given = { '0.running_mean': randn([2]), '0.running_var': randn([2]), '1.weight': randn([2, 3]) };
    const { messages } = await oracle().run(
      `
      nn, messages = torch.nn, []
      for strict in (True, False):
          try:
              nn.Sequential(nn.InstanceNorm2d(2), nn.Linear(2, 2)).load_state_dict(given, strict)
          except RuntimeError as error:
              messages.append(str(error))
      `,
      { inputs: { given }, outputs: { messages: 'strings' } },
    );
    expect(messages).toHaveLength(2);
    for (const [index, strict] of [true, false].entries()) {
      const model = new nn.Sequential(new nn.InstanceNorm2d(2), new nn.Linear(2, 2));
      const load = (): unknown => model.loadStateDict(given, { strict });
      expect(load).toThrow(expect.objectContaining({ message: messages[index] }) as Error);
    }
    const tracking = new nn.Sequential(new nn.InstanceNorm2d(2, { trackRunningStats: true }));
    const own = Object.fromEntries(Object.entries(given).slice(0, 2));
    expect(tracking.loadStateDict(own)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  });
});

describeWithOracle('modules of the meta device', (oracle) => {
  it('go nowhere by to(), all of them or one part, and get memory by toEmpty()', async () => {
    const { said } = await oracle().run(
      `said = []
for device in ('cpu', 'meta'):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2, device=device), torch.nn.Linear(2, 2, device='meta'))
    try:
        model.to('cpu')
    except NotImplementedError as error:
        said.append(str(error))`,
      { outputs: { said: 'strings' } },
    );
    const ours = said.map((text) => text.replaceAll('torch.nn.Module', 'nn.Module').replace('to_empty', 'toEmpty'));
    const meta = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2)).toEmpty({ device: 'meta' });
    const half = new nn.Sequential(new nn.Linear(2, 2).to('float64'), meta);
    expect(meta.to('meta')).toBe(meta);
    for (const [at, model] of [half, meta].entries()) {
      expect(() => model.to({ device: 'cpu', dtype: 'float32' })).toThrow(ours[at]);
    }
    expect(half.parameters()[0]?.dtype).toBe('float64');
    expect(meta.toEmpty({ device: 'cpu' }).to('cpu').parameters()[0]?.device).toBe('cpu');
  });

  it('are what to() makes of others, gradients and ties included', async () => {
    // Python forgets on this way that two modules share a parameter: it is given twice there.
    const { theirs } = await oracle().run(
      `
      nn = torch.nn
      model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
      model[2].weight = model[0].weight
      model[1].weight.requires_grad = False
      model(torch.ones(3, 2)).sum().backward()
      model.to(device='meta', dtype=torch.float64)
      theirs = [
          f'{name} {t.device} {t.dtype} {t.requires_grad} {list(t.shape)} {t.grad is not None and t.grad.device}'
          for name, t in model.named_parameters(remove_duplicate=False)
      ]
      `,
      { outputs: { theirs: 'strings' } },
    );
    const [first, norm, last] = [new nn.Linear(2, 2), new nn.BatchNorm1d(2), new nn.Linear(2, 2)];
    const model = new nn.Sequential(first, norm, last);
    last.weight = first.weight;
    norm.weight?.requiresGrad_(false);
    model
      .forward(ones([3, 2]))
      .sum()
      .backward();
    model.to({ device: 'meta', dtype: 'float64' });
    const python = (flag: boolean): string => (flag ? 'True' : 'False');
    const ours = model.namedParameters({ removeDuplicate: false }).map(([name, each]) => {
      const { device, dtype, requiresGrad, shape, grad } = each;
      return `${name} ${device} torch.${dtype} ${python(requiresGrad)} [${shape.join(', ')}] ${grad?.device ?? 'False'}`;
    });
    expect(ours).toEqual(theirs);
    expect(norm.runningMean?.device).toBe('meta');
    expect(last.weight).toBe(first.weight);
    expect(last.forward(ones([3, 2], { device: 'meta', dtype: 'float64' })).shape).toEqual([3, 2]);
  });
});

describe('modules', () => {
  it('run on the compute thread, lazy ones too', async () => {
    const model = new nn.Sequential(
      new nn.LazyConv2d(4, 3),
      new nn.LazyBatchNorm2d(),
      new nn.MaxPool2d(2),
      new nn.Dropout2d(),
    );
    const x = randn([2, 3, 8, 8]);
    manualSeed(1);
    const here = await model.forwardAsync(x);
    expect(here.shape).toEqual([2, 4, 3, 3]);
    manualSeed(1);
    const other = new nn.Sequential(
      new nn.Conv2d(3, 4, 3),
      new nn.BatchNorm2d(4),
      new nn.MaxPool2d(2),
      new nn.Dropout2d(),
    );
    expectSameBits(here, other.forward(x));
    expectSameState(model.stateDict(), Object.fromEntries(other.stateDict()), 'state');
  });

  it('a distance may be a module with parameters of its own', () => {
    class Scaled extends nn.Module<[x1: ReturnType<typeof randn>, x2: ReturnType<typeof randn>]> {
      readonly scale = new nn.Parameter(tensor(2.5));

      forward(x1: ReturnType<typeof randn>, x2: ReturnType<typeof randn>): ReturnType<typeof randn> {
        return nn.functional.pairwiseDistance(x1, x2).mul(this.scale);
      }
    }
    const loss = new nn.TripletMarginWithDistanceLoss({ distanceFunction: new Scaled() });
    expect([...loss.stateDict().keys()]).toEqual(['distance_function.scale']);
    loss.forward(randn([2, 3]), randn([2, 3]), randn([2, 3])).backward();
    expect(loss.parameters()[0]?.grad?.shape).toEqual([]);
  });
});
