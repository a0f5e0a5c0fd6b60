import { InvalidArgumentError } from 'commander';

import type { Device } from '../tensor';
import type { ProgressiveStage } from '../train/choices';
import { didYouMean } from '../train/spelling';
import { decimal } from '../train/typed-options';

/** Parser of a whole number in `[least, most]`, for an option's argument. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** Parser of a finite number above zero. */
export function positiveNumber(text: string): number {
  const value = decimal(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Parser of a finite number of at least zero. */
export function notNegative(text: string): number {
  const value = decimal(text);
  if (value >= 0 && value < Infinity) return value;
  throw new InvalidArgumentError('Expected a number of at least 0.');
}

/** Parser of `1,0.5,2`. */
export function numbers(text: string): number[] {
  const values = text.split(',').map(decimal);
  if (values.every((value) => value >= 0 && value < Infinity)) return values;
  throw new InvalidArgumentError('Expected numbers of at least 0, such as 1,0.5,2.');
}

/** Parser of `0.4:64,0.7:96`. */
export function stages(text: string): ProgressiveStage[] {
  const found = text.split(',').map((part) => {
    const [share = '', side = '', ...rest] = part.split(':');
    return { untilEpochShare: decimal(share), imageSize: /^\d+$/.test(side) && rest.length === 0 ? Number(side) : NaN };
  });
  const isStage = ({ untilEpochShare: share, imageSize }: ProgressiveStage): boolean =>
    share > 0 && share <= 1 && imageSize >= 1;
  if (found.every(isStage)) return found;
  throw new InvalidArgumentError('Expected shares of the epochs and sides of the images, such as 0.4:64,0.7:96.');
}

/** Parser of a number in `[0, 1]`. */
export function fraction(text: string): number {
  const value = decimal(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

/** Parser of a number in `(0, 1]`. */
export function share(text: string): number {
  const value = decimal(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number above 0, at most 1.');
}

/** Parser of a number above zero, or a word. */
export function minutesOrName(text: string): number | string {
  return Number.isNaN(decimal(text)) ? text : positiveNumber(text);
}

/** Parser of one of a few names. */
export function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Expected ${listed(names)}${didYouMean(text, names)}`);
  };
}

/** Parser of `cpu`, `cuda` or `cuda:i`. */
export function deviceName(text: string): Device {
  if (text === 'cpu' || text === 'cuda' || /^cuda:\d+$/.test(text)) return text as Device;
  throw new InvalidArgumentError(`Expected cpu, cuda or cuda:i${didYouMean(text, ['cpu', 'cuda'])}`);
}

/** Parser of the path of a folder. */
export function folder(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Expected the path of a folder.');
}

/** Parser of a part of a folder's name. */
export function folderName(text: string): string {
  if (/^\w[\w.-]{0,99}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected letters, digits, dots, dashes and underscores.');
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
