/** libtorch's fused optimizer ops, which take all parameters in one pass: `torch._fused_adam_` and its neighbours. */

import { TorchError } from '../engine';
import { callOp, Tensor, tensor } from '../tensor';
import type { Member } from './foreach';
import type { Num } from './python-number';
import { nextCount } from './state-dict';

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

/** What a gradient scaler leaves to a step by fused ops, which divide the gradients and leave out infinite ones themselves. */
export interface GradientScaling {
  /** What the gradients are to be divided by; null where that was done already. */
  readonly gradScale: Tensor | null;
  /** 1 where one is infinite or NaN: nothing is updated then. */
  readonly foundInf: Tensor;
}

/**
 * Calls `torch._fused_…_`, which changes its lists.
 *
 * @param args a tensor among them is the learning rate
 * @param scaling is the op's own last pair of arguments
 */
export function fused_(
  op: string,
  args: readonly (readonly Tensor[] | Num | boolean)[],
  scaling: GradientScaling | null,
): void {
  const device = (args[0] as readonly Tensor[])[0]?.device ?? 'cpu';
  const here = (tensor: Tensor | null): Tensor | null => tensor?.to({ device, nonBlocking: true }) ?? null;
  // A rate on the CPU stays there: the ops read its value.
  const moved = args.map((arg) => (arg instanceof Tensor && arg.device !== 'cpu' ? here(arg) : arg));
  const overload = args.some((arg) => arg instanceof Tensor) ? '.tensor_lr' : '';
  const last = [here(scaling?.gradScale ?? null), here(scaling?.foundInf ?? null)];
  callOp(`aten::_fused_${op}_${overload}`, [...moved, ...last]);
}

/** Counts a step before its fused op, and takes back afterwards what the op left out. */
export function counted(
  members: readonly Member<{ step: number }>[],
  scaling: GradientScaling | null,
  update: () => void,
): void {
  for (const { state } of members) state.step = nextCount(state.step);
  update();
  const leftOut = scaling?.foundInf.item() ?? 0;
  if (leftOut !== 0) for (const { state } of members) state.step -= leftOut;
}
