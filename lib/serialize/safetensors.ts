import { constants } from 'node:buffer';
import fs from 'node:fs';
import { ArgumentError, checkObject, describe } from '../engine';
import { type DType, frombytes, type Tensor } from '../tensor';
import { readExactly } from './byte-source';
import { attemptOn, FormatError } from './file-error';
import { writeAside } from './files';
import { FormatFault } from './format-fault';
import { storedDTypes } from './safetensors-dtypes';
import {
  decodeHeader,
  encodeHeader,
  HEADER_LIMIT,
  METADATA_KEY,
  storedBytes,
  type SafetensorsHeader,
  type StoredTensor,
} from './safetensors-header';
import { stateEntries, type NamedTensors } from './state-dict';

/** What a safetensors file holds. */
export interface Safetensors {
  /** On the CPU, in the order of the file's header; the caller disposes them. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

/**
 * Writes tensors as a safetensors file (https://github.com/huggingface/safetensors), which Python reads with
 * `safetensors.torch.load_file`. Tensors of any device and layout in memory; one is copied at a time. Tensors that share
 * storage are written one by one, each in full: the file then loads everywhere, key by key, and a module that ties its
 * weights shares them again by itself. (Python's `save_file` refuses them.)
 * @param metadata strings that {@link loadSafetensors} hands back
 * @throws {ArgumentError} a dtype that the format lacks (complex128), or a key that it reserves
 * @throws {FileError} where the file cannot be written; it is written aside and renamed, so nothing half-written is left
 *
 * @example
 * ```ts
 * torch.saveSafetensors('linear.safetensors', new nn.Linear(2, 1).stateDict());
 * const { tensors } = torch.loadSafetensors('linear.safetensors');
 * console.log(tensors.get('weight')?.shape); // [ 1, 2 ]
 * ```
 */
export function saveSafetensors(
  file: string,
  stateDict: NamedTensors,
  metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>> = {},
): void {
  const { header, inDataOrder } = arrange(stateDict, metadata);
  writeAside(file, (write) => {
    write(header);
    for (const { tensor } of inDataOrder) write(tensor.toBytes());
  });
}

/** The header of the file, and its tensors in the order of their bytes. */
export function arrange(
  stateDict: NamedTensors,
  metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>>,
): { header: Uint8Array; inDataOrder: readonly { readonly tensor: Tensor }[] } {
  const entries = stateEntries(stateDict).map(([name, tensor]) => entryOf(name, tensor));
  // Widest elements first: then every tensor starts at a multiple of its element size, which readers that map the file need.
  const inDataOrder = [...entries].sort((a, b) => b.bits - a.bits);
  let end = 0;
  for (const entry of inDataOrder) {
    entry.start = end;
    end = entry.end = end + entry.bytes;
  }
  return { header: encodeHeader({ metadata: metadataOf(metadata), tensors: entries }), inDataOrder };
}

/**
 * Reads a safetensors file, tensor by tensor: besides the tensors themselves, memory for the largest of them is needed.
 * Everything that the file claims is checked before any of it is believed.
 * @throws {FileError} where the file cannot be read
 * @throws {FormatError} where it is no valid safetensors file: the message names the file and the fault
 */
export function loadSafetensors(file: string): Safetensors {
  return attemptOn(file, 'read', () => {
    const descriptor = fs.openSync(file, 'r');
    try {
      return readAll(descriptor);
    } catch (error) {
      throw formatErrorOf(error, file);
    } finally {
      fs.closeSync(descriptor);
    }
  });
}

/** What to throw for an error in reading a file. */
export function formatErrorOf(error: unknown, file: string): unknown {
  if (!(error instanceof FormatFault)) return error;
  return new FormatError(`${file} is not a valid safetensors file: ${error.message}`);
}

interface Entry extends StoredTensor {
  readonly tensor: Tensor;
  readonly bits: number;
  readonly bytes: number;
  start: number;
  end: number;
}

const storedNames = new Map([...storedDTypes].map(([name, { dtype }]) => [dtype, name]));

function entryOf(name: string, tensor: Tensor): Entry {
  if (name === METADATA_KEY)
    throw new ArgumentError(`the name ${METADATA_KEY} is the format's own and no tensor can have it`, 'TORCH_VALUE');
  if (/\p{Surrogate}/u.test(name))
    throw new ArgumentError(`the name ${JSON.stringify(name)} of a tensor is not valid Unicode`, 'TORCH_VALUE');
  const dtype = storedNames.get(tensor.dtype);
  const bits = dtype && storedDTypes.get(dtype)?.bits;
  if (!dtype || !bits) {
    throw new ArgumentError(
      `the safetensors format has no dtype for ${describe(name)}, which is ${tensor.dtype}`,
      'TORCH_VALUE',
    );
  }
  const { shape } = tensor;
  return { name, tensor, dtype, bits, shape, bytes: storedBytes(name, dtype, shape), start: 0, end: 0 };
}

function metadataOf(metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>>): Map<string, string> {
  checkObject('saveSafetensors', 'metadata', metadata, 'strings by name');
  const entries: [string, unknown][] =
    metadata instanceof Map ? [...(metadata as ReadonlyMap<string, unknown>)] : Object.entries(metadata);
  return new Map(
    entries.map(([key, value]) => {
      if (typeof value === 'string') return [key, value];
      throw new ArgumentError(`expected a string for ${describe(key)} in \`metadata\`, received ${describe(value)}`);
    }),
  );
}

function readAll(descriptor: number): Safetensors {
  const size = fs.fstatSync(descriptor).size;
  const { header, dataStart } = readHeader(descriptor, size);
  const largest = header.tensors.reduce((most, { start, end }) => Math.max(most, end - start), 0);
  if (largest > constants.MAX_LENGTH)
    throw new FormatFault(`a tensor of ${largest} bytes is larger than Node can read`);
  const buffer = new Uint8Array(largest);
  const tensors = new Map<string, Tensor>();
  try {
    for (const stored of header.tensors) {
      const bytes = buffer.subarray(0, stored.end - stored.start);
      readExactly(descriptor, bytes, dataStart + stored.start);
      tensors.set(stored.name, tensorOf(stored, bytes));
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return { tensors, metadata: new Map(header.metadata) };
}

/** Bytes before the header, which say how long it is. */
export const PREFIX = 8;

/** The header's length, by the first bytes of a file of this size. */
export function headerLength(prefix: Buffer, size: number): number {
  if (size < PREFIX) throw new FormatFault(`it is cut off: ${size} bytes, less than the length of a header`);
  const length = prefix.readBigUInt64LE();
  if (length > HEADER_LIMIT) throw new FormatFault(`its header claims ${length} bytes, the limit is ${HEADER_LIMIT}`);
  if (length > size - PREFIX)
    throw new FormatFault(`it is cut off: its header claims ${length} bytes, ${size - PREFIX} are left`);
  return Number(length);
}

function readHeader(descriptor: number, size: number): { header: SafetensorsHeader; dataStart: number } {
  const prefix = Buffer.alloc(PREFIX);
  readExactly(descriptor, prefix.subarray(0, Math.min(size, PREFIX)), 0);
  const bytes = Buffer.alloc(headerLength(prefix, size));
  readExactly(descriptor, bytes, PREFIX);
  const dataStart = PREFIX + bytes.length;
  return { header: decodeHeader(bytes, size - dataStart), dataStart };
}

/** The dtype that a tensor of the file gets. */
export function dtypeOf({ name, dtype }: StoredTensor): DType {
  const torchDType = storedDTypes.get(dtype)?.dtype;
  if (torchDType) return torchDType;
  throw new FormatFault(`tensor ${JSON.stringify(name)} is ${dtype}, a dtype that tensors do not have`);
}

/** Refuses bytes that their dtype cannot have. */
export function checkBytes({ name, dtype }: StoredTensor, bytes: Uint8Array): void {
  // libtorch takes a bool's byte as it is, and other values than 0 and 1 then give answers that contradict each other.
  if (dtype === 'BOOL' && bytes.some((byte) => byte > 1)) {
    throw new FormatFault(`tensor ${JSON.stringify(name)} is BOOL but has a byte that is neither 0 nor 1`);
  }
}

function tensorOf(stored: StoredTensor, bytes: Uint8Array): Tensor {
  const dtype = dtypeOf(stored);
  checkBytes(stored, bytes);
  return frombytes(bytes, dtype, stored.shape);
}
