/** The momentum that cyclic schedules move against the rate. */

import { valueError } from '../../engine';
import type { AnyOptimizer } from '../optimizer';
import type { ScheduledGroup } from './base';

/** Whether the momentum is the first of `betas`; refuses an optimizer that has neither. */
export function momentumIsBeta(optimizer: AnyOptimizer): boolean {
  if ('betas' in optimizer.defaults) return true;
  if ('momentum' in optimizer.defaults) return false;
  throw valueError('optimizer must support momentum or beta1 with `cycle_momentum` option enabled');
}

/** Sets a group's momentum. */
export function setMomentum(group: ScheduledGroup, momentum: number, isBeta: boolean): void {
  if (isBeta) group.betas = [momentum, ...(group.betas ?? []).slice(1)];
  else group.momentum = momentum;
}
