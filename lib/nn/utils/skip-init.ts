import { ArgumentError, checkString, describe } from '../../engine';
import type { Device } from '../../tensor';
import { type AnyModule, Module } from '../module';

/**
 * Makes a module without drawing its parameters, which is faster where they are replaced anyway: their values are arbitrary
 * (`torch.nn.utils.skip_init`). The class must take the option `device`; the arguments are its own.
 *
 * @example
 * ```ts
 * const layer = nn.utils.skipInit(nn.Linear, 5, 1, { bias: false });
 * console.log(layer.weight.shape, layer.weight.device); // [ 1, 5 ] cpu
 * ```
 */
export function skipInit<A extends readonly unknown[], M extends AnyModule>(
  type: new (...args: A) => M,
  ...args: A
): M {
  if (typeof (type as unknown) !== 'function' || !((type as { prototype: unknown }).prototype instanceof Module)) {
    throw new ArgumentError(
      `skipInit(): expected a class of modules for argument \`type\`, received ${describe(type)}`,
    );
  }
  const last = args.at(-1);
  const hasOptions = typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype;
  const options = hasOptions ? (last as Readonly<Record<string, unknown>>) : {};
  const device = (options['device'] ?? 'cpu') as Device;
  checkString('skipInit', 'device', device);
  const rest: readonly unknown[] = hasOptions ? args.slice(0, -1) : args;
  const construct = type as unknown as new (...args: readonly unknown[]) => M;
  return new construct(...rest, { ...options, device: 'meta' }).toEmpty({ device });
}
