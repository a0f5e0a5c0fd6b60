import { memory, sweep } from '../../lib/engine';
import * as nn from '../../lib/nn';
import { swaUtils } from '../../lib/optim';
import { manualSeed, ones, randn, tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const { AveragedModel, getEmaAvgFn, getEmaMultiAvgFn, getSwaAvgFn, getSwaMultiAvgFn, updateBn } = swaUtils;

beforeEach(() => manualSeed(61));

/** A model with a shared parameter, buffers and names of every kind. */
class Net extends nn.Module {
  readonly first = new nn.Linear(4, 6);
  readonly norm = new nn.BatchNorm1d(6);
  readonly second = new nn.Linear(6, 6);
  readonly sizes = { widths: [4, 6, 6] };

  constructor() {
    super();
    this.registerParameter('W_out', new nn.Parameter(randn([6, 2])));
    this.registerBuffer('T_scale', ones([2]), false);
    this.second.weight = this.first.weight.shape[0] === 6 ? this.second.weight : this.first.weight;
  }

  forward(x: Tensor): Tensor {
    const W = Reflect.get(this, 'W_out') as nn.Parameter;
    return this.second.forward(this.norm.forward(this.first.forward(x)).relu()).matmul(W);
  }
}

const python = `
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 6)
        self.norm = torch.nn.BatchNorm1d(6)
        self.second = torch.nn.Linear(6, 6)
        self.W_out = torch.nn.Parameter(torch.zeros(6, 2))
        self.register_buffer('T_scale', torch.ones(2), persistent=False)
    def forward(self, x):
        return self.second(self.norm(self.first(x)).relu()) @ self.W_out
from torch.optim.swa_utils import *
model = Net()
model.load_state_dict(start)
averaged = eval(source)
for state in states:
    model.load_state_dict(state)
    averaged.update_parameters(model)
result = {k: v.clone() for k, v in averaged.state_dict().items()}
update_bn(batches, averaged)
measured = {k: v.clone() for k, v in averaged.state_dict().items()}
training = averaged.training
averaged.eval()
output = averaged(batches[0])
`;

function drawState(model: Net): Map<string, Tensor> {
  return new Map(
    [...model.stateDict()].map(([name, value]) => [
      name,
      value.dtype === 'int64' ? tensor(3, { dtype: 'int64' }) : randn([...value.shape]).abs(),
    ]),
  );
}

describeWithOracle('optim.swaUtils.AveragedModel', (oracle) => {
  const cases: [source: string, options: swaUtils.AveragedModelOptions][] = [
    ['AveragedModel(model)', {}],
    ['AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))', { multiAvgFn: getEmaMultiAvgFn(0.9) }],
    ['AveragedModel(model, multi_avg_fn=get_swa_multi_avg_fn())', { multiAvgFn: getSwaMultiAvgFn() }],
    ['AveragedModel(model, avg_fn=get_ema_avg_fn(0.7))', { avgFn: getEmaAvgFn(0.7) }],
    ['AveragedModel(model, avg_fn=get_swa_avg_fn())', { avgFn: getSwaAvgFn() }],
    ['AveragedModel(model, avg_fn=get_ema_avg_fn(), use_buffers=True)', { avgFn: getEmaAvgFn(), useBuffers: true }],
    [
      'AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)',
      { multiAvgFn: getEmaMultiAvgFn(0.8), useBuffers: true },
    ],
    ['AveragedModel(model, device="cpu", use_buffers=True)', { device: 'cpu', useBuffers: true }],
    [
      'AveragedModel(model, avg_fn=lambda a, c, n: torch.maximum(a, c))',
      { avgFn: (averaged, current) => averaged.maximum(current) },
    ],
  ];

  it.each(cases)('%s', async (source, options) => {
    const model = new Net();
    const start = drawState(model);
    const states = Array.from({ length: 6 }, () => drawState(model));
    const batches = Array.from({ length: 3 }, () => randn([5, 4]));
    const { result, measured, output, training } = await oracle().run(python, {
      inputs: {
        start: Object.fromEntries(start),
        states: states.map((state) => Object.fromEntries(state)),
        batches,
        source,
      },
      outputs: { result: 'tensorDict', measured: 'tensorDict', output: 'tensor', training: 'boolean' },
    });
    model.loadStateDict(start);
    const averaged = new AveragedModel(model, options);
    for (const state of states) {
      model.loadStateDict(state);
      averaged.updateParameters(model);
    }
    const compare = (wanted: Record<string, Tensor>): void => {
      const ours = averaged.stateDict();
      expect([...ours.keys()]).toEqual(Object.keys(wanted));
      for (const [name, value] of ours) expectSameBits(value, wanted[name] as Tensor, name);
    };
    compare(result);
    updateBn(batches, averaged);
    compare(measured);
    expect(averaged.training).toBe(training);
    expectSameBits(
      averaged
        .eval()
        .forward(batches[0] as Tensor)
        .detach(),
      output,
    );
  });
});

describe('optim.swaUtils', () => {
  it('averages a copy: the model is left alone, and what it shares stays shared', () => {
    const shared = new nn.Linear(2, 2);
    const model = new nn.Sequential(shared, new nn.ReLU(), shared);
    const averaged = new AveragedModel(model);
    expect(averaged.parameters().length).toBe(2);
    const before = model.stateDict().get('0.weight')?.tolist();
    for (const parameter of averaged.parameters()) parameter.data = ones([...parameter.shape]);
    expect(model.stateDict().get('0.weight')?.tolist()).toEqual(before);
    const input = randn([3, 2]);
    averaged.module.loadStateDict(model.stateDict());
    expectSameBits(averaged.forward(input).detach(), model.forward(input).detach());
  });

  it('averages models of the library, models with private fields that can be copied, and can be copied itself', () => {
    class Secret extends nn.Module {
      readonly linear = new nn.Linear(2, 2);
      readonly #scale = 3;

      override beginCopy(): Secret {
        return new Secret();
      }

      forward(x: Tensor): Tensor {
        return this.linear.forward(x).mul(this.#scale);
      }
    }
    const model = new nn.Sequential(new Secret(), new nn.Unflatten(1, [1, 2]), new nn.MaxPool1d(2));
    const averaged = new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.5) });
    averaged.updateParameters(model);
    const input = randn([3, 2]);
    expectSameBits(averaged.forward(input).detach(), model.forward(input).detach());
    const twin = nn.deepcopy(averaged);
    for (const parameter of model.parameters()) parameter.data.zero_();
    for (const each of [averaged, twin]) each.updateParameters(model);
    expectSameBits(twin.forward(input).detach(), averaged.forward(input).detach());
    expect(twin.nAveraged.item()).toBe(2);
  });

  it('leaves nothing behind', () => {
    const model = new Net();
    const averaged = new AveragedModel(model);
    const multi = new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(), useBuffers: true });
    const batch = randn([5, 4]);
    const turn = (): void => {
      for (const each of [averaged, multi]) each.updateParameters(model);
      updateBn([batch], averaged);
    };
    turn();
    sweep();
    const before = memory();
    turn();
    const after = memory();
    expect([after.tensors, after.bytes]).toEqual([before.tensors, before.bytes]);
  });

  it('measures batch norms over asynchronous batches, lists too', async () => {
    const [model, other] = [new Net(), new Net()];
    other.loadStateDict(model.stateDict());
    const batches = Array.from({ length: 3 }, () => randn([5, 4]));
    // eslint-disable-next-line @typescript-eslint/require-await -- an asynchronous loader that need not wait
    async function* load(): AsyncGenerator<[Tensor, string]> {
      for (const batch of batches) yield [batch, 'label'];
    }
    await updateBn(load(), model);
    updateBn(batches, other);
    expectSameBits(model.norm.runningMean as Tensor, other.norm.runningMean as Tensor);
    expect(model.norm.momentum).toBe(0.1);
    const plain = new nn.Linear(2, 2);
    updateBn([], plain);
  });

  it('refuses impossible arguments', () => {
    const model = new nn.Linear(2, 2);
    expect(() => getEmaMultiAvgFn(1.5)).toThrow('Invalid decay value 1.5');
    expect(() => getEmaAvgFn(-1)).toThrow('Invalid decay value -1');
    expect(() => new AveragedModel(3 as never)).toThrow('expected a Module');
    expect(() => new AveragedModel(model, { avgFn: getSwaAvgFn(), multiAvgFn: getSwaMultiAvgFn() })).toThrow(
      'Only one of',
    );
    expect(() => new AveragedModel(model).updateParameters(null as never)).toThrow('expected a Module');
    expect(() => updateBn(3 as never, model)).toThrow('expected batches to iterate over');
  });
});
