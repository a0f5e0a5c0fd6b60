import path from 'node:path';

import { ArgumentError, checkOptions, checkSignal, computeAsync, describe } from '../engine';
import type { Tensor } from '../tensor';
import { filledBuffer } from './filled-buffer';
import { writeAside, writeAsideAsync } from './files';
import { type Pickled, pickleOf } from './pickle-objects';
import type { FileOptions } from './safetensors-async';
import { pieces } from './storage-memory';
import { ALIGNMENT, ZipWriter } from './zip-writer';

/** Summed up and then written while it is in the processor's cache. */
const PIECE = 4 << 20;

/**
 * Writes values and tensors to a file that Python's `torch.load` reads with `weights_only=True`: `torch.save`, in the zip format
 * and with the layout that lets Python map it.
 *
 * An object is a `dict`, a Map an `OrderedDict`, an array a `list`, a frozen array a `tuple`, a Set a `set`, a Uint8Array
 * `bytes`, `{ re, im }` a `complex`; a whole number an `int`, any other a `float`, a bigint an `int`; keys such as `0` of objects
 * are ints, as the state of an optimizer has them. Tensors of any device and layout, Parameters and Buffers among them; views
 * that share memory share it in the file, where each storage is written once and in full: `clone()` a small view of a large
 * tensor first. Gradients and graphs are not saved.
 *
 * The tensors are written from where they lie; the file is written aside and renamed.
 * @param obj what to save: state dicts of modules and optimizers, and whatever else belongs to them
 * @param options none: they are there so that Python's, such as `pickle_protocol`, are refused and not passed over
 * @throws {ArgumentError} for something that such a file cannot hold, with the place in `obj`
 * @throws {FileError} where the file cannot be written; nothing half-written is left
 *
 * @example
 * ```ts
 * const tied = torch.zeros([2, 3]);
 * torch.save({ epoch: 3, tensors: [tied, tied.t()] }, 'values.pt');
 * const { tensors } = torch.load('values.pt') as { tensors: torch.Tensor[] };
 * console.log(tensors[0]?.sharesStorage(tensors[1] as torch.Tensor)); // true
 * ```
 */
export function save(obj: unknown, file: string, options: Readonly<Record<string, never>> = {}): void {
  checkFile('save', file);
  checkOptions('save', options, []);
  const pickled = pickleOf(obj);
  try {
    writeAside(file, (write) => writeArchive(pickled, folderOf(file), write));
  } finally {
    pickled.dispose();
  }
}

/**
 * {@link save} into memory: what the file would hold, as Python's `torch.save` writes it into a `BytesIO`. `load` takes it, and
 * Python reads it by `torch.load(io.BytesIO(…))`. The Buffer has its own memory of just that size; nothing else is there twice.
 * @throws {ArgumentError} for something that such a file cannot hold, and for more than a Buffer holds
 *
 * @example
 * ```ts
 * const bytes = torch.saveToBuffer({ epoch: 3, weight: torch.ones([2]) });
 * console.log(torch.load(bytes)); // { epoch: 3, weight: tensor([1., 1.]) }
 * ```
 */
export function saveToBuffer(obj: unknown, options: Readonly<Record<string, never>> = {}): Buffer {
  checkOptions('saveToBuffer', options, []);
  const pickled = pickleOf(obj);
  try {
    return filledBuffer('saveToBuffer', sizeOf(pickled), (write) => writeArchive(pickled, ARCHIVE, write));
  } finally {
    pickled.dispose();
  }
}

/**
 * {@link save} without holding up the event loop; the file has the same bytes. The tensors must not change until the promise is
 * settled: save copies (`clone()`) where training goes on meanwhile.
 * @throws {FileError} (as a rejection) and others as {@link save}
 */
export async function saveAsync(obj: unknown, file: string, options: FileOptions = {}): Promise<void> {
  checkFile('saveAsync', file);
  checkOptions('saveAsync', options, ['signal']);
  const signal = checkSignal('saveAsync', options);
  signal?.throwIfAborted();
  const pickled = pickleOf(obj);
  try {
    await writeAsideAsync(file, async (write) => {
      const zip = new ZipWriter(folderOf(file));
      for (const { name, bytes } of entriesOf(pickled, zip)) {
        await write(zip.begin(name, lengthOf(bytes)));
        if (bytes instanceof Uint8Array) {
          zip.add(bytes);
          await write(bytes);
        } else await writeMemoryAsync(bytes, zip, write, signal);
        await write(zip.end());
      }
      await write(zip.finish());
    });
  } finally {
    pickled.dispose();
  }
}

function checkFile(name: string, file: unknown): void {
  if (typeof file === 'string') return;
  throw new ArgumentError(
    `${name}(): expected the name of a file for argument \`file\`, received ${describe(file)}; saveToBuffer() returns the bytes`,
  );
}

/** The folder of the entries where no file gives it a name, as in Python. */
const ARCHIVE = 'archive';

function writeArchive(pickled: Pickled, folder: string, write: (bytes: Uint8Array) => void): void {
  const zip = new ZipWriter(folder);
  for (const { name, bytes } of entriesOf(pickled, zip)) {
    write(zip.begin(name, lengthOf(bytes)));
    if (bytes instanceof Uint8Array) {
      zip.add(bytes);
      write(bytes);
    } else writeMemory(bytes, zip, write);
    write(zip.end());
  }
  write(zip.finish());
}

/** What {@link writeArchive} will write in memory. */
function sizeOf(pickled: Pickled): number {
  const zip = new ZipWriter(ARCHIVE);
  for (const { name, bytes } of entriesOf(pickled, zip)) {
    zip.begin(name, lengthOf(bytes));
    zip.skip(lengthOf(bytes));
    zip.end();
  }
  zip.finish();
  return zip.size;
}

interface Entry {
  readonly name: string;
  /** The memory of a storage, or what is in the file besides. */
  readonly bytes: Uint8Array | Tensor;
}

/** PyTorch's entries in PyTorch's order, the last of which says what the others were. */
function* entriesOf({ bytes, storages }: Pickled, zip: ZipWriter): Generator<Entry> {
  const word = (name: string, text: string): Entry => ({ name, bytes: Buffer.from(text, 'latin1') });
  yield { name: 'data.pkl', bytes };
  yield word('.format_version', '1');
  yield word('.storage_alignment', String(ALIGNMENT));
  yield word('byteorder', 'little');
  for (const [key, { memory }] of storages.entries()) yield { name: `data/${key}`, bytes: memory };
  yield word('version', '3\n');
  yield word('.data/serialization_id', zip.identity());
}

function lengthOf(bytes: Uint8Array | Tensor): number {
  return bytes instanceof Uint8Array ? bytes.length : bytes.numel();
}

/** The name of the file without its ending, as PyTorch's writer has it, which knows no others than these letters. */
function folderOf(file: string): string {
  const name = path.basename(file).replace(/\.[^.]*$/, '');
  return /^[\x20-\x7e]+$/.test(name) ? name : ARCHIVE;
}

function writeMemory(memory: Tensor, zip: ZipWriter, write: (bytes: Uint8Array) => void): void {
  const onCpu = memory.cpu();
  try {
    for (const [piece] of pieces(onCpu, onCpu.numel(), PIECE)) {
      piece.withTypedArray((view) => {
        zip.add(view as Uint8Array);
        write(view as Uint8Array);
      });
    }
  } finally {
    if (onCpu !== memory) onCpu.dispose();
  }
}

async function writeMemoryAsync(
  memory: Tensor,
  zip: ZipWriter,
  write: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const onCpu = memory.device === 'cpu' ? memory : await computeAsync(() => memory.cpu(), { signal });
  try {
    for (const [piece] of pieces(onCpu, onCpu.numel(), PIECE)) {
      signal?.throwIfAborted();
      const bytes = piece.toBytes();
      zip.add(bytes);
      await write(bytes);
    }
  } finally {
    if (onCpu !== memory) onCpu.dispose();
  }
}
