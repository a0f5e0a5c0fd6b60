/**
 * The gate: the one place where the addon's functions are taken from the addon, and where what they throw becomes an
 * error class of this library, with the op's name and the shapes of its arguments.
 */

import type { NativeBinding } from './binding';
import { debug, describeSite } from './debug';
import { describe } from './describe';
import { ArgumentError, errorFromCode, IndexError, isTorchError, OutOfMemoryError, TorchError } from './errors';
import { loadAddon } from './load';
import { describeUsage } from './out-of-memory';
import { calledByUser } from './stack';
import { TensorBase, UNINITIALIZED } from './tensor-base';

const native = loadAddon();

function isOnDevice(handle: number): boolean {
  try {
    return native.isAlive(handle) && native.device(handle) !== 'cpu';
  } catch {
    // Of a tensor that is being computed nothing may be known yet.
    return false;
  }
}

/** True where a tensor in these arguments, or in their lists and options, is not on the CPU. */
function hasDevice(values: readonly unknown[], depth = 0): boolean {
  return values.some((value) => {
    if (value instanceof TensorBase) return isOnDevice(value.handle);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > 2) return false;
    return hasDevice(Object.values(value), depth + 1);
  });
}

/** What is said of a parameter of a lazy module in the place of what the addon says, which knows no such tensor. */
const NOT_INITIALIZED =
  'Attempted to use an uninitialized parameter or buffer: call `forward` of its lazy module with a first batch, which gives it a shape';

function isUninitialized(value: unknown): boolean {
  if (Array.isArray(value)) return value.slice(0, 1000).some((element) => isUninitializedTensor(element));
  return isUninitializedTensor(value);
}

function isUninitializedTensor(value: unknown): boolean {
  return value instanceof TensorBase && value.handle === UNINITIALIZED;
}

function siteOfDisposed(args: readonly unknown[]): string {
  // A list of tensors is no longer than this; one of holes may have billions.
  const lists = args.map((arg) => (Array.isArray(arg) ? arg.slice(0, 1000) : arg));
  for (const arg of lists.flat()) {
    if (arg instanceof TensorBase && !native.isAlive(arg.handle)) return describeSite(arg.handle);
  }
  return debug.enabled ? '' : describeSite(0);
}

/** What a message of this code says besides. */
function details(code: string): string {
  return code === 'TORCH_OUT_OF_MEMORY' ? describeUsage(native) : '';
}

type Callable = (...args: unknown[]) => unknown;

/** What anomaly mode told about the error: the node that failed and the call that made it. */
function anomalyOf(error: Error & { anomaly?: string }): string {
  return error.anomaly ?? '';
}

/** True for an error that has a class of this library already: it was thrown by a hook, or by an op inside of one. */
function hasPassed(error: Error): boolean {
  return (
    error instanceof TorchError ||
    error instanceof ArgumentError ||
    error instanceof IndexError ||
    error instanceof OutOfMemoryError
  );
}

/** An error of JavaScript passes as it is, so what anomaly mode knows of it is told apart. */
function warnOfAnomaly(): void {
  const report = native.takeAnomalyReport();
  if (report !== '') process.emitWarning(report.trim());
}

/** How {@link asCallOf} begins the line that names the call. */
const IN = '\n  in ';

/**
 * Turns what native code threw into an error class of this library, which names the call with the shapes, dtypes and
 * devices of its arguments. What has a class already passes as it is: a hook threw it, or an op inside of one.
 *
 * @param name - the op or function as its user knows it, such as `add`
 * @param args - its arguments as the user gave them, without what was left out at the end
 */
export function fromNative(error: unknown, name: string, args: readonly unknown[]): unknown {
  if (!isTorchError(error) || hasPassed(error)) return error;
  return asCallOf(error, name, args);
}

/** As {@link fromNative}, for what is written by hand above the ops: an inner op's call gives way to the user's. */
export function asCallOf(error: unknown, name: string, args: readonly unknown[]): unknown {
  if (!isTorchError(error)) return error;
  const [sentence = ''] = error.message.split(IN, 1);
  const given = args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
  const withDevice = hasDevice(given);
  const call = `${name}(${given.map((arg) => describe(arg, withDevice)).join(', ')})`;
  if (error.code === 'TORCH_DISPOSED' && given.some(isUninitialized)) {
    return new ArgumentError(`${NOT_INITIALIZED}${IN}${call}`, 'TORCH_VALUE');
  }
  const site = error.code === 'TORCH_DISPOSED' ? siteOfDisposed(args) : '';
  return errorFromCode(error.code, `${sentence}${IN}${call}${site}${details(error.code)}${anomalyOf(error)}`);
}

/** The error of this library for one with which a promise of the addon was rejected. */
export function fromRejection(error: unknown): unknown {
  if (!isTorchError(error)) return error;
  return errorFromCode(error.code, `${error.message}${details(error.code)}`);
}

/**
 * Each function of the addon with the errors of this library. Handles mean nothing to a reader, and neither do the names of
 * these functions: what is told is the public function that the user has called.
 */
function guard(binding: NativeBinding): NativeBinding {
  const guarded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(binding)) {
    const target = value as Callable;
    guarded[name] = (...args: unknown[]): unknown => {
      try {
        return target(...args);
      } catch (error) {
        if (!isTorchError(error) || hasPassed(error)) {
          warnOfAnomaly();
          throw error;
        }
        if (error.code === 'TORCH_DISPOSED' && args[0] === UNINITIALIZED) {
          throw new ArgumentError(`${NOT_INITIALIZED}${IN}${calledByUser() ?? name}`, 'TORCH_VALUE');
        }
        const site = error.code === 'TORCH_DISPOSED' && typeof args[0] === 'number' ? describeSite(args[0]) : '';
        const more = `${site}${details(error.code)}${anomalyOf(error)}`;
        throw errorFromCode(error.code, `${error.message}${IN}${calledByUser() ?? name}${more}`);
      }
    };
  }
  return guarded as unknown as NativeBinding;
}

/** The addon, each function behind the gate. */
export const binding: NativeBinding = guard(native);

/* eslint-disable @typescript-eslint/unbound-method -- native functions know no `this`, and binding one costs a call */
/** The addon's `call` as it is: the door of the ops has a gate of its own, which knows the arguments. */
export const callNative = native.call as (op: number, ...args: unknown[]) => unknown;
/** The addon's `callByMail` as it is. */
export const callNativeByMail = native.callByMail;
/* eslint-enable @typescript-eslint/unbound-method */
