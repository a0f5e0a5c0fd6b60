import { peakRssBytes } from '../../lib/engine';
import { loadSafetensors, saveSafetensors } from '../../lib/serialize';
import { ones, type Tensor } from '../../lib/tensor';

// A child process: saves or loads 12 tensors of 24 MiB and prints how many tensors' worth of memory that took at its peak,
// beside the tensors themselves.

const [, , action = '', file = ''] = process.argv;
const bytes = 24 * 2 ** 20;

if (action === 'save') {
  const state = new Map<string, Tensor>();
  for (let at = 0; at < 12; at++) state.set(`t${at}`, ones([bytes / 4]));
  const before = peakRssBytes();
  saveSafetensors(file, state);
  process.stdout.write(String((peakRssBytes() - before) / bytes));
} else {
  ones([1]); // the library is loaded, so that the peak to come is that of the tensors
  const before = process.memoryUsage().rss;
  const { tensors } = loadSafetensors(file);
  process.stdout.write(String((peakRssBytes() - before) / bytes - tensors.size));
}
