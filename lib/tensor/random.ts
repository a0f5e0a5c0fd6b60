/** PyTorch's generators of random numbers, with states that Python reads. */

import { randomBytes } from 'node:crypto';

import { ArgumentError, asCallOf, binding, describe, DisposedError, TensorBase } from '../engine';
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

/** @internal The seed as native code takes it. */
export function toSeed(seed: Seed, name: string): bigint {
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

/** @internal A seed that nobody can foresee, of 53 bits as Python's, so that it is exact as a number, too. */
export function drawSeed(): bigint {
  return randomBytes(8).readBigUInt64LE() >> 11n;
}

function setState(id: GeneratorId, state: Tensor, name: string): void {
  if (!((state as unknown) instanceof TensorBase) || state.dtype !== 'uint8') {
    throw new ArgumentError(`${name}(): expected a uint8 tensor for argument \`state\`, received ${describe(state)}`);
  }
  try {
    binding.generatorSetState(id, state.toBytes());
  } catch (error) {
    throw asCallOf(error, name, [state]);
  }
}

/** Generators that were forgotten without dispose(); the table would keep them for ever. */
const forgotten = new FinalizationRegistry<GeneratorId>((id) => binding.generatorFree(id));

/**
 * A stream of random numbers of its own: `torch.Generator`. Ops take it as the option `generator`.
 *
 * @example
 * ```ts
 * const generator = new torch.Generator().manualSeed(7);
 * const first = torch.rand([3], { generator });
 * console.log(torch.equal(first, torch.rand([3], { generator: generator.manualSeed(7) }))); // true
 * ```
 */
export class Generator extends GeneratorBase {
  readonly device: Device;

  /**
   * @param device - where the numbers are drawn
   * @param id - internal: stands for a generator that is there already
   */
  constructor(device: Device = 'cpu', id?: GeneratorId) {
    super();
    if (id !== undefined && !(Number.isSafeInteger(id) && id >= 0 && id < DISPOSED)) {
      throw new ArgumentError(`Generator: expected a device only, received ${describe(id)} besides`);
    }
    this.device = device;
    this.id = id ?? binding.generatorCreate(device);
    if (this.id !== DEFAULT_GENERATOR) forgotten.register(this, this.id, this);
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

  /** Sets a seed that nobody can foresee, and returns it. */
  seed(): bigint {
    const seed = drawSeed();
    binding.generatorManualSeed(this.live, seed);
    return seed;
  }

  /** The seed that was set last. */
  initialSeed(): bigint {
    return binding.generatorInitialSeed(this.live);
  }

  /** The state as a uint8 tensor, the same bytes as Python's `get_state()`. */
  getState(): Tensor {
    const state = new Uint8Array(binding.generatorGetState(this.live));
    return frombytes(state, 'uint8', [state.length]);
  }

  /**
   * Goes on from a state that {@link getState} or Python's `get_state()` returned. Returns this generator.
   *
   * @throws ArgumentError unless the state is a uint8 tensor; TorchError where it is no generator's state
   */
  setState(state: Tensor): this {
    setState(this.live, state, 'Generator.setState');
    return this;
  }

  /** Another generator that goes on from where this one is: `Generator.clone_state`. */
  cloneState(): Generator {
    const state = this.getState();
    const clone = new Generator(this.device).setState(state);
    state.dispose();
    return clone;
  }

  /** Frees the generator at once; the default generator stays. */
  dispose(): void {
    if (this.id === DISPOSED || this.id === DEFAULT_GENERATOR) return;
    forgotten.unregister(this);
    binding.generatorFree(this.id);
    // Not 0, which is the default generator: native code refuses this one in ops, and `live` in methods.
    this.id = DISPOSED;
  }

  /** Frees the generator at the end of a `using` declaration. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
