import { withMode, withModeAsync } from '../autograd/mode';
import { binding, checkFunction, checkOptions, cuda } from '../engine';
import type { DType } from '../tensor';
import {
  checkDType,
  clearAutocastCache,
  getAutocastDtype,
  isAutocastCacheEnabled,
  isAutocastEnabled,
  setAutocastCacheEnabled,
  setAutocastDtype,
  setAutocastEnabled,
  type DeviceType,
} from './switches';

/** Options of {@link autocast}. */
export interface AutocastOptions {
  /** What to cast to; null for the device's own, bfloat16 on the CPU and float16 on CUDA. */
  dtype?: DType | null;
  /** False for the ops of `fn` not to cast, inside of another autocast. */
  enabled?: boolean;
  /** Keep what parameters were cast to until the outermost autocast ends; null for what holds around it. */
  cacheEnabled?: boolean | null;
}

interface Mode {
  readonly deviceType: DeviceType;
  readonly dtype: DType;
  readonly enabled: boolean;
  readonly cacheEnabled: boolean;
}

/** Enters a mode, and returns what leaves it. */
function enter({ deviceType, dtype, enabled, cacheEnabled }: Mode): () => void {
  const before = {
    enabled: isAutocastEnabled(deviceType),
    dtype: getAutocastDtype(deviceType),
    cacheEnabled: isAutocastCacheEnabled(),
  };
  setAutocastEnabled(deviceType, enabled);
  setAutocastDtype(deviceType, dtype);
  binding.autocastIncrementNesting();
  setAutocastCacheEnabled(cacheEnabled);
  return () => {
    if (binding.autocastDecrementNesting() === 0) clearAutocastCache();
    setAutocastEnabled(deviceType, before.enabled);
    setAutocastDtype(deviceType, before.dtype);
    setAutocastCacheEnabled(before.cacheEnabled);
  };
}

function readMode<F>(name: string, deviceType: DeviceType, options: AutocastOptions | F, fn: F | undefined): [Mode, F] {
  const given: AutocastOptions = fn === undefined ? {} : (options as AutocastOptions);
  const body = fn ?? (options as F);
  checkFunction(name, 'fn', body);
  checkOptions(name, given, ['dtype', 'enabled', 'cacheEnabled']);
  const dtype = given.dtype ?? getAutocastDtype(deviceType);
  checkDType(name, dtype);
  const mode = {
    deviceType,
    dtype,
    enabled: (given.enabled ?? true) && isUsable(deviceType, dtype),
    cacheEnabled: given.cacheEnabled ?? isAutocastCacheEnabled(),
  };
  return [mode, body];
}

/** False, with Python's warning, where autocast is to be switched off because it cannot be had. */
function isUsable(deviceType: DeviceType, dtype: DType): boolean {
  if (deviceType === 'cuda' && !cuda.isAvailable()) {
    process.emitWarning('CUDA is not available. Disabling autocast.');
    return false;
  }
  if (deviceType === 'cuda' || dtype === 'bfloat16' || dtype === 'float16') return true;
  process.emitWarning(
    `In ${deviceType.toUpperCase()} autocast, but the target dtype is not supported. Disabling autocast.\n` +
      `${deviceType.toUpperCase()} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.`,
  );
  return false;
}

/**
 * Runs `fn` with autocast: ops that gain by it, such as matrix products and convolutions, take their arguments in bfloat16
 * or float16, those that need it take them in float32, and the others what they get. `torch.autocast`.
 *
 * Call the forward pass and the loss so, not `backward`: the ops of the backward pass run in the dtypes of the forward
 * pass. Parameters stay float32. With float16, use a {@link amp.GradScaler | GradScaler}.
 *
 * @param deviceType - the kind of device whose tensors are cast
 * @throws AsyncError if `fn` returns a promise; see {@link autocastAsync}
 *
 * @example
 * ```ts
 * const linear = new torch.nn.Linear(3, 2);
 * const y = torch.autocast('cpu', () => linear.forward(torch.ones([1, 3])));
 * console.log(y.dtype, linear.weight.dtype); // bfloat16 float32
 * ```
 */
export function autocast<T>(deviceType: DeviceType, fn: () => T): T;
export function autocast<T>(deviceType: DeviceType, options: AutocastOptions, fn: () => T): T;
export function autocast<T>(deviceType: DeviceType, options: AutocastOptions | (() => T), fn?: () => T): T {
  const [mode, body] = readMode('autocast', deviceType, options, fn);
  return withMode(() => enter(mode), body, 'autocast');
}

/**
 * As {@link autocast} for an asynchronous function: all that it does until its promise settles is cast, what it awaits or
 * queues on the compute thread included, and nothing that runs in between. Casts of parameters are forgotten whenever it
 * awaits something, since others may change the parameters then.
 */
export function autocastAsync<T>(deviceType: DeviceType, fn: () => PromiseLike<T> | T): Promise<T>;
export function autocastAsync<T>(
  deviceType: DeviceType,
  options: AutocastOptions,
  fn: () => PromiseLike<T> | T,
): Promise<T>;
export function autocastAsync<T>(
  deviceType: DeviceType,
  options: AutocastOptions | (() => PromiseLike<T> | T),
  fn?: () => PromiseLike<T> | T,
): Promise<T> {
  const [mode, body] = readMode('autocastAsync', deviceType, options, fn);
  return withModeAsync(() => enter(mode), body, 'autocastAsync');
}
