import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';

import {
  arange,
  asTensor,
  type DType,
  frombuffer,
  frombytes,
  Generator,
  isComplexDType,
  manualSeed,
  randn,
  slice,
  type Tensor,
  tensor,
  zeros,
} from '../../lib/tensor';
import { withTypedArray } from '../../lib/tensor/data';
import { describeWithOracle, expectSameBits, type OracleInput } from '../oracle/oracle';
import { runChild } from '../support/child';

const DTYPES: readonly DType[] = [
  'bool', 'uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'float16', 'bfloat16', 'float32',
  'float64', 'complex32', 'complex64', 'complex128', 'float8_e4m3fn', 'float8_e5m2', 'float8_e4m3fnuz', 'float8_e5m2fnuz',
  'float8_e8m0fnu',
]; // prettier-ignore

describeWithOracle('nested arrays', (oracle) => {
  it('become what Python makes of them, in every dtype, or are refused by both', async () => {
    const literals: readonly (number | bigint | boolean)[] = [
      0, 1, -1, -3, 127, 128, 255, 256, -256, 300, 65535, 70000, 2 ** 31, 2 ** 32, -(2 ** 40), 1.7, -1.7, 0.1, 65504, 65520, 1e5,
      3e38, 1e39, NaN, Infinity, -Infinity, true, false, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n),
    ]; // prettier-ignore
    const { made, errors } = await oracle().run(
      `
      made, errors = [], []
      for name in dtypes:
          for value in literals:
              try:
                  made.append(torch.tensor([value], dtype=getattr(torch, name)))
                  errors.append('')
              except Exception as error:
                  made.append(torch.zeros(0))
                  errors.append(f'{type(error).__name__}: {error}')
      `,
      { inputs: { literals, dtypes: [...DTYPES] }, outputs: { made: 'tensors', errors: 'strings' } },
    );
    let index = 0;
    for (const dtype of DTYPES) {
      for (const value of literals) {
        const label = `${String(value)} as ${dtype}`;
        const theirs = made[index] as Tensor;
        const refused = errors[index] ?? '';
        index += 1;
        let ours: Tensor | null = null;
        try {
          ours = tensor([value], { dtype });
        } catch (error) {
          expect([label, refused, String(error)]).not.toEqual([label, '', String(error)]);
        }
        if (ours === null) continue;
        expect([label, refused]).toEqual([label, '']);
        expectSameBits(ours, theirs, label);
      }
    }
  });

  it('take the dtype of tensors in them, as in Python', async () => {
    const parts = [tensor(1.5, { dtype: 'float64' }), tensor([3], { dtype: 'int32' }), tensor(2, { dtype: 'float16' })];
    const [double, int, half] = parts as [Tensor, Tensor, Tensor];
    const bf16 = tensor(0.5, { dtype: 'bfloat16' });
    const ours = [
      tensor([double, 2]),
      tensor([int, int]),
      tensor([int, 2.5]),
      tensor([half, bf16]),
      tensor([[half], [1]]),
      tensor([true, int]),
    ];
    const { theirs } = await oracle().run(
      `
      double, int, half, bf16 = parts
      theirs = [torch.tensor([double, 2]), torch.tensor([int, int]), torch.tensor([int, 2.5]), torch.tensor([half, bf16]),
                torch.tensor([[half], [1]]), torch.tensor([True, int])]
      `,
      { inputs: { parts: [...parts, bf16] as readonly OracleInput[] }, outputs: { theirs: 'tensors' } },
    );
    for (const [index, mine] of ours.entries()) expectSameBits(mine, theirs[index] as Tensor, `list ${index}`);
  });

  it('come back as they went in, from every dtype and layout', async () => {
    manualSeed(1);
    const base = randn([3, 4, 2]).mul(50);
    for (const dtype of DTYPES) {
      const x = dtype.startsWith('u') ? base.abs().to(dtype) : base.to(dtype);
      for (const view of [x, x.transpose(0, 2), x.at(slice(1), slice(null, null, 2))]) {
        const { list } = await oracle().run(
          'list = view.tolist() if not view.is_complex() else torch.view_as_real(view.to(torch.complex64)).tolist()',
          {
            inputs: { view },
            outputs: { list: 'value' },
          },
        );
        const ours = isComplexDType(dtype)
          ? (view.tolist() as { re: number; im: number }[][][]).map((rows) =>
              rows.map((row) => row.map(({ re, im }) => [re, im])),
            )
          : view.tolist();
        expect([dtype, ours]).toEqual([dtype, list]);
        expectSameBits(tensor(view.tolist(), { dtype }), view.contiguous(), dtype);
        expectSameBits(frombytes(view.toBytes(), dtype, view.shape), view.contiguous(), dtype);
      }
    }
  });
});

describe('a tensor on the memory of a typed array', () => {
  it.each([
    new Float32Array([1, 2, 3, 4]), new Float64Array(4), new Int8Array(4), new Uint8Array(4), new Uint8ClampedArray(4),
    new Int16Array(4), new Uint16Array(4), new Int32Array(4), new Uint32Array(4), new BigInt64Array(4), new BigUint64Array(4),
    Buffer.alloc(4),
  ])('shares it both ways: %p', (array) => {
    const shared = frombuffer(array);
    expect([shared.dtype, shared.shape]).toEqual([tensor(array).dtype, [4]]);
    shared.setAt([1], 7);
    expect(Number(array[1])).toBe(7);
    array[2] = array instanceof BigInt64Array || array instanceof BigUint64Array ? 9n : 9;
    expect(shared.at(2).item()).toBe(9);
    expect(shared.view(2, 2).sharesStorage(shared)).toBe(true);
  }); // prettier-ignore

  it('takes parts, other dtypes, views at an offset, and memory that threads share', () => {
    const bytes = new Uint8Array(16);
    const part = frombuffer(bytes, { dtype: 'int32', offset: 4, count: 2, requiresGrad: false });
    part.setAt([], 1);
    expect([...bytes]).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(frombuffer(bytes.subarray(4, 8), { dtype: 'bfloat16' }).shape).toEqual([2]);
    expect(frombuffer(new DataView(bytes.buffer), { dtype: 'complex128' }).shape).toEqual([1]);
    expect(frombuffer(new Float32Array(0)).shape).toEqual([0]);
    const threads = new Int32Array(new SharedArrayBuffer(8));
    frombuffer(threads).fill_(5);
    expect([...threads]).toEqual([5, 5]);
    expect(frombuffer(new Float32Array([2]), { requiresGrad: true }).requiresGrad).toBe(true);
  });

  it('does not let the memory be given away', () => {
    const array = new Float32Array([1, 2]);
    const shared = frombuffer(array);
    const moved = structuredClone(array.buffer, { transfer: [array.buffer] });
    expect([array.length, moved.byteLength]).toEqual([2, 8]);
    expect(shared.tolist()).toEqual([1, 2]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['an array', () => frombuffer([1] as unknown as Uint8Array), /typed array, DataView or Buffer, received \[1\]/],
    ['a DataView without a dtype', () => frombuffer(new DataView(new ArrayBuffer(4))), /expected option `dtype`/],
    ['odd bytes', () => frombuffer(new Uint8Array(7), { dtype: 'float32' }), /7 bytes hold 1.75 elements of float32/],
    ['too many elements', () => frombuffer(new Float32Array(2), { count: 3 }), /8 bytes hold 2 elements.*received 3/],
    [
      'an offset beyond',
      () => frombuffer(new Uint8Array(2), { offset: 3 }),
      /0 to 2 bytes for option `offset`, received 3/,
    ],
    [
      'elements at odd addresses',
      () => frombuffer(new Uint8Array(9), { dtype: 'int64', offset: 1 }),
      /multiple of 8 bytes/,
    ],
    ['a misspelt option', () => frombuffer(new Uint8Array(9), { ofset: 1 } as object), /unknown option `ofset`/],
    ['a dtype that is none', () => frombuffer(new Uint8Array(9), { dtype: 'f32' as DType }), /dtype.*received 'f32'/],
    ['a resizable buffer', () => frombuffer(new Uint8Array(resizable(8))), /buffer of fixed size/],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

function resizable(bytes: number): ArrayBuffer {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  return new Resizable(bytes, { maxByteLength: 2 * bytes });
}

describe('looking at a tensor where it lies', () => {
  it.each(DTYPES)('shows what toTypedArray() copies: %s', (dtype) => {
    manualSeed(2);
    const x = randn([3, 4]).abs().mul(20).to(dtype);
    for (const view of [x, x.t(), x.at(1), zeros([0], { dtype })]) {
      expect(view.withTypedArray((elements) => elements.slice())).toEqual(view.toTypedArray());
      // As in Electron.
      expect(withTypedArray(view, (elements) => elements.slice(), true)).toEqual(view.toTypedArray());
    }
  });

  it('is of the same memory, and over with the call', () => {
    const x = zeros([3]);
    const kept = x.withTypedArray((elements) => {
      x.fill_(2);
      expect([...elements]).toEqual([2, 2, 2]);
      x.withTypedArray((again) => expect([...again]).toEqual([2, 2, 2]));
      return elements;
    });
    expect(kept.length).toBe(0);
    expect(x.tolist()).toEqual([2, 2, 2]);
  });

  it('survives that the tensor is disposed, resized or put on other memory meanwhile', () => {
    const x = arange(1000).float();
    x.withTypedArray((elements) => {
      expect(() => x.resize_(100_000)).toThrow(/not resizable/);
      x.data = zeros([3]);
      x.dispose();
      expect(elements[999]).toBe(999);
    });
    const y = zeros([2]);
    y.withTypedArray(() => undefined);
    expect(y.resize_([100_000]).shape).toEqual([100_000]);
  });

  it('passes on what the function throws, and refuses promises', () => {
    const x = zeros([2]);
    const own = new Error('mine');
    let kept: { length: number } | null = null;
    const fail = (): never =>
      x.withTypedArray((elements) => {
        kept = elements;
        throw own;
      });
    expect(fail).toThrow(own);
    expect(kept).toHaveLength(0);
    expect(() => x.withTypedArray(() => x.at(9))).toThrow(/^index 9 is out of bounds/);
    expect(() => x.withTypedArray(() => Promise.resolve(1))).toThrow(/withTypedArray\(\) takes a synchronous function/);
    expect(() => x.withTypedArray(3 as unknown as () => void)).toThrow(/expected a function.*received 3/);
    expect(() => zeros([2], { device: 'meta' }).withTypedArray(() => 0)).toThrow(/meta device has no elements/);
  });
});

describe('iteration', () => {
  it('goes over the first dimension', () => {
    const x = arange(6).reshape(3, 2);
    expect([...x].map((row) => row.tolist())).toEqual(x.tolist());
    const [first, ...others] = x;
    expect([first?.tolist(), others.length]).toEqual([[0, 1], 2]);
    expect([...zeros([0, 4])]).toEqual([]);
    expect(() => [...tensor(1)]).toThrow(/iteration over a tensor without dimensions/);
    expect(Math.max(...[...tensor([3, 1, 2])].map(Number))).toBe(3);
  });
});

it('is written to JSON by its elements', () => {
  expect(JSON.stringify({ loss: tensor(1.5), mask: tensor([[true], [false]]) })).toBe(
    '{"loss":1.5,"mask":[[true],[false]]}',
  );
  expect(() => JSON.stringify(tensor([2n ** 60n]))).toThrow(/BigInt/);
});

describe('what cannot leave its thread', () => {
  const sentence = /a Tensor stays in the thread that made it: send tensor\.toTypedArray\(\).* could not be cloned/;

  it.each<[string, unknown, RegExp]>([
    ['a tensor', tensor([1, 2]), sentence],
    ['a tensor deep in a message', { batch: [{ x: tensor(1) }] }, sentence],
    ['a generator', new Generator(), /a Generator stays in the thread that made it.* could not be cloned/],
  ])('%s says so when it is cloned or posted', (_, value, message) => {
    expect(() => structuredClone(value)).toThrow(message);
    const { port1, port2 } = new MessageChannel();
    expect(() => {
      port1.postMessage(value);
    }).toThrow(message);
    port1.close();
    port2.close();
  });
});

describe('options that are none', () => {
  it.each<[unknown, RegExp]>([
    [
      { requires_grad: true },
      /tensor\(\): unknown option `requires_grad`; expected \{ dtype\?, device\?, requiresGrad\?, shape\? \}/,
    ],
    ['float32', /tensor\(\): expected options .* received 'float32'/],
    [null, /received null/],
  ])('%p', (options, message) => {
    expect(() => tensor([1], options as object)).toThrow(message);
    expect(() => asTensor([1], options as object)).toThrow(message);
  });
});

describe('shared memory in the long run', () => {
  it('lives as long as a view of it, goes afterwards, and ends with its thread', async () => {
    const child = await runChild(path.join(__dirname, 'shared-memory.ts'), { nodeArgs: ['--expose-gc'] });
    expect(child.stderr).toBe('');
    expect(child).toMatchObject({ code: 0, signal: null });
    expect(JSON.parse(child.stdout)).toEqual({ sums: 50, freed: true, sameDuringSync: true, workers: [0, 0, 0] });
  });
});
