/** The default generators: `torch.random`. */

import { ArgumentError, binding, checkFunction, checkOptions, cuda, describe, refusePromise } from '../engine';
import type { Device } from './dtype';
import { drawSeed, Generator, type Seed, toSeed } from './random';
import type { Tensor } from './tensor';

/** What ops on the CPU draw from when no generator is given: `torch.default_generator`. */
export const defaultGenerator = new Generator('cpu', 0);

/**
 * Seeds the default generators of all devices: `torch.manual_seed`. Takes what Python takes; -1 means 2^64-1.
 *
 * @returns the default generator of the CPU
 *
 * @example
 * ```ts
 * torch.manualSeed(0);
 * console.log(torch.rand([2])); // tensor([0.4963, 0.7682])
 * ```
 */
export function manualSeed(seed: Seed): Generator {
  binding.manualSeed(toSeed(seed, 'manualSeed'));
  return defaultGenerator;
}

/** Seeds the default generators of all devices with a number that nobody can foresee, and returns it: `torch.seed`. */
export function seed(): bigint {
  const drawn = drawSeed();
  binding.manualSeed(drawn);
  return drawn;
}

/** The default CPU generator's seed: `torch.initial_seed`. */
export function initialSeed(): bigint {
  return defaultGenerator.initialSeed();
}

/** The default CPU generator's state, the same bytes as `torch.get_rng_state()`. */
export function getRngState(): Tensor {
  return defaultGenerator.getState();
}

/** Goes on from a state of {@link getRngState} or of Python's `torch.get_rng_state()`. */
export function setRngState(state: Tensor): void {
  defaultGenerator.setState(state);
}

/** Options of {@link forkRng}. */
export interface ForkRngOptions {
  /** The CUDA devices whose generators are restored as well, by number or name; all of them by default. */
  devices?: readonly (number | Device)[];
  /** False runs the function without restoring anything. */
  enabled?: boolean;
}

function deviceNames(devices: ForkRngOptions['devices']): Device[] {
  if (devices === undefined) {
    return Array.from({ length: cuda.isAvailable() ? cuda.deviceCount() : 0 }, (_, index): Device => `cuda:${index}`);
  }
  return devices.map((device) => {
    if (typeof device === 'string') return device;
    if (Number.isSafeInteger(device) && device >= 0) return `cuda:${device}` as const;
    throw new ArgumentError(`forkRng(): expected device numbers or names, received ${describe(device)}`);
  });
}

/**
 * Runs `fn`, then sets the default generators to where they were before: `torch.random.fork_rng`. What `fn` draws does not
 * change what is drawn afterwards. Returns what `fn` returns.
 *
 * @throws AsyncError if `fn` returns a promise
 *
 * @example
 * ```ts
 * torch.manualSeed(0);
 * torch.forkRng(() => torch.rand([100]));
 * console.log(torch.rand([1])); // tensor([0.4963])
 * ```
 */
export function forkRng<T>(fn: () => T, options: ForkRngOptions = {}): T {
  checkFunction('forkRng', 'fn', fn);
  checkOptions('forkRng', options, ['devices', 'enabled']);
  const { devices, enabled = true } = options;
  if (!enabled) return fn();
  const generators = [
    defaultGenerator,
    ...deviceNames(devices)
      .filter((device) => device !== 'cpu')
      .map((device) => new Generator(device, binding.generatorDefault(device))),
  ];
  const states = generators.map((generator) => generator.getState());
  try {
    const result = fn();
    refusePromise(result, 'forkRng');
    return result;
  } finally {
    for (const [index, generator] of generators.entries()) {
      const state = states[index];
      if (state !== undefined) generator.setState(state);
      state?.dispose();
      generator.dispose();
    }
  }
}
