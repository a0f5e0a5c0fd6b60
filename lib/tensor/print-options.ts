/** How tensors are printed. */

import { ArgumentError, checkFunction, checkOptions, describe, refusePromise } from '../engine';

/** The settings of `torch.set_printoptions`. */
export interface PrintOptions {
  /** Digits after the point. */
  precision: number;
  /** Tensors with more elements are summarised; Infinity writes all of every tensor. */
  threshold: number;
  /** Elements shown at each end of a summarised dimension. */
  edgeitems: number;
  /** Characters per line. */
  linewidth: number;
  /** Scientific notation; null decides by the values. */
  sciMode: boolean | null;
}

/** What {@link setPrintoptions} takes. */
export interface PrintOptionChanges extends Partial<PrintOptions> {
  /** Sets several at once, before the others: `short` has fewer digits and edges, `full` summarises nothing. */
  profile?: 'default' | 'short' | 'full';
}

const DEFAULT: PrintOptions = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sciMode: null };

const PROFILES: Readonly<Record<string, Partial<PrintOptions>>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
};

let options = DEFAULT;

/** JavaScript tells a number by 101 digits at most, of which up to 16 may stand in front of the point. */
const MAX_PRECISION = 80;

function check(changes: PrintOptionChanges): void {
  checkOptions('setPrintoptions', changes, [...Object.keys(DEFAULT), 'profile']);
  const { profile, sciMode } = changes;
  if (profile !== undefined && !Object.hasOwn(PROFILES, profile)) {
    throw new ArgumentError(
      `setPrintoptions(): expected 'default', 'short' or 'full' for argument \`profile\`, received ${describe(profile)}`,
      'TORCH_VALUE',
    );
  }
  if (sciMode !== undefined && sciMode !== null && typeof sciMode !== 'boolean') {
    throw new ArgumentError(
      `setPrintoptions(): expected a boolean or null for argument \`sciMode\`, received ${describe(sciMode)}`,
    );
  }
  for (const name of ['precision', 'threshold', 'edgeitems', 'linewidth'] as const) {
    const value = changes[name];
    const isCount = Number.isSafeInteger(value) && Number(value) >= 0;
    const isEndless = value === Infinity && (name === 'threshold' || name === 'linewidth');
    const isTooPrecise = name === 'precision' && Number(value) > MAX_PRECISION;
    if (value === undefined || isEndless || (isCount && !isTooPrecise)) continue;
    throw new ArgumentError(
      `setPrintoptions(): expected an integer of 0 or more for argument \`${name}\`` +
        `${name === 'precision' ? `, at most ${MAX_PRECISION}` : ''}, received ${describe(value)}`,
      'TORCH_VALUE',
    );
  }
}

/** The settings as they are, copied: `torch.get_printoptions`. */
export function getPrintoptions(): PrintOptions {
  return { ...options };
}

/**
 * Changes some settings: `torch.set_printoptions`. As in Python, `sciMode` falls back to null where it is not given.
 *
 * @throws ArgumentError for an unknown profile or a setting that is no count; nothing is changed then
 */
export function setPrintoptions(changes: PrintOptionChanges): void {
  check(changes);
  const { profile, sciMode = null, ...rest } = changes;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => (value as unknown) !== undefined));
  options = { ...options, ...(profile === undefined ? {} : PROFILES[profile]), ...given, sciMode };
}

/**
 * Runs `fn` with some settings changed: `torch.printoptions`. Returns what `fn` returns.
 *
 * @throws AsyncError if `fn` returns a promise
 *
 * @example
 * ```ts
 * const x = torch.tensor([1 / 3]);
 * console.log(torch.printoptions({ precision: 2 }, () => String(x))); // tensor([0.33])
 * ```
 */
export function printoptions<T>(changes: PrintOptionChanges, fn: () => T): T {
  checkFunction('printoptions', 'fn', fn);
  const before = options;
  setPrintoptions(changes);
  try {
    const result = fn();
    refusePromise(result, 'printoptions');
    return result;
  } finally {
    options = before;
  }
}
