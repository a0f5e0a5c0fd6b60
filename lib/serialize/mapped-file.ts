import fs from 'node:fs';

import { binding } from '../engine';
import { fromFile, type Tensor } from '../tensor';
import { adopt } from '../tensor/dispatch';

/** Tensors need it: at other addresses some kernels compute in another order, and give other bits. */
const ALIGNMENT = 64;

/** A file as memory, copied where it is written to. Parts of it are tensors with storages of their own. */
export class MappedFile {
  private whole: Tensor | null = null;

  constructor(private readonly file: string) {}

  /** The bytes from `position` on; null where tensors cannot be there. */
  part(position: number, bytes: number): Tensor | null {
    if (position % ALIGNMENT !== 0 || bytes === 0) return null;
    this.whole ??= fromFile(this.file, { shared: false, size: fs.statSync(this.file).size, dtype: 'uint8' });
    return adopt<Tensor>(binding.storageSlice(this.whole.handle, position, bytes));
  }

  /** The parts stay. */
  dispose(): void {
    this.whole?.dispose();
  }
}
