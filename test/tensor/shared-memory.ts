/** Child of exchange.test.ts: buffers under tensors are collected when, and only when, the last tensor on them is gone. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { sweep } from '../../lib/engine';
import { frombuffer, type Tensor } from '../../lib/tensor';

const collect = (globalThis as { gc?: () => void }).gc ?? ((): never => process.exit(3));
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => {
      collect();
      sweep();
      setImmediate(resolve);
    });
  });

/** A view of an array that nothing else refers to, and how to tell whether the array is there. */
function make(value: number): { view: Tensor; array: WeakRef<Float32Array> } {
  const array = new Float32Array(250_000).fill(value);
  const whole = frombuffer(array);
  const view = whole.view(500, 500).narrow(0, 100, 200);
  whole.dispose();
  return { view, array: new WeakRef(array) };
}

/** Ends in the middle of its use of shared memory. */
const PROGRAM = `
  require(process.argv[2]);
  const { frombuffer } = require(process.argv[3]);
  const held = [];
  for (let i = 0; i < 20; i++) held.push(frombuffer(new Float32Array(10_000)).view(100, 100).mul(2), frombuffer(Buffer.alloc(8)));
  held[0].withTypedArray(() => process.exit(0));
`;

function runWorker(): Promise<number> {
  const register = path.join(__dirname, '..', 'support', 'register.cjs');
  const library = path.join(__dirname, '..', '..', 'lib', 'tensor', 'index.ts');
  return new Promise((resolve, reject) => {
    const worker = new Worker(PROGRAM, { eval: true, argv: [register, library] });
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

async function main(): Promise<void> {
  const made = Array.from({ length: 50 }, (_, index) => make(index));
  await settle();
  await settle();
  const sums = made.filter(({ view }, index) => view.sum().item() === index * 100_000).length;
  for (const { view } of made) view.dispose();
  await settle();
  await settle();
  const freed = made.filter(({ array }) => array.deref() === undefined).length >= 49;

  // A synchronous loop, in which no finalizer runs: 400 MB in turn, of which the process may not keep much.
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 400; index += 1) {
    // Not by make(): a WeakRef holds its target until the loop has ended.
    const whole = frombuffer(new Float32Array(250_000).fill(index));
    whole.sum().dispose();
    whole.dispose();
  }
  collect();
  const sameDuringSync = process.memoryUsage().arrayBuffers - before < 50e6;

  const workers = [await runWorker(), await runWorker(), await runWorker()];
  process.stdout.write(JSON.stringify({ sums, freed, sameDuringSync, workers }));
}

void main();
