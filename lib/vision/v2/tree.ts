/** Samples taken apart and put together again: what `torch.utils._pytree` is for torchvision. */
import { checkList, valueError } from '../../engine';
import { isDecodedImage } from '../decoded-image';

/** A sample's parts in order, and the way back from as many others. */
export interface Tree {
  readonly leaves: readonly unknown[];
  readonly rebuild: (leaves: readonly unknown[]) => unknown;
}

type Builder = (next: () => unknown) => unknown;

/** Deeper ones are taken for samples that hold themselves. */
const DEEPEST = 100;

/** Takes arrays, plain objects and Maps apart, however they are nested; all else is a part. */
export function flatten(sample: unknown): Tree {
  const leaves: unknown[] = [];
  const build = take(sample, leaves, 0);
  return {
    leaves,
    rebuild: (others) => {
      let at = 0;
      return build(() => others[at++]);
    },
  };
}

function take(value: unknown, leaves: unknown[], depth: number): Builder {
  if (depth > DEEPEST) throw valueError(`expected a sample nested at most ${DEEPEST} deep; does it hold itself?`);
  const children = (values: readonly unknown[]): Builder[] => values.map((child) => take(child, leaves, depth + 1));
  if (Array.isArray(value)) {
    checkList('forward', 'inputs', value);
    const builders = children(value);
    return (next) => builders.map((build) => build(next));
  }
  if (value instanceof Map) {
    const keys = [...value.keys()] as unknown[];
    const builders = children([...value.values()]);
    return (next) => new Map(builders.map((build, k) => [keys[k], build(next)]));
  }
  if (isPlainObject(value) && !isDecodedImage(value)) {
    const keys = Object.keys(value);
    const builders = children(Object.values(value));
    return (next) => Object.fromEntries<unknown>(builders.map((build, k) => [keys[k] as string, build(next)]));
  }
  leaves.push(value);
  return (next) => next();
}

/** An object literal of whichever realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
