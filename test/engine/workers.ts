/** Child of workers.test.ts: several threads compute at once, some are ended in the middle of it. Uses dist/. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const library = path.join(__dirname, '..', '..');
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const torch = require(workerData.library);
  torch.setNumThreads(1);
  const x = torch.full([16, 16], workerData.value, { dtype: 'float32', requiresGrad: true });
  let total = 0;
  for (let i = 0; i < 200; i++) {
    const loss = x.mul(x).sum();
    loss.backward();
    total = x.grad.at(0, 0).item();
    x.grad = null;
  }
  parentPort.postMessage(total);
  if (workerData.endless) for (;;) torch.rand([64, 64]).matmul(x.detach().repeat([4, 4]));
`;

function start(value: number, endless: boolean): Promise<{ value: number; total: number; code: number }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: { library, value, endless } });
    let total = NaN;
    worker.on('message', (message: number) => {
      total = message;
      if (endless) void worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve({ value, total, code }));
  });
}

async function main(): Promise<void> {
  const rounds = [];
  for (let round = 0; round < 5; round++) {
    rounds.push(...(await Promise.all([1, 2, 3, 4].map((value) => start(value, value === 4)))));
  }
  process.stdout.write(JSON.stringify(rounds));
}

void main();
