import { inspect } from 'node:util';

import { isTorchError } from '../../lib/engine';
import { grad } from '../../lib/autograd';
import { arange, manualSeed, Tensor } from '../../lib/tensor';
import { method, operation } from '../../lib/tensor/dispatch';
import { camelCase } from '../../lib/tensor/signature';
import { describeDifference } from '../oracle/oracle';
import { build, isTensorValue, type Case, type Value } from './values';

/** What came of a case: a result with its gradients, or a refusal. */
export type Outcome = readonly ['value', unknown, unknown] | readonly ['error', string];

type Call = (this: unknown, ...args: unknown[]) => unknown;

/** Runs a case here. Anything but a TorchError is a fault of ours and goes on. */
export function run(given: Case, storages: readonly Tensor[]): Outcome {
  const leaves: Tensor[] = [];
  const positional = given.positional.map((value) => build(value, storages, leaves));
  const named = Object.entries(given.named).map(
    ([name, value]) => [camelCase(name), build(value, storages, leaves)] as const,
  );
  if (named.length > 0) positional.push(Object.fromEntries(named));
  manualSeed(given.seed);
  const name = camelCase(given.op);
  try {
    const result = given.asMethod
      ? (method(given.op, name) as Call).apply(positional[0], positional.slice(1))
      : operation<Call>(given.op, name)(...positional);
    return ['value', result, gradients(result, leaves)];
  } catch (error) {
    if (!isTorchError(error)) throw new Error(show(given), { cause: error });
    return ['error', error.message];
  }
}

function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsOf) : [];
}

function cotangent({ shape, dtype }: Tensor): Tensor {
  const ramp = arange(shape.reduce((product, size) => product * size, 1));
  return ramp.remainder(5).sub(1.5).to(dtype).reshape(shape);
}

function gradients(result: unknown, leaves: readonly Tensor[]): unknown {
  const outputs = tensorsOf(result).filter((tensor) => tensor.requiresGrad && isStrided(tensor));
  if (leaves.length === 0 || outputs.length === 0) return null;
  try {
    return grad(outputs, leaves, { gradOutputs: outputs.map(cotangent), allowUnused: true });
  } catch (error) {
    if (!isTorchError(error)) throw error;
    return `error: ${error.message}`;
  }
}

/** Only a dense tensor has bytes; a sparse one refuses. */
function isStrided(tensor: Tensor): boolean {
  try {
    tensor.toBytes();
    return true;
  } catch {
    return false;
  }
}

/** What differs between our result and Python's; null where nothing does. */
export function difference(ours: unknown, theirs: unknown): string | null {
  if (ours instanceof Tensor) {
    if (!Array.isArray(theirs) || !(theirs[0] instanceof Tensor)) return `a tensor, expected ${inspect(theirs)}`;
    const [expected, stride] = theirs as [Tensor, number[]];
    let dense = ours.detach();
    if (dense.dtype.startsWith('q')) dense = dense.dequantize();
    if (!isStrided(dense)) dense = dense.toDense();
    else if (stride.length > 0 && dense.stride().join() !== stride.join()) {
      return `strides [${dense.stride().join()}], expected [${stride.join()}]`;
    }
    if (dense.dtype !== expected.dtype || !dense.dtype.startsWith('complex'))
      return describeDifference(dense, expected);
    // As pairs of reals, in which a NaN is seen.
    return describeDifference(dense.resolveConj().viewAsReal(), expected.viewAsReal());
  }
  if (Array.isArray(ours)) {
    if (!Array.isArray(theirs)) return `${ours.length} results, expected ${inspect(theirs)}`;
    if (ours.length !== theirs.length) return `${ours.length} results, expected ${theirs.length}`;
    for (const [index, item] of ours.entries()) {
      const text = difference(item, theirs[index]);
      if (text !== null) return `[${index}]: ${text}`;
    }
    return null;
  }
  const [left, right] = [ours ?? null, theirs ?? null].map((value) =>
    typeof value === 'object' ? inspect(value) : value,
  );
  return Object.is(left, right) ? null : `${inspect(ours)}, expected ${inspect(theirs)}`;
}

/** Compares the outcomes of a case; null where they agree. */
export function disagreement(ours: Outcome, theirs: Outcome): string | null {
  if (ours[0] === 'error' || theirs[0] === 'error') {
    if (ours[0] === theirs[0]) return null;
    return ours[0] === 'error'
      ? `refused (${ours[1]}), Python did not`
      : `gave a value, Python refused: ${String(theirs[1])}`;
  }
  const values = difference(ours[1], theirs[1]);
  if (values !== null) return values;
  const [, , left] = ours;
  const [, , right] = theirs;
  if (typeof left === 'string' && typeof right === 'string') return null;
  const text = difference(left, right);
  return text === null ? null : `gradient ${text}`;
}

/** The case in one line, for a report. */
export function show({ op, overload, door, asMethod, positional, named }: Case): string {
  const value = (given: Value): string => {
    if (isTensorValue(given)) return `${given.dtype}[${given.size.join()}]`;
    return Array.isArray(given) ? `[${(given as Value[]).map(value).join(', ')}]` : JSON.stringify(given);
  };
  const options = Object.entries(named).map(([name, given]) => `${name}=${value(given)}`);
  return `${op}${overload === '' ? '' : `.${overload}`}(${[...positional.map(value), ...options].join(', ')}) [${door}${asMethod ? ', as method' : ''}]`;
}
