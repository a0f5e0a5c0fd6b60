import {
  Function,
  type FunctionContext,
  grad,
  gradcheck,
  gradgradcheck,
  noGrad,
  onceDifferentiable,
} from '../../lib/autograd';
import { memory } from '../../lib/engine';
import { manualSeed, ones, randn, type Tensor, tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

class Exp extends Function {
  static forward(ctx: FunctionContext<[Tensor]>, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }

  static backward(ctx: FunctionContext<[Tensor]>, gradient: Tensor): Tensor {
    const [y] = ctx.savedTensors;
    return gradient.mul(y);
  }
}

type Scaled = FunctionContext<[Tensor, Tensor]> & { alpha?: number; seen?: unknown };

/** Several inputs and outputs, one of them no tensor. */
class ProductAndSum extends Function {
  static forward(ctx: Scaled, x: Tensor, alpha: number, y: Tensor): [Tensor, Tensor] {
    ctx.alpha = alpha;
    ctx.saveForBackward(x, y);
    return [x.mul(y).mul(alpha), x.add(y)];
  }

  static backward(ctx: Scaled, product: Tensor, sum: Tensor): [Tensor, null, Tensor | null] {
    const [x, y] = ctx.savedTensors;
    const scaled = product.mul(ctx.alpha ?? NaN);
    return [scaled.mul(y).add(sum), null, ctx.needsInputGrad[2] ? scaled.mul(x).add(sum) : null];
  }
}

class Double extends Function {
  static forward(ctx: FunctionContext, x: Tensor): Tensor {
    ctx.markDirty(x);
    return x.mul_(2);
  }

  static backward(_ctx: FunctionContext, gradient: Tensor): Tensor {
    return gradient.mul(2);
  }
}

const PYTHON = `
class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y
    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * y

class ProductAndSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha, y):
        ctx.alpha = alpha
        ctx.save_for_backward(x, y)
        return x * y * alpha, x + y
    @staticmethod
    def backward(ctx, product, sum):
        x, y = ctx.saved_tensors
        scaled = product * ctx.alpha
        return scaled * y + sum, None, scaled * x + sum if ctx.needs_input_grad[2] else None
`;

describeWithOracle('custom functions', (oracle) => {
  beforeEach(() => manualSeed(7));

  it('have the bits, the names and the second gradients of Python', async () => {
    for (let round = 0; round < 4; round += 1) {
      const x = randn([2 + round, 3]).requiresGrad_();
      const y = randn([3]).requiresGrad_();
      const [product, sum] = ProductAndSum.apply(x, 1.5 + round, y.expand([2 + round, 3]));
      const out = Exp.apply(product.tanh()).add(sum);
      const [gx, gy] = grad(out.sum(), [x, y], { createGraph: true });
      const second = grad((gx as Tensor).mul(gx as Tensor).sum(), [x, y]);
      const names = [product.gradFn?.name, sum.gradFn?.name, sum.gradFn?.nextFunctions.length];
      const python = await oracle().run(
        `${PYTHON.replaceAll('\n', '\n        ')}
        x, y = x.requires_grad_(), y.requires_grad_()
        product, sum = ProductAndSum.apply(x, alpha, y.expand(x.shape))
        out = Exp.apply(product.tanh()) + sum
        gx, gy = torch.autograd.grad(out.sum(), (x, y), create_graph=True)
        g2x, g2y = torch.autograd.grad((gx * gx).sum(), (x, y))
        names = [product.grad_fn.name(), sum.grad_fn.name(), len(sum.grad_fn.next_functions)]
        `,
        {
          inputs: { x: x.detach(), y: y.detach(), alpha: 1.5 + round },
          outputs: { out: 'tensor', gx: 'tensor', gy: 'tensor', g2x: 'tensor', g2y: 'tensor', names: 'value' },
        },
      );
      expectSameBits(out.detach(), python.out, 'out');
      expectSameBits(gx as Tensor, python.gx, 'gx');
      expectSameBits(gy as Tensor, python.gy, 'gy');
      expectSameBits(second[0] as Tensor, python.g2x, 'g2x');
      expectSameBits(second[1] as Tensor, python.g2y, 'g2y');
      expect(names).toEqual(python.names);
    }
  });

  it('fail in Python words', async () => {
    const python = await oracle().run(
      `
      def message(run):
          try:
              run()
          except Exception as error:
              return str(error)
      def function(backward):
          class F(torch.autograd.Function):
              @staticmethod
              def forward(ctx, x, k):
                  ctx.save_for_backward(x)
                  return x * k
          F.backward = staticmethod(backward)
          x = torch.ones(2, requires_grad=True)
          return F.apply(x, 3).sum()
      twice = function(lambda ctx, g: (ctx.saved_tensors[0] * g, None))
      twice.backward()
      class Dirty(torch.autograd.Function):
          @staticmethod
          def forward(ctx, x):
              ctx.mark_dirty(x)
              return x.mul_(2) + 1
          @staticmethod
          def backward(ctx, g):
              return g
      messages = [
          message(lambda: function(lambda ctx, g: g).backward()),
          message(lambda: function(lambda ctx, g: (g, None, g)).backward()),
          message(lambda: function(lambda ctx, g: (g[:1], None)).backward()),
          message(lambda: twice.backward()),
          message(lambda: Dirty.apply(torch.ones(2, requires_grad=True) * 1)),
      ]
      `,
      { outputs: { messages: 'strings' } },
    );
    const run = (backward: (ctx: FunctionContext<[Tensor]>, g: Tensor) => unknown): Tensor => {
      class F extends Function {
        static forward(ctx: FunctionContext<[Tensor]>, x: Tensor, k: number): Tensor {
          ctx.saveForBackward(x);
          return x.mul(k);
        }

        static backward = backward as () => Tensor;
      }
      return F.apply(ones([2], { requiresGrad: true }), 3).sum();
    };
    class Dirty extends Function {
      static forward(ctx: FunctionContext, x: Tensor): Tensor {
        ctx.markDirty(x);
        return x.mul_(2).add(1);
      }

      static backward(_ctx: FunctionContext, g: Tensor): Tensor {
        return g;
      }
    }
    const twice = run((ctx, g) => [ctx.savedTensors[0].mul(g), null]);
    twice.backward();
    const [tooFew, tooMany, shape, freed, dirty] = python.messages;
    expect(() => run((_, g) => g).backward()).toThrow(tooFew);
    expect(() => run((_, g) => [g, null, g]).backward()).toThrow(tooMany);
    expect(() => run((_, g) => [g.narrow(0, 0, 1), null]).backward()).toThrow(shape);
    expect(() => twice.backward()).toThrow(freed);
    expect(() => Dirty.apply(ones([2], { requiresGrad: true }).mul(1))).toThrow(dirty);
    expect(() => run((_, g) => [g, null, null, undefined]).backward()).not.toThrow();
    expect(() => run((_, g) => [null, g]).backward()).toThrow(
      /position 2, but the corresponding forward input was not/,
    );
    expect(() => run(() => ['x', null]).backward()).toThrow(/expected a Tensor or null for gradient 1, received 'x'/);
    expect(() => run(async () => Promise.resolve(null)).backward()).toThrow(/F\.backward\(\) takes a synchronous/);
  });
});

/** A forward that knows nothing of autograd. */
class Cube extends Function {
  static forward(x: Tensor, factor: number): [Tensor, Tensor] {
    return [x.pow(3).mul(factor), x.pow(2)];
  }

  static setupContext(
    ctx: FunctionContext<[Tensor, Tensor]> & { factor?: number },
    [x, factor]: [Tensor, number],
    [, square]: [Tensor, Tensor],
  ): void {
    ctx.factor = factor;
    ctx.markNonDifferentiable(square);
    ctx.saveForBackward(x, square);
  }

  static backward(ctx: FunctionContext<[Tensor, Tensor]> & { factor?: number }, g: Tensor): [Tensor, null] {
    return [g.mul(3 * (ctx.factor ?? NaN)).mul(ctx.savedTensors[0].pow(2)), null];
  }
}

class Once extends Function {
  static forward(ctx: FunctionContext<[Tensor]>, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.sin();
  }

  static backward = onceDifferentiable((ctx: FunctionContext<[Tensor]>, g: Tensor) => g.mul(ctx.savedTensors[0].cos()));
}

const SEPARATE = `
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x, factor):
        return x.pow(3) * factor, x.pow(2)
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.factor = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(x, output[1])
    @staticmethod
    def backward(ctx, g, _):
        return g * (3 * ctx.factor) * ctx.saved_tensors[0].pow(2), None

class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return g * ctx.saved_tensors[0].cos()
`;

describeWithOracle('forms of custom functions', (oracle) => {
  it('set the context up apart from forward, as in Python', async () => {
    const x = randn([3]).requiresGrad_();
    const [y, square] = Cube.apply(x, 1.5);
    const [g] = grad(y.sum(), [x], { createGraph: true });
    const [second] = grad((g as Tensor).sum(), [x]);
    const python = await oracle().run(
      `${SEPARATE.replaceAll('\n', '\n      ')}
      x = x.requires_grad_()
      y, square = Cube.apply(x, 1.5)
      g, = torch.autograd.grad(y.sum(), x, create_graph=True)
      second, = torch.autograd.grad(g.sum(), x)
      told = [y.grad_fn.name(), square.requires_grad]
      `,
      {
        inputs: { x: x.detach() },
        outputs: { y: 'tensor', g: 'tensor', second: 'tensor', told: 'value' },
      },
    );
    expectSameBits(y.detach(), python.y, 'y');
    expectSameBits((g as Tensor).detach(), python.g, 'g');
    expectSameBits(second as Tensor, python.second, 'second');
    expect([y.gradFn?.name, square.requiresGrad]).toEqual(python.told);
    class Late extends Function {
      static forward(a: Tensor): Tensor {
        return a.mul(2);
      }

      static async setupContext(): Promise<void> {
        await Promise.resolve();
      }

      static backward(_ctx: FunctionContext, gradient: Tensor): Tensor {
        return gradient;
      }
    }
    expect(() => Late.apply(x)).toThrow(/Late\.setupContext\(\) takes a synchronous/);
  });

  it('refuse to be differentiated twice where they say so', async () => {
    const x = randn([3]).requiresGrad_();
    const [plain] = grad(Once.apply(x).sum(), [x]);
    const [g] = grad(Once.apply(x).pow(2).sum(), [x], { createGraph: true });
    const python = await oracle().run(
      `${SEPARATE.replaceAll('\n', '\n      ')}
      x = x.requires_grad_()
      plain, = torch.autograd.grad(Once.apply(x).sum(), x)
      g, = torch.autograd.grad(Once.apply(x).pow(2).sum(), x, create_graph=True)
      try:
          g.sum().backward()
      except RuntimeError as error:
          message = str(error)
      told = [plain.requires_grad, g.requires_grad, g.grad_fn.name().split('::')[-1]]
      `,
      {
        inputs: { x: x.detach() },
        outputs: { plain: 'tensor', g: 'tensor', message: 'string', told: 'value' },
      },
    );
    expectSameBits(plain as Tensor, python.plain, 'plain');
    expectSameBits((g as Tensor).detach(), python.g, 'g');
    const name = (g as Tensor).gradFn?.name.split('::').at(-1);
    expect([plain?.requiresGrad, g?.requiresGrad, name]).toEqual(python.told);
    expect(python.message).toContain('trying to differentiate twice a function that was marked with');
    expect(() => {
      (g as Tensor).sum().backward();
    }).toThrow('trying to differentiate twice a function that was marked with onceDifferentiable');
  });
});

describe('a custom function', () => {
  it('passes gradcheck and gradgradcheck', () => {
    const x = randn([3], { dtype: 'float64' }).requiresGrad_();
    const y = randn([3], { dtype: 'float64' }).requiresGrad_();
    expect(gradcheck((a: Tensor) => Exp.apply(a), [x])).toBe(true);
    expect(gradgradcheck((a: Tensor) => Exp.apply(a), [x])).toBe(true);
    expect(gradcheck((a: Tensor, b: Tensor) => ProductAndSum.apply(a, 2.5, b), [x, y])).toBe(true);
    expect(gradgradcheck((a: Tensor, b: Tensor) => ProductAndSum.apply(a, 2.5, b), [x, y])).toBe(true);
  });

  it('knows what is needed, and records only where something is', () => {
    const seen: (readonly boolean[])[] = [];
    class Look extends Function {
      static forward(ctx: FunctionContext, a: Tensor, _b: string, c: Tensor): Tensor {
        seen.push(ctx.needsInputGrad);
        return a.add(c);
      }

      static backward(_ctx: FunctionContext, g: Tensor): (Tensor | null)[] {
        return [g, null, g];
      }
    }
    const x = ones([2], { requiresGrad: true });
    expect(Look.apply(x, 'text', ones([2])).gradFn?.name).toBe('LookBackward');
    expect(Look.apply(ones([2]), 'text', ones([2])).requiresGrad).toBe(false);
    expect(noGrad(() => Look.apply(x, 'text', x)).requiresGrad).toBe(false);
    expect(seen).toEqual([
      [true, false, false],
      [false, false, false],
      [true, false, true],
    ]);
  });

  it('changes an input in place, and gives it back as the same object', () => {
    const leaf = ones([2], { requiresGrad: true });
    const x = leaf.mul(3);
    const y = Double.apply(x);
    expect(y).toBe(x);
    expect([y.tolist(), y.gradFn?.name]).toEqual([[6, 6], 'DoubleBackward']);
    y.sum().backward();
    expect(leaf.grad?.tolist()).toEqual([6, 6]);
    const saved = leaf.mul(1);
    const product = saved.mul(saved);
    Double.apply(saved);
    expect(() => product.sum().backward()).toThrow(/modified by an inplace operation/);
  });

  it('marks results as not differentiable, and passes values that are no tensors', () => {
    let given: unknown[] = [];
    class Sorted extends Function {
      static forward(ctx: FunctionContext, x: Tensor): [Tensor, Tensor, string] {
        const [values] = x.sort();
        const rounded = values.round();
        ctx.markNonDifferentiable(rounded);
        return [values, rounded, 'label'];
      }

      static backward(_ctx: FunctionContext, ...gradients: (Tensor | null)[]): Tensor | null {
        given = gradients.map((g) => g?.tolist() ?? null);
        return gradients[0] ?? null;
      }
    }
    const [values, rounded, label] = Sorted.apply(tensor([1.4, 2.6], { requiresGrad: true }));
    expect([values.requiresGrad, rounded.requiresGrad, label]).toEqual([true, false, 'label']);
    values.sum().backward();
    expect(given).toEqual([[1, 1], [0, 0], null]);
  });

  it('gets zeros or null for a result that took no part', () => {
    const seen: unknown[] = [];
    const make = (materialize: boolean): ((x: Tensor) => [Tensor, Tensor]) => {
      class Two extends Function {
        static forward(ctx: FunctionContext, x: Tensor): [Tensor, Tensor] {
          ctx.setMaterializeGrads(materialize);
          return [x.mul(1), x.mul(2)];
        }

        static backward(_ctx: FunctionContext, a: Tensor | null, b: Tensor | null): Tensor | null {
          seen.push([a?.tolist() ?? null, b?.tolist() ?? null]);
          return b ?? a;
        }
      }
      return (x) => Two.apply(x);
    };
    const x = ones([2], { requiresGrad: true });
    make(true)(x)[1].sum().backward();
    make(false)(x)[1].sum().backward();
    expect(seen).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
      [null, [1, 1]],
    ]);
  });

  it('returns an input as it is under a node of its own', () => {
    class Same extends Function {
      static forward(_ctx: FunctionContext, x: Tensor): Tensor {
        return x;
      }

      static backward(_ctx: FunctionContext, g: Tensor): Tensor {
        return g.mul(5);
      }
    }
    const x = ones([2], { requiresGrad: true });
    const y = Same.apply(x);
    expect([y === x, y.gradFn?.name, x.isLeaf]).toEqual([false, 'SameBackward', true]);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([5, 5]);
  });

  it('throws what its forward and backward throw', () => {
    const [one, two] = [new Error('forward'), new Error('backward')];
    class Fails extends Function {
      static forward(_ctx: FunctionContext, x: Tensor, now: boolean): Tensor {
        if (now) throw one;
        return x.mul(1);
      }

      static backward(): never {
        throw two;
      }
    }
    const x = ones([2], { requiresGrad: true });
    const caught = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    expect(caught(() => Fails.apply(x, true))).toBe(one);
    expect(caught(() => Fails.apply(x, false).sum().backward())).toBe(two);
    expect(() => Exp.apply(1 as unknown as Tensor)).toThrow(/exp is not a function/);
    class Bare extends Function {}
    expect(() => Bare.apply.call(Bare as never, x as never)).toThrow(/Bare has no static method `forward`/);
  });

  it('keeps no tensor alive when its graph is gone', () => {
    const x = randn([4]).requiresGrad_();
    const pass = (): void => {
      const [product, sum] = ProductAndSum.apply(x, 2, Exp.apply(x));
      product.mul(sum).sum().backward();
      ProductAndSum.apply(x, 2, x);
      x.grad = null;
    };
    pass();
    settle();
    const before = memory();
    for (let i = 0; i < 50; i += 1) pass();
    settle();
    expect([memory().tensors, memory().bytes]).toEqual([before.tensors, before.bytes]);
  });
});
