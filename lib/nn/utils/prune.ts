/** Zeros in the place of parameters that matter least (`torch.nn.utils.prune`). */
import { ArgumentError, checkIterable, checkList, checkString, checkTensor, describe, valueError } from '../../engine';
import { onesLike, Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';
import type { Buffer, Parameter } from '../parameter';
import { parametersToVector } from './convert-parameters';
import type { NamedTensor } from './named-tensor';
import { checkScores, type ImportanceOptions, namedParameter } from './pruning-arguments';
import {
  applyMethod,
  type BasePruningMethod,
  checkMethodClass,
  PruningContainer,
  type PruningMethodClass,
} from './pruning-method';
import {
  type AmountOptions,
  CustomFromMask,
  Identity,
  L1Unstructured,
  LnStructured,
  type LnStructuredOptions,
  RandomStructured,
  RandomUnstructured,
  type StructuredOptions,
} from './pruning-methods';
import { findPruning, prunedTensor, pruningsOf } from './pruning-state';

export type { ImportanceOptions } from './pruning-arguments';
export {
  BasePruningMethod,
  type PruneOptions,
  PruningContainer,
  type PruningMethodClass,
  type PruningType,
} from './pruning-method';
export {
  type AmountOptions,
  CustomFromMask,
  Identity,
  L1Unstructured,
  LnStructured,
  type LnStructuredOptions,
  RandomStructured,
  RandomUnstructured,
  type StructuredOptions,
} from './pruning-methods';

/** @inline */
interface Named<Name extends string> {
  name: Name;
}

/** A property's name as PyTorch's: `inProjWeight` → `in_proj_weight`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name;

/**
 * What a module has besides whose parameter `Name` is pruned.
 *
 * @typeParam Name the property's name or the one in the state dict
 */
export type Pruned<Name extends string = string> = {
  /** What is trained. */
  readonly [Key in `${SnakeCase<Name>}_orig`]: Parameter;
} & {
  /** 0 where it is pruned, 1 elsewhere. */
  readonly [Key in `${SnakeCase<Name>}_mask`]: Buffer;
};

/**
 * Prunes nothing, but makes of a parameter what pruning makes of it (`torch.nn.utils.prune.identity`): `NAME_orig`, and a mask of
 * ones.
 *
 * @param name the property's name or the one in the state dict
 * @returns the module
 * @throws ArgumentError for a name that the module has no parameter of
 */
export function identity<M extends AnyModule, Name extends string>(
  module: M,
  ...rest: Arguments<[name: Name], Named<Name>, ['name']>
): M & Pruned<Name> {
  const { name } = readTail<Named<Name>>('identity', { name: required }, rest);
  applyMethod('identity', module, name, () => new Identity(), null);
  return module as M & Pruned<Name>;
}

/**
 * Prunes elements of a parameter at random, drawn from the generator (`torch.nn.utils.prune.random_unstructured`).
 *
 * @param name the property's name or the one in the state dict
 * @returns the module
 * @throws ArgumentError for an amount that is neither, or more than there are
 */
export function randomUnstructured<M extends AnyModule, Name extends string>(
  module: M,
  ...rest: Arguments<[name: Name, amount: number], Named<Name> & AmountOptions, ['name', 'amount']>
): M & Pruned<Name> {
  const { name, amount } = readTail<Named<Name> & AmountOptions>(
    'randomUnstructured',
    { name: required, amount: required },
    rest,
  );
  applyMethod('randomUnstructured', module, name, () => new RandomUnstructured(amount), null);
  return module as M & Pruned<Name>;
}

/**
 * Prunes the elements of a parameter with the smallest absolute values (`torch.nn.utils.prune.l1_unstructured`).
 *
 * The parameter goes on as `NAME_orig`, the same object, so that an optimizer goes on with it; the mask is the buffer `NAME_mask`;
 * the property holds their product, computed anew before each forward.
 *
 * @param name the property's name or the one in the state dict
 * @returns the module
 * @throws ArgumentError for an amount that is neither, or more than there are; for scores of another shape
 *
 * @example
 * ```ts
 * const prune = nn.utils.prune;
 * const layer = prune.l1Unstructured(new nn.Linear(4, 3), 'weight', { amount: 0.5 });
 * console.log(layer.weight.eq(0).sum().item(), layer.weight_mask.sum().item()); // 6 6
 * console.log([...layer.stateDict().keys()].join(' ')); // bias weight_orig weight_mask
 * prune.l1Unstructured(layer, 'weight', 2); // of what is left
 * prune.remove(layer, 'weight');
 * console.log(layer.weight.eq(0).sum().item(), [...layer.stateDict().keys()].join(' ')); // 8 bias weight
 * ```
 */
export function l1Unstructured<M extends AnyModule, Name extends string>(
  module: M,
  ...rest: Arguments<
    [name: Name, amount: number],
    Named<Name> & AmountOptions & ImportanceOptions,
    ['name', 'amount', 'importanceScores']
  >
): M & Pruned<Name> {
  const { name, amount, importanceScores } = readTail<Named<Name> & Required<AmountOptions & ImportanceOptions>>(
    'l1Unstructured',
    { name: required, amount: required, importanceScores: null },
    rest,
  );
  applyMethod('l1Unstructured', module, name, () => new L1Unstructured(amount), importanceScores);
  return module as M & Pruned<Name>;
}

/**
 * Prunes slices of a parameter along a dimension at random, drawn from the generator (`torch.nn.utils.prune.random_structured`):
 * rows of a `Linear`'s weight, the neurons, with `dim` 0.
 *
 * @param name the property's name or the one in the state dict
 * @returns the module
 * @throws ArgumentError for an amount that is neither, or more than there are; for a parameter of one dimension, and a dimension
 *   that it does not have
 */
export function randomStructured<M extends AnyModule, Name extends string>(
  module: M,
  ...rest: Arguments<
    [name: Name, amount: number, dim: number],
    Named<Name> & Required<StructuredOptions>,
    ['name', 'amount', 'dim']
  >
): M & Pruned<Name> {
  const { name, amount, dim } = readTail<Named<Name> & Required<StructuredOptions>>(
    'randomStructured',
    { name: required, amount: required, dim: required },
    rest,
  );
  applyMethod('randomStructured', module, name, () => new RandomStructured(amount, dim), null);
  return module as M & Pruned<Name>;
}

/** Options of {@link lnStructured}. */
export type LnStructuredArguments = Required<LnStructuredOptions> & ImportanceOptions;

/**
 * Prunes the slices of a parameter along a dimension that have the smallest norms (`torch.nn.utils.prune.ln_structured`).
 *
 * @param name the property's name or the one in the state dict
 * @returns the module
 * @throws ArgumentError for an amount that is neither, or more than there are; for a parameter of one dimension, and a dimension
 *   that it does not have; for a norm of matrices where the slices are none; for scores of another shape
 *
 * @example
 * ```ts
 * const conv = nn.utils.prune.lnStructured(new nn.Conv2d(5, 3, 2), 'weight', { amount: 0.4, n: -Infinity, dim: 1 });
 * console.log(conv.weight_mask.sum([0, 2, 3]).eq(0).sum().item()); // 2
 * ```
 */
export function lnStructured<M extends AnyModule, Name extends string>(
  module: M,
  ...rest: Arguments<
    [name: Name, amount: number, n: number | 'fro' | 'nuc', dim: number],
    Named<Name> & LnStructuredArguments,
    ['name', 'amount', 'n', 'dim', 'importanceScores']
  >
): M & Pruned<Name> {
  const { name, amount, n, dim, importanceScores } = readTail<Named<Name> & Required<LnStructuredArguments>>(
    'lnStructured',
    { name: required, amount: required, n: required, dim: required, importanceScores: null },
    rest,
  );
  applyMethod('lnStructured', module, name, () => new LnStructured(amount, n, dim), importanceScores);
  return module as M & Pruned<Name>;
}

/**
 * Prunes a parameter where a mask is 0 (`torch.nn.utils.prune.custom_from_mask`).
 *
 * @param name the property's name or the one in the state dict
 * @param mask - of the parameter's shape, of any dtype
 * @returns the module
 * @throws ArgumentError for a mask of another shape
 *
 * @example
 * ```ts
 * const mask = torch.tensor([0, 1, 0]);
 * const layer = nn.utils.prune.customFromMask(new nn.Linear(5, 3), 'bias', mask);
 * console.log(layer.bias_mask); // tensor([0., 1., 0.])
 * ```
 */
export function customFromMask<M extends AnyModule, Name extends string>(
  module: M,
  ...rest: Arguments<[name: Name, mask: Tensor], Named<Name> & { mask: Tensor }, ['name', 'mask']>
): M & Pruned<Name> {
  const { name, mask } = readTail<Named<Name> & { mask: Tensor }>(
    'customFromMask',
    { name: required, mask: required },
    rest,
  );
  applyMethod('customFromMask', module, name, () => new CustomFromMask(mask), null);
  return module as M & Pruned<Name>;
}

/** A parameter: the module that has it, and its name there. */
export type ParameterPlace = readonly [module: AnyModule, name: string];

/** Options of {@link globalUnstructured}, and of the constructor of the method. */
export interface GlobalOptions extends Partial<AmountOptions> {
  /** What is compared in the place of parameters, by their places: a `Map`, or pairs. */
  importanceScores?: Iterable<readonly [place: ParameterPlace, scores: Tensor]> | null;
  /** Others are for the method. */
  [option: string]: unknown;
}

/**
 * Prunes parameters of several modules together, as if they were one (`torch.nn.utils.prune.global_unstructured`): of the least
 * elements of all, some may have more than others.
 *
 * @param pruningMethod a class of this module or of your own, whose `pruningType` is `unstructured`. It is constructed with
 *   the options but `importanceScores`.
 * @throws ArgumentError for a method that is not `unstructured`; for scores of another shape than their parameter's
 *
 * @example
 * ```ts
 * const prune = nn.utils.prune;
 * const [first, second] = [new nn.Linear(10, 4), new nn.Linear(4, 1)];
 * prune.globalUnstructured(
 *   [
 *     [first, 'weight'],
 *     [second, 'weight'],
 *   ],
 *   prune.L1Unstructured,
 *   { amount: 10 },
 * );
 * const zeros = [first, second].map(({ weight }) => weight.eq(0).sum().item());
 * console.log((zeros[0] as number) + (zeros[1] as number)); // 10
 * ```
 */
export function globalUnstructured(
  parameters: Iterable<ParameterPlace>,
  pruningMethod: PruningMethodClass,
  options: GlobalOptions = {},
): void {
  const callee = 'globalUnstructured';
  checkIterable(callee, 'parameters', parameters);
  const places = Array.from(parameters, (place) => placeOf(callee, place));
  if (places.length === 0) throw valueError(`${callee}(): expected one place or more for argument \`parameters\``);
  checkMethodClass(callee, 'pruningMethod', pruningMethod);
  if (typeof options !== 'object' || (options as unknown) === null || Array.isArray(options)) {
    throw new ArgumentError(`${callee}(): expected options for argument \`options\`, received ${describe(options)}`);
  }
  const { importanceScores, ...own } = options;
  const scores = scoresOf(callee, importanceScores ?? [], places);
  const method = Reflect.construct(pruningMethod, Object.keys(own).length === 0 ? [] : [own]) as BasePruningMethod;
  if (method.pruningType !== 'unstructured') {
    throw new ArgumentError(
      `${callee}(): expected a class whose \`pruningType\` is 'unstructured' for argument \`pruningMethod\`, received ` +
        `${pruningMethod.name}, whose is ${describe(method.pruningType)}`,
    );
  }
  const masks = places.map(({ module, name, tensor }) => {
    const known: unknown = Reflect.get(module, `${name}_mask`);
    return known instanceof Tensor ? known : onesLike(tensor);
  });
  const mask = new PruningContainer(method).computeMask(parametersToVector(scores), parametersToVector(masks));
  let start = 0;
  for (const { module, property, tensor } of places) {
    const part = mask.narrow(0, start, tensor.numel()).viewAs(tensor);
    applyMethod(callee, module, property, () => new CustomFromMask(part), null);
    start += tensor.numel();
  }
}

/** A parameter that is pruned together with others; the tensor is what is left of it where it is pruned already. */
interface Place extends NamedTensor {
  readonly module: AnyModule;
}

function placeOf(callee: string, place: unknown): Place {
  checkList(callee, 'parameters (its places)', place);
  const [module, name] = place as ParameterPlace;
  checkModule(callee, module);
  checkString(callee, 'name', name);
  const found = findPruning(module, name);
  if (found === null) return { module, ...namedParameter(callee, module, name) };
  const { property, method } = found;
  return { module, property, name: method.tensorName ?? property, tensor: prunedTensor(module, found) };
}

/** The scores of each place: those that are given, and the tensor itself where none are. */
function scoresOf(callee: string, given: unknown, places: readonly Place[]): Tensor[] {
  checkIterable(callee, 'importanceScores', given);
  const scores = places.map(({ tensor }) => tensor);
  for (const entry of given as Iterable<unknown>) {
    checkList(callee, 'importanceScores (its entries)', entry);
    const [key, tensor] = entry as [unknown, unknown];
    checkList(callee, 'importanceScores (its places)', key);
    const [module, name] = key as ParameterPlace;
    // Those of what is not pruned now are passed over, as in PyTorch.
    for (const [index, place] of places.entries()) {
      if (place.module !== module || (place.property !== name && place.name !== name)) continue;
      checkTensor(`${callee}()`, 'importanceScores', tensor);
      checkScores(callee, tensor, place.tensor);
      scores[index] = tensor as Tensor;
    }
  }
  return scores;
}

/**
 * Makes an ordinary parameter of a pruned tensor, with zeros where it is pruned (`torch.nn.utils.prune.remove`). The parameter is
 * the object that was `NAME_orig`, so that an optimizer goes on with it.
 *
 * @param name the property's name or the one in the state dict
 * @returns the module
 * @throws ArgumentError for a tensor that is not pruned
 */
export function remove<M extends AnyModule>(module: M, ...rest: Arguments<[name: string], Named<string>, ['name']>): M {
  checkModule('remove', module);
  const { name } = readTail<Named<string>>('remove', { name: required }, rest);
  checkString('remove', 'name', name);
  const found = findPruning(module, name);
  if (found === null) {
    throw valueError(
      `Parameter '${name}' of module ${module.toString()} has to be pruned before pruning can be removed`,
    );
  }
  found.method.remove(module);
  return module;
}

/** True where any tensor of a module, or of one below it, is pruned (`torch.nn.utils.prune.is_pruned`). */
export function isPruned(module: AnyModule): boolean {
  checkModule('isPruned', module);
  return module.modules().some((each) => pruningsOf(each).size > 0);
}
