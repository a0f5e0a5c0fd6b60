/** Child of warnings.test.ts: warns three times, here and in a worker. Uses the sources. */
import path from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';

import { tensor, zeros } from '../../lib/tensor';

const heard: string[] = [];
process.on('warning', ({ name, message }) => heard.push(`${name}: ${message}`));
const mask = tensor([1, 0, 1], { dtype: 'uint8' });
const picked = [1, 2, 3].map(() => zeros([3]).at(mask).numel());

function report(where: string): void {
  process.stdout.write(`${JSON.stringify({ where, picked, heard })}\n`);
}

setImmediate(() => {
  if (!isMainThread) {
    report('worker');
    return;
  }
  report('main');
  const register = path.join(__dirname, '..', 'support', 'register.cjs');
  new Worker(`require(${JSON.stringify(register)}); require(${JSON.stringify(__filename)});`, { eval: true });
});
