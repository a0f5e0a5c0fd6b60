/** Batches in page-locked memory, from which a GPU is fed faster, and while the processor goes on. */

import { cuda } from '../engine';
import { tellWarning } from '../engine/warnings';
import { Tensor } from '../tensor';

/** Says that the option does nothing where it does nothing. */
export function warnWithoutDevice(pinMemory: boolean): void {
  if (!pinMemory || cuda.isAvailable()) return;
  tellWarning(
    "'pinMemory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
  );
}

/** The batch with its tensors pinned, those in lists, Maps and objects too; itself where there is no GPU. */
export function pinned<B>(batch: B): B {
  return cuda.isAvailable() ? (pin(batch) as B) : batch;
}

function pin(value: unknown): unknown {
  if (value instanceof Tensor) {
    if (value.device !== 'cpu') return value;
    const copy = value.pinMemory();
    if (copy !== value) value.dispose();
    return copy;
  }
  if (Array.isArray(value)) return value.map(pin);
  if (value instanceof Map) return new Map(Array.from(value, ([key, each]) => [key, pin(each)]));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, pin(each)]));
}
