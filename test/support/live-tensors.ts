/**
 * Set up for every test file (jest.config.js): a test leaves no more live tensors behind than it found. What JavaScript
 * still refers to after the test counts as left behind, what is garbage does not.
 */

import { memory } from '../../lib/engine';
import { settle } from './settle';

let before = 0;

beforeEach(() => {
  settle();
  before = memory().tensors;
});

afterEach(() => {
  settle();
  const left = memory().tensors - before;
  if (left > 0) throw new Error(`${left} more tensors are alive after the test than before it`);
});
