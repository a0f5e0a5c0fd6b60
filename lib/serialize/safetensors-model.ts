/**
 * A module as a safetensors file, as Python's `save_model` writes it: of weights that are one, one is in the file, and the metadata
 * has the names of the others.
 */

import { ArgumentError, binding, checkObject, checkOptions, checkString } from '../engine';
import type { AnyModule, LoadedKeys } from '../nn';
import { itemSize, Tensor } from '../tensor';
import { loadSafetensors, type SafetensorsMetadata, saveSafetensors } from './safetensors';
import { checkFileOrBytes, type FileOrBytes } from './stored-bytes';

/**
 * Writes the state dict of a module (`safetensors.torch.save_model`): of weights that share their memory only one, and the names of
 * the others as metadata that says which. `saveSafetensors` writes each of them in full.
 * @param metadata further strings for the file; what they say of a name stays
 * @throws {ArgumentError} where weights share memory that none of them covers, and as `saveSafetensors`
 * @throws {FileError} where the file cannot be written
 *
 * @example
 * ```ts
 * const [first, second] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
 * second.weight = first.weight;
 * const tied = new nn.Sequential(first, second);
 * torch.saveSafetensorsModel(tied, 'tied.safetensors');
 * console.log(torch.loadSafetensors('tied.safetensors').metadata.get('1.weight')); // 0.weight
 * torch.loadSafetensorsModel(tied, 'tied.safetensors');
 * ```
 */
export function saveSafetensorsModel(model: AnyModule, file: string, metadata: SafetensorsMetadata = {}): void {
  checkObject('saveSafetensorsModel', 'model', model, 'a Module', ['stateDict']);
  checkString('saveSafetensorsModel', 'file', file);
  checkObject('saveSafetensorsModel', 'metadata', metadata, 'strings by name');
  const isMap = metadata instanceof Map;
  const strings = new Map(isMap ? (metadata as ReadonlyMap<string, string>) : Object.entries(metadata));
  const state = new Map(model.stateDict());
  for (const [name, kept] of duplicates(state, new Set())) {
    if (!strings.has(name)) strings.set(name, kept);
    state.delete(name);
  }
  saveSafetensors(file, state, strings);
}

/**
 * Reads a file of {@link saveSafetensorsModel}, or of Python's `save_model`, into a module (`safetensors.torch.load_model`): of
 * weights that are one in the module, one is enough in the file. A file with all of them, which Python refuses, is read, too.
 * @param options `strict`: keys that are missing or unexpected are an error; default true
 * @returns those keys
 * @throws {FileError} {@link FormatError} as `loadSafetensors`
 * @throws {StateDictError} as `Module.loadStateDict`; the module is unchanged then
 */
export function loadSafetensorsModel(
  model: AnyModule,
  file: FileOrBytes,
  options: { strict?: boolean } = {},
): LoadedKeys {
  checkObject('loadSafetensorsModel', 'model', model, 'a Module', ['stateDict', 'loadStateDict']);
  checkFileOrBytes('loadSafetensorsModel', file);
  checkOptions('loadSafetensorsModel', options, ['strict']);
  const { tensors } = loadSafetensors(file);
  try {
    const own = model.stateDict();
    const state = new Map(tensors);
    for (const name of duplicates(own, tensors).keys()) {
      // It changes with the one that the file has; to copy it on to itself changes nothing.
      const weight = own.get(name);
      if (weight !== undefined && !state.has(name)) state.set(name, weight);
    }
    return model.loadStateDict(state, options);
  } finally {
    for (const tensor of tensors.values()) tensor.dispose();
  }
}

/** A weight and its place in its storage, in bytes. */
interface Placed {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly isComplete: boolean;
}

/**
 * The names that need not be in a file, each with the one that stands for it: of weights that overlap, the first by name that is
 * all of their storage, but rather one that is among the preferred.
 */
function duplicates(
  state: ReadonlyMap<string, unknown>,
  preferred: { has(name: string): boolean },
): Map<string, string> {
  const byStorage = new Map<number, Placed[]>();
  for (const [name, tensor] of state) {
    // The extra state of a module can be anything.
    if (!(tensor instanceof Tensor) || tensor.device === 'meta' || tensor.layout !== 'strided') continue;
    const storage = binding.storageOf(tensor.handle);
    if (storage === null || storage.bytes === 0) continue;
    const placed = byStorage.get(storage.id) ?? [];
    placed.push({ name, ...placeOf(tensor, storage.bytes) });
    byStorage.set(storage.id, placed);
  }
  const kept = new Map<string, string>();
  for (const group of [...byStorage.values()].flatMap(overlapping)) {
    const complete = group.filter(({ isComplete }) => isComplete).map(({ name }) => name);
    const [first] = [...complete.filter((name) => preferred.has(name)).sort(), ...complete.sort()];
    const names = group.map(({ name }) => name).sort();
    if (first === undefined) {
      throw new ArgumentError(
        `the weights ${names.join(', ')} share memory that none of them covers; saveSafetensors() writes each in full`,
        'TORCH_VALUE',
      );
    }
    for (const name of names) if (name !== first) kept.set(name, first);
  }
  return kept;
}

function placeOf(tensor: Tensor, storageBytes: number): Omit<Placed, 'name'> {
  const { shape, dtype, nbytes } = tensor;
  const bytes = itemSize(dtype);
  const strides = tensor.stride();
  const extent = shape.reduce((last, size, dim) => last + (size - 1) * (strides[dim] ?? 0), 1);
  const start = tensor.storageOffset() * bytes;
  const end = start + (nbytes === 0 ? 0 : extent * bytes);
  return { start, end, isComplete: start === 0 && nbytes === storageBytes };
}

/** Lists of two and more that lie over each other. */
function overlapping(placed: readonly Placed[]): Placed[][] {
  const groups: Placed[][] = [];
  let end = 0;
  for (const each of [...placed].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const group = groups.at(-1);
    if (group !== undefined && each.start < end) group.push(each);
    else groups.push([each]);
    end = Math.max(end, each.end);
  }
  return groups.filter(({ length }) => length > 1);
}
