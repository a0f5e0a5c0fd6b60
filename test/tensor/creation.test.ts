import {
  arange,
  asTensor,
  type DType,
  empty,
  eye,
  frombytes,
  full,
  linspace,
  manualSeed,
  ones,
  onesLike,
  randn,
  tensor,
  type NestedData,
  type TensorOptions,
  type Tensor,
  zeros,
} from '../../lib/tensor';
import { type OracleInput, describeWithOracle, expectSameBits } from '../oracle/oracle';

describeWithOracle('creation', (oracle) => {
  it('infers dtypes from literals as Python does', async () => {
    const literals: readonly NestedData[] = [
      3,
      1.5,
      true,
      [],
      [[], []],
      [1, 2, 3],
      [1, 2.5],
      [
        [true, false],
        [false, true],
      ],
      [1, true],
      [0.5, true],
      [2 ** 40, -1],
      [[[1e-3, NaN, Infinity]]],
      [2n ** 60n, 1n],
      [-0, 1],
    ];
    const { theirs } = await oracle().run('theirs = [torch.tensor(x) for x in literals]', {
      inputs: { literals: literals as readonly OracleInput[] },
      outputs: { theirs: 'tensors' },
    });
    for (const [index, literal] of literals.entries())
      expectSameBits(
        tensor(literal),
        theirs[index] as Tensor,
        JSON.stringify(literal, (_, value: unknown) => String(value)),
      );
  });

  it('converts to every dtype as Python does', async () => {
    const dtypes: readonly DType[] = [
      'float32',
      'float64',
      'float16',
      'bfloat16',
      'int64',
      'int32',
      'int16',
      'int8',
      'uint8',
      'bool',
      'complex64',
    ];
    const values = [
      [0, 1.75, 3.999],
      [100.1, 7, 0.1],
    ];
    const { theirs } = await oracle()
      .run('theirs = [torch.tensor(values, dtype=getattr(torch, name)) for name in names]', {
        inputs: { values, names: dtypes },
        outputs: { theirs: 'value' },
      })
      .catch(() => ({ theirs: null }));
    if (theirs === null) throw new Error('the oracle could not answer');
    for (const [index, dtype] of dtypes.entries()) {
      expectSameBits(tensor(values, { dtype }), (theirs as Tensor[])[index] as Tensor, dtype);
    }
  });

  it('makes what the factories of Python make', async () => {
    const ours = [
      zeros([2, 3]),
      zeros(2, 3),
      ones([2], { dtype: 'int32' }),
      full([2, 2], 1.5),
      full([2, 2], 7),
      arange(5),
      arange(1, 2, 0.25),
      arange(0, 10, { step: 3, dtype: 'float64' }),
      linspace(0, 1, 7),
      eye(3),
      eye(2, 3, { dtype: 'bool' }),
      onesLike(zeros([1, 4]), { dtype: 'uint8' }),
    ];
    const { theirs } = await oracle().run(
      `
      theirs = [torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2, dtype=torch.int32), torch.full((2, 2), 1.5), torch.full((2, 2), 7),
                torch.arange(5), torch.arange(1, 2, 0.25), torch.arange(0, 10, step=3, dtype=torch.float64), torch.linspace(0, 1, 7),
                torch.eye(3), torch.eye(2, 3, dtype=torch.bool), torch.ones_like(torch.zeros(1, 4), dtype=torch.uint8)]
      `,
      { outputs: { theirs: 'tensors' } },
    );
    for (const [index, mine] of ours.entries()) expectSameBits(mine, theirs[index] as Tensor, `factory ${index}`);
  });
});

describe('typed arrays and bytes', () => {
  it.each([
    [new Float32Array([1.5, -2]), 'float32'],
    [new Float64Array([0.1, 5e-324]), 'float64'],
    [new Int8Array([-128, 127]), 'int8'],
    [new Uint8Array([0, 255]), 'uint8'],
    [new Int16Array([-32768, 1]), 'int16'],
    [new Uint16Array([65535, 1]), 'uint16'],
    [new Int32Array([-(2 ** 31), 1]), 'int32'],
    [new Uint32Array([2 ** 32 - 1, 1]), 'uint32'],
    [new BigInt64Array([-(2n ** 63n), 1n]), 'int64'],
    [new BigUint64Array([2n ** 64n - 1n, 1n]), 'uint64'],
  ] as const)('%p keeps its type and comes back', (array, dtype) => {
    const made = tensor(array, { shape: [2, 1] });
    expect([made.dtype, made.shape]).toEqual([dtype, [2, 1]]);
    expect(made.toTypedArray()).toEqual(array);
    const bytes = new Uint8Array(array.buffer);
    expect(made.toBytes()).toEqual(bytes);
    expectSameBits(frombytes(bytes, dtype, [2, 1]), made);
  });

  it('copies, and reads views at odd offsets', () => {
    const bytes = new Uint8Array(9);
    const view = bytes.subarray(1);
    new DataView(bytes.buffer).setFloat32(1, 2.5, true);
    const made = frombytes(view, 'float32', [2]);
    bytes.fill(0);
    expect(made.tolist()).toEqual([2.5, 0]);
  });

  it('takes and returns transposed data in row-major order', () => {
    const x = arange(6).reshape(2, 3).t();
    expect(x.isContiguous()).toBe(false);
    expect(x.tolist()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(x.toTypedArray()).toEqual(new BigInt64Array([0n, 3n, 1n, 4n, 2n, 5n]));
    expect(x.float().half().toTypedArray()).toEqual(new Float32Array([0, 3, 1, 4, 2, 5]));
  });

  it('nests elements of every kind', () => {
    expect(tensor([[true], [false]]).tolist()).toEqual([[true], [false]]);
    expect(tensor([2n ** 60n, 1n]).tolist()).toEqual([2n ** 60n, 1]);
    expect(tensor([{ re: 1, im: -2 }]).tolist()).toEqual([{ re: 1, im: -2 }]);
    expect(tensor(5).tolist()).toBe(5);
    expect(zeros([2, 0, 3]).tolist()).toEqual([[], []]);
  });

  it('returns a tensor that fits as it is', () => {
    const x = ones([2]);
    expect(asTensor(x)).toBe(x);
    expect(asTensor(x, { dtype: 'int64' }).dtype).toBe('int64');
    expect(asTensor([1, 2]).dtype).toBe('int64');
    expect(tensor([1.5], { requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe('data that cannot be', () => {
  it.each<[string, unknown, TensorOptions, RegExp]>([
    ['ragged lists', [[1, 2], [3]], {}, /length 2 at \[1\], received length 1/],
    ['a number among lists', [[1], 2], {}, /list of length 1 at \[1\], received 2/],
    ['a list among numbers', [[1, [2]]], {}, /number at \[0\]\[1\], received a list/],
    ['a string', [1, 'x'], {}, /at \[1\], received 'x'/],
    ['undefined', undefined, {}, /received undefined/],
    ['a dtype that is none', [1], { dtype: 'float31' as DType }, /dtype.*received 'float31'/],
    ['a value beyond the dtype', [256], { dtype: 'uint8' }, /256 cannot be held by uint8/],
    ['NaN as an integer', [NaN], { dtype: 'int64' }, /NaN cannot be held by int64/],
    ['a bigint beyond int64', [2n ** 63n], {}, /cannot be held by int64/],
    ['a shape that does not fit', new Float32Array(3), { shape: [2, 2] }, /4 elements, but the data has 3/],
    ['a negative size', new Float32Array(3), { shape: [-3] }, /sizes of 0 or more/],
  ])('%s', (_, data, options, message) => {
    expect(() => tensor(data as NestedData, options)).toThrow(message);
  });

  it('refuses bytes of another count', () => {
    expect(() => frombytes(new Uint8Array(7), 'float32', [2])).toThrow(/2 elements, but the data has 1.75/);
  });

  it('gives factories what they need by their names', () => {
    manualSeed(0);
    const x = randn([2, 2], { requiresGrad: true, dtype: 'float64' });
    expect([x.requiresGrad, x.isLeaf, x.dtype]).toEqual([true, true, 'float64']);
    expect(empty({ size: [3], dtype: 'int8' }).shape).toEqual([3]);
  });
});
