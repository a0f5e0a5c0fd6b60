/**
 * The properties of modules that hold parameters and buffers, with Python's rules (`Module.__setattr__`) of what may be
 * assigned to them. A property becomes such a slot when it is registered, or when the module is first asked for its members
 * while it holds one: what a constructor assigns is seen by nobody.
 */

import { ArgumentError, describe } from '../engine';
import { Tensor } from '../tensor';
import { asBuffer, Buffer, Parameter } from './parameter';

/** What a slot holds or, where that is null, what it is for. */
interface Slot {
  value: Tensor | null;
  /** Of a buffer, whether it is saved; null for a parameter. */
  persistent: boolean | null;
  /** PyTorch's name. */
  readonly name: string;
}

/** Where a module has its slots, by property; a symbol, so that only copies find it. */
const SLOTS = Symbol('slots');

function slotsOf(module: object): Record<string, Slot> | undefined {
  return (module as { [SLOTS]?: Record<string, Slot> })[SLOTS];
}

/** One pair of functions for each name: modules of a class then go on having one shape, which property accesses rely on. */
const accessors = new Map<string, PropertyDescriptor>();

function accessorOf(property: string): PropertyDescriptor {
  let accessor = accessors.get(property);
  if (accessor === undefined) {
    accessor = {
      enumerable: true,
      configurable: true,
      get(this: object) {
        return slotsOf(this)?.[property]?.value;
      },
      set(this: object, value: unknown) {
        assign(this, property, value);
      },
    };
    accessors.set(property, accessor);
  }
  return accessor;
}

/**
 * Makes a property a slot with this value.
 * @param persistent of a buffer, whether it is saved; null for a parameter
 */
export function holdInSlot(
  module: object,
  property: string,
  name: string,
  value: Tensor | null,
  persistent: boolean | null = value instanceof Buffer ? value.persistent : null,
): void {
  let slots = slotsOf(module);
  if (slots === undefined) {
    slots = Object.create(null) as Record<string, Slot>;
    Object.defineProperty(module, SLOTS, { value: slots, writable: true, enumerable: false, configurable: true });
  }
  slots[property] = { value, persistent, name };
  Object.defineProperty(module, property, accessorOf(property));
}

/** Makes a property that holds a parameter or a buffer a slot; one that is computed, or a slot already, is left alone. */
export function adoptSlot(module: object, property: string, name: string, value: Parameter | Buffer): void {
  const descriptor = Object.getOwnPropertyDescriptor(module, property);
  if (descriptor?.configurable === true && 'value' in descriptor) holdInSlot(module, property, name, value);
}

/** Forgets what was in properties that are no slots any more: deleted, or defined anew with a value. */
export function tidySlots(module: object): void {
  const slots = slotsOf(module) ?? {};
  for (const property of Object.keys(slots)) {
    const descriptor = Object.getOwnPropertyDescriptor(module, property);
    // One that is computed may be so for a while only, as in a functional call.
    if (descriptor === undefined || 'value' in descriptor) Reflect.deleteProperty(slots, property);
  }
}

/** Deletes a property with what it holds. */
export function deleteSlot(module: object, property: string): void {
  Reflect.deleteProperty(slotsOf(module) ?? {}, property);
  Reflect.deleteProperty(module, property);
}

function assign(module: object, property: string, value: unknown): void {
  const slot = slotsOf(module)?.[property];
  if (slot === undefined || (slot.persistent !== null && isModule(value))) {
    deleteSlot(module, property);
    Object.defineProperty(module, property, { value, writable: true, enumerable: true, configurable: true });
  } else if (value === null) {
    slot.value = null;
  } else if (value instanceof Parameter) {
    [slot.value, slot.persistent] = [value, null];
  } else if (slot.persistent === null) {
    throw new ArgumentError(
      `cannot assign ${describe(value)} as parameter '${slot.name}' (nn.Parameter or null expected)`,
    );
  } else if (value instanceof Buffer) {
    [slot.value, slot.persistent] = [value, value.persistent];
  } else if (value instanceof Tensor) {
    slot.value = asBuffer(value, slot.persistent);
  } else {
    throw new ArgumentError(
      `cannot assign ${describe(value)} as buffer '${slot.name}' (nn.Buffer, Tensor or null expected)`,
    );
  }
}

/** By what every module has: the class itself stands above. */
function isModule(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'ownState' in value && 'members' in value;
}
