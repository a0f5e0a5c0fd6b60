/** The weights of a model as Hugging Face keeps them: in one file or many, as safetensors or as pickled tensors. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FileError, FormatError, loadAsync, loadSafetensorsAsync, loadSafetensorsShardedAsync } from '../serialize';
import { attemptOn } from '../serialize';
import { Tensor } from '../tensor';

/** Where files are looked for by name: a folder, or a repository of the hub. */
export interface FilePlace {
  /** For the messages. */
  readonly name: string;
  /** The path of a file, or null where there is none of that name. */
  readonly find: (file: string) => Promise<string | null>;
}

/** In the order in which they are preferred. */
const WEIGHTS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
];

/**
 * Tensors by their keys, on the CPU; the caller disposes them.
 * @throws FileError where there are no weights
 * @throws FormatError where a file is damaged or holds something else
 */
export async function readWeights(place: FilePlace): Promise<Map<string, Tensor>> {
  for (const name of WEIGHTS) {
    const file = await place.find(name);
    if (file === null) continue;
    if (!name.endsWith('.json')) return readWeightsFile(file);
    // The files that the index names come from the same place as the index.
    for (const shard of shardsOf(file)) {
      if ((await place.find(shard)) === null) throw new FileError(`${place.name} lacks ${shard}, which ${name} names`);
    }
    return name.includes('safetensors') ? (await loadSafetensorsShardedAsync(file)).tensors : readShards(file);
  }
  throw new FileError(`${place.name} has no weights: expected one of ${WEIGHTS.join(', ')}`);
}

/** Tensors of one file, by its ending safetensors or what `torch.save` wrote. */
export async function readWeightsFile(file: string): Promise<Map<string, Tensor>> {
  if (file.endsWith('.safetensors')) return (await loadSafetensorsAsync(file)).tensors;
  return stateOf(await loadAsync(file, { mapLocation: 'cpu' }), file);
}

/** Reads a file of JSON. */
export function readJson(file: string): unknown {
  const text = attemptOn(file, 'read', () => readFileSync(file, 'utf8'));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${file} is not valid JSON`, { cause });
  }
}

/** Trainers put a state dict beside other things, under one of these names. */
const WRAPPINGS = ['state_dict', 'model'];

function stateOf(value: unknown, file: string): Map<string, Tensor> {
  const entries = entriesOf(value);
  if (entries === null) throw new FormatError(`${file} holds no state dict`);
  for (const name of WRAPPINGS) {
    const wrapped = entries.find(([key]) => key === name);
    if (wrapped !== undefined && entriesOf(wrapped[1]) !== null) return stateOf(wrapped[1], file);
  }
  const other = entries.find(([, tensor]) => !(tensor instanceof Tensor));
  if (other !== undefined) throw new FormatError(`${file} holds no state dict: its \`${other[0]}\` is no tensor`);
  return new Map(entries as [string, Tensor][]);
}

function entriesOf(value: unknown): [string, unknown][] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Tensor) return null;
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return entries.map(([key, item]) => [String(key), item]);
}

/** The names in an index of files, each once. */
function shardsOf(index: string): string[] {
  return [...new Set(weightMapOf(index).values())];
}

function weightMapOf(index: string): Map<string, string> {
  const content = readJson(index);
  const weights = entriesOf(entriesOf(content)?.find(([key]) => key === 'weight_map')?.[1]);
  if (weights === null) throw new FormatError(`${index} is no index of weights: it has no \`weight_map\``);
  for (const [key, shard] of weights) {
    // A path could lead to any file of this machine.
    if (typeof shard !== 'string' || path.basename(shard) !== shard || shard.startsWith('.')) {
      throw new FormatError(`${index} does not name a file beside it for the tensor ${JSON.stringify(key)}`);
    }
  }
  return new Map(weights as [string, string][]);
}

async function readShards(index: string): Promise<Map<string, Tensor>> {
  const weights = weightMapOf(index);
  const gathered = new Map<string, Tensor>();
  for (const shard of new Set(weights.values())) {
    for (const [key, tensor] of await readWeightsFile(path.join(path.dirname(index), shard))) gathered.set(key, tensor);
  }
  const missing = [...weights.keys()].find((key) => !gathered.has(key));
  if (missing !== undefined) {
    throw new FormatError(
      `${weights.get(missing)} lacks the tensor ${JSON.stringify(missing)}, which ${index} says it has`,
    );
  }
  return gathered;
}
