/** Child of compute-process.test.ts: a process that ends, in the way it is told, while the compute thread works. Worker from dist/. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import * as torch from '../../lib';

const [way] = process.argv.slice(2);
const x = torch.rand([400, 400], { requiresGrad: true });

/** A second of work or more, in many ops. */
const work = (): Promise<torch.Tensor> =>
  torch.computeAsync(() => {
    let y: torch.Tensor = x;
    for (let i = 0; i < 300; i++) y = y.matmul(x).tanh();
    return y.sum();
  });

const running = work();
void work();
if (way === 'natural') {
  void running.then((sum) => process.stdout.write(`computed ${sum.shape.length}`));
} else if (way === 'backward') {
  void running.then((sum) => {
    void sum.backwardAsync();
    setTimeout(() => process.exit(0), 1);
  });
} else if (way === 'worker') {
  // Another environment's compute thread, while the main one exits.
  const library = path.join(__dirname, '..', '..');
  const program = `
    const torch = require(${JSON.stringify(library)});
    const x = torch.rand([400, 400]);
    torch.computeAsync(() => {
      let y = x;
      for (let i = 0; i < 1000; i++) y = y.matmul(x).tanh();
      return y;
    });
    require('node:worker_threads').parentPort.postMessage('ready');`;
  new Worker(program, { eval: true }).once('message', () => setTimeout(() => process.exit(0), 50));
} else {
  setTimeout(() => {
    if (way === 'exit') process.exit(3);
    if (way === 'throw') throw new Error('uncaught');
    if (way === 'reject') void Promise.reject(new Error('unhandled'));
    if (way === 'abort') process.kill(process.pid, 'SIGTERM');
  }, 20);
}
