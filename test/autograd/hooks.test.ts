import { enableGrad, grad } from '../../lib/autograd';
import { memory, TorchError } from '../../lib/engine';
import { manualSeed, ones, randn, randint, type RemovableHandle, type Tensor, tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

const shape = (): number[] => [1 + Math.floor(Math.random() * 4), 1 + Math.floor(Math.random() * 4)];

describeWithOracle('hooks on tensors', (oracle) => {
  beforeEach(() => manualSeed(BigInt(Math.floor(Math.random() * 2 ** 32))));

  it('run in Python order, and give its gradients', async () => {
    for (let round = 0; round < 5; round += 1) {
      const size = shape();
      const x = randn(size).requiresGrad_();
      const w = randn(size).requiresGrad_();
      const calls: string[] = [];
      const y = x.mul(w);
      const z = y.tanh();
      y.retainGrad();
      y.registerHook((g) => {
        calls.push('y1');
        return g.mul(2);
      });
      y.registerHook(() => void calls.push('y2'));
      // Of the leaf, which their closures hold: a cycle, which the test ends by removing them.
      const ofLeaf = [
        x.registerPostAccumulateGradHook((leaf) => void calls.push(`post ${leaf === x} ${leaf.grad !== null}`)),
        x.registerHook((g) => {
          calls.push('x1');
          return g.add(1);
        }),
      ];
      w.registerHook(() => void calls.push('w'));
      z.registerHook((g) => {
        calls.push('z');
        return g.mul(g);
      });
      ofLeaf.push(
        x.registerHook((g) => {
          calls.push('x2');
          return g.mul(3);
        }),
      );
      z.sum().backward();
      const python = await oracle().run(
        `
        calls = []
        def hook(name, change=lambda g: None):
            def run(g):
                calls.append(name)
                return change(g)
            return run
        x, w = x.requires_grad_(), w.requires_grad_()
        y = x * w
        z = y.tanh()
        y.retain_grad()
        y.register_hook(hook('y1', lambda g: g * 2))
        y.register_hook(hook('y2'))
        x.register_post_accumulate_grad_hook(lambda p: calls.append(f'post {str(p is x).lower()} {str(p.grad is not None).lower()}'))
        x.register_hook(hook('x1', lambda g: g + 1))
        w.register_hook(hook('w'))
        z.register_hook(hook('z', lambda g: g * g))
        x.register_hook(hook('x2', lambda g: g * 3))
        z.sum().backward()
        gx, gw, gy = x.grad, w.grad, y.grad
        `,
        {
          inputs: { x: x.detach(), w: w.detach() },
          outputs: { calls: 'strings', gx: 'tensor', gw: 'tensor', gy: 'tensor' },
        },
      );
      expect(calls).toEqual(python.calls);
      expectSameBits(x.grad as Tensor, python.gx, 'x.grad');
      expectSameBits(w.grad as Tensor, python.gw, 'w.grad');
      expectSameBits(y.grad as Tensor, python.gy, 'y.grad');
      for (const hook of ofLeaf) hook.remove();
    }
  });

  it('stay with the value they were registered on, removed ones run on in their pass, added ones from the next', async () => {
    const x = randn([3]).requiresGrad_();
    const calls: string[] = [];
    const y = x.mul(2);
    y.registerHook((g) => void calls.push(`before ${g.sum().item()}`));
    y.mul_(5);
    y.registerHook((g) => void calls.push(`after ${g.sum().item()}`));
    y.sum().backward();
    const z = x.mul(1);
    let added: RemovableHandle | undefined;
    const removed = z.registerHook(() => {
      calls.push('first');
      later.remove();
      added = z.registerHook(() => void calls.push('added'));
    });
    const later = z.registerHook(() => void calls.push('second'));
    z.sum().backward({ retainGraph: true });
    removed.remove();
    removed.remove();
    z.sum().backward();
    const python = await oracle().run(
      `
      calls = []
      x = x.requires_grad_()
      y = x * 2
      y.register_hook(lambda g: calls.append(f'before {g.sum().item():g}'))
      y.mul_(5)
      y.register_hook(lambda g: calls.append(f'after {g.sum().item():g}'))
      y.sum().backward()
      z = x * 1
      def first(g):
          calls.append('first')
          later.remove()
          z.register_hook(lambda g: calls.append('added'))
      removed = z.register_hook(first)
      later = z.register_hook(lambda g: calls.append('second'))
      z.sum().backward(retain_graph=True)
      removed.remove()
      removed.remove()
      z.sum().backward()
      `,
      { inputs: { x: x.detach() }, outputs: { calls: 'strings' } },
    );
    expect(calls).toEqual(python.calls);
    added?.remove();
  });

  it('refuse in Python words', async () => {
    const python = await oracle().run(
      `
      def message(run):
          try:
              run()
          except Exception as error:
              return str(error)
      x = torch.ones(2, requires_grad=True)
      y = x * 2
      ignore = lambda g: None
      h = y.register_hook(lambda g: g.double())
      dtype = message(lambda: y.sum().backward())
      h.remove()
      y.register_hook(lambda g: g[:1])
      messages = [
          message(lambda: torch.ones(2).register_hook(ignore)),
          message(lambda: torch.ones(2).register_post_accumulate_grad_hook(ignore)),
          message(lambda: y.register_post_accumulate_grad_hook(ignore)),
      ]
      size = message(lambda: (y * 1).sum().backward())
      `,
      { outputs: { messages: 'strings', dtype: 'string', size: 'string' } },
    );
    const x = ones([2], { requiresGrad: true });
    const y = x.mul(2);
    const ignore = (): void => undefined;
    expect(() => ones([2]).registerHook(ignore)).toThrow(python.messages[0]);
    expect(() => ones([2]).registerPostAccumulateGradHook(ignore)).toThrow(python.messages[1]);
    expect(() => y.registerPostAccumulateGradHook(ignore)).toThrow(python.messages[2]);
    // Python names the hook's function and the type in its own way: up to there the sentence is one.
    const named = (message: string): string => message.replace("'<lambda>'", "'registerHook'").replace(/ \(was.*/, '');
    expect(python.dtype).toMatch(/has changed the type of value/);
    const hook = y.registerHook((g) => g.double());
    expect(() => y.sum().backward()).toThrow(named(python.dtype));
    hook.remove();
    const narrowing = y.registerHook((g) => g.narrow(0, 0, 1));
    expect(() => y.mul(1).sum().backward()).toThrow(named(python.size));
    narrowing.remove();
  });
});

describe('a hook', () => {
  it('of a node with several outputs gets the gradient of its own', () => {
    const x = tensor([1, 2, 3], { dtype: 'float32', requiresGrad: true });
    const parts = x.unbind(0);
    const seen: number[] = [];
    for (const [index, part] of parts.entries()) part.registerHook((g) => void seen.push(10 * index + g.item()));
    (parts[0] as Tensor)
      .mul(2)
      .add((parts[2] as Tensor).mul(3))
      .backward();
    expect(seen).toEqual([2, 23]);
  });

  it('may call any op, and backward itself', () => {
    const x = ones([2], { requiresGrad: true });
    const inner = ones([2], { requiresGrad: true });
    const y = x.mul(2);
    y.registerHook((g) => {
      enableGrad(() => inner.mul(inner).sum()).backward();
      return (inner.grad as Tensor).mul(g);
    });
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([4, 4]);
    const recorded = x.mul(3);
    recorded.registerHook((g) => g.mul(x));
    const [first] = grad(recorded.sum(), x, { createGraph: true });
    expect(grad((first as Tensor).sum(), x)[0]?.tolist()).toEqual([3, 3]);
  });

  it('throws what it throws, out of backward and out of grad, and leaves everything usable', () => {
    for (const thrown of [new RangeError('mine'), 'a string', 7, undefined, new TorchError('of the library'), null]) {
      const x = ones([2], { requiresGrad: true });
      const y = x.mul(2);
      const hook = y.registerHook(() => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- whatever it is, it must arrive
        throw thrown;
      });
      for (const run of [(): unknown => y.sum().backward({ retainGraph: true }), (): unknown => grad(y.sum(), x)]) {
        let caught: unknown = 'nothing';
        try {
          run();
        } catch (error) {
          caught = error;
        }
        expect(caught).toBe(thrown);
      }
      hook.remove();
      expect(grad(x.mul(2).sum(), x)[0]?.tolist()).toEqual([2, 2]);
    }
  });

  it('surfaces an error of libtorch as that error object', () => {
    const x = ones([2], { requiresGrad: true });
    let inner: unknown;
    x.registerHook((g) => {
      try {
        return g.matmul(ones([3, 3]));
      } catch (error) {
        inner = error;
        throw error;
      }
    });
    let outer: unknown;
    try {
      x.sum().backward();
    } catch (error) {
      outer = error;
    }
    expect(inner).toBeInstanceOf(Error);
    expect(outer).toBe(inner);
  });

  it('must return a tensor or nothing', () => {
    const x = ones([2], { requiresGrad: true });
    using hook = x.registerHook((() => 5) as unknown as () => Tensor);
    expect(() => x.sum().backward()).toThrow(/return a Tensor, null or nothing, but it returned 5/);
    expect(() => x.registerHook(null as unknown as () => void)).toThrow(/expected a function/);
    hook.remove();
    const late = x.registerHook((async () => Promise.resolve(ones([2]))) as unknown as () => Tensor);
    expect(() => x.sum().backward()).toThrow(/returned Promise/);
    late.remove();
  });

  it('leaks no tensor: neither gradients nor what threw', () => {
    const x = randn([4]).requiresGrad_();
    const pass = (fails: boolean): void => {
      const y = x.mul(2);
      y.registerHook((g) => {
        if (fails) throw new Error('expected');
        return g.mul(2);
      });
      try {
        y.sum().backward();
      } catch {
        // On purpose.
      }
      x.grad = null;
    };
    pass(false);
    pass(true);
    settle();
    const before = memory().tensors;
    for (let i = 0; i < 50; i += 1) pass(i % 2 === 0);
    settle();
    expect(memory().tensors).toBe(before);
  });

  it('works for integers of gradients: sizes at random', () => {
    for (let i = 0; i < 10; i += 1) {
      const size = randint(1, 6, [2]).tolist() as number[];
      const x = randn(size).requiresGrad_();
      const sizes: unknown[] = [];
      x.registerHook((g) => void sizes.push(g.shape));
      x.exp().sum().backward();
      expect(sizes).toEqual([size]);
    }
  });
});
