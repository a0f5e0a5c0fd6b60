import { scope } from '../../engine';
import type { Tensor } from '../../tensor';
import { Metric } from '../metric';
import { checkInputs } from './labels';

/**
 * A metric of predictions and truth whose value follows from a summary of them: what `update` adds to the state is what
 * the function form scores at once.
 */
export abstract class SummaryMetric<Summary, Output = Tensor> extends Metric<[preds: Tensor, target: Tensor], Output> {
  override get fullStateUpdate(): boolean {
    return false;
  }

  /** What is counted in a batch. */
  protected abstract summarize(preds: Tensor, target: Tensor): Summary;

  /** What follows from it. */
  protected abstract score(summary: Summary): Output;

  /** Adds what was counted to the state. */
  protected abstract accumulate(summary: Summary): void;

  /** What was counted in all batches. */
  protected abstract total(): Summary;

  /** @internal The score of one batch, by its function form: the state has no part in it. */
  evaluate(preds: Tensor, target: Tensor): Output {
    checkInputs(this.constructor.name, preds, target);
    return scope(() => this.score(this.summarize(preds, target)));
  }

  override update(preds: Tensor, target: Tensor): void {
    checkInputs(this.constructor.name, preds, target);
    this.accumulate(this.summarize(preds, target));
  }

  override compute(): Output {
    return this.score(this.total());
  }
}

/** The function form of a metric: the score of one batch. */
export function functionOf<Args extends readonly unknown[], Summary, Output>(
  name: string,
  Type: new (...args: Args) => SummaryMetric<Summary, Output>,
): (preds: Tensor, target: Tensor, ...args: Args) => Output {
  return (preds, target, ...args) => {
    checkInputs(name, preds, target);
    return new Type(...args).evaluate(preds, target);
  };
}
