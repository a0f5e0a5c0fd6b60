import { FormatFault, quote } from './format-fault';
import { parseHeaderJson, type HeaderValue } from './header-json';
import { storedDTypes } from './safetensors-dtypes';

/** One tensor as the header describes it. Offsets are in bytes, from the end of the header. */
export interface StoredTensor {
  readonly name: string;
  /** A key of {@link storedDTypes}. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header, which need not be that of the data. */
  readonly tensors: readonly StoredTensor[];
}

/** The format's own limit, in bytes. */
export const HEADER_LIMIT = 100_000_000;

/** The key of the strings that a file may carry beside its tensors. */
export const METADATA_KEY = '__metadata__';

/** Writes integers as JSON and pads with spaces, so that the data begin at a multiple of 8 bytes. */
export function encodeHeader({ metadata, tensors }: SafetensorsHeader): Buffer {
  const fields: string[] = [];
  if (metadata.size > 0) fields.push(`"${METADATA_KEY}":${JSON.stringify(Object.fromEntries(metadata))}`);
  for (const { name, dtype, shape, start, end } of tensors) {
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, end] })}`);
  }
  const json = Buffer.from(`{${fields.join(',')}}`, 'utf8');
  const length = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length));
  json.copy(header, 8);
  return header;
}

/**
 * Reads and checks a header: its JSON, every field, and that the tensors cover the `dataBytes` after it without a gap or
 * an overlap, so that no byte of the file is unaccounted for.
 * @throws {FormatFault}
 */
export function decodeHeader(bytes: Uint8Array, dataBytes: number): SafetensorsHeader {
  const root = parseHeaderJson(utf8(bytes));
  if (!(root instanceof Map) || bytes[0] !== 0x7b) throw new FormatFault('its header is not a JSON object');
  const tensors: StoredTensor[] = [];
  for (const [name, value] of root) if (name !== METADATA_KEY) tensors.push(storedTensor(name, value));
  checkCoverage(tensors, dataBytes);
  return { metadata: metadataOf(root.get(METADATA_KEY)), tensors };
}

/** Bytes of a tensor, or a fault where they are no whole number or beyond what can be counted. */
export function storedBytes(name: string, dtype: string, shape: readonly number[]): number {
  const stored = storedDTypes.get(dtype);
  if (!stored) throw new FormatFault(`tensor ${quote(name)} has the unknown dtype ${quote(dtype)}`);
  // A zero must not hide the other extents: libtorch multiplies those that are left into strides.
  const bits = shape.reduce((product, extent) => product * BigInt(Math.max(extent, 1)), BigInt(stored.bits));
  if (bits > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new FormatFault(`tensor ${quote(name)} of ${dtype} [${shape.join(', ')}] is impossibly large`);
  }
  if (shape.includes(0)) return 0;
  if (bits % 8n !== 0n)
    throw new FormatFault(`tensor ${quote(name)} of ${dtype} [${shape.join(', ')}] ends inside a byte`);
  return Number(bits / 8n);
}

function storedTensor(name: string, value: HeaderValue): StoredTensor {
  if (!(value instanceof Map)) throw new FormatFault(`the entry of tensor ${quote(name)} is not a JSON object`);
  const dtype = value.get('dtype');
  if (typeof dtype !== 'string') throw new FormatFault(`tensor ${quote(name)} has no dtype`);
  const shape = counts(name, 'shape', value.get('shape'));
  const offsets = counts(name, 'data_offsets', value.get('data_offsets'));
  const [start, end] = offsets;
  if (start === undefined || end === undefined || offsets.length !== 2 || start > end) {
    throw new FormatFault(`tensor ${quote(name)} has the impossible data_offsets [${offsets.join(', ')}]`);
  }
  const bytes = storedBytes(name, dtype, shape);
  if (bytes !== end - start) {
    throw new FormatFault(
      `tensor ${quote(name)} of ${dtype} [${shape.join(', ')}] needs ${bytes} bytes, its data_offsets span ${end - start}`,
    );
  }
  return { name, dtype, shape, start, end };
}

function counts(name: string, field: string, value: HeaderValue | undefined): number[] {
  if (!Array.isArray(value)) throw new FormatFault(`tensor ${quote(name)} has no ${field}`);
  return value.map((item) => {
    if (typeof item === 'bigint' && item >= 0n && item <= Number.MAX_SAFE_INTEGER) return Number(item);
    throw new FormatFault(`the ${field} of tensor ${quote(name)} must be counts, but one is ${show(item)}`);
  });
}

function metadataOf(value: HeaderValue | undefined): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined || value === null) return metadata;
  if (!(value instanceof Map)) throw new FormatFault(`its ${METADATA_KEY} is not a JSON object`);
  for (const [key, text] of value) {
    if (typeof text !== 'string')
      throw new FormatFault(`the value of ${quote(key)} in its ${METADATA_KEY} is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

function checkCoverage(tensors: readonly StoredTensor[], dataBytes: number): void {
  const inFileOrder = [...tensors].sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const tensor of inFileOrder) {
    if (tensor.end > dataBytes) {
      throw new FormatFault(
        `it is cut off: tensor ${quote(tensor.name)} ends at byte ${tensor.end} of the data, which has ${dataBytes}`,
      );
    }
    if (tensor.start !== end) {
      const what = tensor.start < end ? 'overlaps the tensor before it' : 'leaves a gap after the tensor before it';
      throw new FormatFault(
        `tensor ${quote(tensor.name)} at byte ${tensor.start} of the data ${what}, which ends at ${end}`,
      );
    }
    end = tensor.end;
  }
  if (end !== dataBytes) throw new FormatFault(`${dataBytes - end} bytes after the last tensor belong to none`);
}

function utf8(bytes: Uint8Array): string {
  try {
    // ignoreBOM keeps a byte order mark in the text, where the parser refuses it; it would be dropped silently.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatFault('its header is not UTF-8');
  }
}

function show(value: HeaderValue): string {
  return typeof value === 'object' && value !== null ? 'not a number' : String(value);
}
