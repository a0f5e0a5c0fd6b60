/**
 * Small ops, where the time per call is the cost of getting to libtorch and back. Python frees each result at once; we do
 * it by `dispose`, by a scope, or leave it to the sweep ("dropped", and all cases that do not say).
 */
import { library, nanosecondsPerCall, options, result } from './harness.mjs';

const torch = library();
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const [a, b] = [torch.randn([2, 2]), torch.randn([2, 2])];
const [x, w, bias] = [torch.randn([8, 16]), torch.randn([32, 16]), torch.randn([32])];
const tracked = torch.randn([2, 2], { requiresGrad: true });

/** @type {Record<string, (calls: number) => void>} */
const cases = {
  'a.add(b) 2x2, disposed': (n) => {
    for (let i = 0; i < n; i++) a.add(b).dispose();
  },
  'a.add(b) 2x2, in a scope': (n) => {
    for (let i = 0; i < n; i += 100) {
      torch.scope(() => {
        for (let j = 0; j < 100; j++) a.add(b);
      });
    }
  },
  'a.add(b) 2x2, dropped': (n) => {
    for (let i = 0; i < n; i++) a.add(b);
  },
  'a.add(1.5) 2x2': (n) => {
    for (let i = 0; i < n; i++) a.add(1.5);
  },
  'a.relu() 2x2': (n) => {
    for (let i = 0; i < n; i++) a.relu();
  },
  'a.sum(dim, keepdim) 2x2': (n) => {
    for (let i = 0; i < n; i++) a.sum([1], true);
  },
  'linear 8x16 -> 8x32': (n) => {
    for (let i = 0; i < n; i++) torch.nn.functional.linear(x, w, bias);
  },
  'a.add(b) with gradient': (n) => {
    for (let i = 0; i < n; i++) tracked.add(b);
  },
  'a.mul_(1)': (n) => {
    for (let i = 0; i < n; i++) a.mul_(1);
  },
};
const nanoseconds = Object.entries(cases).map(([name, body]) => [name, nanosecondsPerCall(body, settings.calls)]);
result({ nanoseconds: Object.fromEntries(nanoseconds) });
