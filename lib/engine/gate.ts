/**
 * The gate: the one place where the addon's functions are taken from the addon, and where what they throw becomes an
 * error class of this library, with the op's name and the shapes of its arguments.
 */

import type { NativeBinding, Owner } from './binding';
import { debug, describeSite } from './debug';
import { errorFromCode, isTorchError } from './errors';
import { loadAddon } from './load';
import { describeUsage } from './out-of-memory';
import { TensorBase } from './tensor-base';

const native = loadAddon();

/** Tells a value to a reader: `Tensor[2, 3] float32`, `'abc'`, `[1, 2]`, `null`. */
export function describe(value: unknown): string {
  if (value instanceof TensorBase) {
    if (!native.isAlive(value.handle)) return 'Tensor (disposed)';
    try {
      return `Tensor[${native.sizes(value.handle).join(', ')}] ${native.dtype(value.handle)}`;
    } catch {
      return 'Tensor (being computed)';
    }
  }
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(describe);
    return `[${shown.join(', ')}${value.length > shown.length ? `, … ${value.length} in all` : ''}]`;
  }
  switch (typeof value) {
    case 'string':
      return `'${value.length > 60 ? `${value.slice(0, 57)}…` : value}'`;
    case 'bigint':
      return `${value}n`;
    case 'function':
      return `function ${value.name}`.trimEnd();
    case 'object': {
      if (value === null) return 'null';
      const name = (value.constructor as { name?: string } | undefined)?.name ?? 'object';
      if (ArrayBuffer.isView(value)) return `${name}(${value.byteLength} bytes)`;
      if (name !== 'Object') return name;
      const entries = Object.entries(value).slice(0, 8);
      return `{ ${entries.map(([key, entry]) => `${key}: ${describe(entry)}`).join(', ')} }`;
    }
    default:
      return String(value);
  }
}

function siteOfDisposed(args: readonly unknown[]): string {
  for (const arg of args.flat()) {
    if (arg instanceof TensorBase && !native.isAlive(arg.handle)) return describeSite(arg.handle);
  }
  return debug.enabled ? '' : describeSite(0);
}

/** What a message of this code says besides. */
function details(code: string): string {
  return code === 'TORCH_OUT_OF_MEMORY' ? describeUsage(native) : '';
}

type Callable = (...args: unknown[]) => unknown;

/** An error whose stack begins at the caller of `gate`: the frames of the gate itself tell nobody anything. */
function raise(code: string, message: string, gate: (...args: never[]) => unknown): Error {
  const error = errorFromCode(code, message);
  Error.captureStackTrace(error, gate);
  return error;
}

/**
 * Turns what native code threw into an error class of this library.
 *
 * @param name - the op or function as its user knows it, such as `add`
 * @param args - its arguments as the user gave them
 */
export function fromNative(error: unknown, name: string, args: readonly unknown[]): unknown {
  if (!isTorchError(error)) return error;
  const call = `${name}(${args.map(describe).join(', ')})`;
  const site = error.code === 'TORCH_DISPOSED' ? siteOfDisposed(args) : '';
  return raise(error.code, `${error.message}\n  in ${call}${site}${details(error.code)}`, fromNative);
}

/** The error of this library for one with which a promise of the addon was rejected. */
export function fromRejection(error: unknown): unknown {
  if (!isTorchError(error)) return error;
  return raise(error.code, `${error.message}${details(error.code)}`, fromRejection);
}

/** Arguments of a seam function for a message: handles mean nothing to a reader, so only the name is told. */
function guard(binding: NativeBinding): NativeBinding {
  const guarded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(binding)) {
    const target = value as Callable;
    guarded[name] = (...args: unknown[]): unknown => {
      try {
        return target(...args);
      } catch (error) {
        if (!isTorchError(error)) throw error;
        const site = error.code === 'TORCH_DISPOSED' && typeof args[0] === 'number' ? describeSite(args[0]) : '';
        throw raise(
          error.code,
          `${error.message} (in ${name})${site}${details(error.code)}`,
          guarded[name] as Callable,
        );
      }
    };
  }
  return guarded as unknown as NativeBinding;
}

/** The addon, each function behind the gate. */
export const binding: NativeBinding = guard(native);

/** The addon's `call` as it is: the door of the ops has a gate of its own, which knows the arguments. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- native functions know no `this`, and binding one costs a call
export const callNative = native.call as (op: number, owner: Owner | null, ...args: unknown[]) => unknown;
