import { ArgumentError, checkObject, checkOptions, checkString, describe, scope } from '../engine';
import { noGrad } from '../autograd';
import type { Device, Tensor } from '../tensor';
import { filledBuffer } from './filled-buffer';
import { writeAside } from './files';
import { storedDTypes } from './safetensors-dtypes';
import { encodeHeader, METADATA_KEY, storedBytes, type StoredTensor } from './safetensors-header';
import { formatErrorOf, memories, readHeader } from './safetensors-read';
import { stateEntries, type NamedTensors } from './state-dict';
import { fillMemory, pieces } from './storage-memory';
import { checkFileOrBytes, type FileOrBytes, withBytes } from './stored-bytes';

/** Shown to the file system, or copied, at once. */
const PIECE = 64 << 20;

/** Strings that go with the tensors. */
export type SafetensorsMetadata = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** What a safetensors file holds. */
export interface Safetensors {
  /** In the order of the file's header; the caller disposes them. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

/**
 * Writes tensors as a safetensors file (https://github.com/huggingface/safetensors), which Python reads with
 * `safetensors.torch.load_file`. Tensors of any device and layout in memory; those that are not contiguous on the CPU are copied,
 * one at a time. Tensors that share
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
export function saveSafetensors(file: string, stateDict: NamedTensors, metadata: SafetensorsMetadata = {}): void {
  checkString('saveSafetensors', 'file', file);
  const arranged = arrange(stateDict, metadata);
  writeAside(file, (write) => writeAll(arranged, write));
}

/**
 * {@link saveSafetensors} into memory: what the file would hold (`safetensors.torch.save`). The Buffer has its own memory of
 * just that size; only a tensor that is not contiguous, or not on the CPU, is copied on the way.
 * @throws {ArgumentError} as {@link saveSafetensors}, and for more than a Buffer holds
 *
 * @example
 * ```ts
 * const bytes = torch.saveSafetensorsToBuffer({ weight: torch.ones([2]) });
 * console.log(torch.loadSafetensors(bytes).tensors.get('weight')); // tensor([1., 1.])
 * ```
 */
export function saveSafetensorsToBuffer(stateDict: NamedTensors, metadata: SafetensorsMetadata = {}): Buffer {
  const arranged = arrange(stateDict, metadata);
  return filledBuffer('saveSafetensorsToBuffer', arranged.size, (write) => writeAll(arranged, write));
}

/** What a safetensors file will hold. */
export interface Arranged {
  readonly header: Uint8Array;
  /** The tensors in the order of their bytes. */
  readonly inDataOrder: readonly { readonly tensor: Tensor }[];
  /** Of all of it, in bytes. */
  readonly size: number;
}

/** Checks tensors and metadata, and gives each tensor its place. */
export function arrange(stateDict: NamedTensors, metadata: SafetensorsMetadata): Arranged {
  const entries = stateEntries(stateDict).map(([name, tensor]) => entryOf(name, tensor));
  // Widest elements first: then every tensor starts at a multiple of its element size, which readers that map the file need.
  const inDataOrder = [...entries].sort((a, b) => b.bits - a.bits);
  let end = 0;
  for (const entry of inDataOrder) {
    entry.start = end;
    end = entry.end = end + entry.bytes;
  }
  const header = encodeHeader({ metadata: metadataOf(metadata), tensors: entries });
  return { header, inDataOrder, size: header.length + end };
}

function writeAll({ header, inDataOrder }: Arranged, write: (bytes: Uint8Array) => void): void {
  write(header);
  for (const { tensor } of inDataOrder) scope(() => writeTensor(tensor, write));
}

function writeTensor(tensor: Tensor, write: (bytes: Uint8Array) => void): void {
  const bytes = elementBytes(tensor);
  for (const [piece] of pieces(bytes, bytes.numel(), PIECE)) {
    piece.withTypedArray((view) => write(view as Uint8Array));
  }
}

/** A tensor's bytes in row-major order on the CPU, as a tensor; where they lie so already, they are not copied. */
export function elementBytes(tensor: Tensor): Tensor {
  return noGrad(() => tensor.detach().cpu().resolveConj().resolveNeg().contiguous().view(-1).view('uint8'));
}

/** Options of {@link loadSafetensors}. */
export interface SafetensorsOptions {
  /** Where the tensors go, `cpu` by default. On `meta` they have shapes and dtypes, and nothing else is read. */
  device?: Device | undefined;
}

/**
 * Reads a safetensors file, each tensor straight into its memory (`safetensors.torch.load_file`; of bytes
 * `safetensors.torch.load`). Everything that the file claims is checked before any of it is believed.
 * @param file the name of a file, or its bytes: a Buffer, a Uint8Array, an ArrayBuffer; no tensor shares memory with them
 * @throws {FileError} where the file cannot be read
 * @throws {FormatError} where it is no valid safetensors file: the message names the file (`<bytes>` for bytes) and the fault
 */
export function loadSafetensors(file: FileOrBytes, options: SafetensorsOptions = {}): Safetensors {
  checkFileOrBytes('loadSafetensors', file);
  checkOptions('loadSafetensors', options, ['device']);
  const { device = 'cpu' } = options;
  return withBytes(file, (bytes) => {
    const tensors = new Map<string, Tensor>();
    try {
      const { header, dataStart } = readHeader(bytes);
      for (const [{ start }, memory] of memories(header.tensors, device, tensors)) {
        fillMemory(memory, bytes, dataStart + start, memory.numel());
      }
      return { tensors, metadata: new Map(header.metadata) };
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw formatErrorOf(error, bytes);
    }
  });
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
  if (tensor.layout !== 'strided' || tensor.device === 'meta') {
    const what =
      tensor.layout === 'strided' ? 'a tensor on the meta device' : `a tensor of the layout ${tensor.layout}`;
    throw new ArgumentError(`the safetensors format cannot hold ${describe(name)}, ${what}`, 'TORCH_VALUE');
  }
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

function metadataOf(metadata: SafetensorsMetadata): Map<string, string> {
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
