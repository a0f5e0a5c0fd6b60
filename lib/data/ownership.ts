import { Tensor } from '../tensor';

/** The tensors in a value: itself, or in arrays, Maps and the properties of objects, to any depth. */
export function tensorsIn(value: unknown, found: Set<Tensor> = new Set(), seen: Set<object> = new Set()): Set<Tensor> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return found;
  if (value instanceof Tensor) return found.add(value);
  seen.add(value);
  for (const element of value instanceof Map ? value.values() : Object.values(value)) tensorsIn(element, found, seen);
  return found;
}

/** Disposes the tensors in a value, but those in `but`. */
export function disposeTensors(value: unknown, but: ReadonlySet<unknown> = new Set()): void {
  for (const tensor of tensorsIn(value)) if (!but.has(tensor)) tensor.dispose();
}
