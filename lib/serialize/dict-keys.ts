/**
 * Which dicts are plain objects in JavaScript. One that is must be written as the same dict again, so the rule is the same in
 * both directions: its keys are strings, or ints from 0 on. JavaScript has only strings for keys of objects, and takes `"7"`
 * and `7` for the same one; here it stands for the int.
 */

import type { Complex } from '../tensor';

/** Keys of this form come first in an object, in ascending order. */
const INTEGER = /^(?:0|[1-9]\d{0,8})$/;

/** A key of an object as the key of a dict. */
export function keyInPython(key: string): string | number {
  return INTEGER.test(key) ? Number(key) : key;
}

/** An object with these keys is written as a dict with these keys. */
export function fitsObject(keys: Iterable<unknown>): boolean {
  const names = new Set<string>();
  for (const key of keys) {
    if (typeof key !== 'string' && typeof key !== 'number') return false;
    const name = String(key);
    // What an object calls `__proto__` is not a property.
    if (keyInPython(name) !== key || Object.is(key, -0) || name === '__proto__') return false;
    names.add(name);
  }
  return !(names.size === 2 && names.has('re') && names.has('im'));
}

/** A complex number, as the elements of tensors are: an object with exactly these two numbers. */
export function isComplex(value: object): value is Complex {
  const keys = Object.keys(value);
  if (keys.length !== 2 || !('re' in value) || !('im' in value)) return false;
  return typeof value.re === 'number' && typeof value.im === 'number';
}
