/** `Tensor.to` and its like: what its arguments ask for, and the one op that does it. */

import { ArgumentError, asCallOf, checkOptions, describe, TensorBase } from '../engine';
import { callOp } from './dispatch';
import { type Device, type DType, isDType, type MemoryFormat } from './dtype';
import type { Tensor } from './tensor';

/** Options of {@link Tensor.to}. */
export interface ToOptions {
  /** Dtype of the result; by default the tensor's own. */
  dtype?: DType;
  /** Device of the result; by default the tensor's own. */
  device?: Device;
  /** Does not wait for a copy between pinned memory and a GPU. */
  nonBlocking?: boolean;
  /** Copies even where nothing would change. */
  copy?: boolean;
  /** The order in which the result's elements lie; by default the tensor's own. */
  memoryFormat?: MemoryFormat;
}

const TO_OPTIONS = ['dtype', 'device', 'nonBlocking', 'copy', 'memoryFormat'] as const;

/** What may stand behind the first argument of `to`. */
export type ToArgument = DType | boolean | ToOptions | null | undefined;

/** Reads the arguments of `to`, in any of its forms. */
export function conversionOf(target: ToOptions | DType | Device | Tensor, rest: ToArgument[]): ToOptions {
  const options: ToOptions = {};
  if (target instanceof TensorBase) {
    options.dtype = target.dtype;
    options.device = target.device;
  } else if (isDType(target)) options.dtype = target;
  else if (typeof target === 'string') {
    options.device = target;
    if (!(typeof rest[0] === 'object' && rest[0] !== null))
      options.dtype = (rest.shift() ?? undefined) as DType | undefined;
  } else {
    checkOptions('to', target, TO_OPTIONS);
    Object.assign(options, target);
  }
  const flags = ['nonBlocking', 'copy'] as const;
  for (const [index, value] of rest.entries()) {
    const flag = flags[index];
    if (typeof value === 'object' && value !== null) {
      checkOptions('to', value, TO_OPTIONS);
      Object.assign(options, value);
    } else if (flag !== undefined && typeof value === 'boolean') options[flag] = value;
    else if (value !== undefined) {
      throw new ArgumentError(`to(): expected a boolean or options, received ${describe(value)}`);
    }
  }
  return options;
}

/** `tensor` with another dtype or on another device; itself where nothing changes. */
export function convert(tensor: Tensor, { dtype, device, nonBlocking, copy, memoryFormat }: ToOptions): Tensor {
  if (dtype !== undefined && !isDType(dtype)) {
    throw new ArgumentError(`to(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
  }
  const changes =
    copy === true ||
    memoryFormat !== undefined ||
    (dtype !== undefined && dtype !== tensor.dtype) ||
    (device !== undefined && device !== tensor.device);
  if (!changes) return tensor;
  const flags = [nonBlocking ?? false, copy ?? false, memoryFormat];
  try {
    return callOp<Tensor>('aten::to.dtype_layout', [tensor, dtype, undefined, device, undefined, ...flags]);
  } catch (error) {
    throw asCallOf(error, 'to', [tensor, { dtype, device, nonBlocking, copy, memoryFormat }]);
  }
}
