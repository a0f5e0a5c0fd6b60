/**
 * Set up for every test file (jest.config.js), at work in the folders below: a test leaves no more live tensors behind than it
 * found. What JavaScript still refers to after the test counts as left behind, what is garbage does not.
 */

import { setImmediate, setTimeout } from 'node:timers/promises';

import type * as Engine from '../../lib/engine';
import type * as Settle from './settle';

/** Folders whose tests own all that they make. Elsewhere tests share models and data sets on purpose. */
const COUNTED = /[\\/]test[\\/](autograd|engine|metrics|nn|tensor)[\\/]/;

/**
 * Hooks and custom functions whose closures refer to the tensors that they hang on, a cycle that no collector sees
 * (docs/autograd.md), and tests that hold on to errors thrown out of calls on tensors.
 */
const CYCLES = /[\\/](autograd[\\/](function|gradcheck|hooks)|engine[\\/]errors|nn[\\/]hooks)\.test/;

/**
 * How long after a test its garbage may still be alive. V8 compiles hot functions on threads of its own, and a job holds the
 * objects that its function refers to until it is done and the event loop has come round to it: on a loaded machine that
 * takes many milliseconds. A leak stays for good.
 */
const PATIENCE_MILLISECONDS = 2000;

const testPath = expect.getState().testPath ?? '';
if (COUNTED.test(testPath) && !CYCLES.test(testPath)) {
  let before = 0;
  const alive = (): number => {
    // Not imported above: the other tests, those of the build among them, must not need the addon.
    const { memory } = jest.requireActual<typeof Engine>('../../lib/engine');
    const { settle } = jest.requireActual<typeof Settle>('./settle');
    settle();
    return memory().tensors;
  };

  beforeEach(() => {
    before = alive();
  });

  afterEach(async () => {
    // A WeakRef keeps its target until the job ends in which it was made or read.
    await setImmediate();
    let left = alive() - before;
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    for (let pause = 1; left > 0 && performance.now() < deadline; pause *= 2) {
      await setTimeout(pause);
      left = alive() - before;
    }
    if (left > 0) throw new Error(`${left} more tensors are alive after the test than before it`);
  });
}
