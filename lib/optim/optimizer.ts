import { setGradEnabled, enableGrad } from '../autograd';
import {
  ArgumentError,
  checkBooleans,
  checkFunction,
  checkIterable,
  checkObject,
  checkSignal,
  computeAsync,
  type ComputeOptions,
  describe,
  scope,
  valueError,
} from '../engine';
import { clearGradients } from '../nn/gradients';
import { camelCase, snakeCase } from '../nn/names';
import { floatRepr } from '../nn/repr';
import { type RemovableHandle, Tensor } from '../tensor';
import type { GradientScaling } from './fused';
import { OptimizerHooks, type OptimizerHook, type OptimizerHookOptions } from './optimizer-hooks';
import { numText } from './options';
import { type NewParamGroup, type ParamGroup, type Params, readGroups, readOptions, readParams } from './param-groups';
import { type Num, toScalar } from './python-number';
import {
  checkShape,
  copyOption,
  matchGroups,
  type OptimizerStateDict,
  type OptionValue,
  packRecord,
  type StateValue,
  unpackRecord,
} from './state-dict';

/** An optimizer, whatever its options. */
export type AnyOptimizer = Optimizer<{ lr: Tensor | number }, object, StateValue>;

/** A state dict of whichever optimizer. */
export type AnyStateDict = OptimizerStateDict<StateValue>;

/**
 * Base of the optimizers (`torch.optim.Optimizer`).
 *
 * @typeParam O the options of a group
 * @typeParam S what is remembered per parameter
 * @typeParam V what that is in a state dict
 */
export abstract class Optimizer<O extends { lr: Tensor | number }, S extends object, V extends StateValue = Tensor> {
  readonly paramGroups: ParamGroup<O>[] = [];

  /** What is remembered of each parameter that has had a gradient. */
  readonly state = new Map<Tensor, S>();

  /** {@link step} was called; the schedulers warn if they come before it. */
  stepped = false;

  /** @internal Set around a {@link step} that {@link takesScaledGradients}. */
  gradientScaling: GradientScaling | null = null;

  /** @internal Whether {@link step} may have been called: a class's own need not tell. */
  get mayHaveStepped(): boolean {
    return this.stepped || Reflect.get(this, 'step') !== Reflect.get(Optimizer.prototype, 'step');
  }

  readonly #hooks = new OptimizerHooks();

  /**
   * @param params in an order that is the same in every run
   * @param defaults options of groups that do not set their own, in PyTorch's order
   */
  protected constructor(
    params: Params<O>,
    readonly defaults: O,
  ) {
    this.validate(defaults);
    if (params instanceof Tensor) {
      throw new ArgumentError(
        `params argument given to the optimizer should be an iterable of Tensors or groups, but got ${describe(params)}`,
      );
    }
    checkIterable(this.constructor.name, 'params', params);
    for (const group of readGroups(params)) this.addParamGroup(group);
  }

  /** Refuses impossible options, with Python's sentences. */
  protected abstract validate(options: O): void;

  /** One step over the parameters of a group that have a gradient; called without autograd, and in a scope. */
  protected abstract updateGroup(group: ParamGroup<O>): void;

  /** What a parameter's state must have, by its property's name; a state dict without it is refused. */
  protected abstract requiredState(): readonly string[];

  /** The shape that a tensor of a parameter's state must have, by PyTorch's name; null is any. */
  protected stateShape(_name: string, param: Tensor): readonly number[] | null {
    return param.shape;
  }

  /** What is remembered of a parameter, under PyTorch's names. */
  protected packState(state: S): Record<string, V> {
    return packRecord(state) as Record<string, V>;
  }

  /** The way back, as copies that belong to the optimizer. */
  protected unpackState(packed: Readonly<Record<string, V>>, param: Tensor, number: string): S {
    const required = this.requiredState().map((name) => snakeCase(name));
    const missing = required.find((name) => packed[name] === undefined);
    if (missing !== undefined) {
      throw valueError(
        `expected ${required.join(', ')} in the loaded state of parameter ${number} of ${this.constructor.name}, but ${missing} is missing`,
      );
    }
    return unpackRecord(packed, param, (name, value) => {
      const shape = this.stateShape(name, param);
      if (shape !== null) checkShape(name, value, shape, `parameter ${number}`);
    }) as unknown as S;
  }

  /** Adds parameters with options of their own; missing ones take the defaults. */
  addParamGroup(group: NewParamGroup<O>): void {
    const { params, names } = readParams(group);
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      if (!this.#differentiable && !param.isLeaf && !param.retainsGrad)
        throw valueError("can't optimize a non-leaf Tensor");
      if (known.has(param)) throw valueError('some parameters appear in more than one parameter group');
    }
    if (new Set(params).size < params.length) {
      throw valueError('optimizer contains a parameter group with duplicate parameters');
    }
    const options = { ...this.defaults, ...readOptions(group, this.defaults) };
    this.validate(options);
    const named = names === null ? options : { ...options, paramNames: names };
    if (this.paramGroups.some(({ paramNames }) => (paramNames === undefined) !== !('paramNames' in named))) {
      throw valueError(
        'all optimizer param groups should be with/without names. ' +
          `cannot add param group ${'paramNames' in named ? 'with' : 'without'} names to the optimizer`,
      );
    }
    this.paramGroups.push({ ...named, params });
  }

  /** Autograd records the steps. */
  get #differentiable(): boolean {
    return (this.defaults as { differentiable?: boolean }).differentiable === true;
  }

  /**
   * Updates the parameters by their gradients.
   * @param closure computes the loss anew, gradients included; what it returns is returned
   */
  step<T = undefined>(closure?: () => T): T | undefined {
    if (closure !== undefined) checkFunction('step', 'closure', closure);
    const result = this.#hooks.aroundStep<T | undefined>(this, [closure], ([given]) =>
      this.perform(given as (() => T) | undefined),
    );
    this.stepped = true;
    return result;
  }

  /** The step itself, without the hooks around it. */
  protected perform<T>(closure: (() => T) | undefined): T | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    const differentiable = this.#differentiable;
    setGradEnabled(differentiable, () => {
      for (const group of this.paramGroups) {
        // What a differentiable step makes belongs to the graph.
        if (differentiable) this.updateGroup(forStep(group));
        else scope(() => this.updateGroup(forStep(group)));
      }
    });
    return loss;
  }

  /**
   * {@link step} on the compute thread; the event loop goes on meanwhile. The gradients must be there: await the backward
   * pass first. A step that has begun is not aborted, for half a step would be neither the old state nor the new.
   */
  async stepAsync(options: ComputeOptions = {}): Promise<void> {
    checkSignal('stepAsync', options)?.throwIfAborted();
    await computeAsync(() => {
      this.step();
    });
  }

  /** @internal A gradient scaler need not divide the gradients before a step: fused ops do. */
  takesScaledGradients(): boolean {
    return this.paramGroups.every((group) => (group as { fused?: boolean | null }).fused === true);
  }

  /** Forgets the gradients of all parameters; with `false` keeps them and fills them with zeros. */
  zeroGrad(setToNone = true): void {
    checkBooleans('zeroGrad', { setToNone });
    for (const group of this.paramGroups) clearGradients(group.params, setToNone);
  }

  /** State and options in PyTorch's layout. The tensors are the optimizer's own: the next step changes them. */
  stateDict(): OptimizerStateDict<V> {
    for (const hook of this.#hooks.stateDictPre.hooks) hook(this);
    const params = this.paramGroups.flatMap((group) => group.params);
    const numbers = new Map(params.map((param, index) => [param, index]));
    const state: OptimizerStateDict<V>['state'] = {};
    for (const [param, remembered] of this.state) {
      const number = numbers.get(param);
      if (number !== undefined) state[number] = this.packState(remembered);
    }
    let result: OptimizerStateDict<V> = {
      state,
      param_groups: this.paramGroups.map((group) => {
        const { params: members, ...options } = group;
        return {
          ...(renameKeys(options, snakeCase) as Record<string, OptionValue>),
          params: members.map((param) => numbers.get(param) as number),
        };
      }),
    };
    for (const hook of this.#hooks.stateDictPost.hooks) {
      result = (hook(this, result) ?? result) as OptimizerStateDict<V>;
    }
    return result;
  }

  /**
   * Takes over what {@link Optimizer.stateDict} returned, here or in Python; tensors are copied, to dtype and device of their
   * parameter. Options that it lacks stay as they are, as do the names of parameters.
   * @throws ArgumentError where groups or shapes do not fit; nothing is changed then
   */
  loadStateDict(stateDict: OptimizerStateDict<V>): void {
    checkObject('loadStateDict', 'stateDict', stateDict, '{ state, param_groups }', ['state', 'param_groups']);
    let given = { ...stateDict };
    for (const hook of this.#hooks.loadStateDictPre.hooks)
      given = (hook(this, given) ?? given) as OptimizerStateDict<V>;
    const byNumber = matchGroups(given, this.paramGroups);
    const loaded = new Map<Tensor, S>();
    for (const [key, packed] of Object.entries(given.state)) {
      const param = byNumber.get(Number(key)) as Tensor;
      loaded.set(param, this.unpackState(packed, param, key));
    }
    this.state.clear();
    for (const [param, remembered] of loaded) this.state.set(param, remembered);
    const copies = new Map<Tensor, Tensor>();
    for (const [index, group] of this.paramGroups.entries()) {
      const options = Object.entries(given.param_groups[index] ?? {}).map(([name, value]) => [
        camelCase(name),
        copyOption(value, copies),
      ]);
      Object.assign(group, Object.fromEntries(options), { params: group.params });
    }
    for (const hook of this.#hooks.loadStateDictPost.hooks) hook(this);
  }

  // -- hooks ------------------------------------------------------------------------------------------------------------

  /** Has `hook` called before each step; an array that it returns takes the place of the step's arguments. */
  registerStepPreHook(hook: OptimizerHook<'stepPre'>): RemovableHandle {
    return this.#hooks.stepPre.add('registerStepPreHook', hook);
  }

  /** Has `hook` called after each step. */
  registerStepPostHook(hook: OptimizerHook<'stepPost'>): RemovableHandle {
    return this.#hooks.stepPost.add('registerStepPostHook', hook);
  }

  /** Has `hook` called before each {@link Optimizer.stateDict}. */
  registerStateDictPreHook(hook: OptimizerHook<'stateDictPre'>, options: OptimizerHookOptions = {}): RemovableHandle {
    return this.#hooks.stateDictPre.add('registerStateDictPreHook', hook, options);
  }

  /** Has `hook` called with each state dict that is made; it may change it or return another. */
  registerStateDictPostHook(hook: OptimizerHook<'stateDictPost'>, options: OptimizerHookOptions = {}): RemovableHandle {
    return this.#hooks.stateDictPost.add('registerStateDictPostHook', hook, options);
  }

  /** Has `hook` called with a shallow copy of each state dict that is to be loaded; it may return another. */
  registerLoadStateDictPreHook(
    hook: OptimizerHook<'loadStateDictPre'>,
    options: OptimizerHookOptions = {},
  ): RemovableHandle {
    return this.#hooks.loadStateDictPre.add('registerLoadStateDictPreHook', hook, options);
  }

  /** Has `hook` called after each state dict that was loaded. */
  registerLoadStateDictPostHook(
    hook: OptimizerHook<'loadStateDictPost'>,
    options: OptimizerHookOptions = {},
  ): RemovableHandle {
    return this.#hooks.loadStateDictPost.add('registerLoadStateDictPostHook', hook, options);
  }

  /** The groups and their options as Python prints them. */
  toString(): string {
    const groups = this.paramGroups.map((group, index) => {
      const packed = renameKeys(group, snakeCase) as Record<string, OptionValue>;
      const lines = Object.keys(packed)
        .filter((name) => name !== 'params')
        .sort()
        .map((name) => `    ${name}: ${groupRepr(name, packed[name] ?? null)}\n`);
      return `\nParameter Group ${index}\n${lines.join('')}`;
    });
    return `${this.constructor.name} (${groups.join('')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A group as steps read it: the learning rate has no dimensions. */
function forStep<G extends { lr: Num }>(group: G): G {
  const lr = toScalar(group.lr);
  return lr === group.lr ? group : { ...group, lr };
}

function renameKeys(object: object, rename: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [rename(name), value as unknown]));
}

function optionRepr(value: OptionValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatRepr(value);
  if (typeof value === 'string' || value instanceof Tensor) return String(value);
  return Array.isArray(value) ? `(${value.map(optionRepr).join(', ')})` : String(value);
}

/** Names of parameters are a list in Python, where pairs of options are tuples. */
function groupRepr(name: string, value: OptionValue): string {
  if (value instanceof Tensor) return numText(value);
  if (name !== 'param_names' || !Array.isArray(value)) return optionRepr(value);
  return `[${value.map((each) => `'${String(each)}'`).join(', ')}]`;
}
