import { FormatFault } from './format-fault';
import type { PickleWorld } from './pickle-reader';
import { Dict, kindOf, type PickleValue, Tuple } from './pickle-values';
import type { PersistentStorages } from './persistent-storages';
import { Global, globalNamed } from './tensor-globals';
import { ParameterSource } from './tensor-sources';

/** The world of checkpoints: the functions and classes of the allow-list, and storages outside of the pickle. */
export function checkpointWorld(storages: PersistentStorages): PickleWorld {
  return { global: globalNamed, call, build, persistent: (id) => storages.resolve(id) };
}

/** The world of what stands beside the values of a legacy file: plain values only. */
export const plainWorld: PickleWorld = {
  global: (module, name) => {
    throw new FormatFault(`its head asks for ${module}.${name}`);
  },
  call,
  build,
  persistent: () => {
    throw new FormatFault('its head refers to something outside of it');
  },
};

function call(callable: PickleValue, args: readonly PickleValue[]): PickleValue {
  if (callable instanceof Global && callable.call !== null) return callable.call(args);
  throw new FormatFault(`it calls ${kindOf(callable)}, which is no function that is safe to call`);
}

/** Attributes of an OrderedDict, such as the `_metadata` of a state dict, and of a Parameter: they have no place here. */
function build(object: PickleValue, state: PickleValue): void {
  const isKnown = (object instanceof Dict && object.isOrdered) || object instanceof ParameterSource;
  if (!isKnown || !(state instanceof Dict || state instanceof Tuple)) {
    throw new FormatFault(`it gives ${kindOf(object)} a state that is ${kindOf(state)}`);
  }
}
