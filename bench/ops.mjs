/**
 * Small ops, where the time per call is the cost of getting to libtorch and back. Python frees each result at once; here
 * a scope frees them, but in the two cases that say otherwise.
 */
import { library, nanosecondsPerCall, options, result } from './harness.mjs';

const torch = library();
const { linear, layerNorm, gelu } = torch.nn.functional;
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const [a, b] = [torch.randn([2, 2]), torch.randn([2, 2])];
const [x, w, bias] = [torch.randn([8, 16]), torch.randn([32, 16]), torch.randn([32])];
const [gamma, beta] = [torch.ones([16]), torch.zeros([16])];
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

/** @type {Record<string, () => unknown>} */
const ops = {
  'a.add(b)': () => a.add(b),
  'a.add(1.5)': () => a.add(1.5),
  'a.mul(b)': () => a.mul(b),
  'a.div(b)': () => a.div(b),
  'a.mul_(1)': () => a.mul_(1),
  'a.relu()': () => a.relu(),
  'a.exp()': () => a.exp(),
  'a.clamp(0, 1)': () => a.clamp(0, 1),
  'a.gt(0)': () => a.gt(0),
  'a.sum()': () => a.sum(),
  'a.sum(1, keepdim)': () => a.sum([1], true),
  'a.mean(1)': () => a.mean([1]),
  'a.max(1)': () => a.max(1),
  'x.softmax(1)': () => x.softmax(1),
  'a.matmul(b)': () => a.matmul(b),
  'linear(x, w, bias)': () => linear(x, w, bias),
  'layerNorm(x)': () => layerNorm(x, [16], gamma, beta),
  'gelu(x)': () => gelu(x),
  'x.reshape(16, 8)': () => x.reshape([16, 8]),
  'x.transpose(0, 1)': () => x.transpose(0, 1),
  'x[0]': () => x.at(0),
  'cat([a, b])': () => torch.cat([a, b]),
  'zeros(2, 2)': () => torch.zeros([2, 2]),
  'a.add(b), recorded': () => tracked.add(b),
};

/** @type {Record<string, (calls: number) => void>} */
const cases = Object.fromEntries(Object.entries(ops).map(([name, body]) => [name, scoped(body)]));
cases['a.add(b), disposed'] = (n) => {
  for (let i = 0; i < n; i++) a.add(b).dispose();
};
const nanoseconds = Object.fromEntries(
  Object.entries(cases).map(([name, body]) => [name, nanosecondsPerCall(body, settings.calls, settings.batches)]),
);

// Left to the sweep: batches so long that each has its share of sweeps and collections.
nanoseconds['a.add(b), dropped'] = nanosecondsPerCall(
  (n) => {
    for (let i = 0; i < n; i++) a.add(b);
  },
  settings.calls * settings.batches,
  3,
);
result({ nanoseconds });
