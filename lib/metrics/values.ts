import { Tensor } from '../tensor';

/** The same lists and objects with each tensor replaced; what is neither stays. */
export function mapTensors<T>(value: T, replace: (tensor: Tensor) => Tensor): T {
  return mapped(value, replace) as T;
}

function mapped(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return replace(value);
  if (Array.isArray(value)) return value.map((element) => mapped(element, replace));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, mapped(element, replace)]));
}
