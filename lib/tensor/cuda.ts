/**
 * `torch.cuda`: devices, streams, events, memory, and the states of random numbers.
 *
 * Without a GPU, or with a libtorch that has no CUDA part, `isAvailable` is false and the rest throws an error that says
 * why; but for the questions about memory, which answer 0 and do nothing, so that one program serves both, as in Python.
 */

import { ArgumentError, binding, checkIterable, describe } from '../engine';
import { type CudaDevice, deviceCount } from '../engine/cuda';
import type { Device } from './dtype';
import { Generator } from './random';
import { Tensor } from './tensor';

export * from '../engine/cuda';

/**
 * The state of what ops on a GPU draw from when no generator is given, as a uint8 tensor on the CPU:
 * `torch.cuda.get_rng_state`.
 */
export function getRngState(device: CudaDevice = 'cuda'): Tensor {
  using generator = defaultOf(device, 'getRngState');
  return generator.getState();
}

/** Goes on from a state of {@link getRngState} or of Python's `torch.cuda.get_rng_state()`: `torch.cuda.set_rng_state`. */
export function setRngState(state: Tensor, device: CudaDevice = 'cuda'): void {
  using generator = defaultOf(device, 'setRngState');
  generator.setState(state);
}

/** {@link getRngState} of all GPUs, in their order; none where there are none: `torch.cuda.get_rng_state_all`. */
export function getRngStateAll(): Tensor[] {
  return Array.from({ length: deviceCount() }, (_, index) => getRngState(index));
}

/** Goes on from the states of {@link getRngStateAll}: `torch.cuda.set_rng_state_all`. */
export function setRngStateAll(states: Iterable<Tensor>): void {
  checkIterable('setRngStateAll', 'states', states);
  if (states instanceof Tensor) {
    throw new ArgumentError(
      `setRngStateAll(): expected a list with a state for each GPU for argument \`states\`, received ${describe(states)}`,
    );
  }
  for (const [index, state] of [...states].entries()) setRngState(state, index);
}

function defaultOf(device: CudaDevice, name: string): Generator {
  const named: unknown = typeof device === 'number' ? `cuda:${device}` : device;
  if (typeof named !== 'string' || !/^cuda(:\d{1,3})?$/.test(named)) {
    throw new ArgumentError(
      `cuda.${name}(): expected a number, 'cuda' or 'cuda:N' for argument \`device\`, received ${describe(device)}`,
    );
  }
  return new Generator(named as Device, binding.generatorDefault(named));
}
