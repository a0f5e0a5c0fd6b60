import { callOp, frombytes, sparseCooTensor, Tensor, type DType } from '../../lib/tensor';

/** What can be sent to Python. Whole numbers up to 2^53 arrive as `int`, other numbers (and -0) as `float`. */
export type OracleInput =
  | Tensor
  | Uint8Array
  | number
  | bigint
  | string
  | boolean
  | null
  | readonly OracleInput[]
  | { readonly [key: string]: OracleInput };

/** What comes back: an `int` beyond 2^53 as bigint, `bytes` as Uint8Array, a `torch.dtype` as its name, a tuple as an array. */
export type OracleValue =
  Tensor | Uint8Array | number | bigint | string | boolean | null | OracleValue[] | { [key: string]: OracleValue };

/** A value as server.py writes it on the wire. */
export type Wire = null | boolean | number | string | Wire[] | WireObject;

type WireObject =
  | { $: 'tensor'; dtype: string; shape: number[]; data: string }
  | { $: 'sparse'; shape: number[]; coalesced: boolean; indices: Wire; values: Wire }
  | { $: 'bigint' | 'float'; value: string }
  | { $: 'bytes'; data: string }
  | { $: 'dict'; entries: [string, Wire][] };

export function encode(value: OracleInput): Wire {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return { $: 'bigint', value: value.toString() };
  if (typeof value === 'number') return encodeNumber(value);
  if (value instanceof Tensor) {
    if (value.isSparse) return encodeSparse(value);
    return { $: 'tensor', dtype: value.dtype, shape: [...value.shape], data: base64(value.toBytes()) };
  }
  if (value instanceof Uint8Array) return { $: 'bytes', data: base64(value) };
  if (isArray(value)) return value.map(encode);
  return { $: 'dict', entries: Object.entries(value).map(([key, item]) => [key, encode(item)]) };
}

export function decode(value: Wire): OracleValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  switch (value.$) {
    case 'tensor':
      return frombytes(Buffer.from(value.data, 'base64'), value.dtype as DType, value.shape);
    case 'sparse':
      return sparseCooTensor(decode(value.indices) as Tensor, decode(value.values) as Tensor, value.shape, {
        isCoalesced: value.coalesced,
      });
    case 'bigint':
      return BigInt(value.value);
    case 'float':
      return value.value === 'nan' ? NaN : value.value === 'inf' ? Infinity : -Infinity;
    case 'bytes':
      return new Uint8Array(Buffer.from(value.data, 'base64'));
    case 'dict':
      return Object.fromEntries(value.entries.map(([key, item]) => [key, decode(item)]));
  }
}

/** Indices and values as they are, repeated ones too: their order decides the bits of a sum. */
export function sparseParts(tensor: Tensor): { indices: Tensor; values: Tensor } {
  const part = (name: string): Tensor => callOp(`aten::_${name}`, [tensor.detach()]);
  return { indices: part('indices'), values: part('values') };
}

function encodeSparse(tensor: Tensor): Wire {
  const { indices, values } = sparseParts(tensor);
  return {
    $: 'sparse',
    shape: [...tensor.shape],
    coalesced: tensor.isCoalesced(),
    indices: encode(indices),
    values: encode(values),
  };
}

/**
 * JSON has no NaN and no infinities, JSON.stringify drops the sign of -0, and it writes 2 ** 60 with digits that Python
 * would read as an int.
 */
function encodeNumber(value: number): Wire {
  if (Number.isNaN(value)) return { $: 'float', value: 'nan' };
  if (Object.is(value, -0)) return { $: 'float', value: '-0.0' };
  const plain = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return plain ? value : { $: 'float', value: value.toString().replace('Infinity', 'inf') };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function isArray(
  value: readonly OracleInput[] | { readonly [key: string]: OracleInput },
): value is readonly OracleInput[] {
  return Array.isArray(value);
}
