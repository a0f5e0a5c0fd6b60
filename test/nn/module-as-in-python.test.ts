/** What users override and ask of modules, as in Python. */
import * as nn from '../../lib/nn';
import { ones, randn, type Tensor } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';

class Frozen extends nn.Module {
  readonly norm = new nn.BatchNorm1d(2);

  override train(): this {
    return super.train(false);
  }

  forward(x: Tensor): Tensor {
    return this.norm.forward(x);
  }
}

describeWithOracle('nn.Module beside Python', (oracle) => {
  it("has each child's own train called", async () => {
    const { training, evaluated } = await oracle().run(
      `
      nn = torch.nn
      class Frozen(nn.Module):
          def __init__(self):
              super().__init__()
              self.norm = nn.BatchNorm1d(2)
          def train(self, mode=True):
              return super().train(False)
      model = nn.Sequential(Frozen(), nn.Sequential(nn.Linear(2, 2), Frozen()))
      training = [int(m.training) for m in model.train().modules()]
      evaluated = [int(m.training) for m in model.eval().modules()]
      `,
      { outputs: { training: 'numbers', evaluated: 'numbers' } },
    );
    const model = new nn.Sequential(new Frozen(), new nn.Sequential(new nn.Linear(2, 2), new Frozen()));
    const flags = (): number[] => model.modules().map((module) => Number(module.training));
    model.train();
    expect(flags()).toEqual(training);
    expect(training).toContain(0);
    model.eval();
    expect(flags()).toEqual(evaluated);
  });

  it('moves by a device and a dtype, and to a memory format', async () => {
    const { strides, dtypes, shapes } = await oracle().run(
      `
      nn = torch.nn
      model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ConvTranspose2d(4, 3, 2), nn.Linear(2, 2))
      model.to('cpu', torch.float64).to(memory_format=torch.channels_last)
      tensors = list(model.state_dict().values())
      strides = [s for t in tensors for s in t.stride()]
      shapes = [s for t in tensors for s in t.shape]
      dtypes = [str(t.dtype).replace('torch.', '') for t in tensors]
      `,
      { outputs: { strides: 'numbers', shapes: 'numbers', dtypes: 'strings' } },
    );
    const model = new nn.Sequential(
      new nn.Conv2d(3, 4, 3),
      new nn.BatchNorm2d(4),
      new nn.ConvTranspose2d(4, 3, 2),
      new nn.Linear(2, 2),
    );
    const [weight] = model.parameters();
    model.to('cpu', 'float64').to({ memoryFormat: 'channels_last' });
    const tensors = [...model.stateDict().values()];
    expect(model.parameters()[0]).toBe(weight);
    expect(tensors.flatMap((each) => each.stride())).toEqual(strides);
    expect(tensors.flatMap(({ shape }) => shape)).toEqual(shapes);
    expect(tensors.map(({ dtype }) => dtype)).toEqual(dtypes);
    // Conv3d's weight has no such format, here or there.
    expect(() => new nn.Conv3d(1, 2, 2).to({ memoryFormat: 'channels_last' })).toThrow(/4/);
  });

  it('gives a state dict with a prefix, and with the parameters themselves', async () => {
    const { keys, trained } = await oracle().run(
      `
      model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
      state = model.state_dict(prefix='a.b.', keep_vars=True)
      keys, trained = list(state), [int(t.requires_grad) for t in state.values()]
      `,
      { outputs: { keys: 'strings', trained: 'numbers' } },
    );
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const state = model.stateDict({ prefix: 'a.b.', keepVars: true });
    expect([...state.keys()]).toEqual(keys);
    expect([...state.values()].map((each) => Number(each.requiresGrad))).toEqual(trained);
    expect(state.get('a.b.0.weight')).toBe(model.at(0).parameters()[0]);
  });
});

describe('what is no boolean', () => {
  const linear = new nn.Linear(2, 2);
  const { functional: F } = nn;
  const [conv, norm] = [new nn.Conv2d(2, 2, 1).eval(), new nn.BatchNorm2d(2).eval()];

  it.each<[string, string, (given: never) => unknown]>([
    ['train', 'mode', (given) => linear.train(given)],
    ['parameters', 'recurse', (given) => linear.parameters(given)],
    ['buffers', 'recurse', (given) => linear.buffers(given)],
    ['requiresGrad_', 'requiresGrad', (given) => linear.requiresGrad_(given)],
    ['zeroGrad', 'setToNone', (given) => linear.zeroGrad(given)],
    ['registerBuffer', 'persistent', (given) => linear.registerBuffer('b', ones([1]), given)],
    ['relu', 'inplace', (given) => F.relu(ones([1]), given)],
    ['threshold', 'inplace', (given) => F.threshold(ones([1]), 0, 0, given)],
    ['dropout', 'training', (given) => F.dropout(ones([1]), 0.5, given)],
    ['batchNorm', 'training', (given) => F.batchNorm(randn([2, 2]), null, null, null, null, given)],
    ['adaptiveMaxPool2d', 'returnIndices', (given) => F.adaptiveMaxPool2d(ones([1, 2, 2]), 1, given)],
    ['fuseConvBnEval', 'transpose', (given) => nn.utils.fuseConvBnEval(conv, norm, given)],
  ])('%s refuses as `%s`', (name, argument, call) => {
    // An object of options is what most functions take; a method of modules does not.
    const object = name in linear ? [{ [argument]: false }] : [];
    for (const given of [...object, 'yes', 1]) {
      expect(() => call(given as never)).toThrow(
        `${name}(): expected a boolean for argument \`${argument}\`, received`,
      );
    }
    expect(linear.training).toBe(true);
  });
});

it('refuses to move to what it does not know', () => {
  const linear = new nn.Linear(2, 2);
  expect(() => linear.to({ dytpe: 'float64' } as never)).toThrow('unknown option `dytpe`');
  expect(() => linear.to('cpu', 'cuda' as never)).toThrow("expected a device and a dtype, received 'cpu' and 'cuda'");
  expect(() => linear.to('float64', 'float32')).toThrow('expected a device and a dtype');
  expect(linear.weight.dtype).toBe('float32');
});
