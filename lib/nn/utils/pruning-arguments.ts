/** Checks of what pruning is given, and of what methods of the user's own give back. */
import { ArgumentError, checkFunction, checkTensor, describe, valueError } from '../../engine';
import { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { Parameter } from '../parameter';
import { isLazy } from '../uninitialized';
import { namedTensor, type NamedTensor } from './named-tensor';
import type { BasePruningMethod } from './pruning-method';

/** Options of the functions that prune by the size of elements. */
export interface ImportanceOptions {
  /** Of the tensor's shape: what is compared in the place of the tensor itself. */
  importanceScores?: Tensor | null;
}

/** The parameter of a name, which is the property's or PyTorch's; refuses a buffer, and what has no shape yet. */
export function namedParameter(callee: string, module: AnyModule, name: string): NamedTensor & { tensor: Parameter } {
  const { tensor, ...named } = namedTensor(callee, module, name);
  if (tensor instanceof Parameter && !isLazy(tensor)) return { ...named, tensor };
  const what = isLazy(tensor) ? 'which has no shape before the first forward' : 'which is none';
  throw valueError(`${callee}(): expected the name of a parameter for argument \`name\`, received '${name}', ${what}`);
}

/** Takes the importance scores from the options at the end of some arguments. */
export function withoutScores(args: readonly unknown[]): [rest: unknown[], importanceScores: unknown] {
  const last = args.at(-1);
  if (typeof last !== 'object' || last === null || !Object.hasOwn(last, 'importanceScores')) return [[...args], null];
  const { importanceScores, ...options } = last as ImportanceOptions;
  const isEmpty = Object.keys(options).length === 0;
  return [[...args.slice(0, -1), ...(isEmpty ? [] : [options])], importanceScores ?? null];
}

/** Refuses importance scores of another shape than that of what they tell the importance of. */
export function checkScores(callee: string, scores: unknown, { shape }: Tensor): asserts scores is Tensor | null {
  if (scores === null) return;
  checkTensor(`${callee}()`, 'importanceScores', scores);
  if ((scores as Tensor).shape.join() === shape.join()) return;
  throw valueError(
    `${callee}(): expected a tensor of shape [${shape.join(', ')}] for argument \`importanceScores\`, received ${describe(scores)}`,
  );
}

/** What the method of a class, perhaps a user's, says of a tensor. */
export function maskBy(method: BasePruningMethod, t: Tensor, defaultMask: Tensor): Tensor {
  const { name } = method.constructor;
  checkFunction(name, 'computeMask', Reflect.get(method, 'computeMask'));
  const mask: unknown = method.computeMask(t, defaultMask);
  if (mask instanceof Tensor) return mask;
  throw new ArgumentError(`${name}.computeMask(): expected it to return a Tensor, received ${describe(mask)}`);
}
