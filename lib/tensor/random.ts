/** Random numbers: PyTorch's generators, with states that Python reads. */

import { ArgumentError, binding, describe, DisposedError } from '../engine';
import type { GeneratorId } from '../engine/binding';
import { frombytes } from './creation';
import type { Device } from './dtype';
import { GeneratorBase } from './kinds';
import type { Tensor } from './tensor';

/** A seed: any integer from -2^63 to 2^64-1; a negative one means itself plus 2^64, as in Python. */
export type Seed = number | bigint;

const DEFAULT_GENERATOR: GeneratorId = 0;
/** An id that no generator has. */
const DISPOSED: GeneratorId = 2 ** 32 - 1;

const MIN = -(2n ** 63n);
const MAX = 2n ** 64n - 1n;

function toSeed(seed: Seed, name: string): bigint {
  const integer = typeof seed === 'bigint' ? seed : Number.isSafeInteger(seed) ? BigInt(seed) : null;
  if (integer === null || integer < MIN || integer > MAX) {
    throw new ArgumentError(
      `${name}(): expected an integer from -2^63 to 2^64-1 for argument \`seed\` (a bigint where it is beyond 2^53), ` +
        `received ${describe(seed)}`,
      'TORCH_VALUE',
    );
  }
  return BigInt.asUintN(64, integer);
}

function stateOf(id: GeneratorId): Tensor {
  const state = new Uint8Array(binding.generatorGetState(id));
  return frombytes(state, 'uint8', [state.length]);
}

function setState(id: GeneratorId, state: Tensor, name: string): void {
  if (state.dtype !== 'uint8') {
    throw new ArgumentError(`${name}(): expected a uint8 tensor for argument \`state\`, received ${describe(state)}`);
  }
  binding.generatorSetState(id, state.toBytes());
}

/** Generators that were forgotten without dispose(); the table would keep them for ever. */
const forgotten = new FinalizationRegistry<GeneratorId>((id) => binding.generatorFree(id));

/** A stream of random numbers of its own: `torch.Generator`. Ops take it as the option `generator`. */
export class Generator extends GeneratorBase {
  readonly device: Device;

  constructor(device: Device = 'cpu') {
    super();
    this.device = device;
    this.id = binding.generatorCreate(device);
    forgotten.register(this, this.id, this);
  }

  private get live(): GeneratorId {
    if (this.id === DISPOSED) throw new DisposedError('the generator was disposed');
    return this.id;
  }

  /** Sets the seed and starts the stream anew. Returns this generator. */
  manualSeed(seed: Seed): this {
    binding.generatorManualSeed(this.live, toSeed(seed, 'Generator.manualSeed'));
    return this;
  }

  /** The seed that was set last. */
  initialSeed(): bigint {
    return binding.generatorInitialSeed(this.live);
  }

  /** The state as a uint8 tensor, the same bytes as Python's `get_state()`. */
  getState(): Tensor {
    return stateOf(this.live);
  }

  /** Goes on from a state that {@link getState} or Python's `get_state()` returned. Returns this generator. */
  setState(state: Tensor): this {
    setState(this.live, state, 'Generator.setState');
    return this;
  }

  /** Frees the generator at once. */
  dispose(): void {
    if (this.id === DISPOSED) return;
    forgotten.unregister(this);
    binding.generatorFree(this.id);
    // Not 0, which is the default generator: native code refuses this one in ops, and `live` in methods.
    this.id = DISPOSED;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Seeds the default generators of all devices: `torch.manual_seed`. Takes what Python takes; -1 means 2^64-1. */
export function manualSeed(seed: Seed): void {
  binding.manualSeed(toSeed(seed, 'manualSeed'));
}

/** The default CPU generator's seed: `torch.initial_seed`. */
export function initialSeed(): bigint {
  return binding.generatorInitialSeed(DEFAULT_GENERATOR);
}

/** The default CPU generator's state, the same bytes as `torch.get_rng_state()`. */
export function getRngState(): Tensor {
  return stateOf(DEFAULT_GENERATOR);
}

/** Goes on from a state of {@link getRngState} or of Python's `torch.get_rng_state()`. */
export function setRngState(state: Tensor): void {
  setState(DEFAULT_GENERATOR, state, 'setRngState');
}
