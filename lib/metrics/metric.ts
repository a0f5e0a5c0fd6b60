import { noGrad } from '../autograd';
import { checkBooleans, checkObject, checkString, describe, scope, valueError } from '../engine';
import { tellWarning } from '../engine/warnings';
import { Buffer, Module } from '../nn';
import { snakeCase } from '../nn/names';
import { isDType, Tensor, type Device, type DType } from '../tensor';
import { initialOf, MetricState, type StateDefinition, type StateReduction, type StateValue } from './metric-state';
import { mapTensors } from './values';

/** A metric whatever it takes and gives. */
export type AnyMetric = Metric<never, unknown>;

/** A metric by what it takes and gives: TypeScript reads both from it where it does not from the class {@link Metric}. */
export interface MetricLike<Inputs extends readonly unknown[], Output = Tensor> {
  /** Batches since the last reset. */
  readonly updateCount: number;
  /** Adds a batch. */
  update(...inputs: Inputs): void;
  /** The score of everything since the last reset. */
  compute(): Output;
  /** Adds a batch and returns its score. */
  forward(...inputs: Inputs): Output;
  /** Forgets all batches. */
  reset(): void;
}

const reductions: readonly unknown[] = ['sum', 'mean', 'max', 'min', 'cat', null];

/**
 * A score that is accumulated over batches: `torchmetrics.Metric`.
 *
 * {@link update} adds a batch, {@link compute} gives the score of everything since the last {@link reset}, and `forward`
 * adds a batch and gives the score of this batch alone. A metric is a module: as a property of a model it moves to a device
 * with it. What it accumulates are states, see {@link addState}, which belong to the metric and outlive any scope; `update`
 * and `forward` record no gradient.
 *
 * @typeParam Inputs the arguments of `update`
 * @typeParam Output what `compute` returns
 *
 * @example
 * ```ts
 * class Largest extends torch.metrics.Metric<[value: torch.Tensor]> {
 *   declare largest: torch.Tensor;
 *
 *   constructor() {
 *     super();
 *     this.addState('largest', torch.tensor(-Infinity), 'max');
 *   }
 *
 *   update(value: torch.Tensor): void {
 *     this.largest = torch.maximum(this.largest, value.max());
 *   }
 *
 *   compute(): torch.Tensor {
 *     return this.largest;
 *   }
 * }
 * const largest = new Largest();
 * largest.update(torch.tensor([1, 5, 2]));
 * largest.update(torch.tensor([3, 4]));
 * console.log(largest.compute()); // tensor(5.)
 * ```
 */
export abstract class Metric<
  Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor],
  Output = Tensor,
> extends Module<Inputs, Output> {
  private readonly definitions = new Map<string, StateDefinition>();
  private state = new MetricState(this.definitions);

  constructor() {
    super();
    // A class overrides the two, as in Python; what must happen around them is put before them on the object.
    const { update, compute } = this as unknown as { update: (...inputs: unknown[]) => void; compute: () => Output };
    hide(this, 'update', (...inputs: unknown[]) => {
      this.aroundUpdate(() => update.apply(this, inputs), inputs);
    });
    hide(this, 'compute', () => this.aroundCompute(() => compute.call(this)));
  }

  /** Adds a batch. */
  abstract update(...inputs: Inputs): void;

  /** The score of everything since the last reset, as tensors of the caller's own. */
  abstract compute(): Output;

  // -- what it is -------------------------------------------------------------------------------------------------------

  /** A larger value is a better one; null where neither holds. */
  get higherIsBetter(): boolean | null {
    return null;
  }

  /**
   * `forward` must update the whole state, because the state of a batch cannot be merged into it afterwards. Where it is
   * false, `forward` updates once; where it is not, twice, as in torchmetrics.
   */
  get fullStateUpdate(): boolean | null {
    return null;
  }

  /** How many batches were added since the last reset. */
  get updateCount(): number {
    return this.state.updateCount;
  }

  /** A batch was added since the last reset. */
  get updateCalled(): boolean {
    return this.updateCount > 0;
  }

  /** The states by name. They are the metric's own and end with its next update: clone what you want to keep. */
  get metricState(): Record<string, StateValue> {
    return Object.fromEntries([...this.definitions.keys()].map((name) => [name, this.state.get(name)]));
  }

  /** Where the states are. */
  get device(): Device {
    return this.state.device;
  }

  // -- states -----------------------------------------------------------------------------------------------------------

  /**
   * Declares a state, which becomes a property of this name: `add_state`. A class declares the property with `declare`.
   *
   * @param name - not yet a property of the metric
   * @param initial - a tensor, what makes one, or an empty list, to which `update` pushes tensors
   * @param reduction - how the state of a batch is merged into that of those before: `dist_reduce_fx`
   * @param persistent - it is part of the state dict
   */
  protected addState(
    name: string,
    initial: Tensor | readonly Tensor[] | (() => Tensor),
    reduction: StateReduction = null,
    persistent = false,
  ): void {
    checkString('addState', 'name', name);
    if (!(
      initial instanceof Tensor ||
      typeof initial === 'function' ||
      (Array.isArray(initial) && initial.length === 0)
    )) {
      throw valueError('state variable must be a tensor or any empty list (where you can append tensors)');
    }
    if (typeof reduction !== 'function' && !reductions.includes(reduction)) {
      throw valueError("`dist_reduce_fx` must be callable or one of ['mean', 'sum', 'cat', 'min', 'max', None]");
    }
    this.definitions.set(name, { initial: initialOf(initial), reduction, persistent });
    this.state.forget(name);
    this.exposeState(name);
  }

  private exposeState(name: string): void {
    Object.defineProperty(this, name, {
      get: () => this.state.get(name),
      set: (value: StateValue) => this.state.set(name, value),
      enumerable: false,
      configurable: true,
    });
  }

  /** Back to the beginning: forgets all batches. */
  reset(): void {
    this.state.reset();
  }

  /** Has the states be part of the state dict, or not. A list cannot be. */
  persistent(mode = false): void {
    checkBooleans('persistent', { mode });
    for (const [name, definition] of this.definitions) {
      if (mode && definition.initial === null) {
        throw valueError(`the state \`${name}\` of ${this.constructor.name} is a list, which a state dict cannot hold`);
      }
      this.definitions.set(name, { ...definition, persistent: mode });
    }
  }

  /**
   * Adds the batches that another metric of this class has seen: `merge_state`.
   *
   * @throws ArgumentError for a metric of another class, or where {@link fullStateUpdate} is not false
   */
  mergeState(incoming: MetricLike<Inputs, Output>): void {
    if (!(incoming instanceof Metric) || !(incoming instanceof this.constructor)) {
      throw valueError(
        `Expected incoming state to be an instance of ${this.constructor.name} but got ${describe(incoming)}`,
      );
    }
    if (this.fullStateUpdate !== false) {
      throw valueError('mergeState() is not supported for metrics whose fullStateUpdate is not false');
    }
    const batches = this.updateCount + incoming.updateCount;
    noGrad(() => scope(() => this.state.merge(incoming.state, batches)));
    this.state.updateCount = batches;
  }

  // -- update, compute, forward -----------------------------------------------------------------------------------------

  /** Adds a batch and returns the score of this batch alone, as calling a metric does in Python. */
  forward(...inputs: Inputs): Output {
    this.follow(inputs);
    const before = this.state;
    if (this.fullStateUpdate !== false) this.update(...inputs);
    const { batch, value } = this.ofBatch(inputs);
    if (this.fullStateUpdate === false) {
      before.updateCount += 1;
      noGrad(() => scope(() => before.merge(batch, before.updateCount)));
    }
    batch.reset();
    return value;
  }

  /** The state and the score of one batch; the metric's own state stays as it is. */
  private ofBatch(inputs: Inputs): { batch: MetricState; value: Output } {
    const before = this.state;
    const batch = before.fresh();
    this.state = batch;
    try {
      this.update(...inputs);
      return { batch, value: this.compute() };
    } finally {
      this.state = before;
    }
  }

  /** What happens around `update`. */
  protected aroundUpdate(update: () => void, inputs: readonly unknown[]): void {
    this.follow(inputs);
    noGrad(() =>
      scope(() => {
        update();
        this.state.absorb();
      }),
    );
    this.state.updateCount += 1;
  }

  /** A metric that has seen no batch goes where its first one is; in torchmetrics it must be moved by hand. */
  private follow(inputs: readonly unknown[]): void {
    if (this.updateCalled) return;
    const device = inputs.find((input) => input instanceof Tensor)?.device;
    if (device !== undefined && device !== this.device) this.to(device);
  }

  /** What happens around `compute`. */
  protected aroundCompute(compute: () => Output): Output {
    if (!this.updateCalled) {
      tellWarning(
        `The \`compute\` method of metric ${this.constructor.name} was called before the \`update\` method which may ` +
          'lead to errors, as metric states have not yet been updated.',
      );
    }
    // A copy, for the result may be a state, which ends with the next update.
    return scope(() => mapTensors(compute(), (tensor) => (tensor.numel() === 1 ? tensor.squeeze() : tensor).clone()));
  }

  // -- as a module ------------------------------------------------------------------------------------------------------

  /** A metric with these states and settings of its own. */
  clone(): this {
    // The constructors of the derived classes would want their arguments: only that of this class runs.
    const made = Reflect.construct(Metric, [], this.constructor as new () => Metric) as unknown as this;
    for (const [key, value] of Object.entries(this) as [keyof this, unknown][]) {
      if (key !== 'state' && key !== 'definitions') made[key] = copied(value) as this[keyof this];
    }
    for (const [name, definition] of this.definitions) {
      made.definitions.set(name, definition);
      made.exposeState(name);
    }
    made.state = this.state.copy(made.definitions);
    return made;
  }

  /** Moves the states to a device. A dtype is passed over, as in torchmetrics. */
  override to(target: DType | Device | { device?: Device; dtype?: DType }): this {
    if (typeof target !== 'string') checkObject('to', 'target', target, 'a dtype, a device or { device?, dtype? }');
    const device = typeof target === 'string' ? (isDType(target) ? undefined : target) : target.device;
    if (device === undefined) return this;
    return super.to(device);
  }

  // What counts must not be cast along with a model: as in torchmetrics, these do nothing.

  /** Does nothing, see {@link to}. */
  override float(): this {
    return this;
  }

  /** Does nothing, see {@link to}. */
  override double(): this {
    return this;
  }

  /** Does nothing, see {@link to}. */
  override half(): this {
    return this;
  }

  /** Does nothing, see {@link to}. */
  override bfloat16(): this {
    return this;
  }

  /** Does nothing, see {@link to}. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for callers, who give one
  override type(dtype: DType): this {
    return this;
  }

  /** The parameters, buffers and children of this metric alone; its states are buffers, too. */
  override members(): ReturnType<Module['members']> {
    const states = this.state.buffers().map(([name, buffer]): [string, Buffer] => [snakeCase(name), buffer]);
    return [...super.members(), ...states];
  }

  override ownState(): ReturnType<Module['ownState']> {
    const states = [...this.definitions].filter(([, { persistent }]) => persistent);
    const buffers = states.map(([name]): [string, Buffer] => [snakeCase(name), this.state.get(name) as Buffer]);
    return [...super.ownState(), ...buffers];
  }

  override optionalState(): readonly string[] {
    return [...this.definitions.keys()].map(snakeCase);
  }

  // -- for wrappers and collections -------------------------------------------------------------------------------------

  /** @internal Its state, to keep elsewhere; the metric begins anew. */
  takeState(): MetricState {
    const { state } = this;
    this.state = state.fresh();
    return state;
  }

  /** @internal The score of a state of such a metric, which is freed. */
  computeOf(state: MetricState): Output {
    checkState(state);
    const before = this.state;
    this.state = state;
    try {
      return this.compute();
    } finally {
      this.state = before;
      state.reset();
    }
  }

  /** @internal A state of two, neither of which changes: `later` came after `earlier`. */
  mergedState(earlier: MetricState, later: MetricState): MetricState {
    checkState(earlier);
    checkState(later);
    const merged = earlier.copy(this.definitions);
    merged.updateCount += later.updateCount;
    noGrad(() => scope(() => merged.merge(later, merged.updateCount)));
    return merged;
  }

  /** @internal Has the state of `leader` from now on, and not one of its own; with null, a copy of what it has. */
  shareState(leader: AnyMetric | null): void {
    if (leader !== null && !(leader instanceof Metric))
      throw valueError(`expected a metric, received ${describe(leader)}`);
    const other = leader?.currentState() ?? this.state.copy(this.definitions);
    if (leader !== null && other !== this.state) this.state.reset();
    this.state = other;
  }

  /** @internal Its state, for sharing. */
  currentState(): MetricState {
    return this.state;
  }

  /** @internal The definitions of its states, for comparing. */
  stateDefinitions(): ReadonlyMap<string, StateDefinition> {
    return this.definitions;
  }
}

function checkState(state: unknown): void {
  if (!(state instanceof MetricState)) throw valueError(`expected the state of a metric, received ${describe(state)}`);
}

function hide(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
}

function copied(value: unknown): unknown {
  if (value instanceof Metric) return (value as Metric).clone();
  return value instanceof Buffer ? new Buffer(value.clone(), { persistent: value.persistent }) : value;
}
