/**
 * Child of out-of-memory.test.ts: what happens at the end of memory. The address space is limited from inside, to what is
 * in use plus 1.5 GiB, so that the limit means the same whatever Node reserves at its start.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import * as torch from '../../lib';
import { binding } from '../../lib/engine';

const MIB = 1 << 20;
const [where] = process.argv.slice(2);

/** A tensor of so many MiB. */
const block = (size: number): torch.Tensor => torch.empty([size, MIB], { dtype: 'uint8' });

function limit(): void {
  const used = Number(/VmSize:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${used + 1536 * MIB}`]);
}

/** Garbage that only a full collection finds: its objects were alive for long. */
function makeOldGarbage(): void {
  const old: torch.Tensor[] = [];
  for (let i = 0; i < 10; i++) old.push(block(100));
  for (let i = 0; i < 4; i++) torch.sweep();
  old.length = 0;
}

async function main(): Promise<unknown> {
  // No sweep by itself: what is collected below is so because memory ran out.
  binding.setSweepThreshold(2 ** 50);
  const kept = torch.zeros([3, 50, MIB], { dtype: 'uint8' });
  await torch.computeAsync(() => torch.ones([1]));
  limit();
  makeOldGarbage();
  const before = torch.memory().tensors;
  const make = async (size: number): Promise<torch.Tensor> =>
    where === 'compute' ? torch.computeAsync(() => block(size)) : block(size);
  const second = await make(1000);
  const after = torch.memory();
  second.dispose();

  let failure: unknown;
  try {
    await make(4000);
  } catch (error) {
    failure = error;
  }
  const { name, message, code } = failure as torch.OutOfMemoryError;
  // Life goes on.
  const sum = torch.ones([1000]).sum().item();
  return {
    before,
    after: after.tensors,
    isRangeError: failure instanceof RangeError,
    name,
    message,
    code,
    sum,
    kept: kept.numel(),
  };
}

void main().then((result) => process.stdout.write(JSON.stringify(result)));
