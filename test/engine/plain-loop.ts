/** Child of memory.test.ts: what a plain synchronous loop keeps, in MB and tensors. Nothing is disposed, nothing scoped. */
import * as torch from '../../lib';
import { peakRssBytes } from '../../lib/engine';

const [iterations = 0, side = 0] = process.argv.slice(2).map(Number);
const x = torch.rand([side, side]);
let total = 0;
let peakTensors = 0;
for (let iteration = 0; iteration < iterations; iteration++) {
  const y = x.relu().add(x);
  total += y.sum().item();
  if (iteration % 100 === 0) peakTensors = Math.max(peakTensors, torch.memory().tensors);
}
const peakMegabytes = peakRssBytes() / 2 ** 20;
process.stdout.write(JSON.stringify({ total, peakTensors, peakMegabytes, globalGc: typeof globalThis.gc }));
