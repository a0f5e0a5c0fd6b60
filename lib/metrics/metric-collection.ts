import { describe, valueError } from '../engine';
import { Module } from '../nn';
import { deleteSlot } from '../nn/slots';
import { allclose, type Device, type DType, Tensor } from '../tensor';
import { type AnyMetric, Metric, type MetricLike } from './metric';
import { withDefaults } from './options';

/** What a collection is made of: metrics under names, or under the names of their classes; collections, too. */
export type Metrics<Inputs extends readonly unknown[], Output> =
  | MetricPart<Inputs, Output>
  | readonly MetricPart<Inputs, Output>[]
  | { readonly [name: string]: MetricPart<Inputs, Output> };

/** One metric, or one collection, of a collection. */
export type MetricPart<Inputs extends readonly unknown[], Output> =
  MetricLike<Inputs, Output | Record<string, Output>> | MetricCollection<Inputs, Output>;

/** Options of {@link MetricCollection}. */
export interface MetricCollectionOptions {
  /** Before each name of the results. */
  prefix?: string | null;
  /** Behind each name of the results. */
  postfix?: string | null;
  /**
   * Metrics whose states are equal after the first update share one state, which is then updated once: true, the default.
   * Lists of names say which do.
   */
  computeGroups?: boolean | readonly (readonly string[])[];
}

/**
 * Metrics of the same inputs, updated and computed together: `torchmetrics.MetricCollection`.
 *
 * @example
 * ```ts
 * const { MetricCollection, MulticlassAccuracy, MulticlassF1Score } = torch.metrics;
 * const collection = new MetricCollection([new MulticlassAccuracy(2), new MulticlassF1Score(2)], { prefix: 'val/' });
 * collection.update(torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]));
 * console.log(Object.keys(collection.compute())); // [ 'val/MulticlassAccuracy', 'val/MulticlassF1Score' ]
 * ```
 */
export class MetricCollection<
  Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor],
  Output = Tensor,
> extends Module<Inputs, Record<string, Output>> {
  readonly prefix: string | null;
  readonly postfix: string | null;
  private readonly options: Required<MetricCollectionOptions>;
  private metrics = new Map<string, Entry>();
  private groups: string[][] = [];
  private checked = false;
  /** Members have copies of their group's state, because they were handed out. */
  private apart = false;

  /** @throws ArgumentError for what is no metric, and for two metrics of one name */
  constructor(metrics: Metrics<Inputs, Output>, options?: MetricCollectionOptions) {
    super();
    this.options = withDefaults<MetricCollectionOptions>('MetricCollection', options, {
      prefix: null,
      postfix: null,
      computeGroups: true,
    });
    this.prefix = checkedAffix('prefix', this.options.prefix);
    this.postfix = checkedAffix('postfix', this.options.postfix);
    checkGroups(this.options.computeGroups);
    this.addMetrics(metrics);
  }

  /** Adds metrics; groups are formed anew at the next update. */
  addMetrics(metrics: Metrics<Inputs, Output>): void {
    for (const [name, entry] of entriesOf(metrics)) {
      if (this.metrics.has(name)) throw valueError(`Encountered two metrics both named ${name}`);
      this.registerModule(name, entry.metric);
      this.metrics.set(name, entry);
    }
    this.separate(false);
    const { computeGroups } = this.options;
    const names = [...this.metrics.keys()];
    this.checked = typeof computeGroups === 'object';
    if (typeof computeGroups === 'object') {
      for (const name of computeGroups.flat()) {
        if (this.metrics.has(name)) continue;
        throw valueError(
          `Input ${name} in \`computeGroups\` argument does not match a metric in the collection. Please make sure that ` +
            `${describe(computeGroups)} matches ${describe(names)}`,
        );
      }
      const grouped = new Set(computeGroups.flat());
      this.groups = [
        ...computeGroups.map((group) => [...group]),
        ...names.filter((name) => !grouped.has(name)).map((name) => [name]),
      ];
    } else {
      this.groups = names.map((name) => [name]);
    }
  }

  /** The names of the metrics that share a state, as far as that is known. */
  get computeGroups(): readonly (readonly string[])[] {
    return this.options.computeGroups === false ? [] : this.groups;
  }

  /** The names of the results, with prefix and postfix; without them if `keepBase`. */
  keys(keepBase = false): string[] {
    return [...this.metrics.keys()].map((name) => (keepBase ? name : this.affixed(name)));
  }

  /** The metrics, each with a state of its own. */
  values(): Metric<Inputs, Output | Record<string, Output>>[] {
    this.separate(true);
    return [...this.metrics.values()].map(({ metric }) => metric as never);
  }

  /** The metrics under their names, with prefix and postfix; without them if `keepBase`. */
  items(keepBase = false): [name: string, metric: Metric<Inputs, Output | Record<string, Output>>][] {
    const metrics = this.values();
    return this.keys(keepBase).map((name, index) => [name, metrics[index] as (typeof metrics)[number]]);
  }

  /**
   * Takes the metric of this name, without prefix and postfix, out of the collection.
   *
   * @throws ArgumentError for a name that it has not
   */
  pop(name: string): Metric<Inputs, Output | Record<string, Output>> {
    this.separate(true);
    const metric = this.metric(name);
    this.metrics.delete(name);
    deleteSlot(this, name);
    this.groups = this.groups.map((group) => group.filter((each) => each !== name)).filter(({ length }) => length > 0);
    return metric as never;
  }

  /** Takes all metrics out of the collection. */
  clear(): void {
    for (const name of [...this.metrics.keys()]) this.pop(name);
  }

  /** The metric of this name, with prefix and postfix or without; undefined where there is none. */
  get(name: string): Metric<Inputs, Output | Record<string, Output>> | undefined {
    this.separate(true);
    const bare = [...this.metrics.keys()].find((key) => key === name || this.affixed(key) === name);
    return bare === undefined ? undefined : (this.metrics.get(bare)?.metric as never);
  }

  /** Adds a batch to all metrics. */
  update(...inputs: Inputs): void {
    if (this.checked) {
      this.share();
      for (const [leader = ''] of this.groups) this.metric(leader).update(...(inputs as never));
      return;
    }
    for (const { metric } of this.metrics.values()) metric.update(...(inputs as never));
    if (this.options.computeGroups === false) return;
    this.groups = merged(this.groups, (name) => this.metric(name));
    this.checked = true;
    this.apart = true;
    this.share();
  }

  /** Adds a batch to all metrics and returns their scores of it. */
  forward(...inputs: Inputs): Record<string, Output> {
    // Each metric merges the batch into its state, so none may share one meanwhile.
    this.separate(true);
    const results = this.results((metric) => metric.forward(...(inputs as never)));
    if (this.checked) this.share();
    return results;
  }

  /** The scores of everything since the last reset. */
  compute(): Record<string, Output> {
    return this.results((metric) => metric.compute());
  }

  private results(scoreOf: (metric: AnyMetric) => unknown): Record<string, Output> {
    const scores = [...this.metrics].map(([name, entry]) => [name, entry, scoreOf(entry.metric)] as const);
    const inner = scores.flatMap(([name, , score]) => (isNamed(score) ? Object.keys(score) : [name]));
    const ambiguous = new Set(inner).size < inner.length;
    const flat = scores.flatMap(([name, entry, score]): [string, unknown][] =>
      isNamed(score)
        ? Object.entries(score).map(([key, value]) => [nested(name, key, entry, ambiguous), value])
        : [[name, score]],
    );
    return Object.fromEntries(flat.map(([name, score]) => [this.affixed(name), score as Output]));
  }

  /** Forgets all batches. */
  reset(): void {
    for (const { metric } of this.metrics.values()) metric.reset();
    if (this.checked) this.share();
  }

  /** Has the states of all metrics be part of the state dict, or not. */
  persistent(mode = true): void {
    for (const { metric } of this.metrics.values()) metric.persistent(mode);
  }

  /** A collection with metrics of its own, and with another prefix or postfix where they are given. */
  clone(affixes: { prefix?: string | null; postfix?: string | null } = {}): MetricCollection<Inputs, Output> {
    const { prefix, postfix } = withDefaults('clone', affixes, { prefix: this.prefix, postfix: this.postfix });
    const copies = [...this.metrics].map(([name, { metric }]) => [name, metric.clone()] as const);
    const made = new MetricCollection<Inputs, Output>([] as never, {
      ...this.options,
      computeGroups: false,
      prefix,
      postfix,
    });
    for (const [name, metric] of copies) {
      made.registerModule(name, metric);
      made.metrics.set(name, { ...(this.metrics.get(name) as Entry), metric });
    }
    Object.assign(made, { options: { ...this.options, prefix, postfix } });
    made.groups = this.groups.map((group) => [...group]);
    made.checked = this.checked;
    made.apart = true;
    return made;
  }

  /** Moves the states of all metrics to a device. */
  override to(target: DType | Device | { device?: Device; dtype?: DType }): this {
    for (const { metric } of this.metrics.values()) metric.to(target);
    return this;
  }

  private affixed(name: string): string {
    return `${this.prefix ?? ''}${name}${this.postfix ?? ''}`;
  }

  private metric(name: string): AnyMetric {
    const entry = this.metrics.get(name);
    if (entry === undefined) throw valueError(`there is no metric \`${name}\` in the collection`);
    return entry.metric;
  }

  /** Has the members of each group share the state of the first. */
  private share(): void {
    for (const [leader = '', ...followers] of this.groups) {
      for (const name of followers) this.metric(name).shareState(this.metric(leader));
    }
    this.apart = false;
  }

  /** Gives each member of a group a state of its own, where it shares one. */
  private separate(handedOut: boolean): void {
    if (this.apart || !this.checked) return;
    for (const [, ...followers] of this.groups) for (const name of followers) this.metric(name).shareState(null);
    this.apart = handedOut;
  }
}

interface Entry {
  readonly metric: AnyMetric;
  /** Of the collection from which it came. */
  readonly prefix: string | null;
  readonly postfix: string | null;
}

function checkedAffix(argument: string, affix: unknown): string | null {
  if (affix === null || typeof affix === 'string') return affix;
  throw valueError(`Expected input \`${argument}\` to be a string, but got ${describe(affix)}`);
}

function checkGroups(groups: unknown): void {
  const areNames = (group: unknown): boolean => Array.isArray(group) && group.every((name) => typeof name === 'string');
  if (typeof groups === 'boolean' || (Array.isArray(groups) && groups.every(areNames))) return;
  throw valueError(`expected a boolean or lists of names for argument \`computeGroups\`, received ${describe(groups)}`);
}

function isNamed(score: unknown): score is Record<string, unknown> {
  return typeof score === 'object' && score !== null && !(score instanceof Tensor) && !Array.isArray(score);
}

/** The name of one score of several that a metric gives. */
function nested(name: string, key: string, { prefix, postfix }: Entry, ambiguous: boolean): string {
  const bare = name.replaceAll(prefix ?? '', '').replaceAll(postfix ?? '', '');
  const told = ambiguous ? `${bare}_${key}` : key;
  return `${prefix ?? ''}${told}${postfix ?? ''}`;
}

/** The metrics under their names; those of an object in the order of the names, as in torchmetrics. */
function entriesOf(metrics: unknown): [name: string, entry: Entry][] {
  if (metrics instanceof Metric) return entriesOf([metrics]);
  if (metrics instanceof MetricCollection) return entriesOf([metrics]);
  if (Array.isArray(metrics)) {
    return metrics.flatMap((metric: unknown) => {
      if (metric instanceof Metric) return [[metric.constructor.name, own(metric as AnyMetric)] as [string, Entry]];
      if (isCollection(metric)) return inside(metric);
      throw valueError(
        `Input ${describe(metric)} to \`MetricCollection\` is not a instance of \`torchmetrics.Metric\` or ` +
          '`torchmetrics.MetricCollection`',
      );
    });
  }
  if (typeof metrics !== 'object' || metrics === null) {
    throw valueError(
      'Unknown input to MetricCollection. Expected, `Metric`, `MetricCollection` or `dict`/`sequence` of the previous, but ' +
        `got ${describe(metrics)}`,
    );
  }
  const named = Object.entries(metrics) as [string, unknown][];
  return named
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, metric]) => {
      if (metric instanceof Metric) return [[name, own(metric as AnyMetric)] as [string, Entry]];
      if (isCollection(metric)) {
        return inside(metric).map(([key, entry]): [string, Entry] => [`${name}_${key}`, entry]);
      }
      throw valueError(
        `Value ${describe(metric)} belonging to key ${name} is not an instance of \`torchmetrics.Metric\` or ` +
          '`torchmetrics.MetricCollection`',
      );
    });
}

function isCollection(value: unknown): value is MetricCollection {
  return value instanceof MetricCollection;
}

const own = (metric: AnyMetric): Entry => ({ metric, prefix: null, postfix: null });

function inside(collection: MetricCollection): [string, Entry][] {
  const { prefix, postfix } = collection;
  return collection
    .keys()
    .map((name) => [name, { metric: collection.get(name) as unknown as AnyMetric, prefix, postfix }]);
}

/** Groups of metrics whose states are equal. */
function merged(groups: readonly (readonly string[])[], metric: (name: string) => AnyMetric): string[][] {
  const found: string[][] = [];
  for (const group of groups) {
    const same = found.find(([leader = '']) => haveEqualStates(metric(leader), metric(group[0] ?? '')));
    if (same === undefined) found.push([...group]);
    else same.push(...group);
  }
  return found;
}

/** The definitions are the same, and so are the values now. */
function haveEqualStates(a: AnyMetric, b: AnyMetric): boolean {
  const [names, others] = [[...a.stateDefinitions().keys()], [...b.stateDefinitions().keys()]];
  if (names.length === 0 || names.join() !== others.join()) return false;
  const [ofA, ofB] = [a.metricState, b.metricState];
  return names.every((name) => {
    const [left, right] = [[ofA[name] ?? []].flat(), [ofB[name] ?? []].flat()];
    if (Array.isArray(ofA[name]) !== Array.isArray(ofB[name])) return false;
    return left.every((tensor, at) => {
      const other = right[at];
      if (other === undefined) return true;
      return tensor.shape.join() === other.shape.join() && allclose(tensor, other.to(tensor.dtype));
    });
  });
}
