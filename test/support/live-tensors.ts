/**
 * Set up for every test file (jest.config.js): a test leaves no more live tensors behind than it found. What JavaScript
 * still refers to after the test counts as left behind, what is garbage does not.
 *
 * A test that makes a cycle through native code on purpose, a hook whose closure holds the tensor that it hangs on
 * (docs/autograd.md), removes the hook at its end. In V8 all closures of one block share the variables that any of them
 * uses, so that a hook may hold more than it names.
 */

import { setImmediate, setTimeout } from 'node:timers/promises';

import type * as Engine from '../../lib/engine';
import type * as Settle from './settle';

/** Folders whose tests share models and data sets on purpose: each file is counted as a whole. */
const BY_FILE = /[\\/]test[\\/](data|models|ops|optim|oracle|parity|serialize|train|vision)[\\/]/;

/** Tests of what surrounds the addon, which must not need it: installing, the command line, the documents, the types. */
const WITHOUT_ADDON = /[\\/]test[\\/](cli|cuda|docs|fuzz|native|scripts|types)[\\/]/;

/**
 * How long after a test its garbage may still be alive. V8 compiles hot functions on threads of its own, and a job holds the
 * objects that its function refers to until it is done and the event loop has come round to it: on a loaded machine that
 * takes many milliseconds. A leak stays for good.
 */
const PATIENCE_MILLISECONDS = 2000;

let before = 0;

function alive(): number {
  // Not imported above: the tests of the build, for one, must not need the addon.
  const { memory } = jest.requireActual<typeof Engine>('../../lib/engine');
  const { settle } = jest.requireActual<typeof Settle>('./settle');
  settle();
  return memory().tensors;
}

function remember(): void {
  before = alive();
}

async function compare(): Promise<void> {
  // A WeakRef keeps its target until the job ends in which it was made or read.
  await setImmediate();
  let left = alive() - before;
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (let pause = 1; left > 0 && performance.now() < deadline; pause *= 2) {
    await setTimeout(pause);
    left = alive() - before;
  }
  if (left > 0) throw new Error(`${left} more tensors are alive after the test than before it`);
}

const testPath = expect.getState().testPath ?? '';
if (BY_FILE.test(testPath)) {
  beforeAll(remember);
  afterAll(compare);
} else if (!WITHOUT_ADDON.test(testPath)) {
  beforeEach(remember);
  afterEach(compare);
}
