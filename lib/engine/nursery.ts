/**
 * Young tensors and their owners. The native table frees a tensor after its owner was collected, which it learns by a weak
 * reference; but making and deleting one takes a fifth of the time of a small op, and most tensors are freed by a scope, or
 * by hand, before anybody asks. So the owners of the last few thousand tensors are held here, strongly, and get their weak
 * reference when a sweep is due or the nursery is full, if their tensor is still alive by then.
 */

import type { Handle } from './binding';
import { collectors } from './collector';
import { binding } from './gate';
import type { TensorBase } from './tensor-base';

/** Many, so that few of a scope's tensors are weaned; few, so that what V8 moves about for them is nothing. */
const CAPACITY = 2048;

const handles = new Float64Array(CAPACITY);
const owners: (TensorBase | null)[] = new Array<null>(CAPACITY).fill(null);
let count = 0;

/** Leaves the owners to V8's collector. */
function wean(): void {
  binding.adopt(handles, owners, count);
  owners.fill(null, 0, count);
  count = 0;
}

/** Makes `owner` the owner of the tensor of its handle. To be called right after the native call that made the tensor. */
export function remember(owner: TensorBase, handle: Handle): void {
  handles[count] = handle;
  owners[count] = owner;
  if (++count === CAPACITY) wean();
}

const collect = collectors();

/** Has the addon call this nursery when it sweeps. */
export function serveSweeps(): void {
  binding.setCollectors(
    () => {
      wean();
      collect.young();
    },
    () => {
      wean();
      collect.all();
    },
  );
}

serveSweeps();
