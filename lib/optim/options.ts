/** Checks of options that many optimizers share, in Python's words. */

import { ArgumentError, checkList, checkNumbers, describe, valueError } from '../engine';
import { floatRepr } from '../nn/repr';
import { isFloatingDType, Tensor } from '../tensor';
import { type Num, valueOf } from './python-number';

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

/** Refuses what is neither a number nor a tensor of one. */
export function checkNum(name: string, option: string, value: unknown): asserts value is Num {
  if (!(value instanceof Tensor)) {
    checkNumbers(name, { [option]: value });
    return;
  }
  if (value.numel() !== 1) throw valueError(`Tensor ${option} must be 1-element`);
  if (!value.isComplex() && value.dtype !== 'bool') return;
  throw new ArgumentError(
    `${name}(): expected a real number, or a tensor of one, for argument \`${option}\`, received ${describe(value)}`,
  );
}

/** Refuses a learning rate below zero, or what can be none; `label` stands before the value in the message. */
export function checkLr(name: string, lr: unknown, label = 'Invalid learning rate:'): void {
  checkNum(name, 'lr', lr);
  if (!(valueOf(lr) >= 0)) throw valueError(`${label} ${numText(lr)}`);
}

/** Refuses shares of running averages outside of [0, 1). */
export function checkBetas(name: string, betas: readonly number[]): void {
  checkPair(name, 'betas', betas);
  checkShares(betas);
}

/** {@link checkBetas} where both may be tensors. */
export function checkTensorBetas(name: string, betas: readonly Num[]): void {
  checkList(name, 'betas', betas);
  for (const index of [0, 1] as const) checkNum(name, `betas[${index}]`, betas[index]);
  checkShares(betas);
  if (betas[0] instanceof Tensor !== betas[1] instanceof Tensor) {
    throw valueError('betas must be either both floats or both Tensors');
  }
}

function checkShares(betas: readonly Num[]): void {
  for (const index of [0, 1] as const) {
    const beta = betas[index] as Num;
    const share = valueOf(beta);
    if (!(share >= 0 && share < 1)) throw valueError(`Invalid beta parameter at index ${index}: ${numText(beta)}`);
  }
}

/** A number, or a tensor as Python formats it: one without dimensions as its value. */
export function numText(value: Num): string {
  if (typeof value === 'number' || value.ndim > 0) return String(value);
  return isFloatingDType(value.dtype) ? floatRepr(value.item()) : String(value.item());
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
