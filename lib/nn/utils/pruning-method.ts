/** What all ways of pruning share (`torch.nn.utils.prune`): how one is applied, and how several follow one another. */
import { noGrad } from '../../autograd';
import {
  ArgumentError,
  checkInteger,
  checkString,
  checkTensor,
  checkTensors,
  describe,
  valueError,
} from '../../engine';
import { type Index, onesLike, slice, Tensor } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';
import type { Parameter } from '../parameter';
import { placeOf } from '../places';
import { classWithPrivateMembers } from '../private-members';
import { deleteSlot } from '../slots';
import { checkScores, type ImportanceOptions, maskBy, namedParameter, withoutScores } from './pruning-arguments';
import { dropPruning, findPruning, type FoundPruning, prunedTensor, putPruning } from './pruning-state';

/**
 * What of a tensor that is pruned already a method looks at: the elements that are left, in one dimension (`unstructured`),
 * the slices along its `dim` that are not all zero (`structured`), or all (`global`).
 */
export type PruningType = 'unstructured' | 'structured' | 'global';

/** Options of {@link BasePruningMethod.prune}. */
export interface PruneOptions extends ImportanceOptions {
  /** Of the tensor's shape: 0 where it is pruned already; ones by default. */
  defaultMask?: Tensor | null;
}

/** A class of pruning methods, by what its constructor takes: an object of options, if nothing else is said. */
export type PruningMethodClass<
  Arguments extends readonly unknown[] = [options: never],
  Method = BasePruningMethod,
> = new (...args: Arguments) => Method;

/** What a constructor takes, and importance scores in the last place or among its options. @inline */
type Applied<Arguments extends readonly unknown[]> =
  | Arguments
  | [...Arguments, ImportanceOptions]
  | (Arguments extends readonly [infer Options extends object] ? [Options & ImportanceOptions] : never);

/**
 * A way to prune a tensor: what tells, from the tensor, which of its elements become 0 (`BasePruningMethod` of
 * `torch.nn.utils.prune`). One of your own needs a {@link computeMask} and a {@link pruningType}, and where that is
 * `structured` a property `dim`.
 *
 * @example
 * ```ts
 * class EverySecond extends nn.utils.prune.BasePruningMethod {
 *   readonly pruningType = 'unstructured';
 *
 *   computeMask(t: torch.Tensor, defaultMask: torch.Tensor): torch.Tensor {
 *     const mask = defaultMask.clone();
 *     mask.view(-1).setAt(torch.slice(null, null, 2), 0);
 *     return mask;
 *   }
 * }
 * const layer = new nn.Linear(2, 4);
 * EverySecond.apply(layer, 'bias');
 * console.log(layer.stateDict().get('bias_mask')); // tensor([0., 1., 0., 1.])
 * ```
 */
export abstract class BasePruningMethod {
  /** What it looks at where another method came before: `PRUNING_TYPE`. */
  abstract readonly pruningType: PruningType;

  /** The name in the state dict of the tensor that it prunes; null before it is applied. */
  tensorName: string | null = null;

  /**
   * The mask: 0 where an element is pruned, 1 where it stays.
   *
   * @param t the tensor, or its importance scores, or that part of it which {@link pruningType} tells
   * @param defaultMask of the shape of `t`: 0 where it is pruned already
   * @returns a mask of this shape
   */
  abstract computeMask(t: Tensor, defaultMask: Tensor): Tensor;

  /**
   * Prunes a parameter of a module by a new method of this class, and from then on before each forward.
   *
   * The parameter goes on as `NAME_orig`, the same object, so that an optimizer goes on with it; the mask becomes the buffer
   * `NAME_mask`, and the property holds their product, which is computed anew before each forward. Applied to what is pruned
   * already, it prunes of what is left, and both methods become those of a {@link PruningContainer}.
   *
   * @param module the module itself, not one above it
   * @param name the property's name or the one in the state dict
   * @param args what the constructor of the class takes, and `{ importanceScores }`
   * @returns the method, or the container that it has become part of
   * @throws ArgumentError for a name that the module has no parameter of, for scores of another shape, and for what the
   *   method cannot prune. The module stays as it was then.
   */
  static apply<Arguments extends readonly unknown[], Method extends BasePruningMethod>(
    this: PruningMethodClass<Arguments, Method>,
    module: AnyModule,
    name: string,
    ...args: Applied<Arguments>
  ): Method | PruningContainer {
    checkMethodClass('BasePruningMethod.apply', 'this', this);
    const [given, importanceScores] = withoutScores(args);
    const make = (): Method => Reflect.construct(this, given) as Method;
    return applyMethod(`${this.name}.apply`, module, name, make, importanceScores) as Method | PruningContainer;
  }

  /** The product of the mask and the original in a module that this method was applied to. */
  applyMask(module: AnyModule): Tensor {
    checkModule('applyMask', module);
    const [orig, mask] = ['_orig', '_mask'].map((suffix): unknown =>
      Reflect.get(module, `${this.tensorName}${suffix}`),
    );
    if (!(orig instanceof Tensor && mask instanceof Tensor)) {
      throw valueError(
        `applyMask(): expected a module in which this method has pruned a tensor, received ${module.toString()}`,
      );
    }
    return mask.to(orig.dtype).mul(orig);
  }

  /** A tensor with 0 in the place of what this method prunes of it. Neither the tensor nor the method is changed. */
  prune(t: Tensor, ...rest: Tail<PruneOptions, ['defaultMask', 'importanceScores']>): Tensor {
    const callee = `${this.constructor.name}.prune`;
    checkTensor(`${callee}()`, 't', t);
    const defaults: Required<PruneOptions> = { defaultMask: null, importanceScores: null };
    const { defaultMask, importanceScores } = readTail(callee, defaults, rest);
    if (defaultMask !== null) checkTensor(`${callee}()`, 'defaultMask', defaultMask);
    checkScores(callee, importanceScores, t);
    return t.mul(maskBy(this, importanceScores ?? t, defaultMask ?? onesLike(t)));
  }

  /**
   * Makes an ordinary parameter of the tensor that this method has pruned in a module, with zeros where it is pruned. The
   * parameter is the object that was `NAME_orig`; the mask goes.
   *
   * @throws ArgumentError for a module in which it has pruned nothing
   */
  remove(module: AnyModule): void {
    checkModule('remove', module);
    const name = this.tensorName;
    const found = name === null ? null : findPruning(module, name);
    if (name === null || found === null) {
      throw valueError(`Module ${module.toString()} has to be pruned before pruning can be removed`);
    }
    const orig = Reflect.get(module, `${name}_orig`) as Parameter;
    orig.data = noGrad(() => this.applyMask(module));
    dropPruning(module, found.property, orig);
    for (const property of [found.property, `${name}_orig`, `${name}_mask`]) deleteSlot(module, property);
    Reflect.set(module, found.property, orig);
  }

  /** With what `nn.deepcopy` begins: see `Module.beginCopy`. */
  beginCopy(): BasePruningMethod {
    const secretive = classWithPrivateMembers(this, BasePruningMethod);
    if (secretive === null) return Object.create(Object.getPrototypeOf(this) as object) as BasePruningMethod;
    throw new ArgumentError(
      `deepcopy(): the class ${secretive} has private members (#name), which only its constructor makes; expected it to ` +
        `have a method beginCopy() that returns a new ${secretive}`,
    );
  }
}

/**
 * The methods that prune one tensor, one after the other (`PruningContainer` of `torch.nn.utils.prune`): each prunes of what
 * those before have left. Applying a method to what is pruned already makes one.
 */
export class PruningContainer extends BasePruningMethod {
  /** It looks itself for what is left. */
  readonly pruningType = 'global';
  private methods: readonly BasePruningMethod[] = [];

  /** @param methods of one tensor, which becomes the container's */
  constructor(...methods: readonly BasePruningMethod[]) {
    super();
    for (const method of methods) this.addPruningMethod(method);
  }

  /**
   * Adds a method at the end.
   *
   * @throws ArgumentError for one that prunes another tensor than the container's
   */
  addPruningMethod(method: BasePruningMethod): void {
    if (!((method as unknown) instanceof BasePruningMethod)) {
      throw new ArgumentError(
        `addPruningMethod(): expected a BasePruningMethod for argument \`method\`, received ${describe(method)}`,
      );
    }
    if (this.methods.length === 0) this.tensorName ??= method.tensorName;
    if (method.tensorName !== this.tensorName) {
      throw valueError(
        `addPruningMethod(): expected a method that prunes ${describe(this.tensorName)} for argument \`method\`, received one that ` +
          `prunes ${describe(method.tensorName)}`,
      );
    }
    this.methods = [...this.methods, method];
  }

  /** Number of methods. */
  get length(): number {
    return this.methods.length;
  }

  /** The method at a place; negative ones count from the end. */
  at(index: number): BasePruningMethod {
    return this.methods[placeOf('at', index, this.length)] as BasePruningMethod;
  }

  /** The methods, in order. */
  [Symbol.iterator](): Iterator<BasePruningMethod> {
    return this.methods.values();
  }

  /** The mask by the last method, which looks at what `defaultMask` has left, and writes into it where the dtypes are equal. */
  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensors('PruningContainer.computeMask', { t, defaultMask });
    const method = this.methods.at(-1);
    if (method === undefined)
      throw valueError('PruningContainer.computeMask(): expected a container of methods, but it is empty');
    const mask = defaultMask.to(t.dtype);
    const left = leftBy(method, t, defaultMask);
    const partial = maskBy(method, t.at(...left), defaultMask.at(...left));
    return mask.setAt(left, partial.to(mask.dtype));
  }
}

/** The index of what a mask has left, as a method looks at it. */
function leftBy(method: BasePruningMethod, t: Tensor, mask: Tensor): Index[] {
  const all: Index[] = Array.from({ length: t.dim() }, () => slice());
  switch (method.pruningType) {
    case 'unstructured':
      return [mask.eq(1)];
    case 'structured': {
      const { dim: given } = method as { dim?: unknown };
      checkInteger(method.constructor.name, 'dim', given, -t.dim(), t.dim() - 1);
      const dim = (given as number) < 0 ? (given as number) + t.dim() : (given as number);
      const others = [...all.keys()].filter((each) => each !== dim);
      all[dim] = mask.sum(others).ne(0);
      return all;
    }
    case 'global':
      return all;
    default:
      throw valueError(
        `${method.constructor.name}: expected 'unstructured', 'structured' or 'global' for \`pruningType\`, received ` +
          describe(method.pruningType),
      );
  }
}

/** Refuses what is no class of pruning methods, or the abstract one. */
export function checkMethodClass(callee: string, argument: string, type: unknown): void {
  if (typeof type === 'function' && type.prototype instanceof BasePruningMethod) return;
  throw new ArgumentError(
    `${callee}(): expected a class derived from BasePruningMethod for argument \`${argument}\`, received ${describe(type)}`,
  );
}

/**
 * Prunes a parameter of a module: `BasePruningMethod.apply`. All that can be refused is, before the module is changed.
 *
 * @param callee for messages
 * @param make makes the method
 */
export function applyMethod(
  callee: string,
  module: AnyModule,
  name: string,
  make: () => BasePruningMethod,
  importanceScores: unknown,
): BasePruningMethod {
  checkModule(callee, module);
  checkString(callee, 'name', name);
  const found = findPruning(module, name);
  if (found !== null) return pruneFurther(callee, module, found, make(), importanceScores);
  const { property, name: tensorName, tensor: orig } = namedParameter(callee, module, name);
  checkScores(callee, importanceScores, orig);
  const method = make();
  method.tensorName = tensorName;
  const mask = maskBy(method, importanceScores ?? orig, onesLike(orig));
  const added: string[] = [];
  try {
    module.registerParameter(`${tensorName}_orig`, orig);
    added.push(`${tensorName}_orig`);
    module.registerBuffer(`${tensorName}_mask`, mask);
    added.push(`${tensorName}_mask`);
    putPruning(module, property, method);
  } catch (error) {
    for (const each of added) deleteSlot(module, each);
    throw error;
  }
  return method;
}

function pruneFurther(
  callee: string,
  module: AnyModule,
  found: FoundPruning,
  method: BasePruningMethod,
  importanceScores: unknown,
): PruningContainer {
  const { property, method: before } = found;
  const { tensorName } = before;
  method.tensorName = tensorName;
  const [orig, mask] = ['_orig', '_mask'].map((suffix) => Reflect.get(module, `${tensorName}${suffix}`) as Tensor) as [
    Tensor,
    Tensor,
  ];
  checkScores(callee, importanceScores, orig);
  const tried = new PruningContainer(...(before instanceof PruningContainer ? before : [before]), method);
  const defaultMask = mask.detach().clone({ memoryFormat: 'contiguous_format' });
  const further = maskBy(tried, importanceScores ?? prunedTensor(module, found), defaultMask);
  const container = before instanceof PruningContainer ? before : tried;
  module.registerBuffer(`${tensorName}_mask`, further);
  try {
    putPruning(module, property, container);
  } catch (error) {
    Reflect.set(module, `${tensorName}_mask`, mask);
    throw error;
  }
  if (container !== tried) container.addPruningMethod(method);
  return container;
}
