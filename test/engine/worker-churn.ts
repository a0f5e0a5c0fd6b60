/**
 * Child of workers.test.ts: a hundred threads begin and end, some at work, with tensors, scopes, generators and the compute
 * thread alive. Uses dist/.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import * as torch from '../../lib';

const library = path.join(__dirname, '..', '..');
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const torch = require(workerData.library);
  torch.setNumThreads(1);
  const held = Array.from({ length: 50 }, () => torch.rand([64, 64]));
  const generator = new torch.Generator();
  generator.manualSeed(1);
  torch.rand([4], { generator });
  const x = torch.rand([200, 200]);
  // A scope that never ends, and work that is never awaited.
  torch.scopeAsync(() => new Promise(() => torch.ones([10])));
  const work = () => torch.computeAsync(() => {
    let y = x;
    for (let i = 0; i < 50; i++) y = y.matmul(x).tanh();
    return y;
  });
  const first = work();
  work();
  if (workerData.way === 'return') first.then((y) => parentPort.postMessage(y.shape));
  else parentPort.postMessage('ready');
  if (workerData.way === 'exit') setTimeout(() => process.exit(0), 1);
  if (workerData.way === 'throw') setTimeout(() => { throw new Error('on purpose'); }, 1);
  if (workerData.way === 'busy') for (;;) torch.scope(() => x.matmul(x));
`;
const ways = ['return', 'exit', 'throw', 'busy', 'idle'] as const;

function start(way: (typeof ways)[number]): Promise<string> {
  return new Promise((resolve) => {
    const worker = new Worker(program, { eval: true, workerData: { library, way } });
    let ending = '';
    worker.on('message', () => {
      ending ||= way;
      // In the middle of an op, or of the compute thread's.
      if (way === 'busy' || way === 'idle') setTimeout(() => void worker.terminate(), Math.random() * 10);
    });
    worker.on('error', (error) => (ending = error.message));
    worker.on('exit', () => resolve(ending));
  });
}

async function round(): Promise<string[]> {
  const endings = [];
  for (const way of ways) endings.push(start(way));
  return Promise.all(endings);
}

async function main(): Promise<void> {
  const endings: string[] = [];
  // The first rounds fill what is kept for good: code, libtorch's and malloc's caches.
  for (let i = 0; i < 5; i++) endings.push(...(await round()));
  const measure = (): { rss: number; allocated: number } => ({
    rss: process.memoryUsage.rss() / (1 << 20),
    allocated: (torch.memory().allocated['cpu'] ?? 0) / (1 << 20),
  });
  const before = measure();
  for (let i = 0; i < 15; i++) endings.push(...(await round()));
  process.stdout.write(JSON.stringify({ endings, before, after: measure() }));
}

void main();
