import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { sweep } from '../../lib/engine';

setFlagsFromString('--expose-gc');
const collectAll = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

/**
 * Frees the garbage of earlier tests. The files of one jest worker share the addon: without this a sweep in the middle of a
 * test that counts live tensors may free what another file dropped.
 */
export function settle(): void {
  sweep(); // what has an owner by now can be collected
  collectAll();
  sweep();
}
