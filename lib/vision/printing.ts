/** How transforms print: with torchvision's text. */
import { describe } from '../engine';
import { snakeCase } from '../nn/names';
import { boolRepr, floatRepr, numberRepr } from '../nn/repr';
import { Tensor } from '../tensor';

/** What of a transform is printed, in its order. Strings print as they are. */
export type Shown = object;

/**
 * Where a whole number prints as a float: Python's default is one, or Python makes one of it. Elsewhere it was most likely
 * an `int` that Python was given.
 */
const FLOATS = new Set([
  ...['p', 'degrees', 'shear', 'scale', 'ratio', 'sigma', 'alpha', 'distortionScale', 'sideRange', 'scaleRange'],
  ...['brightness', 'contrast', 'saturation', 'hue'],
  ...['minScale', 'maxScale', 'minAspectRatio', 'maxAspectRatio', 'options'],
]);

/** A list prints in brackets, whether it was a list or a tuple in Python: that cannot be known. */
export function valueRepr(value: unknown, isFloat = false): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return boolRepr(value);
  if (typeof value === 'number') return isFloat ? floatRepr(value) : numberRepr(value);
  if (Array.isArray(value)) return `[${value.map((each) => valueRepr(each, isFloat)).join(', ')}]`;
  if (value instanceof Tensor) return valueRepr(value.tolist(), value.isFloatingPoint());
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? partRepr(value) : describe(value);
}

/** A value of one of Python's enums, whose names are the values in capitals: `InterpolationMode.NEAREST_EXACT`. */
export function enumRepr(name: string, value: string): string {
  return `${name}.${value.toUpperCase().replace('-', '_')}`;
}

/** A part of a container, which may be a transform of one's own that does not say how it prints. */
export function partRepr(part: object): string {
  const { toString, constructor } = part as { toString?: unknown; constructor?: { name: string } };
  const isSaid = typeof toString === 'function' && toString !== Object.prototype.toString;
  return isSaid ? (toString as () => string).call(part) : `${constructor?.name ?? 'object'}()`;
}

/** `name=value` of each, under Python's names. */
export function attributesRepr(shown: Shown, between = ', '): string {
  return (Object.entries(shown) as [string, unknown][])
    .map(([name, value]) => `${snakeCase(name)}=${valueRepr(value, FLOATS.has(name))}`)
    .join(between);
}

/** What prints as torchvision has it. */
export abstract class Printed {
  /** What stands between the parentheses when the transform is printed. */
  extraRepr(): string {
    return attributesRepr(this.shown());
  }

  /** The transform as Python prints it. */
  toString(): string {
    return `${this.constructor.name}(${this.extraRepr()})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What is printed, in its order: all attributes, unless a class says otherwise. */
  protected shown(): Shown {
    return Object.fromEntries(Object.entries(this));
  }
}
