/**
 * Small ops, where the time per call is the cost of getting to libtorch and back. Python frees each result at once; here
 * a scope frees them, but in the two cases that say otherwise.
 */
import { library, nanosecondsPerCall, options, result } from './harness.mjs';

const torch = library();
const { linear } = torch.nn.functional;
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const [a, b] = [torch.randn([2, 2]), torch.randn([2, 2])];
const [x, w, bias] = [torch.randn([8, 16]), torch.randn([32, 16]), torch.randn([32])];
const tracked = torch.randn([2, 2], { requiresGrad: true });

/**
 * Runs `body` so many times, a scope around every hundred calls, about what a training step has.
 * @param {() => unknown} body
 */
const scoped = (body) => (/** @type {number} */ n) => {
  for (let i = 0; i < n; i += 100) {
    torch.scope(() => {
      for (let j = 0; j < 100; j++) body();
    });
  }
};

/** @type {Record<string, (calls: number) => void>} */
const cases = {
  'a.add(b) 2x2': scoped(() => a.add(b)),
  'a.add(b) 2x2, disposed': (n) => {
    for (let i = 0; i < n; i++) a.add(b).dispose();
  },
  'a.add(1.5) 2x2': scoped(() => a.add(1.5)),
  'a.relu() 2x2': scoped(() => a.relu()),
  'a.sum(dim, keepdim) 2x2': scoped(() => a.sum([1], true)),
  'linear 8x16 -> 8x32': scoped(() => linear(x, w, bias)),
  'a.add(b) with gradient': scoped(() => tracked.add(b)),
  'a.mul_(1)': scoped(() => a.mul_(1)),
};
const nanoseconds = Object.fromEntries(
  Object.entries(cases).map(([name, body]) => [name, nanosecondsPerCall(body, settings.calls, settings.batches)]),
);

// Left to the sweep: batches so long that each has its share of sweeps and collections.
nanoseconds['a.add(b) 2x2, dropped'] = nanosecondsPerCall(
  (n) => {
    for (let i = 0; i < n; i++) a.add(b);
  },
  settings.calls * settings.batches,
  3,
);
result({ nanoseconds });
