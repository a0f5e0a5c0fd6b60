/** libtorch's fused optimizer ops, which take all parameters in one pass: `torch._fused_adam_` and its neighbours. */

import { TorchError } from '../engine';
import { callOp, type Tensor, tensor } from '../tensor';
import type { Member } from './foreach';

/** Refuses what the fused ops do not take. */
export function checkFused(members: readonly Member<unknown>[]): void {
  for (const { param } of members) {
    if (param.isFloatingPoint()) continue;
    throw new TorchError(
      '`fused=True` requires all the params to be floating point Tensors of supported devices ' +
        `but one is ${param.dtype} on ${param.device}`,
    );
  }
}

/** Counts of steps as fused ops take them; one copy to the device for all. */
export function stepTensors(members: readonly Member<{ step: number }>[]): Tensor[] {
  const device = members[0]?.param.device ?? 'cpu';
  const counts = members.map(({ state }) => state.step);
  return [...tensor(counts, { dtype: 'float32', device }).unbind()];
}

/** Calls `torch._fused_…_`, which changes its lists. */
export function fused_(op: string, ...args: readonly (readonly Tensor[] | number | boolean)[]): void {
  callOp(`aten::_fused_${op}_`, args);
}
