/**
 * Hostile argument values. Those that need a tensor are made anew for each call, because calls write to their arguments.
 */

import { runInNewContext } from 'node:vm';

import * as torch from '../../lib';
import type { DType, Tensor } from '../../lib';
import type { ArgumentType } from '../../lib/tensor/signature';
import type { Draws } from './random';

const FLOATS: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
const DTYPES: readonly DType[] = [
  ...FLOATS,
  ...(['int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'complex64', 'complex128'] as const),
  ...(['uint16', 'uint32', 'uint64', 'complex32', 'float8_e4m3fn'] as const),
];
const SHAPES: readonly (readonly number[])[] = [
  ...[[], [1], [3], [0], [2, 3], [3, 3], [0, 3], [3, 0], [1, 1], [2, 3, 4], [2, 0, 4], [4, 4, 4], [1, 2, 3, 3]],
  ...[
    [2, 2, 5, 5],
    [1, 2, 3, 4, 5],
    [2, 2, 4, 4, 4],
    [1, 1, 1, 1, 1, 1],
  ],
];

const INTEGERS = [0, 1, -1, 2, 3, 4, 5, 7, -2, -3, 16, 63, 64, 65, 127, 255, -128, 1000, 65536, 2 ** 31 - 1, 2 ** 31];
const HUGE = [2 ** 32, 2 ** 40, -(2 ** 31), -(2 ** 40), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
const BIGINTS = [0n, 1n, -1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n, -(10n ** 100n)];
const FRACTIONS = [0.5, -0.5, 1.5, 1e-3, -0, NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 64, 1e19];
const STRINGS = [
  ...['', 'cpu', 'cuda', 'cuda:0', 'cuda:99', 'meta', 'cpu:7', 'float32', 'int64', 'strided', 'sparse_coo', '_mkldnn'],
  ...['channels_last', 'preserve_format', 'mean', 'sum', 'none', 'ij', 'xy', 'reflect', 'constant', 'i,i->i', '...'],
  ...[
    'ij,jk->ik',
    'floor',
    'trunc',
    'amax',
    'gelu',
    'tanh',
    'left',
    'reduced',
    'complete',
    'linear',
    'nearest',
    'L',
    'V',
  ],
  ...['__proto__', 'constructor', 'toString', 'a\0b', '\0', '\ud800', '\u{1f600}', 'x'.repeat(100_000), '-1', 'NaN'],
];

/** A tensor of any kind that libtorch has, or one that is no longer there. */
export function anyTensor(draws: Draws): Tensor {
  const dtype = draws.chance(0.6) ? draws.pick(FLOATS) : draws.pick(DTYPES);
  const shape = draws.pick(SHAPES);
  try {
    return variant(draws, draws.chance(0.3) ? small(draws, shape, 'float32') : small(draws, shape, dtype));
  } catch {
    // Not every dtype has every kind of tensor.
    return torch.ones(shape);
  }
}

function small(draws: Draws, shape: readonly number[], dtype: DType): Tensor {
  const elements = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: elements }, () => (draws.chance(0.9) ? draws.below(5) : draws.pick(FRACTIONS)));
  const wide = torch.tensor(Float64Array.from(values), { shape });
  return wide.to(dtype);
}

function variant(draws: Draws, tensor: Tensor): Tensor {
  switch (draws.below(24)) {
    case 0:
      return tensor.requiresGrad_();
    case 1:
      return tensor.requiresGrad_().mul(2);
    case 2:
      return tensor.expand([3, ...tensor.shape]);
    case 3:
      return tensor.transpose(0, -1);
    case 4:
      return tensor.toSparse();
    case 5:
      return tensor.toSparseCsr();
    case 6:
      return tensor.to({ device: 'meta' });
    case 7:
      return torch.callOp('aten::conj', [tensor.to('complex64')]);
    case 8:
      return torch.callOp('aten::quantize_per_tensor', [tensor.to('float32'), 0.1, 3, 'quint8']);
    case 9:
      return torch.inferenceMode(() => tensor.clone());
    case 10:
      tensor.dispose();
      return tensor;
    case 11:
      return tensor.sub(2).mul(1000);
    case 12:
      return torch.full(tensor.shape, draws.pick(INTEGERS), { dtype: 'int64' });
    case 13:
      return torch.full(tensor.shape, draws.pick([...HUGE, ...INTEGERS]), { dtype: 'int64' });
    case 14:
      // Many elements by its sizes, one by its storage.
      return torch.ones([1]).expand([300, 300]);
    case 15:
      return torch.full(tensor.shape, draws.pick(FRACTIONS), { dtype: 'float32' });
    default:
      return tensor;
  }
}

/** Objects that look like tensors. */
function fakeTensor(draws: Draws): unknown {
  const fake = Object.create(torch.Tensor.prototype) as { handle: unknown };
  const [handle, other] = [torch.ones([2]), torch.ones([2])].map((tensor) => tensor.handle);
  fake.handle = draws.pick<unknown>([
    ...[0, 1, -1, 0.5, NaN, Infinity, 2 ** 53, 'handle', null, undefined, {}, 10n, -(2n ** 70n)],
    // Of the next environment, of another generation, past the end of the table.
    ...[(handle ?? 0) + 0x10001 * 2 ** 24, (other ?? 0) + 2 ** 24, (other ?? 0) + 2 ** 20],
  ]);
  return draws.chance(0.8) ? fake : { handle: fake.handle };
}

const thrower = (): never => {
  throw new Error('a getter that throws');
};

/** Drops tensors and makes the table move its slots, in the middle of reading the call's arguments. */
function meddle(given: readonly unknown[]): number {
  for (const value of given) if (torch.isTensor(value)) value.dispose();
  return Array.from({ length: 50 }, () => torch.ones([1])).length;
}

function trickster(draws: Draws, given: readonly unknown[]): unknown {
  const traps = { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower } as const;
  const meddler = { enumerable: true, get: () => meddle(given) };
  switch (draws.below(12)) {
    case 0:
      return new Proxy({}, traps);
    case 1:
      return new Proxy([1, 2], {});
    case 2:
      return new Proxy([1, 2], { get: thrower });
    case 3: {
      const { proxy, revoke } = Proxy.revocable(draws.chance(0.5) ? {} : [], {});
      revoke();
      return proxy;
    }
    case 4:
      return Object.defineProperty([1, 2], 1, { get: thrower });
    case 5:
      return Object.defineProperty({}, 'dim', { enumerable: true, get: thrower });
    case 6:
      return Object.defineProperty([1, 2], 1, meddler);
    case 7:
      return Object.defineProperties({}, { re: meddler, im: { enumerable: true, value: 1 } });
    case 8:
      return Object.defineProperty({}, draws.pick(['dim', 'dtype', 'alpha', 'other', 'size', 'out']), meddler);
    case 9:
      return { valueOf: thrower, toString: thrower, [Symbol.toPrimitive]: thrower };
    case 10:
      return new Proxy(torch.ones([2]), {});
    default:
      return Object.create(null);
  }
}

function foreign(draws: Draws): unknown {
  return runInNewContext(
    draws.pick([
      '[1, 2]',
      '({ dim: 0 })',
      'new Float32Array(3)',
      'new Error("x")',
      '[[1], [2]]',
      '() => 1',
      'new Map()',
    ]),
  );
}

function nested(depth: number): unknown {
  let value: unknown = [1];
  for (let i = 0; i < depth; i += 1) value = [value];
  return value;
}

/** A list or an object that holds itself. */
function ring(draws: Draws): unknown {
  const list: unknown[] = [1];
  list[draws.below(2)] = list;
  if (draws.chance(0.7)) return list;
  const holder: Record<string, unknown> = { dim: 0 };
  return Object.assign(holder, { size: holder });
}

function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function list(draws: Draws, given: readonly unknown[]): unknown {
  const of = (element: () => unknown): unknown[] => Array.from({ length: draws.below(5) }, element);
  switch (draws.below(14)) {
    case 0:
      return [];
    case 1:
      return of(() => draws.pick(INTEGERS));
    case 2:
      return of(() => draws.pick([...INTEGERS, ...HUGE, ...BIGINTS]));
    case 3:
      return of(() => draws.pick(FRACTIONS));
    case 4:
      return of(() => anyTensor(draws));
    case 5:
      return of(() => (draws.chance(0.5) ? null : anyTensor(draws)));
    case 6:
      return of(() => draws.chance(0.5));
    case 7:
      return of(() => draws.pick(STRINGS));
    case 8:
      return nested(draws.pick([1, 3, 70, 20_000]));
    case 9:
      // Holes: four billion of them take no memory, and must take no time either.
      return new Array(draws.pick([3, 100_000, 2 ** 32 - 1]));
    case 10:
      return new Array<number>(draws.pick([100, 70_000])).fill(1);
    case 11:
      return of(() => anything(draws, given));
    case 12:
      return ring(draws);
    default:
      return [[1, 2], [3]];
  }
}

function object(draws: Draws): unknown {
  switch (draws.below(17)) {
    case 0:
      return new Date(NaN);
    case 1:
      return /x/g;
    case 2:
      return new Map([[1, torch.ones([1])]]);
    case 3:
      return new Set([1]);
    case 4:
      return new ArrayBuffer(8);
    case 5:
      return new Uint8Array(new SharedArrayBuffer(8));
    case 6:
      return detached();
    case 7:
      return new DataView(new ArrayBuffer(8), 3);
    case 8:
      return draws.pick([new Float32Array(6), new BigInt64Array(2), new Uint8ClampedArray(4), Buffer.from('abcd')]);
    case 9:
      return () => torch.ones([2]);
    case 10:
      return thrower;
    case 11:
      return Promise.resolve(1);
    case 12:
      return new torch.Generator();
    case 13:
      return Object.assign(Object.create(torch.Generator.prototype) as object, {
        id: draws.pick([7, -1, 2 ** 40, 'x']),
      });
    case 14:
      return torch.slice(draws.pick(INTEGERS), null, 2);
    case 15:
      return Symbol('symbol');
    default:
      return torch.Tensor;
  }
}

/** Any value at all. `given` are the arguments before it, which a getter in it may dispose. */
export function anything(draws: Draws, given: readonly unknown[]): unknown {
  switch (draws.below(14)) {
    case 0:
    case 1:
      return anyTensor(draws);
    case 2:
      return draws.pick(INTEGERS);
    case 3:
      return draws.pick(HUGE);
    case 4:
      return draws.pick(BIGINTS);
    case 5:
      return draws.pick(FRACTIONS);
    case 6:
      return draws.pick(STRINGS);
    case 7:
      return draws.pick([true, false, null, undefined]);
    case 8:
    case 9:
      return list(draws, given);
    case 10:
      return trickster(draws, given);
    case 11:
      return fakeTensor(draws);
    case 12:
      return foreign(draws);
    default:
      return object(draws);
  }
}

/** Right by type, hostile by value: what gets past the argument parser and into libtorch's kernels. */
export function ofType(type: ArgumentType, draws: Draws, given: readonly unknown[]): unknown {
  if (type.optional && draws.chance(0.3)) return null;
  const one = (): unknown => {
    switch (type.base) {
      case 'Tensor':
        return type.optionalElements && draws.chance(0.3) ? null : anyTensor(draws);
      case 'int':
        return draws.chance(0.75) ? draws.pick(INTEGERS) : draws.pick([...HUGE, ...BIGINTS]);
      case 'float':
        return draws.chance(0.5) ? draws.pick(INTEGERS) : draws.pick(FRACTIONS);
      case 'Scalar':
        return draws.pick<unknown>([...INTEGERS, ...HUGE, ...FRACTIONS, 1n, true, { re: 1, im: NaN }]);
      case 'bool':
        return draws.chance(0.5);
      case 'ScalarType':
        return draws.pick(DTYPES);
      case 'Device':
        return draws.pick(['cpu', 'cpu', 'meta', 'cuda', 'cpu:3']);
      case 'Layout':
        return draws.pick(['strided', 'strided', 'sparse_coo', 'sparse_csr', 'sparse_bsr', '_mkldnn']);
      case 'MemoryFormat':
        return draws.pick(['contiguous_format', 'preserve_format', 'channels_last', 'channels_last_3d']);
      case 'Generator':
        return new torch.Generator();
      case 'str':
        return draws.pick(STRINGS);
      default:
        return anything(draws, given);
    }
  };
  if (!type.list) return one();
  const length = draws.chance(0.6) && type.repeat > 0 ? type.repeat : draws.below(5);
  return Array.from({ length }, one);
}
