import { Function, type FunctionContext, gradcheck, GradcheckError, gradgradcheck } from '../../lib/autograd';
import { complex, manualSeed, ones, randn, type Tensor } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(() => {
  settle();
  manualSeed(3);
});

const leaf = (...shape: number[]): Tensor => randn(shape, { dtype: 'float64' }).requiresGrad_();

/** A function whose gradient is wrong by `error`. */
function wrong(error: number): (x: Tensor) => Tensor {
  class Wrong extends Function {
    static forward(ctx: FunctionContext<[Tensor]>, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.mul(x);
    }

    static backward(ctx: FunctionContext<[Tensor]>, g: Tensor): Tensor {
      const [x] = ctx.savedTensors;
      return g.mul(x.mul(2).add(error));
    }
  }
  return (x) => Wrong.apply(x);
}

/** {@link wrong} in Python, indented as the programs below. */
const WRONG = `
      def wrong(error):
          class Wrong(torch.autograd.Function):
              @staticmethod
              def forward(ctx, x):
                  ctx.save_for_backward(x)
                  return x * x
              @staticmethod
              def backward(ctx, g):
                  x, = ctx.saved_tensors
                  return g * (x * 2 + error)
          return Wrong.apply`;

describeWithOracle('gradcheck', (oracle) => {
  it('decides as Python at every size of error and tolerance', async () => {
    const x = leaf(2, 3);
    const cases = [1e-7, 9e-6, 2e-5, 1e-3, 1].flatMap((error) =>
      ([{}, { atol: 1e-3 }, { rtol: 0 }, { atol: 0, rtol: 1e-4 }, { eps: 1e-3 }] as Record<string, number>[]).map(
        (options) => ({ error, options }),
      ),
    );
    const ours = cases.map(({ error, options }) => gradcheck(wrong(error), [x], { ...options, raiseException: false }));
    const { theirs, message } = await oracle().run(
      `
${WRONG}
      x = x.requires_grad_()
      theirs = [torch.autograd.gradcheck(wrong(c['error']), [x], raise_exception=False, **c['options']) for c in cases]
      try:
          torch.autograd.gradcheck(wrong(1.0), [x])
      except Exception as error:
          message = str(error)
      `,
      { inputs: { x: x.detach(), cases }, outputs: { theirs: 'value', message: 'string' } },
    );
    expect(ours).toEqual(theirs);
    expect(new Set(ours)).toEqual(new Set([true, false]));
    expect(() => gradcheck(wrong(1), [x])).toThrow(message.split('\n')[0]);
  });

  it('decides as Python on ops, real and complex, and on their second gradients', async () => {
    const x = leaf(2, 2);
    const y = leaf(2, 2);
    const z = complex(x.detach(), y.detach()).requiresGrad_();
    const real: ((a: Tensor, b: Tensor) => Tensor | Tensor[])[] = [
      (a, b) => a.matmul(b).tanh(),
      (a, b) => [a.mul(b), a.sin(), b.detach()],
      (a, b) => a.detach().mul(b),
      (a, b) => a.pow(2).sum().mul(b.mean()),
      (a, b) => a.sub(a.detach().round()).add(b),
    ];
    const unary: ((a: Tensor) => Tensor)[] = [
      (a) => a.mul(a),
      (a) => a.abs(),
      (a) => a.real.mul(2),
      (a) => a.conj().mul(a),
      (a) => a.exp(),
    ];
    const { first, second, complexes, complexSeconds } = await oracle().run(
      `
      x, y, z = x.requires_grad_(), y.requires_grad_(), z.requires_grad_()
      real = [
          lambda a, b: (a @ b).tanh(),
          lambda a, b: (a * b, a.sin(), b.detach()),
          lambda a, b: a.detach() * b,
          lambda a, b: (a ** 2).sum() * b.mean(),
          lambda a, b: a - a.detach().round() + b,
      ]
      unary = [lambda a: a * a, lambda a: a.abs(), lambda a: a.real * 2, lambda a: a.conj() * a, lambda a: a.exp()]
      check = torch.autograd.gradcheck
      check2 = torch.autograd.gradgradcheck
      first = [check(f, (x, y), raise_exception=False) for f in real]
      second = [check2(f, (x, y), raise_exception=False) for f in (real[0], real[3])]
      complexes = [check(f, (z,), raise_exception=False) for f in unary]
      complexSeconds = [check2(f, (z,), raise_exception=False) for f in unary]
      `,
      {
        inputs: { x: x.detach(), y: y.detach(), z: z.detach() },
        outputs: { first: 'value', second: 'value', complexes: 'value', complexSeconds: 'value' },
      },
    );
    const quiet = { raiseException: false };
    expect(real.map((f) => gradcheck(f, [x, y], quiet))).toEqual(first);
    expect([real[0]!, real[3]!].map((f) => gradgradcheck(f, [x, y], null, quiet))).toEqual(second);
    expect(unary.map((f) => gradcheck(f, [z], quiet))).toEqual(complexes);
    expect(unary.map((f) => gradgradcheck(f, [z], null, quiet))).toEqual(complexSeconds);
  });
});

describe('gradcheck', () => {
  it('takes one tensor, other arguments and no elements', () => {
    expect(gradcheck((x: Tensor) => x.exp(), leaf(2))).toBe(true);
    expect(gradcheck((x: Tensor, n: number) => x.pow(n), [leaf(2), 3])).toBe(true);
    expect(gradcheck((x: Tensor) => x.exp(), leaf(0))).toBe(true);
    expect(gradcheck((x: Tensor) => x.exp(), leaf())).toBe(true);
    expect(gradcheck((x: Tensor) => x.exp(), leaf(3, 2).detach().t().requiresGrad_())).toBe(true);
    expect(gradgradcheck((x: Tensor) => x.exp(), leaf(2), ones([2], { dtype: 'float64' }).requiresGrad_())).toBe(true);
  });

  it('leaves its inputs as they were', () => {
    const x = leaf(3);
    const before = x.tolist();
    gradcheck((a: Tensor) => a.mul(a), x);
    expect([x.tolist(), x.grad]).toEqual([before, null]);
  });

  it('refuses what it cannot check', () => {
    expect(() => gradcheck((x: Tensor) => x, ones([2]))).toThrow(/at least one input tensor to require gradient/);
    expect(() => gradcheck((x: Tensor) => x, ones([1], { dtype: 'float64' }).expand([2]).requiresGrad_())).toThrow(
      /stride 0/,
    );
  });

  it('finds a backward that forgets its gradient, is not reentrant, or cannot do without', () => {
    const make = (backward: (x: Tensor, g: Tensor) => Tensor, materialize = true): ((x: Tensor) => Tensor) => {
      class Odd extends Function {
        static forward(ctx: FunctionContext<[Tensor]>, x: Tensor): Tensor {
          ctx.saveForBackward(x);
          ctx.setMaterializeGrads(materialize);
          return x.mul(x);
        }

        static backward(ctx: FunctionContext<[Tensor]>, g: Tensor): Tensor {
          return backward(ctx.savedTensors[0], g);
        }
      }
      return (x) => Odd.apply(x);
    };
    const x = leaf(1);
    let calls = 0;
    const cases: [(x: Tensor, g: Tensor) => Tensor, RegExp, boolean?][] = [
      [(v, g) => v.mul(2).mul(g.add(1).sub(g)), /not multiplied by grad_output/],
      [
        (v, g) =>
          v
            .mul(2)
            .mul(g)
            .add((calls += 1) * 1e-8),
        /not reentrant/,
      ],
      [(v, g: Tensor | null) => v.mul(2).mul(g ?? ones([1])), /undefined or zero/, false],
    ];
    for (const [backward, message, materialize] of cases) {
      expect(() => gradcheck(make(backward, materialize), x)).toThrow(GradcheckError);
      expect(() => gradcheck(make(backward, materialize), x)).toThrow(message);
    }
  });
});

describeWithOracle('gradcheck in fast mode', (oracle) => {
  it('decides as Python, whatever the error and the kinds of numbers', async () => {
    const x = leaf(3, 4);
    const z = complex(randn([2, 2], { dtype: 'float64' }), randn([2, 2], { dtype: 'float64' })).requiresGrad_();
    const errors = [0, 1e-7, 9e-6, 3e-5, 1e-3, 1];
    const fast = { fastMode: true, raiseException: false };
    const ours = [
      ...errors.map((error) => gradcheck(wrong(error), [x], fast)),
      ...errors.map((error) => gradcheck(wrong(error), [x], { ...fast, atol: 1e-3 })),
      ...errors.map((error) => gradcheck(wrong(error), [z], fast)),
      gradcheck((a: Tensor, b: Tensor) => [a.mul(a), b.mul(b).imag, a.sum().mul(b.real.sum())], [x, z], fast),
      gradcheck((a: Tensor) => a.abs().mul(a), [z], fast),
      gradgradcheck((a: Tensor) => a.pow(3), [x], null, { fastMode: true }),
      gradgradcheck((a: Tensor) => a.pow(3), [z], null, { fastMode: true }),
    ];
    const { theirs } = await oracle().run(
      `
${WRONG}
      A = torch.autograd
      x, z = x.requires_grad_(), z.requires_grad_()
      fast = dict(fast_mode=True, raise_exception=False)
      theirs = [A.gradcheck(wrong(e), [x], **fast) for e in errors]
      theirs += [A.gradcheck(wrong(e), [x], atol=1e-3, **fast) for e in errors]
      theirs += [A.gradcheck(wrong(e), [z], **fast) for e in errors]
      theirs += [
          A.gradcheck(lambda a, b: (a * a, (b * b).imag, a.sum() * b.real.sum()), [x, z], **fast),
          A.gradcheck(lambda a: a.abs() * a, [z], **fast),
          A.gradgradcheck(lambda a: a.pow(3), [x], fast_mode=True),
          A.gradgradcheck(lambda a: a.pow(3), [z], fast_mode=True),
      ]
      `,
      { inputs: { x: x.detach(), z: z.detach(), errors }, outputs: { theirs: 'value' } },
    );
    expect(ours).toEqual(theirs);
    expect(new Set(ours)).toEqual(new Set([true, false]));
  });
});

describe('gradcheck in fast mode', () => {
  it('shows what is wrong at the elements, and counts calls', () => {
    const x = leaf(4, 5);
    expect(() => gradcheck(wrong(1), [x], { fastMode: true })).toThrow(
      /Jacobian mismatch for output 0 with respect to input 0/,
    );
    let calls = 0;
    const counted = (a: Tensor): Tensor => {
      calls += 1;
      return a.sin();
    };
    expect(gradcheck(counted, [x], { fastMode: true })).toBe(true);
    expect(calls).toBeLessThan(10);
    expect(gradcheck((a: Tensor) => a.detach().mul(0), [x], { fastMode: true })).toBe(true);
    expect(() => gradcheck((a: Tensor) => a.detach().mul(2), [x], { fastMode: true })).toThrow(/expected to be zero/);
  });
});
