/** Hooks of optimizers, run in PyTorch's order: see `Optimizer.registerStepPreHook` and its neighbours. */

import { ArgumentError, checkOptions, describe } from '../engine';
import { type HookResult, RemovableHandle } from '../tensor';
import type { AnyOptimizer, AnyStateDict } from './optimizer';

/** What `step` was called with. */
export type StepArguments = readonly [closure?: () => unknown];

/**
 * Hooks by their kind. Taken from methods, whose arguments TypeScript compares both ways: a hook on one kind of optimizer
 * would otherwise be no hook.
 */
export interface OptimizerHookTypes {
  /** Before a step; may return other arguments for it. */
  stepPre(optimizer: AnyOptimizer, args: StepArguments): HookResult<StepArguments>;
  /** After a step. */
  stepPost(optimizer: AnyOptimizer, args: StepArguments): void;
  /** Before a state dict is made. */
  stateDictPre(optimizer: AnyOptimizer): void;
  /** With a state dict that was made; may return another. */
  stateDictPost(optimizer: AnyOptimizer, stateDict: AnyStateDict): HookResult<AnyStateDict>;
  /** With a state dict that is to be loaded; may return another. */
  loadStateDictPre(optimizer: AnyOptimizer, stateDict: AnyStateDict): HookResult<AnyStateDict>;
  /** After a state dict was loaded. */
  loadStateDictPost(optimizer: AnyOptimizer): void;
}

/** A hook of one kind. */
export type OptimizerHook<Kind extends keyof OptimizerHookTypes> = OptimizerHookTypes[Kind];

/** Where a hook stands among those of its optimizer. */
export interface OptimizerHookOptions {
  /** Run before the hooks that are there already, not after them. */
  prepend?: boolean;
}

/** Hooks of one kind, in the order in which they run. */
class HookList<Hook> {
  /** Replaced, never changed: who walks it sees what was there at the beginning. */
  hooks: readonly Hook[] = [];

  add(name: string, hook: Hook, options: OptimizerHookOptions = {}): RemovableHandle {
    checkOptions(name, options, ['prepend']);
    if (typeof hook !== 'function') {
      throw new ArgumentError(`${name}(): expected a function for argument \`hook\`, received ${describe(hook)}`);
    }
    // The same function may be there twice; each has a handle of its own.
    const entry = ((...args: unknown[]): unknown => (hook as (...args: unknown[]) => unknown)(...args)) as Hook;
    this.hooks = options.prepend === true ? [entry, ...this.hooks] : [...this.hooks, entry];
    return new RemovableHandle(() => {
      this.hooks = this.hooks.filter((other) => other !== entry);
    });
  }
}

/** All hooks of one optimizer. */
export class OptimizerHooks {
  readonly stepPre = new HookList<OptimizerHook<'stepPre'>>();
  readonly stepPost = new HookList<OptimizerHook<'stepPost'>>();
  readonly stateDictPre = new HookList<OptimizerHook<'stateDictPre'>>();
  readonly stateDictPost = new HookList<OptimizerHook<'stateDictPost'>>();
  readonly loadStateDictPre = new HookList<OptimizerHook<'loadStateDictPre'>>();
  readonly loadStateDictPost = new HookList<OptimizerHook<'loadStateDictPost'>>();

  /** Runs a step among the hooks: those of all optimizers come first before it and last after it. */
  aroundStep<T>(optimizer: AnyOptimizer, given: StepArguments, perform: (args: StepArguments) => T): T {
    let args = given;
    for (const hook of [...everywhere.stepPre.hooks, ...this.stepPre.hooks]) {
      const changed: unknown = hook(optimizer, args) ?? null;
      if (changed === null) continue;
      if (!Array.isArray(changed)) {
        throw new ArgumentError(
          `registerStepPreHook(): expected the hook to return nothing or the arguments of step, but it returned ${describe(changed)}`,
        );
      }
      args = changed as unknown as StepArguments;
    }
    const result = perform(args);
    for (const hook of [...this.stepPost.hooks, ...everywhere.stepPost.hooks]) hook(optimizer, args);
    return result;
  }
}

/** Hooks on every optimizer of this environment. */
const everywhere = new OptimizerHooks();

/**
 * Has `hook` called before each step of every optimizer (`register_optimizer_step_pre_hook`); what it returns takes the
 * place of the step's arguments.
 */
export function registerOptimizerStepPreHook(hook: OptimizerHook<'stepPre'>): RemovableHandle {
  return everywhere.stepPre.add('registerOptimizerStepPreHook', hook);
}

/** Has `hook` called after each step of every optimizer (`register_optimizer_step_post_hook`). */
export function registerOptimizerStepPostHook(hook: OptimizerHook<'stepPost'>): RemovableHandle {
  return everywhere.stepPost.add('registerOptimizerStepPostHook', hook);
}
