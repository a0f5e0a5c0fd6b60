/** Hooks on modules, run in PyTorch's order: see `Module.registerForwardPreHook` and its neighbours. */

import { Function, type FunctionContext, isGradEnabled } from '../autograd';
import { ArgumentError, checkOptions, describe } from '../engine';
import { type HookResult, RemovableHandle, Tensor } from '../tensor';
import type { AnyModule } from './module';
import type { IncompatibleKeys, StateDict } from './state-dict';

/** Gradients of all inputs, or of all outputs, of a module; null for what is no tensor. */
export type ModuleGradients = readonly (Tensor | null)[];

/**
 * Hooks by the types of their module. Taken from methods, whose arguments TypeScript compares both ways: otherwise a
 * module of one kind would be no {@link AnyModule}.
 */
interface HookTypes<M, Inputs extends readonly unknown[], Output> {
  forwardPre(module: M, inputs: Inputs): HookResult<Inputs | Inputs[0]>;
  forward(module: M, inputs: Inputs, output: Output): HookResult<Output>;
  loadState(module: M, state: Map<string, unknown>, prefix: string): void;
  loadedState(module: M, incompatibleKeys: IncompatibleKeys): HookResult<never>;
  statePre(module: M, prefix: string, keepVars: boolean): void;
  statePost(module: M, state: StateDict, prefix: string): HookResult<never>;
  backwardPre(module: M, gradOutputs: ModuleGradients): HookResult<ModuleGradients | Tensor>;
  backward(module: M, gradInputs: ModuleGradients, gradOutputs: ModuleGradients): HookResult<ModuleGradients | Tensor>;
}

/** A hook of one kind on a module of one type. */
export type ModuleHook<
  Kind extends keyof HookTypes<M, Inputs, Output>,
  M,
  Inputs extends readonly unknown[] = readonly unknown[],
  Output = unknown,
> = HookTypes<M, Inputs, Output>[Kind];

/** Where a hook stands among those of its module. */
export interface HookOptions {
  /** Run before the hooks that are there already, not after them. */
  prepend?: boolean;
}

/** Options of `Module.registerForwardHook`. */
export interface ForwardHookOptions extends HookOptions {
  /** Run even if forward throws, with an output of null; what the hook throws then is only warned of. */
  alwaysCall?: boolean;
}

type LoadStateHook = ModuleHook<'loadState', AnyModule>;
type LoadedStateHook = ModuleHook<'loadedState', AnyModule>;
type StatePreHook = ModuleHook<'statePre', AnyModule>;
type StatePostHook = ModuleHook<'statePost', AnyModule>;
type ForwardPreHook = ModuleHook<'forwardPre', AnyModule>;
type ForwardHook = ModuleHook<'forward', AnyModule>;
type BackwardPreHook = ModuleHook<'backwardPre', AnyModule>;
type BackwardHook = ModuleHook<'backward', AnyModule>;

interface Entry<Hook> {
  readonly hook: Hook;
  readonly alwaysCall: boolean;
}

/** Hooks of one kind, in the order in which they run. */
class HookList<Hook> {
  /** @param entries replaced, never changed: who walks it sees what was there at the beginning, as in Python */
  constructor(public entries: readonly Entry<Hook>[] = []) {}

  add(hook: Hook, name: string, options: ForwardHookOptions): RemovableHandle {
    checkOptions(name, options, ['prepend', 'alwaysCall']);
    const { prepend = false, alwaysCall = false } = options;
    if (typeof hook !== 'function') {
      throw new ArgumentError(`${name}(): expected a function for argument \`hook\`, received ${describe(hook)}`);
    }
    const entry = { hook, alwaysCall };
    this.entries = prepend ? [entry, ...this.entries] : [...this.entries, entry];
    return new RemovableHandle(() => {
      this.entries = this.entries.filter((other) => other !== entry);
    });
  }

  remove(hook: Hook): void {
    this.entries = this.entries.filter((entry) => entry.hook !== hook);
  }
}

/** All hooks of one module. */
export class ModuleHooks {
  readonly loadState: HookList<LoadStateHook>;
  readonly loadedState: HookList<LoadedStateHook>;
  readonly statePre: HookList<StatePreHook>;
  readonly statePost: HookList<StatePostHook>;
  readonly forwardPre: HookList<ForwardPreHook>;
  readonly forward: HookList<ForwardHook>;
  readonly backwardPre: HookList<BackwardPreHook>;
  readonly backward: HookList<BackwardHook>;

  /**
   * @param ownForward a forward that the object had before its first hook, in the place of its class's
   * @param from the hooks to begin with, of the module that this one's is a copy of
   */
  constructor(
    readonly ownForward: unknown,
    from?: ModuleHooks,
  ) {
    this.loadState = new HookList(from?.loadState.entries);
    this.loadedState = new HookList(from?.loadedState.entries);
    this.statePre = new HookList(from?.statePre.entries);
    this.statePost = new HookList(from?.statePost.entries);
    this.forwardPre = new HookList(from?.forwardPre.entries);
    this.forward = new HookList(from?.forward.entries);
    this.backwardPre = new HookList(from?.backwardPre.entries);
    this.backward = new HookList(from?.backward.entries);
  }

  /** Has the hooks change a module's part of a state dict. */
  load(module: AnyModule, state: Map<string, unknown>, prefix: string): void {
    for (const { hook } of this.loadState.entries) hook(module, state, prefix);
  }

  /** Tells the hooks that a state dict was loaded. */
  loaded(module: AnyModule, keys: IncompatibleKeys): void {
    for (const { hook } of this.loadedState.entries) {
      refuseResult('registerLoadStateDictPostHook', hook(module, keys), 'the lists of keys');
    }
  }

  /** Tells the hooks that a state dict is to be made. */
  beforeState(module: AnyModule, prefix: string, keepVars: boolean): void {
    for (const { hook } of this.statePre.entries) hook(module, prefix, keepVars);
  }

  /** Has the hooks change a module's part of a state dict that was made. */
  afterState(module: AnyModule, state: StateDict, prefix: string): void {
    for (const { hook } of this.statePost.entries) {
      refuseResult('registerStateDictPostHook', hook(module, state, prefix), 'the state dict');
    }
  }

  /** Runs `forward` among the hooks. */
  run(module: AnyModule, forward: (...inputs: readonly unknown[]) => unknown, given: readonly unknown[]): unknown {
    let inputs = given;
    let output: unknown = null;
    const called = new Set<Entry<ForwardHook>>();
    try {
      for (const { hook } of this.forwardPre.entries) {
        const changed = hook(module, inputs) ?? null;
        if (changed !== null) inputs = Array.isArray(changed) ? (changed as unknown[]) : [changed];
      }
      const watch = this.#watch(module);
      if (watch !== null) inputs = watch.inputs(inputs);
      output = forward.apply(module, inputs as unknown[]);
      for (const entry of this.forward.entries) {
        called.add(entry);
        output = entry.hook(module, inputs, output) ?? output;
      }
      return watch === null ? output : watch.output(output);
    } catch (error) {
      for (const entry of this.forward.entries) {
        if (entry.alwaysCall && !called.has(entry)) output = callAlways(entry.hook, module, inputs, output);
      }
      throw error;
    }
  }

  #watch(module: AnyModule): BackwardWatch | null {
    if (this.backward.entries.length === 0 && this.backwardPre.entries.length === 0) return null;
    return new BackwardWatch(module, this.backwardPre.entries, this.backward.entries);
  }
}

/** Hooks that change what they are given return nothing; another result would be lost. */
function refuseResult(name: string, result: unknown, changed: string): void {
  if (result === undefined || result === null) return;
  throw new ArgumentError(
    `${name}(): expected the hook to change ${changed} in place and to return nothing, but it returned ${describe(result)}`,
  );
}

function callAlways(hook: ForwardHook, module: AnyModule, inputs: readonly unknown[], output: unknown): unknown {
  try {
    return hook(module, inputs, output) ?? output;
  } catch (error) {
    process.emitWarning(
      `a forward hook with alwaysCall threw an error that is passed over, as forward threw another one: ${String(error)}`,
    );
    return output;
  }
}

type Observe = (gradients: ModuleGradients) => ModuleGradients;

/** A node that all inputs, or all outputs, of one call go through, so that their gradients arrive together. */
class BackwardHookFunction extends Function {
  static forward(
    ctx: FunctionContext<[]> & { observe?: Observe },
    observe: Observe,
    materialize: boolean,
    ...tensors: Tensor[]
  ): Tensor[] {
    ctx.setMaterializeGrads(materialize);
    ctx.markNonDifferentiable(...tensors.filter(({ requiresGrad }) => !requiresGrad));
    ctx.observe = observe;
    return tensors;
  }

  static backward(
    ctx: FunctionContext<[]> & { observe?: Observe },
    ...gradients: (Tensor | null)[]
  ): (Tensor | null)[] {
    return [null, null, ...(ctx.observe?.(gradients) ?? gradients)];
  }
}

/** Where the tensors among some values are. */
interface Places {
  readonly values: readonly unknown[];
  /** Null where none of them requires a gradient. */
  readonly tensors: readonly number[] | null;
}

/**
 * Sends the tensors among `values` through one node. Python's hooks see what arrives at the outputs, null for one that
 * took no part, and what leaves at the inputs, where that has become zeros: hence `materialize`.
 */
function watchTensors(values: readonly unknown[], observe: Observe, materialize: boolean): Places {
  const places = [...values.keys()].filter((place) => values[place] instanceof Tensor);
  const tensors = places.map((place) => values[place] as Tensor);
  if (!isGradEnabled() || !tensors.some(({ requiresGrad }) => requiresGrad)) return { values, tensors: null };
  const watched = BackwardHookFunction.apply(observe, materialize, ...tensors);
  const changed = [...values];
  for (const [index, place] of places.entries()) changed[place] = watched[index];
  return { values: changed, tensors: places };
}

/** Gradients of the tensors, as gradients of all values. */
function spread(gradients: ModuleGradients, places: readonly number[], count: number): ModuleGradients {
  const all = Array<Tensor | null>(count).fill(null);
  for (const [index, place] of places.entries()) all[place] = gradients[index] ?? null;
  return all;
}

/** What a hook returned in the place of gradients; null for nothing. */
function replacement(returned: unknown, count: number, hook: string, gradients: string): ModuleGradients | null {
  if ((returned ?? null) === null) return null;
  const list = Array.isArray(returned) ? (returned as (Tensor | null)[]) : [returned as Tensor];
  if (list.length === count) return list;
  throw new ArgumentError(
    `${hook} returned an invalid number of ${gradients}, got ${list.length}, but expected ${count}`,
    'TORCH_VALUE',
  );
}

/** One call of a module, watched by its backward hooks (`torch.utils.hooks.BackwardHook`). */
class BackwardWatch {
  /** Null until the outputs' gradients are known, and again when the hooks were called. */
  #gradOutputs: ModuleGradients | null = null;
  #inputCount = 0;
  #inputPlaces: readonly number[] | null = null;

  constructor(
    readonly module: AnyModule,
    readonly preHooks: readonly Entry<BackwardPreHook>[],
    readonly hooks: readonly Entry<BackwardHook>[],
  ) {}

  inputs(inputs: readonly unknown[]): readonly unknown[] {
    const { values, tensors } = watchTensors(inputs, (gradients) => this.#inputGradients(gradients), true);
    this.#inputCount = inputs.length;
    this.#inputPlaces = tensors;
    return values;
  }

  output(output: unknown): unknown {
    if (!(output instanceof Tensor) && !Array.isArray(output)) {
      process.emitWarning(
        `For backward hooks to be called, module output should be a Tensor or an array of Tensors but received ${describe(output)}`,
      );
    }
    const several = Array.isArray(output);
    const outputs: readonly unknown[] = several ? (output as unknown[]) : [output];
    let places: readonly number[] = [];
    const observe: Observe = (gradients) => this.#outputGradients(gradients, places, outputs.length);
    const { values, tensors } = watchTensors(outputs, observe, false);
    places = tensors ?? [];
    return several ? values : values[0];
  }

  #outputGradients(gradients: ModuleGradients, places: readonly number[], count: number): ModuleGradients {
    let gradOutputs = spread(gradients, places, count);
    for (const { hook } of this.preHooks) {
      const returned = hook(this.module, gradOutputs);
      gradOutputs = replacement(returned, count, 'Backward pre hook', 'grad_output') ?? gradOutputs;
    }
    if (this.#inputPlaces === null) this.#callWithoutInputs(gradOutputs);
    else this.#gradOutputs = gradOutputs;
    return places.map((place) => gradOutputs[place] ?? null);
  }

  /** No input requires a gradient, so none will come: the hooks are called at the outputs. */
  #callWithoutInputs(gradOutputs: ModuleGradients): void {
    if (this.hooks.length === 0) return;
    process.emitWarning(
      'Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require gradients.',
    );
    const none = spread([], [], this.#inputCount);
    for (const { hook } of this.hooks) {
      const returned = hook(this.module, none, gradOutputs) ?? null;
      if (returned === null || (Array.isArray(returned) && returned.every((gradient) => gradient === null))) continue;
      throw new ArgumentError(
        'Backward hook for Modules where no input requires gradient should always return null or null for all gradients.',
        'TORCH_VALUE',
      );
    }
  }

  #inputGradients(gradients: ModuleGradients): ModuleGradients {
    const gradOutputs = this.#gradOutputs;
    const places = this.#inputPlaces;
    // The gradient reached the inputs without passing the outputs, as in a second differentiation.
    if (gradOutputs === null || places === null) return gradients;
    let gradInputs = spread(gradients, places, this.#inputCount);
    for (const { hook } of this.hooks) {
      const returned = hook(this.module, gradInputs, gradOutputs);
      gradInputs = replacement(returned, this.#inputCount, 'Backward hook', 'grad_input') ?? gradInputs;
    }
    this.#gradOutputs = null;
    return places.map((place) => gradInputs[place] ?? null);
  }
}
