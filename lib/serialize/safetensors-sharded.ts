/**
 * Safetensors over several files, as the Hugging Face hub has large models: `model-00001-of-00003.safetensors` and so on, and an
 * index, `model.safetensors.index.json`, that says which tensor is in which.
 */

import fs from 'node:fs';
import path from 'node:path';

import { ArgumentError, checkOptions, checkString, describe } from '../engine';
import type { Tensor } from '../tensor';
import { attemptOn, FormatError } from './file-error';
import { writeFileAtomic } from './files';
import { FormatFault, quote } from './format-fault';
import { parseHeaderJson } from './header-json';
import {
  loadSafetensors,
  type SafetensorsMetadata,
  type Safetensors,
  type SafetensorsOptions,
  saveSafetensors,
} from './safetensors';
import { type FileOptions, loadSafetensorsAsync } from './safetensors-async';
import { type NamedTensors, stateEntries } from './state-dict';

const INDEX = '.index.json';
const ENDING = '.safetensors';

/** What the hub's own tools take: 5 GB. */
const SHARD_BYTES = 5_000_000_000;

/** The size of an index that names a hundred thousand tensors is a tenth of it. */
const LARGEST_INDEX = 100_000_000;

/** Options of {@link saveSafetensorsSharded}. */
export interface ShardOptions {
  /** Bytes of tensors in a file, 5e9 by default; a larger tensor has a file of its own. */
  maxShardSize?: number | undefined;
  /** Strings that {@link loadSafetensorsSharded} hands back; they are in each file. */
  metadata?: SafetensorsMetadata | undefined;
}

/**
 * Writes tensors over as many safetensors files as they need, in their order, and the index last, so that an index never names
 * files that are not there. Where one file is enough, that is all that is written. What Python's
 * `huggingface_hub.save_torch_state_dict` writes.
 * @param file such as `model.safetensors`, whose name the others get: `model-00001-of-00002.safetensors`
 * @returns the file to load: the index, or `file` itself
 * @throws {ArgumentError} {@link FileError} as `saveSafetensors`
 *
 * @example
 * ```ts
 * const state = { a: torch.zeros([4]), b: torch.ones([4]) };
 * const index = torch.saveSafetensorsSharded('model.safetensors', state, { maxShardSize: 16 });
 * console.log(index); // model.safetensors.index.json
 * console.log([...torch.loadSafetensorsSharded(index).tensors.keys()]); // [ 'a', 'b' ]
 * ```
 */
export function saveSafetensorsSharded(file: string, stateDict: NamedTensors, options: ShardOptions = {}): string {
  checkString('saveSafetensorsSharded', 'file', file);
  checkOptions('saveSafetensorsSharded', options, ['maxShardSize', 'metadata']);
  const { maxShardSize = SHARD_BYTES, metadata = {} } = options;
  if (!(typeof (maxShardSize as unknown) === 'number' && maxShardSize > 0)) {
    throw new ArgumentError(
      `saveSafetensorsSharded(): expected a number of bytes for option \`maxShardSize\`, received ${describe(maxShardSize)}`,
    );
  }
  const shards = split(stateEntries(stateDict), maxShardSize);
  if (shards.length <= 1) {
    saveSafetensors(file, stateDict, metadata);
    return file;
  }
  const stem = file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : file;
  const number = (index: number): string => String(index).padStart(5, '0');
  const weightMap: [string, string][] = [];
  for (const [index, shard] of shards.entries()) {
    const name = `${stem}-${number(index + 1)}-of-${number(shards.length)}${ENDING}`;
    saveSafetensors(name, new Map(shard), metadata);
    for (const [key] of shard) weightMap.push([key, path.basename(name)]);
  }
  const total = shards.flat().reduce((sum, [, tensor]) => sum + tensor.nbytes, 0);
  // Not JSON.stringify of one object: that would move keys such as "0" to the front.
  const entries = weightMap.map(([key, name]) => `    ${JSON.stringify(key)}: ${JSON.stringify(name)}`).join(',\n');
  writeFileAtomic(
    `${stem}${ENDING}${INDEX}`,
    `{\n  "metadata": {\n    "total_size": ${total}\n  },\n  "weight_map": {\n${entries}\n  }\n}\n`,
  );
  return `${stem}${ENDING}${INDEX}`;
}

/**
 * Reads the tensors that an index names, from the files beside it; a safetensors file that is no index is read as it is.
 * @param file such as `model.safetensors.index.json`
 * @throws {FileError} where a file cannot be read
 * @throws {FormatError} where one is damaged, or lacks a tensor that the index says it has
 */
export function loadSafetensorsSharded(file: string, options: SafetensorsOptions = {}): Safetensors {
  checkString('loadSafetensorsSharded', 'file', file);
  checkOptions('loadSafetensorsSharded', options, ['device']);
  if (!file.endsWith('.json')) return loadSafetensors(file, options);
  const { shards, order } = readIndex(file);
  const gathered = new Gathered(file, order);
  try {
    for (const [shard, names] of shards) gathered.add(shard, names, loadSafetensors(shard, options));
    return gathered.finish();
  } catch (error) {
    gathered.dispose();
    throw error;
  }
}

/**
 * {@link loadSafetensorsSharded} without holding up the event loop.
 * @throws {FileError} {@link FormatError} (as a rejection) as {@link loadSafetensorsSharded}
 */
export async function loadSafetensorsShardedAsync(
  file: string,
  options: SafetensorsOptions & FileOptions = {},
): Promise<Safetensors> {
  checkString('loadSafetensorsShardedAsync', 'file', file);
  checkOptions('loadSafetensorsShardedAsync', options, ['device', 'signal']);
  if (!file.endsWith('.json')) return loadSafetensorsAsync(file, options);
  const { shards, order } = readIndex(file);
  const gathered = new Gathered(file, order);
  try {
    for (const [shard, names] of shards) gathered.add(shard, names, await loadSafetensorsAsync(shard, options));
    return gathered.finish();
  } catch (error) {
    gathered.dispose();
    throw error;
  }
}

/** Tensors in their order, in lists of no more than so many bytes. */
function split(entries: readonly [string, Tensor][], maxBytes: number): [string, Tensor][][] {
  const shards: [string, Tensor][][] = [];
  let left = 0;
  for (const entry of entries) {
    const bytes = entry[1].nbytes;
    if (shards.length === 0 || bytes > left) {
      shards.push([]);
      left = maxBytes;
    }
    shards.at(-1)?.push(entry);
    left -= bytes;
  }
  return shards;
}

/** The files that an index names, each with its tensors, and all tensors in the order of the index. */
function readIndex(file: string): { shards: ReadonlyMap<string, readonly string[]>; order: readonly string[] } {
  const text = attemptOn(file, 'read', () => {
    const { size } = fs.statSync(file);
    if (size > LARGEST_INDEX) throw new FormatError(`${file} is no index of safetensors files: it has ${size} bytes`);
    return fs.readFileSync(file, 'utf8');
  });
  try {
    const index = parseHeaderJson(text);
    const weights = index instanceof Map ? index.get('weight_map') : undefined;
    if (!(weights instanceof Map)) throw new FormatFault('it has no `weight_map`');
    const shards = new Map<string, string[]>();
    for (const [name, shard] of weights) {
      // A path could lead to any file of this machine.
      if (typeof shard !== 'string' || path.basename(shard) !== shard || !shard.endsWith(ENDING)) {
        const what = typeof shard === 'string' ? quote(shard) : 'something';
        throw new FormatFault(`it has ${what} for the tensor ${quote(name)}, expected the name of a file beside it`);
      }
      const place = path.join(path.dirname(file), shard);
      const names = shards.get(place) ?? [];
      names.push(name);
      shards.set(place, names);
    }
    return { shards, order: [...weights.keys()] };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw new FormatError(`${file} is no index of safetensors files: ${error.message}`);
  }
}

/** What has been read of the files of an index. */
class Gathered {
  private readonly tensors = new Map<string, Tensor>();
  private readonly metadata = new Map<string, string>();

  constructor(
    private readonly index: string,
    private readonly order: readonly string[],
  ) {}

  /** Takes from a file what the index says is in it; another tensor of it is in no state dict. */
  add(shard: string, names: readonly string[], { tensors, metadata }: Safetensors): void {
    for (const [key, value] of metadata) this.metadata.set(key, value);
    const wanted = new Set(names);
    for (const [name, tensor] of tensors) {
      if (wanted.has(name)) this.tensors.set(name, tensor);
      else tensor.dispose();
    }
    const missing = names.find((name) => !tensors.has(name));
    if (missing !== undefined) {
      throw new FormatError(`${shard} lacks the tensor ${quote(missing)}, which ${this.index} says it has`);
    }
  }

  finish(): Safetensors {
    const tensors = new Map(this.order.map((name) => [name, this.tensors.get(name) as Tensor]));
    return { tensors, metadata: this.metadata };
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
  }
}
