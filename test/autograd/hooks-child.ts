/** Child of hooks-child.test.ts: what happens to hooks at the ends of processes and threads. Uses dist/ in the workers. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { enableGrad, Function, type FunctionContext } from '../../lib/autograd';
import { memory } from '../../lib/engine';
import { ones, randn, type Tensor } from '../../lib/tensor';

class Square extends Function {
  static forward(ctx: FunctionContext<[Tensor]>, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.mul(x);
  }

  static backward(ctx: FunctionContext<[Tensor]>, g: Tensor): Tensor {
    return ctx.savedTensors[0].mul(2).mul(g);
  }
}

/** Hooks of every kind that stay registered. */
function hooked(): Tensor {
  const x = randn([64, 64]).requiresGrad_();
  x.registerHook((g) => g.mul(2));
  x.registerPostAccumulateGradHook((leaf) => void leaf.grad?.sum());
  const y = Square.apply(x);
  y.registerHook(() => undefined);
  return y.sum();
}

/** Nested as deep as it goes: the engine moves to other threads at some depth, where no JavaScript may run. */
function nest(depth: number): void {
  const x = ones([1], { requiresGrad: true });
  x.registerHook(() => nest(depth + 1));
  enableGrad(() => x.sum()).backward();
}

/** A plain synchronous loop: nothing in it may wait for the end of the job to be freed. */
function loop(iterations: number): number {
  const x = randn([256, 256]).requiresGrad_();
  for (let i = 0; i < iterations; i += 1) {
    const y = Square.apply(x);
    y.registerHook((g) => g.mul(2));
    if (y.gradFn?.nextFunctions[0]?.[0]?.nextFunctions.length !== 0) throw new Error('another graph');
    y.sum().backward();
    x.grad = null;
  }
  return memory().tensors;
}

const workerProgram = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { autograd, ...torch } = require(workerData.library);
  torch.setNumThreads(1);
  class Triple extends autograd.Function {
    static forward(ctx, x) { ctx.saveForBackward(x); return x.mul(3); }
    static backward(ctx, g) { ctx.savedTensors; return g.mul(3); }
  }
  const run = (i) => {
    const x = torch.ones([8], { requiresGrad: true });
    x.registerHook((g) => { if (i % 7 === 3) throw i; return g.mul(workerData.value); });
    try { Triple.apply(x).sum().backward(); } catch (error) { return error === i ? 0 : NaN; }
    return x.grad.at(0).item();
  };
  let total = 0;
  for (let i = 0; i < 210; i++) total += run(i);
  parentPort.postMessage(total);
  if (workerData.endless) for (let i = 0; ; i++) run(i);
`;

function runWorker(value: number, endless: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const library = path.join(__dirname, '..', '..');
    const worker = new Worker(workerProgram, { eval: true, workerData: { library, value, endless } });
    let total = NaN;
    worker.on('message', (message: number) => {
      total = message;
      if (endless) void worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve(total));
  });
}

async function main(mode: string): Promise<void> {
  if (mode === 'exit') {
    const alive = [hooked(), hooked()];
    alive[0]?.backward({ retainGraph: true });
    process.stdout.write('alive');
  } else if (mode === 'loop') {
    process.stdout.write(String(loop(1500)));
  } else if (mode === 'exit-in-hook') {
    const x = ones([2], { requiresGrad: true });
    x.registerHook(() => process.exit(7));
    x.sum().backward();
  } else if (mode === 'uncaught') {
    const x = ones([2], { requiresGrad: true });
    x.registerHook(() => {
      throw new Error('thrown by the hook');
    });
    x.sum().backward();
  } else if (mode === 'deep') {
    try {
      nest(0);
    } catch (error) {
      process.stdout.write(String(error));
    }
    hooked().backward();
    process.stdout.write(' and on');
  } else {
    const values = await Promise.all([2, 3, 4].map((value) => runWorker(value, value === 4)));
    hooked().backward();
    process.stdout.write(JSON.stringify(values));
  }
}

void main(process.argv[2] ?? '');
