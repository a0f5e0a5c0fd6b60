/** A safetensors file that stays open, of which only what is asked for is read. */

import { ArgumentError, checkOptions, checkString, describe, scope } from '../engine';
import { type Device, empty, type Index, type Tensor } from '../tensor';
import type { SafetensorsOptions } from './safetensors';
import { storedDTypes } from './safetensors-dtypes';
import type { SafetensorsHeader, StoredTensor } from './safetensors-header';
import { emptyTensor, formatErrorOf, memories, placed, readHeader, readTensor } from './safetensors-read';
import { fillMemory } from './storage-memory';
import { checkFileOrBytes, type FileOrBytes, openBytes, type OpenBytes } from './stored-bytes';
import { BoxBytes, boxOf, plainOf } from './tensor-box';

/**
 * Opens a safetensors file to read some of its tensors, or pieces of them (`safetensors.safe_open`, of which the framework is
 * left out). The header is read and checked at once. `using` closes the file, or `close()`.
 * @param file the name of a file, or its bytes
 * @throws {FileError} {@link FormatError} as `loadSafetensors`
 *
 * @example
 * ```ts
 * torch.saveSafetensors('net.safetensors', { weight: torch.arange(12).reshape(4, 3), bias: torch.ones([4]) });
 * using file = torch.safeOpen('net.safetensors');
 * console.log(file.keys()); // [ 'weight', 'bias' ]
 * console.log(file.getTensor('bias')); // tensor([1., 1., 1., 1.])
 * console.log(file.getSlice('weight').at(torch.slice(1, 3), 0)); // tensor([3, 6])
 * ```
 */
export function safeOpen(file: FileOrBytes, options: SafetensorsOptions = {}): SafetensorsFile {
  checkFileOrBytes('safeOpen', file);
  checkOptions('safeOpen', options, ['device']);
  const bytes = openBytes(file);
  try {
    const { header, dataStart } = readHeader(bytes);
    return new SafetensorsFile(bytes, header, dataStart, options.device ?? 'cpu');
  } catch (error) {
    bytes.close();
    throw formatErrorOf(error, bytes);
  }
}

/** What {@link safeOpen} returns. */
export class SafetensorsFile {
  private isOpen = true;
  private readonly stored: ReadonlyMap<string, StoredTensor>;

  /** @internal */
  constructor(
    private readonly bytes: OpenBytes,
    private readonly header: SafetensorsHeader,
    private readonly dataStart: number,
    private readonly device: Device,
  ) {
    this.stored = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** The names of the tensors, in the order of the header. (Python sorts them.) */
  keys(): string[] {
    return [...this.stored.keys()];
  }

  /** The names of the tensors, in the order in which their bytes lie in the file. */
  offsetKeys(): string[] {
    return this.inFileOrder().map(({ name }) => name);
  }

  /** The strings that the file carries beside its tensors; none where it has none. */
  metadata(): Map<string, string> {
    return new Map(this.header.metadata);
  }

  /**
   * Reads one tensor, all of it.
   * @throws {ArgumentError} where the file has none of that name, or is closed
   */
  getTensor(name: string): Tensor {
    return this.attempt('getTensor', name, (stored, bytes) => {
      if (this.device === 'meta') return emptyTensor(stored, 'meta');
      return placed(readTensor(stored, bytes, this.dataStart + stored.start), this.device);
    });
  }

  /** Reads all tensors, in the order in which their bytes lie in the file. */
  getTensors(): Map<string, Tensor> {
    const { bytes, dataStart } = this.opened('getTensors');
    const tensors = new Map<string, Tensor>();
    try {
      for (const [{ start }, memory] of memories(this.inFileOrder(), this.device, tensors)) {
        fillMemory(memory, bytes, dataStart + start, memory.numel());
      }
      return tensors;
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw formatErrorOf(error, bytes);
    }
  }

  /**
   * A tensor of which parts can be read by `at(…)`; nothing is read yet.
   * @throws {ArgumentError} where the file has none of that name, or is closed
   */
  getSlice(name: string): SafetensorsSlice {
    return this.attempt('getSlice', name, (stored) => {
      const read = (indices: readonly Index[]): Tensor =>
        this.attempt('at', name, (_, bytes) => this.readPart(stored, bytes, indices));
      return new SafetensorsSlice(stored, read);
    });
  }

  /** Closes the file. A second time does nothing; afterwards nothing can be read from it. */
  close(): void {
    if (this.isOpen) this.bytes.close();
    this.isOpen = false;
  }

  /** Closes the file where the block of a `using` ends. */
  [Symbol.dispose](): void {
    this.close();
  }

  private inFileOrder(): StoredTensor[] {
    return [...this.header.tensors].sort((a, b) => a.start - b.start || a.end - b.end);
  }

  /** Refuses a closed file: the system may have given its number to another one by now. */
  private opened(callee: string): { bytes: OpenBytes; dataStart: number } {
    const { bytes, dataStart } = this;
    if (!this.isOpen) throw new ArgumentError(`${callee}(): ${bytes.name} is closed`);
    return { bytes, dataStart };
  }

  private attempt<T>(callee: string, name: string, use: (stored: StoredTensor, bytes: OpenBytes) => T): T {
    checkString(callee, 'name', name);
    const { bytes } = this.opened(callee);
    const stored = this.stored.get(name);
    if (stored === undefined) {
      throw new ArgumentError(`${callee}(): ${bytes.name} has no tensor ${describe(name)}`, 'TORCH_VALUE');
    }
    try {
      return use(stored, bytes);
    } catch (error) {
      throw formatErrorOf(error, bytes);
    }
  }

  /** Reads the box that holds the part, and takes the part out of it. */
  private readPart(stored: StoredTensor, bytes: OpenBytes, indices: readonly Index[]): Tensor {
    const { shape } = stored;
    checkFit(shape, indices);
    const { ranges, rest } = boxOf(shape, indices);
    const box = { ...stored, shape: ranges.map(([start, stop]) => stop - start) };
    return scope(() => {
      if (this.device === 'meta')
        return emptyTensor(box, 'meta')
          .at(...rest)
          .contiguous();
      const itemBytes = (storedDTypes.get(stored.dtype)?.bits ?? 8) / 8;
      const source = new BoxBytes(bytes, this.dataStart + stored.start, itemBytes, shape, ranges);
      return readTensor(box, source, 0)
        .at(...rest)
        .contiguous()
        .to(this.device);
    });
  }
}

/** Refuses an index that is none of a tensor of this shape, in the tensor's own words and before anything is read. */
function checkFit(shape: readonly number[], indices: readonly Index[]): void {
  scope(() => void empty([...shape], { device: 'meta' }).at(...plainOf(indices)));
}

/** A tensor of a file, of which parts can be read: what `get_slice` returns in Python. */
export class SafetensorsSlice {
  /** @internal */
  constructor(
    private readonly stored: StoredTensor,
    private readonly read: (indices: readonly Index[]) => Tensor,
  ) {}

  /** The shape of the whole tensor. */
  getShape(): number[] {
    return [...this.stored.shape];
  }

  /** The dtype as the file has it: `F32`, `BF16`, `I64`. */
  getDtype(): string {
    return this.stored.dtype;
  }

  /**
   * Reads a part, as `slice[…]` in Python, with the indices of `Tensor.at`. Of the file only that is read which numbers and
   * slices need, up to the first index of another kind; of a slice with a step, what lies between is read, too.
   * @throws {IndexError} where there is no such part
   */
  at(...indices: Index[]): Tensor {
    return this.read(indices);
  }
}
