import { ByteSource } from './byte-source';
import { openArchive } from './archive-reader';
import { formOf } from './checkpoint-source';
import { formatErrorOf } from './load';
import { globalsOf, type NamedGlobal } from './pickle-scan';
import { checkFileOrBytes, type FileOrBytes, type StoredBytes, withBytes } from './stored-bytes';
import { isGlobalSafe, pathOf } from './tensor-globals';

/**
 * The functions and classes that a checkpoint names and `load` refuses, in their order, by their names in Python 3: all of them at once, where
 * `load` stops at the first (`torch.serialization.get_unsafe_globals_in_checkpoint`). Nothing of the file is run. A file of before
 * PyTorch 1.6, which Python's function refuses, is looked through as well.
 * @throws {FileError} where the file cannot be read
 * @throws {FormatError} where it is no checkpoint
 *
 * @example
 * ```ts
 * torch.save({ epoch: 3 }, 'safe.pt');
 * console.log(torch.serialization.getUnsafeGlobalsInCheckpoint('safe.pt')); // []
 * ```
 */
export function getUnsafeGlobalsInCheckpoint(file: FileOrBytes): string[] {
  checkFileOrBytes('getUnsafeGlobalsInCheckpoint', file);
  return withBytes(file, (bytes) => {
    try {
      const unsafe = new Set<string>();
      for (const { module, name } of namesIn(bytes)) if (!isGlobalSafe(module, name)) unsafe.add(pathOf(module, name));
      return [...unsafe];
    } catch (error) {
      throw formatErrorOf(error, bytes.name);
    }
  });
}

/** What stands before the values in the legacy format: a number that marks it, its version, and the machine's sizes. */
const HEAD = 3;

function* namesIn(bytes: StoredBytes): Generator<NamedGlobal> {
  if (formOf(bytes) === 'zip') {
    yield* globalsOf(openArchive(bytes).pickle);
    return;
  }
  const source = new ByteSource(bytes, 0, bytes.size);
  for (let pickle = 0; pickle <= HEAD; pickle++) yield* globalsOf(source);
}
