/** `t[…]` and `t[…] = value` of Python; follows torch/csrc/autograd/python_variable_indexing.cpp. */

import { ArgumentError, asCallOf, describe, IndexError, TensorBase } from '../engine';
import { flatten, inferDType, type NestedData } from './data';
import { callOp, method } from './dispatch';
import { isIntegerDType } from './dtype';
import { tensorOf } from './from-data';
import type { Tensor } from './tensor';

/** A range of a dimension. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number,
  ) {}
}

/**
 * The range `start:stop:step` of a dimension; null and what is left out stand for the ends. `slice()` is `:`, `slice(2)`
 * is `2:`, `slice(null, 2)` is `:2`. Negative numbers count from the end.
 *
 * @example
 * ```ts
 * const x = torch.arange(6);
 * console.log(x.at(torch.slice(1, null, 2))); // tensor([1, 3, 5])
 * ```
 */
export function slice(start: number | null = null, stop: number | null = null, step = 1): Slice {
  for (const [name, value] of Object.entries({ start, stop, step })) {
    if (value !== null && !Number.isSafeInteger(value)) {
      throw new ArgumentError(`slice(): expected an integer for argument \`${name}\`, received ${describe(value)}`);
    }
  }
  if (step <= 0) throw new ArgumentError('slice(): step must be greater than zero', 'TORCH_VALUE');
  return new Slice(start, stop, step);
}

/** Nested lists of integers, booleans or tensors of one, which stand for the tensor of them. */
export type IndexList = readonly (number | boolean | IndexList)[];

/**
 * What may stand between the brackets of Python: an integer, {@link slice}, null (a new dimension), `'...'` (all
 * dimensions that are not named), a boolean, a tensor of integers or booleans, or a list of those.
 */
export type Index = number | Slice | null | '...' | boolean | Tensor | IndexList | readonly Tensor[];

/** Through the planned call, which is the faster one: `t.at(0)` is the most frequent index of all. */
const selectPlanned = method('select', 'at') as (this: Tensor, dim: number, index: number) => Tensor;
const select = (tensor: Tensor, dim: number, index: number): Tensor => selectPlanned.call(tensor, dim, index);
const unsqueeze = (tensor: Tensor, dim: number): Tensor => callOp('aten::unsqueeze', [tensor, dim]);

/** An index that selects its new dimension of one element, or nothing of it. */
function booleanIndex(value: boolean): Tensor {
  return tensorOf(value ? [0] : [], 'int64', [value ? 1 : 0]);
}

function checkedSelect(tensor: Tensor, dim: number, index: number, position: number): Tensor {
  const { shape } = tensor;
  if (position === 0 && shape.length === 0) {
    throw new IndexError('invalid index of a 0-dim tensor. Use `tensor.item()` to convert it to a number');
  }
  const size = shape[dim] ?? 0;
  if (index < -size || index >= size) {
    throw new IndexError(`index ${index} is out of bounds for dimension ${position} with size ${size}`);
  }
  return select(tensor, dim, index);
}

/** `self[index]`, the most frequent index of all. Sizes are looked at only where libtorch refuses, for Python's message. */
export function selectFirst(self: Tensor, index: number): Tensor {
  try {
    return select(self, 0, index);
  } catch {
    return indexGet(self, [index]);
  }
}

/** Its elements choose, one by one; of other index tensors they are positions. */
const isMask = ({ dtype }: Tensor): boolean => dtype === 'bool' || dtype === 'uint8';

/** Dimensions that an index names. */
function dimensionsOf(index: Index): number {
  if (index === null || index === '...' || typeof index === 'boolean') return 0;
  if (!(index instanceof TensorBase)) return 1;
  return isMask(index) ? index.dim() : 1;
}

/** `:` among other indices makes no view of its own. */
function isWhole({ start, stop, step }: Slice, size: number): boolean {
  return step === 1 && (start === null || start === 0 || start <= -size) && (stop === null || stop >= size);
}

interface Applied {
  /** The view that integers, slices and new dimensions make. */
  readonly view: Tensor;
  /** Index tensors by dimension of the view. */
  readonly indices: (Tensor | null)[];
}

/** Lists become tensors; everything that cannot index is refused. */
function normalise(index: unknown, temporary: Tensor[]): Exclude<Index, readonly unknown[]> {
  if (Array.isArray(index)) {
    const { shape, elements } = flatten(index);
    const inferred = elements.length === 0 ? 'int64' : inferDType(elements);
    const dtype = isIntegerDType(inferred) ? 'int64' : inferred;
    if (dtype !== 'int64' && dtype !== 'bool') {
      throw new IndexError(
        `tensors used as indices must be long, int, byte or bool tensors, received ${describe(index)}`,
      );
    }
    const made = tensorOf(elements, dtype, shape);
    temporary.push(made);
    return made;
  }
  const valid =
    index === null ||
    index === '...' ||
    typeof index === 'boolean' ||
    index instanceof Slice ||
    index instanceof TensorBase ||
    (typeof index === 'number' && Number.isSafeInteger(index));
  if (valid) return index as Exclude<Index, readonly unknown[]>;
  throw new IndexError(
    'only integers, slices (`slice()`), ellipsis (`...`), null, booleans, and integer or boolean tensors are valid ' +
      `indices, received ${describe(index)}`,
  );
}

function free(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}

/** Applies all but index tensors. What is made on the way goes into `temporary`, to be freed after use. */
function apply(self: Tensor, given: readonly Index[], temporary: Tensor[]): Applied {
  // Not map(), which passes over holes.
  const parts = Array.from(given, (index) => normalise(index, temporary));
  const specified = parts.reduce((count: number, index) => count + dimensionsOf(index), 0);
  const rank = self.dim();
  const integerOfScalar = rank === 0 && typeof parts[0] === 'number';
  if (specified > rank && !integerOfScalar) throw new IndexError(`too many indices for tensor of dimension ${rank}`);
  let view = self;
  let dim = 0;
  const indices: (Tensor | null)[] = [];
  const advance = (next: Tensor): void => {
    if (view !== self) temporary.push(view);
    view = next;
  };
  // The index op counts a mask of several dimensions as one index, so the list may be shorter than `dim`.
  const record = (index: Tensor): void => {
    if (indices.length === 0) indices.push(...Array.from({ length: dim }, () => null));
    indices.push(index);
    dim += isMask(index) ? index.dim() : 1;
  };
  const skip = (count: number): void => {
    if (indices.length > 0) indices.push(...Array.from({ length: count }, () => null));
    dim += count;
  };
  const recordBoolean = (value: boolean): void => {
    advance(unsqueeze(view, dim));
    const index = booleanIndex(value);
    temporary.push(index);
    record(index);
  };
  // Python names a dimension in errors by the place of its index.
  for (const [position, index] of parts.entries()) {
    if (index === null) {
      advance(unsqueeze(view, dim));
      skip(1);
    } else if (index === '...') skip(rank - specified);
    else if (typeof index === 'number') {
      advance(checkedSelect(view, dim, index, position));
    } else if (typeof index === 'boolean') recordBoolean(index);
    else if (index instanceof Slice) {
      const { start, stop, step } = index;
      if (parts.length === 1 || !isWhole(index, view.shape[dim] ?? 0))
        advance(callOp('aten::slice.Tensor', [view, dim, start, stop, step]));
      skip(1);
    } else if (index.dim() > 0 || !/^(u?int|bool)/.test(index.dtype)) record(index);
    else if (isMask(index)) recordBoolean(index.item() !== 0);
    else {
      advance(checkedSelect(view, dim, index.item(), position));
    }
  }
  return { view, indices };
}

/** `self[indices]`: a view, unless an index is a tensor, a list or a boolean. */
export function indexGet(self: Tensor, given: readonly Index[]): Tensor {
  const temporary: Tensor[] = [];
  try {
    const { view, indices } = apply(self, given, temporary);
    if (indices.length === 0) return view === self ? callOp('aten::alias', [self]) : view;
    if (view !== self) temporary.push(view);
    return callOp<Tensor>('aten::index.Tensor', [view, indices]);
  } catch (error) {
    throw asCallOf(error, 'at', [self, ...given]);
  } finally {
    free(temporary);
  }
}

/** Leading dimensions of one element do not hinder an assignment. */
function withoutLeadingOnes(shape: readonly number[]): readonly number[] {
  const first = shape.findIndex((size) => size !== 1);
  return first === -1 ? [] : shape.slice(first);
}

function checkScalar(value: unknown): void {
  const isNumber = ['number', 'bigint', 'boolean'].includes(typeof value);
  if (isNumber || (typeof value === 'object' && value !== null && 're' in value && 'im' in value)) return;
  throw new ArgumentError(
    `setAt(): expected a number, bigint, boolean, { re, im }, nested lists of them or a tensor for argument \`value\`, ` +
      `received ${describe(value)}`,
  );
}

/** `self[indices] = value` */
export function indexPut(self: Tensor, given: readonly Index[], value: Tensor | NestedData): void {
  const temporary: Tensor[] = [];
  try {
    const { view, indices } = apply(self, given, temporary);
    if (view !== self) temporary.push(view);
    let source: Tensor;
    if (value instanceof TensorBase) source = value;
    else if (Array.isArray(value)) {
      const { shape, elements } = flatten(value);
      source = tensorOf(elements, self.dtype, shape);
      temporary.push(source);
      if (self.device !== 'cpu') {
        source = source.to({ device: self.device });
        temporary.push(source);
      }
    } else {
      checkScalar(value);
      source = callOp<Tensor>('aten::scalar_tensor', [value, self.dtype, undefined, self.device]);
      temporary.push(source);
    }
    const { shape } = source;
    if (indices.length === 0 && shape.length === 0 && source.device === 'cpu' && view.dim() > 0) {
      callOp('aten::fill_.Tensor', [view, source]);
      return;
    }
    const trimmed = withoutLeadingOnes(shape);
    const fits = indices.length === 0 && shape.join() === view.shape.join();
    if (!fits && trimmed.length !== shape.length) {
      source = callOp<Tensor>('aten::view', [source, trimmed]);
      temporary.push(source);
    }
    if (indices.length === 0) callOp('aten::copy_', [view, source]);
    else callOp('aten::index_put_', [view, indices, source]);
  } catch (error) {
    throw asCallOf(error, 'setAt', [self, given, value]);
  } finally {
    free(temporary);
  }
}
