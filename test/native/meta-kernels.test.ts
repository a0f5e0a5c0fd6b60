import { computeAsync, IndexError } from '../../lib/engine';
import { callOp, empty, ones, rand, randint, type Tensor, tensor } from '../../lib/tensor';

const draw = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from + 1));
const pair = (from: number, to: number): number[] => [draw(from, to), draw(from, to)];
const many = (count: number, from: number, to: number): number[] => Array.from({ length: count }, () => draw(from, to));

function convolution(transposed: boolean): () => Tensor {
  const dims = draw(1, 3);
  const groups = draw(1, 2);
  const [inside, outside] = [groups * draw(1, 2), groups * draw(1, 2)];
  const input = rand([draw(1, 2), inside, ...many(dims, 7, 9)]);
  const channels = transposed ? [inside, outside / groups] : [outside, inside / groups];
  const weight = rand([...channels, ...many(dims, 1, 3)]);
  const stride = many(dims, 2, 3);
  const extra = transposed ? many(dims, 0, 1) : many(dims, 0, 0);
  const rest = [stride, many(dims, 0, 1), many(dims, 1, 2), transposed, extra, groups];
  return () => callOp<Tensor>('aten::convolution', [input, weight, rand([outside]), ...rest]);
}

const calls: Record<string, () => () => Tensor> = {
  convolution: () => convolution(false),
  'transposed convolution': () => convolution(true),
  batchNorm: () => {
    const [x, c] = [rand([3, 4, draw(1, 5)]), [ones([4]), ones([4]), ones([4]), ones([4])]];
    return () => callOp('aten::batch_norm', [x, ...c, Math.random() < 0.5, 0.1, 1e-5, true]);
  },
  layerNorm: () => {
    const [a, b] = pair(1, 5) as [number, number];
    const x = rand([3, a, b]).transpose(0, 1);
    return () => callOp('aten::layer_norm', [x, [3, b], ones([3, b]), null, 1e-5, true]);
  },
  groupNorm: () => {
    const x = rand([2, 6, ...pair(1, 4)]);
    return () => callOp('aten::group_norm', [x, draw(1, 3), ones([6]), ones([6]), 1e-5, true]);
  },
  embedding: () => {
    const places = randint(0, 5, pair(0, 4));
    return () => callOp('aten::embedding', [rand([5, draw(1, 4)]), places]);
  },
  'where, broadcast': () => {
    const [a, b] = pair(1, 4) as [number, number];
    const condition = rand([a, 1]).gt(0.5);
    return () => callOp('aten::where.self', [condition, rand([2, 1, b]), ones([a, b], { dtype: 'float64' })]);
  },
  unfold: () => {
    const x = rand([...(Math.random() < 0.5 ? [2] : []), 3, ...pair(6, 9)]);
    const options = [pair(1, 3), pair(1, 2), pair(0, 1), pair(1, 3)];
    return () => callOp('aten::im2col', [x, ...options]);
  },
  fold: () => {
    const [kernel, dilation, padding, stride, size] = [pair(1, 3), pair(1, 2), pair(0, 1), pair(1, 3), pair(6, 9)];
    const image = rand([...(Math.random() < 0.5 ? [2] : []), 3, ...size]);
    const columns = callOp<Tensor>('aten::im2col', [image, kernel, dilation, padding, stride]);
    return () => callOp('aten::col2im', [columns, size, kernel, dilation, padding, stride]);
  },
  'scaled dot product attention': () => {
    const [t, s] = pair(1, 5) as [number, number];
    const [q, k, v] = [rand([2, 3, t, 4]), rand([2, 3, s, 4]), rand([2, 3, s, 4])];
    const mask = Math.random() < 0.5 ? rand([t, s]).gt(0.5) : null;
    return () => callOp('aten::scaled_dot_product_attention', [q, k, v, mask, 0.1, false]);
  },
  dropout: () => {
    const x = rand(pair(1, 4));
    return () => callOp<[Tensor, Tensor]>('aten::native_dropout', [x, 0.5, true])[1];
  },
  'cross entropy of images': () => {
    const [h, w] = pair(1, 4) as [number, number];
    const target = randint(0, 3, [2, h, w]);
    const reduction = draw(0, 2);
    return () => callOp('aten::cross_entropy_loss', [rand([2, 3, h, w]), target, null, reduction, -100, 0]);
  },
  adaptiveAvgPool: () => {
    const [x, size] = [rand([...(Math.random() < 0.5 ? [2] : []), 3, ...pair(4, 7)]), pair(2, 4)];
    return () => callOp('aten::adaptive_avg_pool2d', [x, size]);
  },
};

describe('shapes of queued ops', () => {
  it.each(Object.entries(calls))('%s: known beforehand, and as computed', async (_, make) => {
    for (let round = 0; round < 10; round++) {
      const call = make();
      const early: unknown[] = [];
      const look = (result: Tensor): Tensor => {
        early.splice(0, 3, result.shape, result.dtype, result.device);
        return result;
      };
      const result = await computeAsync(() => look(call()));
      expect(early).toEqual([result.shape, result.dtype, result.device]);

      // Behind an op that fails, whoever waited for a shape would get its error at once, and not run on.
      let ranOn = false;
      const failing = computeAsync(() => {
        callOp('aten::embedding', [empty([1, 1]), tensor([7])]);
        look(call());
        ranOn = true;
      });
      await expect(failing).rejects.toThrow(IndexError);
      expect(ranOn).toBe(true);
    }
  });
});

/** What would have the kernels read, or write, beyond a list or the sizes of a tensor, or divide by zero. */
const misfits: Record<string, (meta: (shape: number[]) => Tensor) => unknown> = {
  'pooling of one dimension': (meta) => callOp('aten::_adaptive_avg_pool2d', [meta([3]), [5, 255]]),
  'pooling to one size': (meta) => callOp('aten::_adaptive_avg_pool2d', [meta([3, 4, 4]), []]),
  'convolution without strides': (meta) =>
    callOp('aten::convolution_overrideable', [meta([2, 2, 5, 5]), meta([2, 2, 4, 4]), null, [], [], [], false, [], 1]),
  'convolution of other dimensions': (meta) =>
    callOp('aten::convolution_overrideable', [
      ...[meta([2, 2, 5, 5]), meta([2, 2]), null, [1, 1], [0, 0], [1, 1]],
      ...[false, [0, 0], 1],
    ]),
  'fold without sizes': (meta) => callOp('aten::col2im', [meta([4, 4]), [], [2, 2], [1, 1], [0, 0], [1, 1]]),
  'fold of an empty kernel': (meta) => callOp('aten::col2im', [meta([4, 4]), [3, 3], [0, 2], [1, 1], [0, 0], [1, 1]]),
  'unfold without steps': (meta) => callOp('aten::im2col', [meta([3, 4, 4]), [2, 2], [1, 1], [0, 0], [0, 1]]),
  'unfold without a kernel': (meta) => callOp('aten::im2col', [meta([3, 4, 4]), [], [1, 1], [0, 0], [1, 1]]),
  'norm of more dimensions': (meta) => callOp('aten::native_layer_norm', [meta([3]), [2, 3], null, null, 1e-5]),
};

describe('kernels of the meta device', () => {
  it.each(Object.entries(misfits))('refuse what does not fit: %s', (_, call) => {
    expect(() => call((shape) => empty(shape, { device: 'meta' }))).toThrow(/expected|dimension|shape/i);
  });
});
