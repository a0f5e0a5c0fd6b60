import { inspect } from 'node:util';

import { arange, isTensor, ones, randn, slice, Tensor, tensor, zeros } from '../../lib/tensor';

describe('what a tensor is', () => {
  const x = arange(24).reshape(2, 3, 4);

  it('tells sizes and strides', () => {
    expect([x.shape, x.size(), x.size(-1), x.size(0)]).toEqual([[2, 3, 4], [2, 3, 4], 4, 2]);
    expect([x.stride(), x.stride(1), x.transpose(0, 2).stride()]).toEqual([[12, 4, 1], 4, [1, 4, 12]]);
    expect([x.dim(), x.ndim, x.numel(), x.nbytes, x.elementSize()]).toEqual([3, 3, 24, 192, 8]);
    expect([x.at(1).storageOffset(), x.device, x.dtype]).toEqual([12, 'cpu', 'int64']);
    expect(() => x.size(3)).toThrow(/Dimension out of range/);
    expect(() => x.stride(-4)).toThrow(RangeError);
  });

  it('knows tensors from others', () => {
    expect([isTensor(x), isTensor({}), isTensor(null), x instanceof Tensor]).toEqual([true, false, false, true]);
  });

  it('iterates over its first dimension', () => {
    expect(
      [
        ...tensor([
          [1, 2],
          [3, 4],
        ]),
      ].map((row) => row.tolist()),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => [...tensor(1)]).toThrow(/without dimensions/);
  });

  it('is contiguous in the format that is asked for', () => {
    const image = zeros([1, 2, 3, 4]);
    expect([image.isContiguous(), image.isContiguous('channels_last')]).toEqual([true, false]);
    const last = image.to({ memoryFormat: 'channels_last' });
    expect([last.isContiguous(), last.isContiguous('channels_last')]).toEqual([false, true]);
  });
});

describe('item', () => {
  it('is a number, 1 or 0 of a bool', () => {
    expect([tensor(1.5).item(), tensor(7).item(), tensor([[true]]).item(), tensor(false).item()]).toEqual([
      1.5, 7, 1, 0,
    ]);
  });

  it('refuses what a number does not hold', () => {
    expect(() => tensor(2n ** 60n).item()).toThrow(/itemBigInt/);
    expect(() => tensor(2n ** 60n).item()).toThrow(RangeError);
    expect(tensor(-(2n ** 60n)).itemBigInt()).toBe(-(2n ** 60n));
    expect(tensor(7).itemBigInt()).toBe(7n);
    expect(() => tensor(1.5).itemBigInt()).toThrow(/expected an integer/);
    expect(() => tensor({ re: 1, im: 2 }).item()).toThrow(/complex/);
    expect(() => zeros([2]).item()).toThrow();
  });

  it('makes a tensor of one element a number where JavaScript wants one', () => {
    const loss = tensor(0.5);
    expect(Number(loss) < 1).toBe(true);
    expect(+loss).toBe(0.5);
    expect(String(loss)).toBe('tensor(0.5000)');
    expect(() => Number(zeros([2]))).toThrow(/Tensor\[2\] float32 is no number/);
    expect(inspect(ones([2]))).toBe('tensor([1., 1.])');
  });
});

describe('to', () => {
  const x = ones([2]);

  it('returns the tensor itself where nothing changes', () => {
    for (const same of [x.to('float32'), x.to('cpu'), x.to(ones([1])), x.float(), x.cpu(), x.to({})])
      expect(same).toBe(x);
    expect(x.to('float32', { copy: true })).not.toBe(x);
    expect(x.to({ copy: true }).sharesStorage(x)).toBe(false);
    expect(x.to('float32', false, true)).not.toBe(x);
  });

  it('takes all forms of PyTorch', () => {
    expect(
      [
        x.to('int64'),
        x.to('cpu', 'int64'),
        x.to('cpu', { dtype: 'int64' }),
        x.to(arange(2)),
        x.to({ dtype: 'int64' }),
      ].map((t) => t.dtype),
    ).toEqual(Array.from({ length: 5 }, () => 'int64'));
    expect(
      [x.double(), x.half(), x.bfloat16(), x.long(), x.int(), x.short(), x.byte(), x.bool()].map((t) => t.dtype),
    ).toEqual(['float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'uint8', 'bool']);
  });

  it('refuses what is no dtype', () => {
    expect(() => x.to({ dtype: 'float31' as 'float32' })).toThrow(/expected a dtype.*'float31'/);
    expect(() => x.to('nowhere' as 'cpu')).toThrow();
  });
});

describe('autograd members', () => {
  it('tell and set what autograd knows', () => {
    const x = randn([2]).requiresGrad_();
    const y = x.mul(x);
    expect([x.requiresGrad, x.isLeaf, x.gradFn]).toEqual([true, true, null]);
    expect([y.requiresGrad, y.isLeaf, y.gradFn?.name]).toEqual([true, false, 'MulBackward0']);
    y.retainGrad();
    y.sum().backward();
    expect(y.grad?.tolist()).toEqual([1, 1]);
    x.requiresGrad = false;
    expect(x.requiresGrad).toBe(false);
    expect(() => {
      y.requiresGrad = false;
    }).toThrow(/leaf/);
    expect(() => arange(2).requiresGrad_()).toThrow(/floating point/);
  });

  it('share data behind the back of autograd', () => {
    const x = ones([2], { requiresGrad: true });
    x.data.mul_(3);
    expect([x.tolist(), x.requiresGrad, x.data.requiresGrad]).toEqual([[3, 3], true, false]);
    x.data = zeros([4]);
    expect([x.shape, x.requiresGrad]).toEqual([[4], true]);
    expect(x.detach().sharesStorage(x)).toBe(true);
    expect(x.at(slice(1)).sharesStorage(x)).toBe(true);
    expect(() => x.add_(1)).toThrow(/a leaf Variable that requires grad/);
  });
});
