import { clipGradNorm_, clipGradValue_ } from '../../lib/optim';
import { manualSeed, ones, randn, tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const shapes = [[3], [40, 7], [], [5, 5]];

describeWithOracle('gradient clipping', (oracle) => {
  it.each([
    [0.5, 2],
    [1e6, 2],
    [2, 1],
    [0.3, Infinity],
    [1, 3.5],
  ])('clipGradNorm_ to %d by the norm of order %d', async (maxNorm, normType) => {
    manualSeed(3);
    const gradients = shapes.map((shape) => randn(shape));
    const params = gradients.map((gradient, index): Tensor => {
      const param = ones([...gradient.shape], { requiresGrad: true });
      if (index !== 2) param.grad = gradient.clone();
      return param;
    });
    const { total, clipped } = await oracle().run(
      `
      params = [torch.ones_like(g, requires_grad=True) for g in gradients]
      for i, (p, g) in enumerate(zip(params, gradients)):
          p.grad = None if i == 2 else g.clone()
      total = torch.nn.utils.clip_grad_norm_(params, max_norm, norm_type)
      clipped = [p.grad for p in params if p.grad is not None]
      `,
      {
        inputs: { gradients, max_norm: maxNorm, norm_type: normType },
        outputs: { total: 'tensor', clipped: 'tensors' },
      },
    );
    expectSameBits(clipGradNorm_(params, maxNorm, { normType }), total, 'norm');
    const ours = params.map(({ grad }) => grad).filter((grad) => grad !== null);
    for (const [index, grad] of ours.entries()) expectSameBits(grad, clipped[index] as Tensor, `gradient ${index}`);
  });

  it('clipGradValue_', async () => {
    const gradient = randn([50]);
    const param = ones([50], { requiresGrad: true });
    param.grad = gradient.clone();
    clipGradValue_(param, 0.4);
    const { clipped } = await oracle().run(
      `
      p = torch.ones(50, requires_grad=True)
      p.grad = gradient
      torch.nn.utils.clip_grad_value_([p], 0.4)
      clipped = p.grad
      `,
      { inputs: { gradient }, outputs: ['clipped'] },
    );
    expectSameBits(param.grad, clipped);
  });
});

describe('gradient clipping', () => {
  it('has the norm 0 without gradients, and refuses one that is not finite on request', () => {
    const param = ones([1], { requiresGrad: true });
    expect(clipGradNorm_([param], 1).item()).toBe(0);
    param.grad = tensor([Infinity], { dtype: 'float32' });
    expect(() => clipGradNorm_([param], 1, { errorIfNonfinite: true })).toThrow('is non-finite');
  });
});
