import { cuda, type Device, frombytes, getRngState, setRngState, type Tensor } from '../tensor';

/** The states of the generators that a run draws from, base64: the bytes of Python's `get_rng_state()`. */
export interface RandomStates {
  /** Of the CPU's default generator: `torch.get_rng_state()`. */
  readonly random: string;
  /** Of that of the GPU on which the run trains, `torch.cuda.get_rng_state()`; versions up to 0.1 did not save it. */
  readonly deviceRandom?: string;
}

/** How the state of a device's default generator is read and set. */
export interface DefaultGenerators {
  get(device: Device): Tensor;
  set(device: Device, state: Tensor): void;
}

const defaultGenerators: DefaultGenerators = {
  get: (device) => (device === 'cpu' ? getRngState() : cuda.getRngState(device)),
  set: (device, state) => (device === 'cpu' ? setRngState(state) : cuda.setRngState(state, device)),
};

/** The states of what a run on `device` draws from: batches on the CPU, dropout on the device. */
export function readRandom(device: Device, generators: DefaultGenerators = defaultGenerators): RandomStates {
  const stateOf = (each: Device): string => {
    using state = generators.get(each);
    return Buffer.from(state.toBytes()).toString('base64');
  };
  return { random: stateOf('cpu'), ...(device === 'cpu' ? {} : { deviceRandom: stateOf(device) }) };
}

/** Goes on from {@link readRandom}; the device's own generator stays as it is where its state was not saved. */
export function restoreRandom(
  device: Device,
  { random, deviceRandom }: RandomStates,
  generators: DefaultGenerators = defaultGenerators,
): void {
  const restore = (each: Device, base64: string): void => {
    const bytes = Buffer.from(base64, 'base64');
    using state = frombytes(bytes, 'uint8', [bytes.length]);
    generators.set(each, state);
  };
  restore('cpu', random);
  if (device !== 'cpu' && deviceRandom !== undefined) restore(device, deviceRandom);
}
