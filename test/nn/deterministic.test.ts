/**
 * What replaces kernels on a GPU where deterministic algorithms are asked for. Python's decompositions take any device, so
 * that they are compared here; that a GPU takes them is for `npm run check:cuda`.
 */
import { grad } from '../../lib/autograd';
import { replicationPad, upsampleLinear } from '../../lib/nn/functional/deterministic';
import { type DType, manualSeed, type MemoryFormat, randn, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { Draws } from './draws';

describeWithOracle('deterministic forms', (oracle) => {
  beforeEach(() => manualSeed(3));
  const draws = new Draws(5);

  const resizings = Array.from({ length: 24 }, (_, seed) => {
    const dims = draws.int(1, 3);
    const shape = [draws.int(1, 3), draws.int(1, 20), ...Array.from({ length: dims }, () => draws.int(1, 9))];
    const byFactor = draws.next() < 0.5;
    const size = byFactor ? null : shape.slice(2).map(() => draws.int(1, 12));
    const factors = byFactor ? shape.slice(2).map((side) => Math.max(1 / side, draws.int(5, 30) / 10)) : null;
    const dtype: DType = seed % 6 === 5 ? 'bfloat16' : seed % 6 === 4 ? 'float64' : 'float32';
    return { shape, size, factors, corners: draws.next() < 0.5, dtype };
  });

  it.each(resizings)('linear resizing: %j', async ({ shape, size, factors, corners, dtype }) => {
    const memoryFormat: MemoryFormat =
      shape.length === 4 && (shape[1] ?? 0) % 2 === 0 ? 'channels_last' : 'contiguous_format';
    const input = randn(shape, { dtype }).contiguous({ memoryFormat }).requiresGrad_();
    const output = upsampleLinear(input, size, corners, factors);
    const weights = randn([...output.shape], { dtype });
    const gradient = grad(output, input, weights)[0] as Tensor;
    const expected = await oracle().run(
      `
      from torch._decomp.decompositions import _upsample_linear_vec
      input = input.contiguous(memory_format=getattr(torch, layout)).requires_grad_()
      output = _upsample_linear_vec(input, size, corners, factors)
      gradient, = torch.autograd.grad(output, input, weights)
      strides = list(output.stride())
      output = output.detach()
      `,
      {
        inputs: { input: input.detach(), layout: memoryFormat, weights, size, factors, corners },
        outputs: { output: 'tensor', gradient: 'tensor', strides: 'numbers' },
      },
    );
    expectSameBits(output.detach(), expected.output, 'output');
    expectSameBits(gradient, expected.gradient, 'gradient');
    expect(output.stride()).toEqual(expected.strides);
  });

  const paddings = Array.from({ length: 18 }, () => {
    const dims = draws.int(1, 3);
    const shape = Array.from({ length: dims + draws.int(1, 2) }, () => draws.int(1, 6));
    const padding = Array.from({ length: 2 * dims }, () => draws.int(0, 4));
    return { shape, padding };
  });

  it.each(paddings)('replicated edges: %j', async ({ shape, padding }) => {
    const input = randn(shape).requiresGrad_();
    const output = replicationPad(input, padding);
    const weights = randn([...output.shape]);
    const gradient = grad(output, input, weights)[0] as Tensor;
    const expected = await oracle().run(
      `
      from torch._decomp.decompositions import _replication_pad
      input = input.requires_grad_()
      output = _replication_pad(input, padding)
      gradient, = torch.autograd.grad(output, input, weights)
      strides = list(output.stride())
      output = output.detach()
      `,
      {
        inputs: { input: input.detach(), weights, padding },
        outputs: { output: 'tensor', gradient: 'tensor', strides: 'numbers' },
      },
    );
    expectSameBits(output.detach(), expected.output, 'output');
    expectSameBits(gradient, expected.gradient, 'gradient');
    expect(output.stride()).toEqual(expected.strides);
  });
});
