import fs from 'node:fs';

import { scope } from '../../lib/engine';
import { load, loadSafetensors, safeOpen, save, saveSafetensors } from '../../lib/serialize';
import { ones } from '../../lib/tensor';

// A child process: loads 40 tensors of 4 MiB six times, each time freeing them, and prints by how many of them the process has grown
// since the second time.

const [, , action = '', file = ''] = process.argv;
const bytes = 4 * 2 ** 20;
const state = new Map(Array.from({ length: 40 }, (_, at) => [`t${at}`, ones([bytes / 4])]));
if (action === 'load') save(state, file);
else saveSafetensors(file, state);

const actions: Record<string, (source: string | Buffer) => unknown> = {
  load: (source) => load(source),
  loadSafetensors: (source) => loadSafetensors(source).tensors,
  getTensors: (source) => {
    using opened = safeOpen(source);
    return opened.getTensors();
  },
};

let [rss, grown] = [0, 0];
for (const source of [file, fs.readFileSync(file)]) {
  for (let time = 0; time < 6; time++) {
    scope(() => void actions[action]?.(source));
    if (time === 1) ({ rss } = process.memoryUsage());
  }
  grown = Math.max(grown, (process.memoryUsage().rss - rss) / bytes);
}
process.stdout.write(String(grown));
