import { describe, dispose, keep, valueError } from '../engine';
import { Buffer } from '../nn';
import { cat, maximum, minimum, stack, Tensor, type Device } from '../tensor';

/** How two values of a state become one; a function is given both, stacked. */
export type StateReduction = 'sum' | 'mean' | 'max' | 'min' | 'cat' | null | ((values: Tensor) => Tensor);

/** What is known of a state before it has a value. */
export interface StateDefinition {
  /** Makes the value that it begins with; null for a list, which begins empty. */
  readonly initial: (() => Tensor) | null;
  readonly reduction: StateReduction;
  /** It is part of the state dict. */
  readonly persistent: boolean;
}

/** A tensor, or a list of what was seen. */
export type StateValue = Tensor | Tensor[];

/**
 * The values of a metric's states. Each is a buffer of the metric's own: it outlives the scope and the tensors that it
 * came from, and is freed as soon as another takes its place. A value is made when it is first asked for, so that a metric
 * that never sees a batch has no tensors.
 */
export class MetricState {
  /** Batches since the last reset. */
  updateCount = 0;
  private readonly values = new Map<string, StateValue>();
  private readonly own = new WeakSet<Tensor>();

  /**
   * @param startDevice - where the first values are made; once there are values, they tell
   */
  constructor(
    private readonly definitions: ReadonlyMap<string, StateDefinition>,
    private startDevice: Device = 'cpu',
  ) {}

  get device(): Device {
    for (const value of this.values.values()) {
      const tensor = Array.isArray(value) ? value[0] : value;
      if (tensor !== undefined) return tensor.device;
    }
    return this.startDevice;
  }

  get(name: string): StateValue {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const initial = this.definitions.get(name)?.initial ?? null;
    const made = initial === null ? [] : this.owned(initial().to(this.device));
    this.values.set(name, made);
    return made;
  }

  set(name: string, value: StateValue): void {
    checkValue(name, value);
    const before = this.values.get(name);
    const after = Array.isArray(value) ? value.map((element) => this.owned(element)) : this.owned(value);
    this.values.set(name, after);
    free(before, after);
  }

  /** Has the value made anew when it is asked for. */
  forget(name: string): void {
    free(this.values.get(name));
    this.values.delete(name);
  }

  /** Makes buffers of what was pushed to lists. */
  absorb(): void {
    for (const [name, value] of this.values) {
      if (!Array.isArray(value)) continue;
      // From the end: what is there from earlier batches is the metric's own already.
      for (let at = value.length - 1; at >= 0 && !this.own.has(value[at] as Tensor); at--) {
        checkValue(name, value[at]);
        value[at] = this.owned(value[at] as Tensor);
      }
    }
  }

  private owned(value: Tensor): Tensor {
    if (this.own.has(value)) return value;
    const made = new Buffer(value, { persistent: false });
    this.own.add(made);
    return made;
  }

  /** All buffers under their names; those of a list are numbered. */
  buffers(): [name: string, buffer: Buffer][] {
    // Made now, where they are not yet: a module that is moved takes along what it finds.
    for (const [name, { initial }] of this.definitions) if (initial !== null) this.get(name);
    const tensors = [...this.values].flatMap(([name, value]): [string, Tensor][] =>
      Array.isArray(value) ? value.map((element, at) => [`${name}.${at}`, element]) : [[name, value]],
    );
    return tensors.filter((named): named is [string, Buffer] => named[1] instanceof Buffer);
  }

  /** Back to the beginning. */
  reset(): void {
    this.startDevice = this.device;
    for (const value of this.values.values()) free(value);
    this.values.clear();
    this.updateCount = 0;
  }

  /** States in their beginning, on this device. */
  fresh(): MetricState {
    return new MetricState(this.definitions, this.device);
  }

  copy(definitions: ReadonlyMap<string, StateDefinition>): MetricState {
    const made = new MetricState(definitions, this.device);
    made.updateCount = this.updateCount;
    for (const name of this.values.keys()) {
      const value = this.get(name);
      made.set(name, Array.isArray(value) ? value.map((element) => element.clone()) : value.clone());
    }
    return made;
  }

  /**
   * Adds what came later to this.
   * @param batches all batches so far, those of `later` among them, for means
   */
  merge(later: MetricState, batches: number): void {
    for (const [name, { reduction }] of this.definitions) {
      this.set(name, reduced(name, reduction, this.get(name), later.get(name), batches));
    }
  }
}

function checkValue(name: string, value: unknown): void {
  const tensors = Array.isArray(value) ? (value as unknown[]) : [value];
  const foreign = tensors.find((tensor) => !(tensor instanceof Tensor));
  if (tensors.every((tensor) => tensor instanceof Tensor)) return;
  throw valueError(`expected a tensor, or a list of tensors, for the state \`${name}\`, received ${describe(foreign)}`);
}

function free(value: StateValue | undefined, but?: StateValue): void {
  if (value === undefined) return;
  const spared = new Set<Tensor>(but === undefined ? [] : [but].flat());
  dispose(...[value].flat().filter((tensor) => !spared.has(tensor)));
}

function reduced(
  name: string,
  reduction: StateReduction,
  earlier: StateValue,
  later: StateValue,
  batches: number,
): StateValue {
  if (Array.isArray(earlier) || Array.isArray(later)) {
    if (reduction !== 'cat' && reduction !== null)
      throw valueError(`the state \`${name}\` is a list, which has no ${String(reduction)}`);
    return [earlier, later].flat();
  }
  switch (reduction) {
    case 'sum':
      return earlier.add(later);
    case 'mean':
      return earlier
        .mul(batches - 1)
        .add(later)
        .to('float32')
        .div(batches);
    case 'max':
      return maximum(earlier, later);
    case 'min':
      return minimum(earlier, later);
    case 'cat':
      return cat([earlier, later]);
    case null:
      return stack([earlier, later]);
    default:
      return reduction(stack([earlier, later]));
  }
}

/** The default of a state as something that makes it: a tensor is kept and copied each time. */
export function initialOf(given: Tensor | readonly Tensor[] | (() => Tensor)): (() => Tensor) | null {
  if (typeof given === 'function') return given;
  if (given instanceof Tensor) {
    const value = keep(given.detach().clone());
    return () => value.clone();
  }
  return null;
}
