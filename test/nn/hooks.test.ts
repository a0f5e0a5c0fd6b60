import { grad } from '../../lib/autograd';
import { Linear, Module, type ModuleGradients, ReLU, Sequential } from '../../lib/nn';
import type { Tensor } from '../../lib/tensor';
import { manualSeed, ones, randn } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

/** Two tensors and a number in, two tensors out. */
class Mixer extends Module<[a: Tensor, factor: number, b: Tensor], [Tensor, Tensor]> {
  forward(a: Tensor, factor: number, b: Tensor): [Tensor, Tensor] {
    return [a.mul(b).mul(factor), a.add(b)];
  }
}

const none = (gradients: ModuleGradients): string => gradients.map((g) => (g === null ? 'null' : 'tensor')).join(' ');

describeWithOracle('hooks on modules', (oracle) => {
  beforeEach(() => manualSeed(4));

  it('run in Python order, with Python bits, in a Sequential', async () => {
    const [first, relu, last] = [new Linear(3, 4), new ReLU(), new Linear(4, 2)];
    const model = new Sequential(first, relu, last);
    const x = randn([5, 3]).requiresGrad_();
    const calls: string[] = [];
    const log =
      (name: string) =>
      (...args: unknown[]): void =>
        void calls.push(`${name} ${args.length}`);
    first.registerForwardPreHook(log('pre 1'));
    first.registerForwardPreHook((_, [input]) => {
      calls.push('pre 2');
      return input.mul(2);
    });
    first.registerForwardPreHook(log('pre 0'), { prepend: true });
    first.registerForwardHook(log('post 1'));
    relu.registerForwardHook((_module, _inputs, output) => {
      calls.push('relu');
      return output.add(1);
    });
    last.registerForwardHook(log('post 2'));
    last.registerForwardHook(log('post 0'), { prepend: true });
    first.registerFullBackwardHook((_, gradInputs) => {
      calls.push(`back ${gradInputs.length}`);
      return gradInputs.map((g) => g?.mul(3) ?? null);
    });
    first.registerFullBackwardHook(log('back 0'), { prepend: true });
    last.registerFullBackwardPreHook((_, gradOutputs) => {
      calls.push('back pre');
      return gradOutputs.map((g) => g?.mul(0.5) ?? null);
    });
    last.registerFullBackwardHook(log('back last'));
    relu.registerFullBackwardPreHook(log('relu pre'));
    model.registerFullBackwardHook(log('model'));
    model.registerForwardHook(log('model forward'));
    const y = model.forward(x);
    y.pow(2).sum().backward();
    const state = Object.fromEntries(model.stateDict());
    const python = await oracle().run(
      `
      nn = torch.nn
      model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
      model.load_state_dict(state)
      first, relu, last = model
      x = x.requires_grad_()
      calls = []
      def log(name, change=None):
          def hook(*args):
              calls.append(name if change else f'{name} {len(args)}')
              return change(*args) if change else None
          return hook
      first.register_forward_pre_hook(log('pre 1'))
      first.register_forward_pre_hook(log('pre 2', lambda m, args: args[0] * 2))
      first.register_forward_pre_hook(log('pre 0'), prepend=True)
      first.register_forward_hook(log('post 1'))
      relu.register_forward_hook(log('relu', lambda m, args, out: out + 1))
      last.register_forward_hook(log('post 2'))
      last.register_forward_hook(log('post 0'), prepend=True)
      first.register_full_backward_hook(log('back 1', lambda m, gi, go: tuple(g * 3 for g in gi)))
      first.register_full_backward_hook(log('back 0'), prepend=True)
      last.register_full_backward_pre_hook(log('back pre', lambda m, go: tuple(g * 0.5 for g in go)))
      last.register_full_backward_hook(log('back last'))
      relu.register_full_backward_pre_hook(log('relu pre'))
      model.register_full_backward_hook(log('model'))
      model.register_forward_hook(log('model forward'))
      y = model(x)
      y.pow(2).sum().backward()
      gx, gw = x.grad, first.weight.grad
      name = y.grad_fn.name()
      `,
      {
        inputs: { x: x.detach(), state },
        outputs: { calls: 'strings', y: 'tensor', gx: 'tensor', gw: 'tensor', name: 'string' },
      },
    );
    expect(calls).toEqual(python.calls);
    expect(y.gradFn?.name).toBe(python.name);
    expectSameBits(y.detach(), python.y, 'y');
    expectSameBits(x.grad as Tensor, python.gx, 'x.grad');
    expectSameBits(first.weight.grad as Tensor, python.gw, 'weight.grad');
  });

  it('show null where Python shows None, for several inputs and outputs', async () => {
    const cases = [
      [true, true],
      [true, false],
      [false, false],
    ];
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const seen: string[] = [];
    for (const [needsA = false, needsB = false] of cases) {
      const mixer = new Mixer();
      mixer.registerFullBackwardPreHook((_, gradOutputs) => void seen.push(`pre ${none(gradOutputs)}`));
      mixer.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
        seen.push(`${none(gradInputs)} | ${none(gradOutputs)}`);
      });
      const [a, b] = [ones([2]).requiresGrad_(needsA), ones([2]).requiresGrad_(needsB)];
      const scale = ones([2]).requiresGrad_();
      const [product] = mixer.forward(a, 2, b);
      product.mul(scale).sum().backward();
    }
    warn.mockRestore();
    const python = await oracle().run(
      `
      import warnings
      warnings.simplefilter('ignore')
      class Mixer(torch.nn.Module):
          def forward(self, a, factor, b):
              return a * b * factor, a + b
      none = lambda gs: ' '.join('null' if g is None else 'tensor' for g in gs)
      seen = []
      for a, b in cases:
          mixer = Mixer()
          mixer.register_full_backward_pre_hook(lambda m, go: seen.append(f'pre {none(go)}'))
          mixer.register_full_backward_hook(lambda m, gi, go: seen.append(f'{none(gi)} | {none(go)}'))
          a, b = torch.ones(2, requires_grad=a), torch.ones(2, requires_grad=b)
          scale = torch.ones(2, requires_grad=True)
          product, _ = mixer(a, 2, b)
          (product * scale).sum().backward()
      `,
      { inputs: { cases }, outputs: { seen: 'strings' } },
    );
    expect(seen).toEqual(python.seen);
  });
});

describe('a hook on a module', () => {
  it('ends by remove() and by dispose, and leaves forward as it was', () => {
    const linear = new Linear(2, 2);
    let calls = 0;
    const handle = linear.registerForwardHook(() => void (calls += 1));
    {
      using other = linear.registerForwardPreHook(() => void (calls += 10));
      linear.forward(ones([1, 2]));
      expect(other).toBeDefined();
    }
    linear.forward(ones([1, 2]));
    handle.remove();
    linear.forward(ones([1, 2]));
    expect(calls).toBe(12);
    expect([Object.keys(linear).includes('forward'), linear.members().length]).toEqual([false, 2]);
  });

  it('belongs to one object, and runs once where a class calls its base', () => {
    class Child extends Linear {
      override forward(input: Tensor): Tensor {
        return super.forward(input).mul(2);
      }
    }
    const [one, other] = [new Child(2, 2), new Child(2, 2)];
    const modules: unknown[] = [];
    one.registerForwardHook((module) => void modules.push(module));
    one.forward(ones([1, 2]));
    other.forward(ones([1, 2]));
    expect(modules).toEqual([one]);
  });

  it('is called always if it asks for that', () => {
    class Fails extends Module {
      forward(input: Tensor): Tensor {
        throw new Error(`forward of ${input.numel()}`);
      }
    }
    const module = new Fails();
    const outputs: unknown[] = [];
    module.registerForwardHook(() => void outputs.push('never'));
    module.registerForwardHook((_module, _inputs, output) => void outputs.push(output), { alwaysCall: true });
    expect(() => module.forward(ones([1]))).toThrow('forward of 1');
    expect(outputs).toEqual([null]);
  });

  it('throws out of forward and backward what it throws, and is refused what is no function', () => {
    const linear = new Linear(2, 2);
    const thrown = new Error('mine');
    linear.registerFullBackwardHook(() => {
      throw thrown;
    });
    const x = ones([1, 2], { requiresGrad: true });
    let caught: unknown;
    try {
      grad(linear.forward(x).sum(), x);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(thrown);
    expect(() => linear.registerForwardHook(5 as never)).toThrow(/expected a function/);
    const other = new Linear(2, 2);
    other.registerFullBackwardHook(() => [null, null]);
    expect(() => other.forward(x).sum().backward()).toThrow(
      'Backward hook returned an invalid number of grad_input, got 2, but expected 1',
    );
  });
});
