/** A plain synchronous loop that disposes nothing: the sweep has to keep it flat. */
import { library, options, result } from './harness.mjs';

const torch = library();
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const x = torch.randn([512, 512]);
const began = performance.now();
let total;
for (let i = 0; i < settings.iterations; i++) total = x.relu().add(x).sum();
const seconds = (performance.now() - began) / 1000;
result({ seconds: [seconds], total: library('serialize').floatHex(total.item()) });
