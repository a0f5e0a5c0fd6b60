import { binding } from '../../lib/engine';
import { arange, type Tensor, zeros } from '../../lib/tensor';
import { adopt } from '../../lib/tensor/dispatch';

const slice = (tensor: Tensor, start: number, count: number): Tensor =>
  adopt<Tensor>(binding.storageSlice(tensor.handle, start, count));

describe('storageSlice', () => {
  it('is on the memory of the tensor, which it keeps, and has a storage of its own', () => {
    const whole = arange(10, { dtype: 'int16' });
    const [part, other] = [slice(whole, 2, 4), slice(whole, 6, 4)];
    part.add_(100);
    expect(whole.tolist()).toEqual([0, 1, 102, 103, 104, 105, 6, 7, 8, 9]);
    whole.dispose();
    expect([part.tolist(), other.tolist()]).toEqual([
      [102, 103, 104, 105],
      [6, 7, 8, 9],
    ]);
    expect([part.sharesStorage(other), binding.storageOf(part.handle)?.bytes]).toEqual([false, 8]);
  });

  it('refuses what is no part, and what does not lie in order', () => {
    const whole = zeros([10]);
    for (const [start, count] of [
      [-1, 2],
      [0, -1],
      [9, 2],
      [11, 0],
      [2 ** 52, 2 ** 52],
    ] as const) {
      expect(() => slice(whole, start, count)).toThrow(/expected a part of 10 elements/);
    }
    expect(slice(whole, 10, 0).shape).toEqual([0]);
    expect(() => slice(zeros([2, 5]), 0, 1)).toThrow(/contiguous tensor of one dimension/);
    expect(() => slice(zeros([10], { device: 'meta' }), 0, 1)).toThrow(/on the CPU/);
  });
});
