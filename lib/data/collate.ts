import { ArgumentError, checkList, describe, withNumThreads } from '../engine';
import { stack, tensor, Tensor, type TypedArray } from '../tensor';
import { forWorkers } from './for-workers';

/** The batch that {@link defaultCollate} makes of samples of type S. */
export type Collated<S> = S extends Tensor | ArrayBufferView | number | bigint | boolean
  ? Tensor
  : S extends string
    ? string[]
    : S extends readonly unknown[]
      ? { -readonly [K in keyof S]: Collated<S[K]> }
      : S extends object
        ? { -readonly [K in keyof S]: Collated<S[K]> }
        : unknown;

/**
 * Puts samples together along a new first dimension. (`torch.utils.data.default_collate`)
 *
 * - tensors, and typed arrays as tensors of one dimension: stacked, `[…]` → `[N, …]`
 * - numbers: a tensor `[N]`, int64 where all are integers and float64 otherwise, as Python does for int and float. A
 *   float that happens to be whole looks like an integer here: hand out a tensor where that may occur.
 * - bigints: int64; booleans: bool; strings: an array, unchanged
 * - arrays and plain objects: the same, element by element and key by key
 *
 * @throws {ArgumentError} samples of different kinds, lengths, keys or shapes, or of a kind that cannot be collated
 */
export function defaultCollate<S>(samples: readonly S[]): Collated<S> {
  checkList('defaultCollate', 'samples', samples);
  return collate(samples, 0) as Collated<S>;
}

/** What {@link defaultConvert} makes of a sample. */
export type Converted<S> = S extends Tensor
  ? Tensor
  : S extends ArrayBufferView
    ? Tensor
    : S extends readonly unknown[]
      ? { -readonly [K in keyof S]: Converted<S[K]> }
      : S extends string | number | bigint | boolean | null | undefined
        ? S
        : S extends object
          ? { -readonly [K in keyof S]: Converted<S[K]> }
          : S;

/**
 * A sample as a loader without batches hands it out: typed arrays become tensors, in arrays and plain objects too, and all
 * else stays as it is. (`torch.utils.data.default_convert`)
 *
 * @example
 * ```ts
 * console.log(torch.data.defaultConvert([7, Float32Array.of(1, 2)])); // [ 7, tensor([1., 2.]) ]
 * ```
 */
export function defaultConvert<S>(sample: S): Converted<S> {
  return convert(sample, 0) as Converted<S>;
}

function convert(sample: unknown, depth: number): unknown {
  refuseDepth(depth);
  if (isTypedArray(sample)) return tensor(sample);
  if (Array.isArray(sample)) {
    checkList('defaultConvert', 'sample', sample);
    return sample.map((each) => convert(each, depth + 1));
  }
  if (!isPlainObject(sample)) return sample;
  return Object.fromEntries(Object.entries(sample).map(([key, each]) => [key, convert(each, depth + 1)]));
}

function refuseDepth(depth: number): void {
  if (depth <= DEEPEST) return;
  throw new ArgumentError(`expected samples of at most ${DEEPEST} lists or objects in each other`, 'TORCH_VALUE');
}

/** Lists and objects in a sample go no deeper: one that holds itself has no end. */
const DEEPEST = 100;

function collate(samples: readonly unknown[], depth: number): unknown {
  refuseDepth(depth);
  const [first] = samples;
  if (first instanceof Tensor) return stackTensors(allOf(samples, isTensor));
  if (isTypedArray(first)) return stackArrays(allOf(samples, isTypedArray));
  if (typeof first === 'string') return allOf(samples, isString);
  if (typeof first === 'boolean') return tensor(allOf(samples, isBoolean));
  if (typeof first === 'number') return collateNumbers(allOf(samples, isNumber));
  if (typeof first === 'bigint') return tensor(allOf(samples, isBigInt), { dtype: 'int64' });
  if (Array.isArray(first)) return collateArrays(allOf(samples, isArray), depth);
  if (isPlainObject(first)) return collateObjects(allOf(samples, isPlainObject), depth);
  throw new ArgumentError(
    `expected samples of tensors, numbers, strings, arrays or plain objects, received ${describe(first)}`,
  );
}

function stackTensors(tensors: readonly Tensor[]): Tensor {
  const shape = tensors[0]?.shape.join();
  const other = tensors.findIndex((each) => each.shape.join() !== shape);
  if (other > 0) {
    throw new ArgumentError(
      `expected tensors of one shape, received ${describe(tensors[0])} first and ${describe(tensors[other])} as sample ` +
        `${other} of the batch`,
      'TORCH_VALUE',
    );
  }
  return withNumThreads(1, () => stack(tensors));
}

function stackArrays(arrays: readonly TypedArray[]): Tensor {
  const tensors = arrays.map((array) => tensor(array));
  const stacked = stackTensors(tensors);
  for (const each of tensors) each.dispose();
  return stacked;
}

function collateNumbers(numbers: readonly number[]): Tensor {
  const integers = numbers.every((number) => Number.isSafeInteger(number) && !Object.is(number, -0));
  return tensor(numbers, { dtype: integers ? 'int64' : 'float64' });
}

function collateArrays(samples: readonly (readonly unknown[])[], depth: number): unknown[] {
  for (const sample of samples) checkList('defaultCollate', 'samples', sample);
  const length = samples[0]?.length ?? 0;
  const other = samples.find((sample) => sample.length !== length);
  if (other) {
    throw new ArgumentError(`expected arrays of one length, received ${length} and ${other.length}`, 'TORCH_VALUE');
  }
  return Array.from({ length }, (_, at) =>
    collate(
      samples.map((sample) => sample[at]),
      depth + 1,
    ),
  );
}

function collateObjects(samples: readonly Record<string, unknown>[], depth: number): Record<string, unknown> {
  const keys = Object.keys(samples[0] ?? {});
  const other = samples.find(
    (sample) => Object.keys(sample).length !== keys.length || keys.some((key) => !(key in sample)),
  );
  if (other) {
    throw new ArgumentError(
      `expected objects of the same keys, received { ${keys.join(', ')} } and { ${Object.keys(other).join(', ')} }`,
      'TORCH_VALUE',
    );
  }
  return Object.fromEntries(
    keys.map((key) => [
      key,
      collate(
        samples.map((sample) => sample[key]),
        depth + 1,
      ),
    ]),
  );
}

function allOf<T>(samples: readonly unknown[], is: (sample: unknown) => sample is T): T[] {
  const other = samples.findIndex((sample) => !is(sample));
  if (other < 0) return samples as T[];
  throw new ArgumentError(
    `expected samples of one kind, received ${describe(samples[0])} first and ${describe(samples[other])} as sample ` +
      `${other} of the batch`,
  );
}

const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isBigInt = (value: unknown): value is bigint => typeof value === 'bigint';
const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isTypedArray = (value: unknown): value is TypedArray => ArrayBuffer.isView(value) && !(value instanceof DataView);

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of any realm: its prototype is the end of the chain.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

forWorkers(__filename, { defaultCollate, defaultConvert });
