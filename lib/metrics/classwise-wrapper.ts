import { describe, valueError } from '../engine';
import type { Tensor } from '../tensor';
import type { AnyMetric, Metric, MetricLike } from './metric';
import type { MetricState } from './metric-state';
import { withDefaults } from './options';
import { checkedMetric, WrapperMetric } from './wrapper-metric';

/** Options of {@link ClasswiseWrapper}. */
export interface ClasswiseWrapperOptions {
  /** Names of the classes; their numbers by default. */
  labels?: readonly string[] | null;
  /** Before each name; the metric's class in lower case and `_` where there is neither prefix nor postfix. */
  prefix?: string | null;
  /** Behind each name. */
  postfix?: string | null;
}

/**
 * The scores of the classes under names: `torchmetrics.wrappers.ClasswiseWrapper`.
 *
 * @example
 * ```ts
 * const metric = new torch.metrics.MulticlassAccuracy(2, { average: 'none' });
 * const named = new torch.metrics.ClasswiseWrapper(metric, { labels: ['cat', 'dog'] });
 * named.update(torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]));
 * console.log(named.compute()['multiclassaccuracy_cat']); // tensor(0.5000)
 * ```
 */
export class ClasswiseWrapper<
  Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor],
> extends WrapperMetric<Inputs, Record<string, Tensor>> {
  readonly metric: Metric<Inputs>;
  readonly labels: readonly string[] | null;
  readonly prefix: string | null;
  readonly postfix: string | null;

  /** @param metric - one that gives a score for each class, with `average: 'none'` */
  constructor(metric: MetricLike<Inputs>, options?: ClasswiseWrapperOptions) {
    super();
    this.metric = checkedMetric('metric', metric);
    const { labels, prefix, postfix } = withDefaults<ClasswiseWrapperOptions>('ClasswiseWrapper', options, {
      labels: null,
      prefix: null,
      postfix: null,
    });
    if (labels !== null && !(Array.isArray(labels) && labels.every((label) => typeof label === 'string'))) {
      throw valueError(
        `Expected argument \`labels\` to either be \`None\` or a list of strings but got ${describe(labels)}`,
      );
    }
    for (const [name, value] of Object.entries({ prefix, postfix }) as [string, unknown][]) {
      if (value === null || typeof value === 'string') continue;
      throw valueError(`Expected argument \`${name}\` to either be \`None\` or a string but got ${describe(value)}`);
    }
    this.labels = labels;
    this.prefix = prefix;
    this.postfix = postfix;
  }

  override get higherIsBetter(): boolean | null {
    return this.metric.higherIsBetter;
  }

  override get updateCount(): number {
    return this.metric.updateCount;
  }

  override persistent(mode = false): void {
    this.metric.persistent(mode);
  }

  override forward(...inputs: Inputs): Record<string, Tensor> {
    return this.named(this.metric.forward(...inputs));
  }

  override update(...inputs: Inputs): void {
    this.metric.update(...inputs);
  }

  override compute(): Record<string, Tensor> {
    return this.named(this.metric.compute());
  }

  override reset(): void {
    this.metric.reset();
  }

  // The states are those of the metric, so that a collection may have both in one group.

  override get metricState(): Metric['metricState'] {
    return this.metric.metricState;
  }

  /** @internal */
  override stateDefinitions(): ReturnType<Metric['stateDefinitions']> {
    return this.metric.stateDefinitions();
  }

  /** @internal */
  override currentState(): MetricState {
    return this.metric.currentState();
  }

  /** @internal */
  override shareState(leader: AnyMetric | null): void {
    this.metric.shareState(leader);
  }

  private named(scores: Tensor): Record<string, Tensor> {
    const bare = (this.prefix ?? '') === '' && (this.postfix ?? '') === '';
    const before = bare ? `${this.metric.constructor.name.toLowerCase()}_` : (this.prefix ?? '');
    const names = this.labels ?? Array.from({ length: scores.size(0) }, (_, label) => String(label));
    // As Python's zip: up to the shorter of the two.
    const named = scores.unbind().slice(0, names.length);
    return Object.fromEntries(named.map((score, at) => [`${before}${names[at] ?? ''}${this.postfix ?? ''}`, score]));
  }
}
