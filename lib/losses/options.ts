/** What several losses share: the kinds of their targets, and how options are checked. */
import { ArgumentError, describe, valueError } from '../engine';
import { withDefaults as filledIn } from '../metrics/options';

/**
 * What a target means, in segmentation_models_pytorch's words: one class a pixel (`multiclass`), one yes or no a pixel
 * (`binary`), or a yes or no for each of several labels (`multilabel`).
 */
export type LossMode = 'binary' | 'multiclass' | 'multilabel';

const modes: readonly LossMode[] = ['binary', 'multiclass', 'multilabel'];

/**
 * Options with their defaults filled in; an unknown name, or a value of another type than its default's, is refused.
 *
 * @param free - options that may be of other types, as those may whose default is null
 */
export function withDefaults<T extends object>(
  name: string,
  options: unknown,
  defaults: T,
  free: readonly (keyof T & string)[] = [],
): T {
  const merged = filledIn(name, options as T, defaults as Required<T>) as T & Record<string, unknown>;
  for (const [option, standard] of Object.entries(defaults)) {
    const value = merged[option];
    if (standard === null || free.includes(option as keyof T & string) || typeof value === typeof standard) continue;
    throw new ArgumentError(
      `${name}(): expected a ${typeof standard} for option \`${option}\`, received ${describe(value)}`,
    );
  }
  return merged;
}

/** Refuses what is no {@link LossMode}. */
export function checkMode(name: string, mode: unknown): void {
  if (modes.includes(mode as LossMode)) return;
  throw valueError(
    `${name}(): expected binary, multiclass or multilabel for argument \`mode\`, received ${describe(mode)}`,
  );
}

/** Refuses what is neither a label nor null. */
export function checkIgnoreIndex(name: string, ignoreIndex: unknown): void {
  if (ignoreIndex === null || Number.isSafeInteger(ignoreIndex)) return;
  throw new ArgumentError(
    `${name}(): expected a whole number or null for option \`ignoreIndex\`, received ${describe(ignoreIndex)}`,
  );
}

/** Refuses what is not a finite number of at least `least`. */
export function checkAtLeast(name: string, option: string, value: number, least: number): void {
  if (value >= least && value < Infinity) return;
  throw valueError(
    `${name}(): expected a number of at least ${least} for option \`${option}\`, received ${describe(value)}`,
  );
}
