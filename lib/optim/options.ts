/** Checks of options that many optimizers share, in Python's words. */

import { ArgumentError, checkList, checkNumbers, describe, valueError } from '../engine';

/** Refuses a pair of options that is no list of two numbers. */
export function checkPair(name: string, option: string, pair: readonly unknown[], length = 2): void {
  checkList(name, option, pair);
  const numbers = Object.fromEntries(Array.from({ length }, (_, index) => [`${option}[${index}]`, pair[index]]));
  checkNumbers(name, numbers);
}

/** Refuses what is below zero, or no number at all. */
export function checkRates(
  name: string,
  rates: Readonly<Record<string, readonly [label: string, value: number]>>,
): void {
  checkNumbers(name, Object.fromEntries(Object.entries(rates).map(([option, [, value]]) => [option, value])));
  for (const [label, value] of Object.values(rates)) {
    if (!(value >= 0)) throw valueError(`Invalid ${label}: ${value}`);
  }
}

/** Refuses shares of running averages outside of [0, 1). */
export function checkBetas(name: string, betas: readonly number[]): void {
  checkPair(name, 'betas', betas);
  for (const index of [0, 1] as const) {
    const beta = betas[index] as number;
    if (!(beta >= 0 && beta < 1)) throw valueError(`Invalid beta parameter at index ${index}: ${beta}`);
  }
}

/** Refuses choices of the implementation that are neither true nor false, or exclude each other. */
export function checkImplementation(
  name: string,
  options: { foreach?: unknown; fused?: unknown; differentiable?: unknown; [flag: string]: unknown },
): void {
  for (const [option, value] of Object.entries(options)) {
    const optional = option === 'foreach' || option === 'fused';
    if (typeof value === 'boolean' || (optional && value === null)) continue;
    const expected = optional ? 'true, false or null' : 'true or false';
    throw new ArgumentError(`${name}(): expected ${expected} for argument \`${option}\`, received ${describe(value)}`);
  }
  if (options.fused !== true) return;
  if (options.differentiable === true) throw valueError('`fused` does not support `differentiable`');
  if (options.foreach === true) throw valueError('`fused` and `foreach` cannot be `True` together.');
}
