/** Loops that dispose nothing, and one that has a scope: what keeps each of them flat, and what it costs. */
import { library, options, result } from './harness.mjs';

const torch = library();
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const x = torch.randn([512, 512]);
const body = () => x.relu().add(x).sum();

/** @type {Record<string, (iterations: number) => any>} */
const loops = {
  plain: (iterations) => {
    let total;
    for (let i = 0; i < iterations; i++) total = body();
    return total;
  },
  // Each iteration is a turn of the event loop, as between the batches of a data loader.
  awaiting: async (iterations) => {
    let total;
    for (let i = 0; i < iterations; i++) {
      const sum = body();
      await new Promise((resolve) => setImmediate(resolve));
      total = sum;
    }
    return total;
  },
  scope: (iterations) => {
    let total;
    for (let i = 0; i < iterations; i++) total = torch.scope(body);
    return total;
  },
  // Views have no memory of their own, but hold what they look at.
  views: (iterations) => {
    let total;
    for (let i = 0; i < iterations; i++) {
      total = x
        .relu()
        .at(i % 512)
        .unsqueeze(0)
        .expand([512, 512])
        .transpose(0, 1)
        .sum();
    }
    return total;
  },
};

const began = performance.now();
const total = await loops[settings.loop]?.(settings.iterations);
const seconds = (performance.now() - began) / 1000;
result({ seconds: [seconds], total: library('serialize').floatHex(total.item()) });
