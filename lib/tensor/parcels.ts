/** Tensors on their way to another worker thread: what crosses is a token, the memory stays where it is. */

import { asCallOf, binding } from '../engine';
import { adopt } from './dispatch';
import type { Tensor } from './tensor';

/** @internal For the tensors that this thread and another one send each other. This one must close it when the other ends. */
export function openParcelGroup(): number {
  return binding.openParcelGroup();
}

/** @internal Frees what was sent in this group and is neither claimed nor taken. */
export function closeParcelGroup(group: number): void {
  binding.closeParcelGroup(group);
}

/**
 * @internal Lays a tensor ready for the group's other thread, which gets one of its own on the same memory. Memory of a
 * JavaScript buffer is copied: it ends with its thread.
 *
 * @returns the token, good for one {@link takeTensor}
 * @throws ArgumentError where it requires a gradient and is no leaf
 */
export function sendTensor(tensor: Tensor, group: number): number {
  try {
    return binding.sendTensor(tensor.handle, group);
  } catch (error) {
    throw asCallOf(error, 'sendTensor', [tensor]);
  }
}

/** @internal What was sent waits for this thread from now on, even if its group is closed. */
export function claimTensor(token: number): void {
  binding.claimTensor(token);
}

/** @internal The tensor that another thread sent. */
export function takeTensor(token: number): Tensor {
  return adopt<Tensor>(binding.takeTensor(token));
}

/** @internal Frees what was sent and will not be taken; nothing where it was. */
export function dropTensor(token: number): void {
  binding.dropTensor(token);
}

/** @internal From here on this thread draws from a generator of its own and computes alone, as a process of its own would. */
export function workAlone(seed: bigint): void {
  binding.ownGenerator(BigInt.asUintN(64, seed));
  binding.useOneThread();
}
