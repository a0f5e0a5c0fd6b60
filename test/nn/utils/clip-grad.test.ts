import * as nn from '../../../lib/nn';
import * as optim from '../../../lib/optim';
import { type DType, manualSeed, ones, randn, tensor, type Tensor } from '../../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../../oracle/oracle';

const { clipGradNorm_, clipGradsWithNorm_, clipGradValue_, getTotalNorm } = nn.utils;

const shapes = [[3], [40, 7], [], [5, 5]];
const dtypes: DType[] = ['float32', 'float64', 'float32', 'float32'];

/** Parameters with gradients, of which the third has none. */
function parameters(gradients: readonly Tensor[]): Tensor[] {
  return gradients.map((gradient, index): Tensor => {
    const param = ones([...gradient.shape], { requiresGrad: true, dtype: gradient.dtype });
    if (index !== 2) param.grad = gradient.clone();
    return param;
  });
}

const python = `
params = [torch.ones_like(g, requires_grad=True) for g in gradients]
for i, (p, g) in enumerate(zip(params, gradients)):
    p.grad = None if i == 2 else g.clone()
utils = torch.nn.utils
`;

beforeEach(() => manualSeed(3));

describeWithOracle('gradient clipping', (oracle) => {
  const expectClipped = (params: readonly Tensor[], clipped: readonly Tensor[]): void => {
    const ours = params.map(({ grad }) => grad).filter((grad) => grad !== null);
    expect(ours.length).toBe(clipped.length);
    for (const [index, grad] of ours.entries()) expectSameBits(grad, clipped[index] as Tensor, `gradient ${index}`);
  };

  it.each(
    [
      [0.5, 2],
      [1e6, 2],
      [2, 1],
      [0.3, Infinity],
      [1, 3.5],
      [1, 0],
    ].flatMap(([maxNorm = 0, normType = 0]) =>
      [null, false].flatMap((foreach) => [false, true].map((mixed) => [maxNorm, normType, foreach, mixed] as const)),
    ),
  )('to %d by the norm of order %d, foreach %s, two dtypes %s', async (maxNorm, normType, foreach, mixed) => {
    const gradients = shapes.map((shape, index) => randn(shape).to(mixed ? (dtypes[index] as DType) : 'float32'));
    const { total, clipped, norm, halved, bounded } = await oracle().run(
      `
      ${python.trim().replaceAll('\n', '\n      ')}
      grads = lambda: [p.grad.clone() for p in params if p.grad is not None]
      norm = utils.get_total_norm(grads(), norm_type, foreach=foreach)
      total = utils.clip_grad_norm_(params, max_norm, norm_type, foreach=foreach)
      clipped = grads()
      utils.clip_grads_with_norm_(params, max_norm / 2, total, foreach=foreach)
      halved = grads()
      utils.clip_grad_value_(params, 0.05, foreach=foreach)
      bounded = grads()
      `,
      {
        inputs: { gradients, max_norm: maxNorm, norm_type: normType, foreach },
        outputs: { total: 'tensor', clipped: 'tensors', norm: 'tensor', halved: 'tensors', bounded: 'tensors' },
      },
    );
    const params = parameters(gradients);
    const grads = params.flatMap(({ grad }) => grad ?? []);
    expectSameBits(getTotalNorm(grads, { normType, foreach }), norm, 'norm');
    expectSameBits(clipGradNorm_(params, maxNorm, normType, { foreach }), total, 'norm before');
    expectClipped(params, clipped);
    clipGradsWithNorm_(params, maxNorm / 2, total, foreach);
    expectClipped(params, halved);
    clipGradValue_(params, 0.05, { foreach });
    expectClipped(params, bounded);
  });
});

describe('gradient clipping', () => {
  it('is among the optimizers, too', () => {
    expect([optim.clipGradNorm_, optim.clipGradValue_]).toEqual([clipGradNorm_, clipGradValue_]);
  });

  it('has the norm 0 without gradients, and refuses one that is not finite on request', () => {
    const param = ones([1], { requiresGrad: true });
    expect(clipGradNorm_(param, 1).item()).toBe(0);
    param.grad = tensor([Infinity], { dtype: 'float32' });
    expect(() => clipGradNorm_([param], 1, { errorIfNonfinite: true })).toThrow('is non-finite');
    expect(() => clipGradNorm_([3] as never, 1)).toThrow(
      'clipGradNorm_(): expected a Tensor for argument `parameters`',
    );
    expect(() => clipGradNorm_(param, '1' as never)).toThrow('expected a number for argument `maxNorm`');
    expect(() => getTotalNorm(null as never)).toThrow('something to iterate over');
  });
});
