import * as nn from '../../lib/nn';
import { SGD } from '../../lib/optim';
import { inspect } from 'node:util';
import { manualSeed, ones, randn, zeros, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { expectSameState } from './compare-module';

beforeEach(() => manualSeed(3));

/** One lazy module of each kind, in a row: each learns from what the one before gave. */
const make = (): nn.Sequential =>
  new nn.Sequential(new nn.LazyConv1d(4, 3), new nn.LazyBatchNorm1d(), new nn.LazyLinear(2, { bias: false }));
const python = `
nn = torch.nn
make = lambda: nn.Sequential(nn.LazyConv1d(4, 3), nn.LazyBatchNorm1d(), nn.LazyLinear(2, bias=False))
`;

describe('lazy modules', () => {
  it('become ordinary ones at the first forward, and their parameters stay the same objects', () => {
    const layer = new nn.LazyConv1d(4, 3);
    const model = new nn.Sequential(layer, new nn.LazyBatchNorm1d());
    const { weight } = layer;
    expect(layer).toBeInstanceOf(nn.LazyConv1d);
    expect(weight).toBeInstanceOf(nn.UninitializedParameter);
    // An optimizer may be made before, as in Python.
    const optimizer = new SGD(model.parameters(), { lr: 0.5 });
    optimizer.zeroGrad();
    model
      .forward(randn([2, 5, 9]))
      .sum()
      .backward();
    expect(layer).not.toBeInstanceOf(nn.LazyConv1d);
    expect(layer).toBeInstanceOf(nn.Conv1d);
    expect(layer.weight).toBe(weight);
    expect(weight).not.toBeInstanceOf(nn.UninitializedParameter);
    expect(weight).toMatchObject({ requiresGrad: true, isLeaf: true, shape: [4, 5, 3] });
    const before = weight.detach().clone();
    optimizer.step();
    expect(weight.equal(before)).toBe(false);
    expect(model.forward(randn([2, 5, 9])).shape).toEqual([2, 4, 7]);
  });

  it('run the hooks of the module once', () => {
    const layer = new nn.LazyLinear(2);
    let calls = 0;
    layer.registerForwardHook(() => {
      calls += 1;
    });
    layer.forward(ones([1, 3]));
    expect(calls).toBe(1);
    layer.forward(ones([1, 3]));
    expect(calls).toBe(2);
  });

  it('move to a dtype before they have a shape, and draw in it', () => {
    const layer = new nn.LazyLinear(2).to('float64').requiresGrad_(false);
    expect(layer.weight).toMatchObject({ dtype: 'float64', device: 'cpu', requiresGrad: false, grad: null });
    expect(layer.forward(ones([1, 3], { dtype: 'float64' })).dtype).toBe('float64');
    expect(layer.weight.requiresGrad).toBe(false);
  });

  it('refuse what needs a shape, with a sentence that says what to do', () => {
    const { weight } = new nn.LazyLinear(2);
    expect(inspect(weight)).toBe('<UninitializedParameter>');
    expect(() => weight.shape).toThrow("Can't access the shape of an uninitialized parameter or buffer");
    const uninitialized = expect.objectContaining({
      name: 'ArgumentError',
      code: 'TORCH_VALUE',
      message: expect.stringContaining('Attempted to use an uninitialized parameter or buffer') as string,
    }) as Error;
    const uses = [
      () => weight.add(1),
      () => ones([2]).add(weight),
      () => weight.numel(),
      () => weight.tolist(),
      () => nn.init.ones_(weight),
      () => nn.functional.linear(ones([2]), weight),
    ];
    for (const use of uses) expect(use).toThrow(uninitialized);
  });

  it('refuse inputs that cannot tell the number of channels', () => {
    expect(() => new nn.LazyConv2d(3, 2).forward(ones([2, 2]))).toThrow(
      'Expected 3D (unbatched) or 4D (batched) input to LazyConv2d, but got input of size: torch.Size([2, 2])',
    );
    expect(() => new nn.LazyConv1d(4, 1, { groups: 2 }).forward(ones([1, 3, 5]))).toThrow(
      'in_channels must be divisible by groups',
    );
    expect(() => new nn.LazyBatchNorm2d().forward(ones([2, 2]))).toThrow('expected 4D input (got 2D input');
  });

  it('materialize', () => {
    const parameter = new nn.UninitializedParameter({ dtype: 'float64' });
    parameter.materialize([2, 3]);
    expect(parameter).toBeInstanceOf(nn.Parameter);
    expect(parameter).toMatchObject({ shape: [2, 3], dtype: 'float64', requiresGrad: true });
    const buffer = new nn.UninitializedBuffer({ persistent: false });
    buffer.materialize(4, 'cpu', 'int64');
    expect(buffer).toMatchObject({ shape: [4], dtype: 'int64', requiresGrad: false, persistent: false });
    expect(() => new nn.UninitializedParameter().materialize([-1])).toThrow('a whole number of at least 0');
  });
});

describeWithOracle('state dicts of lazy modules', (oracle) => {
  it('take shapes and values from a state dict, before the first input', async () => {
    const x = randn([2, 5, 9]);
    const { state, keys, printed, before, y, afterwards } = await oracle().run(
      `${python}
torch.manual_seed(4)
full = make(); full(x)
state = dict(full.state_dict())
model = make()
keys, before = list(model.state_dict()), str(model)
model.load_state_dict(state)
printed = str(model)
y = model(x)
afterwards = str(model)
`,
      {
        inputs: { x },
        outputs: {
          state: 'tensorDict',
          keys: 'strings',
          printed: 'string',
          before: 'string',
          y: 'tensor',
          afterwards: 'string',
        },
      },
    );
    const model = make();
    expect([...model.stateDict().keys()]).toEqual(keys);
    expect(model.toString()).toBe(before);
    expect(model.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(model.toString()).toBe(printed);
    expectSameState(model.stateDict(), state, 'loaded');
    expectSameBits(model.forward(x), y, 'output');
    expect(model.toString()).toBe(afterwards);
  });

  it('find missing and unexpected keys, strictly and not', async () => {
    const given: Record<string, Tensor> = {
      '0.weight': ones([4, 7, 3]),
      '1.running_mean': zeros([4]),
      nonsense: ones([1]),
    };
    const { message, missing, unexpected } = await oracle().run(
      `${python}
try:
    make().load_state_dict(given)
except RuntimeError as error:
    message = str(error)
keys = make().load_state_dict(given, strict=False)
missing, unexpected = keys.missing_keys, keys.unexpected_keys
`,
      { inputs: { given }, outputs: { message: 'string', missing: 'strings', unexpected: 'strings' } },
    );
    const model = make();
    expect(() => model.loadStateDict(given)).toThrow(message);
    // Nothing was taken from it; Python's would have the shape by now.
    const [weight] = model.parameters();
    expect(weight).toBeInstanceOf(nn.UninitializedParameter);
    expect(model.loadStateDict(given, { strict: false })).toEqual({ missingKeys: missing, unexpectedKeys: unexpected });
    expect(weight?.shape).toEqual([4, 7, 3]);
  });

  it('pass from one lazy module to another, but not to one with a shape', async () => {
    const lazy = new nn.LazyLinear(2);
    expect(new nn.LazyLinear(2).loadStateDict(lazy.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const { message } = await oracle().run(
      `
      try:
          torch.nn.Linear(3, 2).load_state_dict(torch.nn.LazyLinear(2).state_dict())
      except RuntimeError as error:
          message = str(error)
      `,
      { outputs: { message: 'string' } },
    );
    expect(message).toContain("Can't access the shape of an uninitialized parameter or buffer");
    expect(() => new nn.Linear(3, 2).loadStateDict(lazy.stateDict())).toThrow(
      "Can't access the shape of an uninitialized parameter or buffer",
    );
  });

  it('refuse a first input that does not fit a weight that was loaded', () => {
    const layer = new nn.LazyLinear(2);
    layer.loadStateDict(new nn.Linear(5, 2).stateDict());
    expect(() => layer.forward(ones([1, 3]))).toThrow(
      'The in_features inferred from input: 3 is not equal to in_features from self.weight: 5',
    );
    expect(layer.forward(ones([1, 5])).shape).toEqual([1, 2]);
    expect(layer.toString()).toBe('Linear(in_features=5, out_features=2, bias=True)');
  });
});
