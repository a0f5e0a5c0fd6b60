import type { FunctionContext } from '../autograd';
import { ArgumentError, checkFunction, checkOptions } from '../engine';
import { type DType, Tensor } from '../tensor';
import { autocast } from './autocast';
import { checkDType, type DeviceType, getAutocastDtype, isAutocastEnabled } from './switches';

/** Options of {@link customFwd}. */
export interface CustomFwdOptions {
  /** Under autocast the arguments are cast to this, and the ops of forward cast nothing; null leaves both as they are. */
  castInputs?: DType | null;
}

/** How forward ran, for backward to run likewise. */
interface Ran {
  readonly enabled: boolean;
  readonly dtype: DType;
}

const runs = new WeakMap<FunctionContext, Ran>();

/** Floats of this kind of device in another dtype, also inside of lists and objects; float64 stays. */
function cast(value: unknown, deviceType: DeviceType, dtype: DType): unknown {
  if (value instanceof Tensor) {
    const isEligible =
      value.isFloatingPoint() && value.device.split(':')[0] === deviceType && value.dtype !== 'float64';
    return isEligible ? value.to({ dtype }) : value;
  }
  if (Array.isArray(value)) return value.map((each) => cast(each, deviceType, dtype));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cast(each, deviceType, dtype)]));
}

/**
 * Makes the `forward` of an {@link autograd.Function | autograd.Function} that is fit for autocast: `torch.amp.custom_fwd`.
 * Its backward comes from {@link customBwd}.
 *
 * @typeParam F the function's own type
 * @param deviceType - the kind of device that it is for
 *
 * @example
 * ```ts
 * class Product extends torch.autograd.Function {
 *   static forward = torch.amp.customFwd(
 *     'cpu',
 *     { castInputs: 'float32' },
 *     (ctx: torch.autograd.FunctionContext<[torch.Tensor, torch.Tensor]>, a: torch.Tensor, b: torch.Tensor) => {
 *       ctx.saveForBackward(a, b);
 *       return a.matmul(b);
 *     },
 *   );
 *   static backward = torch.amp.customBwd(
 *     'cpu',
 *     (ctx: torch.autograd.FunctionContext<[torch.Tensor, torch.Tensor]>, grad: torch.Tensor) => {
 *       const [a, b] = ctx.savedTensors;
 *       return [grad.matmul(b.t()), a.t().matmul(grad)];
 *     },
 *   );
 * }
 * const [a, b] = [torch.ones([2, 3]), torch.ones([3, 2])];
 * const y = torch.autocast('cpu', () => Product.apply(a.bfloat16(), b));
 * console.log(y.dtype); // float32
 * ```
 */
export function customFwd<F extends (ctx: never, ...inputs: never[]) => unknown>(
  deviceType: DeviceType,
  options: CustomFwdOptions,
  forward: F,
): F {
  getAutocastDtype(deviceType); // throws for what is no device
  checkOptions('customFwd', options, ['castInputs']);
  checkFunction('customFwd', 'forward', forward);
  const { castInputs = null } = options;
  if (castInputs !== null) checkDType('customFwd', castInputs);
  const run = forward as unknown as (ctx: FunctionContext, ...inputs: unknown[]) => unknown;
  const wrapped = (ctx: FunctionContext, ...inputs: unknown[]): unknown => {
    const isEnabled = isAutocastEnabled(deviceType);
    runs.set(ctx, { enabled: castInputs === null && isEnabled, dtype: getAutocastDtype(deviceType) });
    if (castInputs === null || !isEnabled) return run(ctx, ...inputs);
    return autocast(deviceType, { enabled: false }, () =>
      run(ctx, ...inputs.map((input) => cast(input, deviceType, castInputs))),
    );
  };
  return wrapped as unknown as F;
}

/**
 * Makes the `backward` of an {@link autograd.Function | autograd.Function} that runs as its forward did:
 * `torch.amp.custom_bwd`. See {@link customFwd}.
 *
 * @typeParam B the function's own type
 */
export function customBwd<B extends (ctx: never, ...gradients: never[]) => unknown>(
  deviceType: DeviceType,
  backward: B,
): B {
  getAutocastDtype(deviceType);
  checkFunction('customBwd', 'backward', backward);
  const run = backward as unknown as (ctx: FunctionContext, ...gradients: unknown[]) => unknown;
  const wrapped = (ctx: FunctionContext, ...gradients: unknown[]): unknown => {
    const ran = runs.get(ctx);
    if (ran === undefined) throw new ArgumentError('customBwd(): the forward of this function is none of customFwd()');
    return autocast(deviceType, ran, () => run(ctx, ...gradients));
  };
  return wrapped as unknown as B;
}
