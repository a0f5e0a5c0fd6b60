/** Draws by the kernel that the environment chose, in a process of its own; prints which, and the bits of the draws. */

import { createHash } from 'node:crypto';
import { libraryInfo } from '../../lib/engine';
import { dropout } from '../../lib/nn/functional';
import { empty, getRngState, manualSeed, ones } from '../../lib/tensor';

manualSeed(1);
const hash = createHash('sha256');
for (let i = 1; i <= 40; i++) {
  hash.update(
    empty([7 * i * i])
      .bernoulli_(i / 41)
      .toBytes(),
  );
  hash.update(dropout(ones([i, 50]), i / 41).toBytes());
}
hash.update(getRngState().toBytes());
console.log(JSON.stringify({ blockwise: libraryInfo().blockwiseBernoulli, bits: hash.digest('hex') }));
