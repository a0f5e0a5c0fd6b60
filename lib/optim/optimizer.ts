import { enableGrad, noGrad } from '../autograd';
import {
  ArgumentError,
  checkIterable,
  checkList,
  checkObject,
  checkSignal,
  computeAsync,
  type ComputeOptions,
  describe,
} from '../engine';
import { clearGradients } from '../nn/gradients';
import { camelCase, snakeCase } from '../nn/names';
import { floatRepr } from '../nn/repr';
import { Tensor } from '../tensor';

/** Parameters that share their options; `initialLr` is what a scheduler found. */
export type ParamGroup<O extends object> = O & { params: Tensor[]; initialLr?: number };

/** What an optimizer takes: parameters, or groups of them with options of their own. */
export type Params<O extends object> = Iterable<Tensor> | Iterable<{ params: Iterable<Tensor> } & Partial<O>>;

/** A value of an option in a state dict. */
export type OptionValue = number | boolean | string | null | readonly OptionValue[];

/**
 * PyTorch's layout, under PyTorch's names: `{ state: { 0: { step, exp_avg, exp_avg_sq } }, param_groups: [{ lr, …, params:
 * [0, 1] }] }`. Parameters are numbered in the order of the groups.
 */
export interface OptimizerStateDict {
  state: Record<number, Record<string, Tensor>>;
  param_groups: ({ params: number[] } & Record<string, OptionValue>)[];
}

/**
 * Base of the optimizers (`torch.optim.Optimizer`).
 *
 * @typeParam O the options of a group
 * @typeParam S what is remembered per parameter
 */
export abstract class Optimizer<O extends { lr: number }, S extends object> {
  readonly paramGroups: ParamGroup<O>[] = [];

  /** What is remembered of each parameter that has had a gradient. */
  readonly state = new Map<Tensor, S>();

  /** {@link step} was called; the schedulers warn if they come before it. */
  stepped = false;

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
    const list: (Tensor | ({ params: Iterable<Tensor> } & Partial<O>))[] = [...params];
    if (list.length === 0) throw valueError('optimizer got an empty parameter list');
    if (list[0] instanceof Tensor)
      this.addParamGroup({ params: list as Tensor[] } as { params: Tensor[] } & Partial<O>);
    else for (const group of list) this.addParamGroup(group as { params: Iterable<Tensor> } & Partial<O>);
  }

  /** Refuses impossible options, with Python's sentences. */
  protected abstract validate(options: O): void;

  /** One step over the parameters of a group that have a gradient; called without autograd. */
  protected abstract updateGroup(group: ParamGroup<O>): void;

  /** What is remembered of a parameter, under PyTorch's names. */
  protected abstract packState(state: S): Record<string, Tensor>;

  /** The way back, with tensors that belong to the optimizer. */
  protected abstract unpackState(packed: Readonly<Record<string, Tensor>>): S;

  /** Adds parameters with options of their own; missing ones take the defaults. */
  addParamGroup(group: { params: Iterable<Tensor> } & Partial<O>): void {
    // Not by its type alone: a program without types may give anything.
    const isGroup = typeof (group as unknown) === 'object' && (group as unknown) !== null;
    if (!isGroup || !isIterable(group.params)) {
      throw new ArgumentError(
        `optimizer can only optimize Tensors, but one of the params is ${describe(group)}; expected Tensors, or groups as { params: [...] }`,
      );
    }
    const params = group.params instanceof Tensor ? [group.params] : [...group.params];
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      if (!(param instanceof Tensor)) {
        throw new ArgumentError(`optimizer can only optimize Tensors, but one of the params is ${describe(param)}`);
      }
      if (!param.isLeaf) throw valueError("can't optimize a non-leaf Tensor");
      if (known.has(param)) throw valueError('some parameters appear in more than one parameter group');
    }
    if (new Set(params).size < params.length) {
      throw valueError('optimizer contains a parameter group with duplicate parameters');
    }
    const given = Object.entries(group) as [string, unknown][];
    const unknown = given.find(([name]) => !(name in this.defaults || name === 'params' || name === 'initialLr'));
    if (unknown !== undefined) {
      const names = Object.keys(this.defaults).join(', ');
      throw new ArgumentError(`expected options of a group among params, ${names}, received \`${unknown[0]}\``);
    }
    const options = { ...this.defaults, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
    this.validate(options);
    this.paramGroups.push({ ...options, params });
  }

  /**
   * Updates the parameters by their gradients.
   * @param closure computes the loss anew, gradients included; what it returns is returned
   */
  step<T = undefined>(closure?: () => T): T | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    noGrad(() => {
      for (const group of this.paramGroups) this.updateGroup(group);
    });
    this.stepped = true;
    return loss;
  }

  /**
   * {@link step} on the compute thread; the event loop goes on meanwhile. The gradients must be there: await the backward
   * pass first. A step that has begun is not aborted, for half a step would be neither the old state nor the new.
   */
  async stepAsync(options: ComputeOptions = {}): Promise<void> {
    checkSignal('stepAsync', options)?.throwIfAborted();
    await computeAsync(() => this.step());
  }

  /** Forgets the gradients of all parameters; with `false` keeps them and fills them with zeros. */
  zeroGrad(setToNone = true): void {
    for (const group of this.paramGroups) clearGradients(group.params, setToNone);
  }

  /** State and options in PyTorch's layout. The tensors are the optimizer's own: the next step changes them. */
  stateDict(): OptimizerStateDict {
    const params = this.paramGroups.flatMap((group) => group.params);
    const numbers = new Map(params.map((param, index) => [param, index]));
    const state: OptimizerStateDict['state'] = {};
    for (const [param, remembered] of this.state) {
      const number = numbers.get(param);
      if (number !== undefined) state[number] = this.packState(remembered);
    }
    return {
      state,
      param_groups: this.paramGroups.map((group) => {
        const { params: members, ...options } = group;
        return {
          ...(renameKeys(options, snakeCase) as Record<string, OptionValue>),
          params: members.map((param) => numbers.get(param) as number),
        };
      }),
    };
  }

  /**
   * Takes over what {@link Optimizer.stateDict} returned, here or in Python; tensors are copied, to dtype and device of their
   * parameter.
   * @throws ArgumentError where groups or shapes do not fit; nothing is changed then
   */
  loadStateDict(stateDict: OptimizerStateDict): void {
    checkObject('loadStateDict', 'stateDict', stateDict, '{ state, param_groups }', ['state', 'param_groups']);
    const { state, param_groups: groups } = stateDict;
    checkObject('loadStateDict', 'state', state);
    checkList('loadStateDict', 'param_groups', groups);
    if (groups.length !== this.paramGroups.length) {
      throw valueError(
        `loaded state dict has a different number of parameter groups (${groups.length}, the optimizer has ${this.paramGroups.length})`,
      );
    }
    const byNumber = new Map<number, Tensor>();
    for (const [index, group] of this.paramGroups.entries()) {
      const numbers = groups[index]?.params ?? [];
      if (numbers.length !== group.params.length) {
        throw valueError(
          `loaded state dict contains a parameter group that doesn't match the size of optimizer's group ` +
            `(group ${index} has ${numbers.length} parameters, the optimizer's ${group.params.length})`,
        );
      }
      for (const [place, number] of numbers.entries()) byNumber.set(number, group.params[place] as Tensor);
    }
    const loaded = new Map<Tensor, S>();
    for (const [key, packed] of Object.entries(state)) {
      const param = byNumber.get(Number(key));
      if (param === undefined)
        throw valueError(`loaded state dict has a state for parameter ${key}, which is in no group`);
      loaded.set(param, this.unpackState(fitState(packed, param, key)));
    }
    this.state.clear();
    for (const [param, remembered] of loaded) this.state.set(param, remembered);
    for (const [index, group] of this.paramGroups.entries()) {
      Object.assign(group, renameKeys(groups[index] ?? {}, camelCase), { params: group.params });
    }
  }

  /** The groups and their options as Python prints them. */
  toString(): string {
    const groups = this.stateDict().param_groups.map((group, index) => {
      const names = Object.keys(group).filter((name) => name !== 'params');
      const lines = names.sort().map((name) => `    ${name}: ${optionRepr(group[name] ?? null)}\n`);
      return `\nParameter Group ${index}\n${lines.join('')}`;
    });
    return `${this.constructor.name} (${groups.join('')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Copies of a parameter's tensors, checked: a count has no dimensions, all others are shaped as their parameter. */
function fitState(packed: Readonly<Record<string, Tensor>>, param: Tensor, number: string): Record<string, Tensor> {
  return noGrad(() =>
    Object.fromEntries(
      Object.entries(packed).map(([name, tensor]) => {
        if (!(tensor instanceof Tensor)) {
          throw new ArgumentError(
            `expected a tensor for \`${name}\` of parameter ${number}, received ${describe(tensor)}`,
          );
        }
        if (name === 'step') return [name, tensor];
        if (tensor.shape.join() !== param.shape.join()) {
          throw valueError(
            `\`${name}\` of parameter ${number} has shape [${tensor.shape.join(', ')}], the parameter [${param.shape.join(', ')}]`,
          );
        }
        return [name, tensor.to({ dtype: param.dtype, device: param.device, copy: true })];
      }),
    ),
  );
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function renameKeys(object: object, rename: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [rename(name), value as unknown]));
}

function optionRepr(value: OptionValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatRepr(value);
  return typeof value === 'string' ? value : `(${value.map(optionRepr).join(', ')})`;
}

/** An error for an impossible value: Python's `ValueError`. */
export function valueError(message: string): ArgumentError {
  return new ArgumentError(message, 'TORCH_VALUE');
}
