/** What both forms of reading a safetensors file do: all of it is checked before any of it is believed. */

import { type Device, type DType, empty, type Tensor } from '../tensor';
import { FormatError } from './file-error';
import { FormatFault, quote } from './format-fault';
import { storedDTypes } from './safetensors-dtypes';
import { decodeHeader, HEADER_LIMIT, type SafetensorsHeader, type StoredTensor } from './safetensors-header';
import { fillMemory } from './storage-memory';
import type { StoredBytes } from './stored-bytes';

/** Bytes before the header, which say how long it is. */
const PREFIX = 8;

/** The header, and where the bytes of the tensors begin. */
export function readHeader(bytes: StoredBytes): { header: SafetensorsHeader; dataStart: number } {
  const { size } = bytes;
  if (size < PREFIX) throw new FormatFault(`it is cut off: ${size} bytes, less than the length of a header`);
  const prefix = Buffer.alloc(PREFIX);
  bytes.read(prefix, 0);
  const length = prefix.readBigUInt64LE();
  if (length > HEADER_LIMIT) throw new FormatFault(`its header claims ${length} bytes, the limit is ${HEADER_LIMIT}`);
  if (length > size - PREFIX)
    throw new FormatFault(`it is cut off: its header claims ${length} bytes, ${size - PREFIX} are left`);
  const json = Buffer.alloc(Number(length));
  bytes.read(json, PREFIX);
  const dataStart = PREFIX + json.length;
  return { header: decodeHeader(json, size - dataStart), dataStart };
}

/**
 * The memory of each tensor, as its bytes; the caller fills it before it asks for the next. The tensors come into `into`, which the
 * caller frees where something fails.
 */
export function* memories(
  stored: readonly StoredTensor[],
  device: Device,
  into: Map<string, Tensor>,
): Generator<[StoredTensor, Tensor]> {
  if (device === 'cpu' || device === 'meta') allocate(stored, device, into);
  if (device === 'meta') return;
  for (const each of stored) {
    const tensor = into.get(each.name) ?? emptyTensor(each, 'cpu');
    into.set(each.name, tensor);
    using memory = bytesOf(tensor);
    yield [each, memory];
    checkBools(each, memory);
    into.set(each.name, placed(tensor, device));
  }
}

/**
 * Makes all tensors before the first is filled. Large ones lie side by side: freed again, they are one gap, which the next file
 * fits. Small blocks that stay in use between them would leave gaps that are each a little too small.
 */
function allocate(stored: readonly StoredTensor[], device: Device, into: Map<string, Tensor>): void {
  const made = new Map<StoredTensor, Tensor>();
  try {
    const largestFirst = [...stored].sort((a, b) => b.end - b.start - (a.end - a.start));
    for (const each of largestFirst) made.set(each, emptyTensor(each, device));
  } catch (error) {
    for (const tensor of made.values()) tensor.dispose();
    throw error;
  }
  for (const each of stored) into.set(each.name, made.get(each) as Tensor);
}

/** A tensor on the CPU whose bytes begin at `position`, read straight into its memory. */
export function readTensor(stored: StoredTensor, bytes: StoredBytes, position: number): Tensor {
  const tensor = emptyTensor(stored, 'cpu');
  try {
    using memory = bytesOf(tensor);
    fillMemory(memory, bytes, position, memory.numel());
    checkBools(stored, memory);
    return tensor;
  } catch (error) {
    tensor.dispose();
    throw error;
  }
}

/** A tensor that has its bytes yet to get. */
export function emptyTensor(stored: StoredTensor, device: Device): Tensor {
  return empty([...stored.shape], { dtype: dtypeOf(stored), device });
}

/** The memory of a tensor that is contiguous, as uint8 of one dimension. */
function bytesOf(tensor: Tensor): Tensor {
  using flat = tensor.view(-1);
  return flat.view('uint8');
}

/** Refuses bytes that their dtype cannot have. */
function checkBools({ name, dtype }: StoredTensor, bytes: Tensor): void {
  if (dtype !== 'BOOL' || bytes.numel() === 0) return;
  // libtorch takes a bool's byte as it is, and other values than 0 and 1 then give answers that contradict each other.
  using largest = bytes.max();
  if (largest.item() > 1) throw new FormatFault(`tensor ${quote(name)} is BOOL but has a byte that is neither 0 nor 1`);
}

/** The tensor on its device; where that is another one, the one on the CPU is freed. */
export function placed(tensor: Tensor, device: Device): Tensor {
  if (device === 'cpu') return tensor;
  try {
    return tensor.to(device);
  } finally {
    tensor.dispose();
  }
}

/** The dtype that a tensor of the file gets. */
function dtypeOf({ name, dtype }: StoredTensor): DType {
  const torchDType = storedDTypes.get(dtype)?.dtype;
  if (torchDType) return torchDType;
  throw new FormatFault(`tensor ${quote(name)} is ${dtype}, a dtype that tensors do not have`);
}

/** What to throw for an error in reading these bytes. */
export function formatErrorOf(error: unknown, { name }: StoredBytes): unknown {
  if (!(error instanceof FormatFault)) return error;
  return new FormatError(`${name} is not a valid safetensors file: ${error.message}`);
}
