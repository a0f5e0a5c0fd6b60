/** What transforms ask of the parts of a sample. */
import { ArgumentError, describe, valueError } from '../../engine';
import { Tensor } from '../../tensor';
import { checkFill, type Fill } from '../kernels/arguments';
import type { Canvas } from '../kernels/grid';
import type { Dimensions } from '../kernels/image';
import { BoundingBoxes, Image, TVTensor } from '../tv-tensors';
import { isPureTensor } from './functional/dispatch';
import { getDimensions, getSize } from './functional/meta';
import { isPlainObject } from './tree';

/** A plain tensor or an Image: what colours are changed of. */
export function isImage(value: unknown): value is Tensor {
  return value instanceof Image || isPureTensor(value);
}

/** The one size of all; refuses none, and several. */
function only<T extends readonly number[]>(sizes: readonly T[], what: string, missing: string): T {
  const [size] = sizes;
  if (size === undefined) throw new ArgumentError(`expected ${missing} in the sample, received none`);
  const other = sizes.find((another) => another.some((side, k) => side !== size[k]));
  if (other === undefined) return size;
  throw valueError(`expected one ${what} in the sample, received ${describe(size)} and ${describe(other)}`);
}

/** Channels, height and width of the images (`query_chw`). */
export function queryChw(inputs: readonly unknown[]): Dimensions {
  const sizes = inputs.filter(isImage).map(getDimensions);
  const [channels, height, width] = only(sizes, 'size [C, H, W]', 'an image');
  return { channels, height, width };
}

/** Height and width of the images, the masks and the boxes (`query_size`). */
export function querySize(inputs: readonly unknown[]): Canvas & Dimensions {
  const tensors = inputs.filter((input): input is Tensor => input instanceof Tensor);
  const [height, width] = only(tensors.map(getSize), 'size [H, W]', 'an image, a mask or boxes');
  return { channels: 1, height, width };
}

/** The kinds of tensors, by the names of their classes; a plain one is a Tensor. */
export type Kind = 'Tensor' | 'Image' | 'Mask' | 'BoundingBoxes';

/** One value for all kinds, or one for each, `others` for those without one. */
export type ByKind<T> = Readonly<Partial<Record<Kind | 'others', T>>>;

const KINDS: readonly string[] = ['Tensor', 'Image', 'Mask', 'BoundingBoxes', 'others'];

/** Refuses other names than those of kinds. */
export function checkKinds(callee: string, argument: string, values: object): void {
  const unknown = Object.keys(values).find((key) => !KINDS.includes(key));
  if (unknown === undefined) return;
  throw valueError(`${callee}(): expected some of ${KINDS.join(', ')} in \`${argument}\`, received \`${unknown}\``);
}

/** The kind of a tensor. Of a class of one's own, the kind that it is derived from. */
function kindOf(tensor: Tensor): Kind {
  if (!(tensor instanceof TVTensor)) return 'Tensor';
  return tensor instanceof Image ? 'Image' : tensor instanceof BoundingBoxes ? 'BoundingBoxes' : 'Mask';
}

/** The value for the kind of a tensor; undefined where there is none. */
export function forKind<T>(values: ByKind<T>, tensor: Tensor): T | undefined {
  const kind = kindOf(tensor);
  return kind in values ? values[kind] : values.others;
}

/**
 * Arguments of which the last may be an object by kinds, which is a value and not the options: options that say nothing are
 * put behind it.
 */
export function behindKinds(args: readonly unknown[]): readonly unknown[] {
  const last = args.at(-1);
  if (!isPlainObject(last)) return args;
  const names = Object.keys(last);
  return names.length > 0 && names.every((name) => KINDS.includes(name)) ? [...args, {}] : args;
}

/** What fills places that no pixel comes to: for all kinds, or for each. */
export type FillByKind = Fill | ByKind<Fill>;

/** Reads a fill. */
export function fillsOf(callee: string, fill: FillByKind): ByKind<Fill> {
  if (!isPlainObject(fill)) {
    checkFill(callee, fill);
    return { others: fill };
  }
  checkKinds(callee, 'fill', fill);
  for (const value of Object.values(fill)) checkFill(callee, value);
  return { ...fill };
}

/** The fill for a tensor; null where there is none. */
export function fillFor(fills: ByKind<Fill>, tensor: Tensor): Fill {
  return forKind(fills, tensor) ?? null;
}

/** Finds the labels in a sample: by itself, by a function, or not at all. */
export type LabelsGetter = 'default' | ((sample: unknown) => unknown) | null;

/** Reads how labels are found. */
export function labelsGetterOf(callee: string, getter: LabelsGetter): (sample: unknown) => unknown {
  if (getter === 'default') return findLabels;
  if (getter === null) return () => null;
  if (typeof getter === 'function') return getter;
  throw valueError(
    `${callee}(): expected 'default', a function or null for argument \`labelsGetter\`, received ${describe(getter)}`,
  );
}

/** In a pair the second; of an object what is called labels, or else has label in its name. */
function findLabels(sample: unknown): unknown {
  const inner: unknown = Array.isArray(sample) ? sample[1] : sample;
  if (isPureTensor(inner)) return inner;
  if (!isPlainObject(inner) && !(inner instanceof Map)) {
    throw valueError(
      `expected a sample { labels, ... } or [input, { labels, ... }] or [input, labels], received ${describe(sample)}`,
    );
  }
  const entries: [unknown, unknown][] = inner instanceof Map ? [...inner] : Object.entries(inner);
  const named = (test: (key: string) => boolean): [unknown, unknown] | undefined =>
    entries.find(([key]) => typeof key === 'string' && test(key.toLowerCase()));
  const found = named((key) => key === 'labels') ?? named((key) => key.includes('label'));
  if (found !== undefined) return found[1];
  throw valueError('expected labels in the sample: give `labelsGetter`, or null for it where there are none');
}
