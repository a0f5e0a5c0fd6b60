import fs from 'node:fs';

import { peakRssBytes } from '../../lib/engine';
import {
  load,
  loadAsync,
  loadSafetensors,
  loadSafetensorsAsync,
  save,
  saveAsync,
  saveSafetensors,
  saveSafetensorsToBuffer,
  saveToBuffer,
} from '../../lib/serialize';
import { ones, type Tensor } from '../../lib/tensor';

// A child process: saves or loads 12 tensors of 24 MiB and prints how many tensors' worth of memory that took at its peak,
// beside the tensors themselves.

const [, , action = '', file = ''] = process.argv;
const bytes = 24 * 2 ** 20;

const saving: Record<string, (state: Map<string, Tensor>) => unknown> = {
  saveSafetensors: (state) => saveSafetensors(file, state),
  save: (state) => save(state, file),
  saveAsync: (state) => saveAsync(state, file),
  saveToBuffer: (state) => saveToBuffer(state),
  saveSafetensorsToBuffer: (state) => saveSafetensorsToBuffer(state),
};
const loading: Record<string, (bytes: Uint8Array) => unknown> = {
  loadSafetensors: () => loadSafetensors(file).tensors,
  load: () => load(file),
  loadAsync: () => loadAsync(file),
  loadSafetensorsAsync: async () => (await loadSafetensorsAsync(file)).tensors,
  'load bytes': (bytes) => load(bytes),
  'loadSafetensors bytes': (bytes) => loadSafetensors(bytes).tensors,
  // Nothing is read until it is used, and is the file's own then.
  mmap: () => load(file, { mmap: true }),
};

async function main(): Promise<number> {
  const save = saving[action];
  if (save !== undefined) {
    const state = new Map<string, Tensor>();
    for (let at = 0; at < 12; at++) state.set(`t${at}`, ones([bytes / 4]));
    const before = peakRssBytes();
    await save(state);
    return (peakRssBytes() - before) / bytes;
  }
  const content = action.endsWith(' bytes') ? fs.readFileSync(file) : new Uint8Array(0);
  ones([1]); // the library is loaded, so that the peak to come is that of the tensors
  const before = process.memoryUsage().rss;
  const tensors = (await loading[action]?.(content)) as Map<string, Tensor>;
  return (peakRssBytes() - before) / bytes - tensors.size;
}

void main().then((tensors) => process.stdout.write(String(tensors)));
