import { ArgumentError, checkBooleans, checkOptions, checkSignal, isTorchError } from '../engine';
import type { Tensor } from '../tensor';
import { type CheckpointSource, readCheckpoint } from './checkpoint-source';
import { FileError, FormatError } from './file-error';
import { FormatFault } from './format-fault';
import { type MapLocation, placement } from './locations';
import { MappedFile } from './mapped-file';
import { Revival } from './revive';
import type { FileOptions } from './safetensors-async';
import { emptyMemory, fillMemory, PieceReader } from './storage-memory';
import { checkFileOrBytes, type FileOrBytes, withBytes, withBytesAsync } from './stored-bytes';
import type { StoredStorage } from './tensor-sources';

/** Options of {@link load}. */
export interface LoadOptions {
  /** Where the tensors go, see {@link MapLocation}; by default to where they were when they were saved. */
  mapLocation?: MapLocation | undefined;
  /**
   * Maps the file into memory in place of reading it: what is not used is not read, and what is written to stays out of the
   * file. The file must not change as long as a tensor of it is alive. Storages that do not lie at a multiple of 64 bytes in
   * it, as those of the legacy format, are read. Default false.
   */
  mmap?: boolean | undefined;
  /**
   * Python's permission to run what is in the file. Nothing of a file is run here, so both give the same: `false` loads what
   * `true` loads, and no more. Default true.
   */
  weightsOnly?: boolean | null | undefined;
}

/**
 * Reads what `torch.save` wrote, here or in Python, in any of its formats but the tar files of before 0.1.10
 * (`torch.load` with `weights_only=True`). Nothing in the file is executed: it may name what is on the list of `weights_only`,
 * and anything else is refused by its name.
 *
 * Tensors share memory where they did when they were saved; each storage is read straight into its place, so that no more
 * memory is needed than the tensors take. What becomes of Python's kinds: a `dict` is an object, or a Map where an object could
 * not hold its keys; an `OrderedDict` is a Map; a `tuple` is a frozen array, a `list` an array that is not; an `int` beyond
 * 2^53 is a bigint; `bytes` are a Uint8Array; a `complex` is `{ re, im }`; dtypes and devices are strings.
 * docs/checkpoints.md has the table.
 * @param file the name of a file, or its bytes: a Buffer, a Uint8Array, an ArrayBuffer; no tensor shares memory with them
 * @throws {FileError} where the file cannot be read
 * @throws {FormatError} where it is no checkpoint, is damaged, or holds what cannot be loaded: the message names the file
 *   (`<bytes>` for bytes) and the fault. Nothing that a file claims is believed before it is checked against the file's size.
 *
 * @example
 * ```ts
 * torch.save({ epoch: 3, model: new torch.nn.Linear(2, 1).stateDict() }, 'checkpoint.pt');
 * const { epoch, model } = torch.load('checkpoint.pt') as { epoch: number; model: torch.nn.StateDict };
 * console.log(epoch, [...model.keys()]); // 3 [ 'weight', 'bias' ]
 * ```
 */
export function load(file: FileOrBytes, options: LoadOptions = {}): unknown {
  check('load', file, options);
  return withBytes(file, (bytes) => {
    const loading = new Loading(file, options);
    try {
      const source = readCheckpoint(bytes);
      for (const [storage, memory, position] of loading.memories(source)) {
        fillMemory(memory, bytes, position, storage.bytes);
      }
      return loading.finish(source);
    } catch (error) {
      loading.abandon();
      throw formatErrorOf(error, bytes.name);
    }
  });
}

/**
 * {@link load} without holding up the event loop: the tensors are read a piece at a time.
 * @throws {FileError} {@link FormatError} (as a rejection) as {@link load}
 */
export async function loadAsync(file: FileOrBytes, options: LoadOptions & FileOptions = {}): Promise<unknown> {
  check('loadAsync', file, options, ['signal']);
  const signal = checkSignal('loadAsync', options);
  signal?.throwIfAborted();
  return withBytesAsync(file, async (bytes) => {
    const loading = new Loading(file, options);
    const reader = new PieceReader(bytes, signal);
    try {
      const source = readCheckpoint(bytes);
      for (const [storage, memory, position] of loading.memories(source)) {
        await reader.fill(memory, position, storage.bytes);
      }
      return loading.finish(source);
    } catch (error) {
      loading.abandon();
      throw formatErrorOf(error, bytes.name);
    } finally {
      reader.dispose();
    }
  });
}

function check(name: string, file: FileOrBytes, options: LoadOptions, others: readonly string[] = []): void {
  checkFileOrBytes(name, file);
  checkOptions(name, options, ['mapLocation', 'mmap', 'weightsOnly', ...others]);
  const { mmap, weightsOnly } = options;
  checkBooleans(name, { 'options.mmap': mmap ?? false, 'options.weightsOnly': weightsOnly ?? true });
  if (mmap === true && typeof file !== 'string') {
    throw new ArgumentError(`${name}(): option \`mmap\` maps a file by its name, and bytes are in memory already`);
  }
}

/** The tensors of a file that is being loaded. */
class Loading {
  private readonly filled = new Map<StoredStorage, Tensor>();
  private readonly revival: Revival;
  private readonly mapped: MappedFile | null;

  constructor(file: FileOrBytes, { mapLocation, mmap }: LoadOptions) {
    this.mapped = mmap === true && typeof file === 'string' ? new MappedFile(file) : null;
    this.revival = new Revival(this.filled, placement(mapLocation));
  }

  /** Memory for each storage that must be read, with its place in the file; the caller fills it before it asks for the next. */
  *memories({ storages }: CheckpointSource): Generator<[StoredStorage, Tensor, number]> {
    const places = [...storages].map(([storage, position]) => ({
      ...{ storage, position, device: this.revival.device(storage.location) },
      mapped: this.mapped?.part(position, storage.bytes) ?? null,
    }));
    // Large ones side by side: freed again, they are one gap, which the next checkpoint fits. Small blocks that stay in use
    // between them would leave gaps that are each a little too small.
    const unmapped = places.filter(({ mapped }) => mapped === null).sort((a, b) => b.storage.bytes - a.storage.bytes);
    for (const { storage, device } of unmapped) {
      if (device === 'cpu' || device === 'meta') this.filled.set(storage, emptyMemory(storage.bytes, device));
    }
    for (const { storage, position, device, mapped } of places) {
      const memory = mapped ?? this.filled.get(storage) ?? emptyMemory(storage.bytes, 'cpu');
      this.filled.set(storage, memory);
      if (mapped === null && device !== 'meta') yield [storage, memory, position];
      if (device === memory.device) continue;
      const moved = memory.to(device);
      this.filled.set(storage, moved);
      memory.dispose();
    }
  }

  /** The values; the tensors among them hold on to their storages by themselves. */
  finish({ value }: CheckpointSource): unknown {
    const result = this.revival.value(value);
    for (const memory of this.filled.values()) memory.dispose();
    this.mapped?.dispose();
    return result;
  }

  abandon(): void {
    for (const tensor of [...this.filled.values(), ...this.revival.tensors()]) tensor.dispose();
    this.mapped?.dispose();
  }
}

/** A fault of the file, and what the library says of tensors that the file describes, under the file's name. */
export function formatErrorOf(error: unknown, file: string): unknown {
  if (error instanceof FileError || !(error instanceof FormatFault || isTorchError(error))) return error;
  // The library's sentence; the call that it adds is none of the user's.
  const [fault = ''] = error.message.split('\n');
  return new FormatError(`${file} cannot be loaded as a checkpoint: ${fault}`, { cause: error });
}
