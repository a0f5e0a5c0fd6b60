/** Metrics by the name of their task: `Accuracy({ task: 'multiclass', numClasses: 3 })`. */

import { checkObject, valueError } from '../../engine';
import type { Tensor } from '../../tensor';
import { shown } from '../options';
import { checkInputs } from './labels';
import type { SummaryMetric } from './summary-metric';

/** A metric that is told its task by an option; each task has its own other options, and its own class. */
export interface ByTask<
  BinaryMetric,
  BinaryOptions,
  MulticlassMetric,
  MulticlassOptions,
  MultilabelMetric,
  MultilabelOptions,
> {
  (options: { task: 'binary' } & BinaryOptions): BinaryMetric;
  (options: { task: 'multiclass'; numClasses: number } & MulticlassOptions): MulticlassMetric;
  (options: { task: 'multilabel'; numLabels: number } & MultilabelOptions): MultilabelMetric;
}

/** {@link ByTask} where there is no multilabel form. */
export interface ByTaskOfOneLabel<BinaryMetric, BinaryOptions, MulticlassMetric, MulticlassOptions> {
  (options: { task: 'binary' } & BinaryOptions): BinaryMetric;
  (options: { task: 'multiclass'; numClasses: number } & MulticlassOptions): MulticlassMetric;
}

/** {@link ByTask} as a function of one batch. */
export type FunctionByTask<Options, Output> = (preds: Tensor, target: Tensor, options: Options) => Output;

/** What options of a task look like before it is known which. */
interface Given {
  readonly task?: unknown;
  readonly numClasses?: unknown;
  readonly numLabels?: unknown;
}

type Maker = (count: number, options: object) => unknown;

/**
 * @param standard - defaults that differ from those of the classes
 */
export function byTask<B, BO, C, CO, L, LO>(
  name: string,
  standard: object,
  Binary: new (options?: BO) => B,
  Multiclass: new (numClasses: number, options?: CO) => C,
  Multilabel: new (numLabels: number, options?: LO) => L,
): ByTask<B, BO, C, CO, L, LO> {
  return chooser(name, {
    binary: (_, options) => new Binary(options as BO),
    multiclass: (numClasses, options) => new Multiclass(numClasses, { ...standard, ...options } as CO),
    multilabel: (numLabels, options) => new Multilabel(numLabels, { ...standard, ...options } as LO),
  }) as ByTask<B, BO, C, CO, L, LO>;
}

/** {@link byTask} where there is no multilabel form. */
export function byTaskOfOneLabel<B, BO, C, CO>(
  name: string,
  Binary: new (options?: BO) => B,
  Multiclass: new (numClasses: number, options?: CO) => C,
): ByTaskOfOneLabel<B, BO, C, CO> {
  return chooser(name, {
    binary: (_, options) => new Binary(options as BO),
    multiclass: (numClasses, options) => new Multiclass(numClasses, options as CO),
  }) as ByTaskOfOneLabel<B, BO, C, CO>;
}

/** Picks the maker of a task, and the number that it asks for. */
export function chooser(name: string, makers: Readonly<Record<string, Maker>>): (options: object) => unknown {
  return (options) => {
    checkObject(name, 'options', options, 'options { task, … }');
    const { task, numClasses, numLabels, ...rest } = options as Given;
    const make = typeof task === 'string' && Object.hasOwn(makers, task) ? makers[task] : undefined;
    if (make === undefined) {
      const known = Object.keys(makers).map((key) => `'${key}'`);
      throw valueError(`Invalid Classification: expected one of [${known.join(', ')}], but got ${shown(task)}.`);
    }
    if (task === 'multiclass') return make(wholeNumber('numClasses', numClasses), rest);
    if (task === 'multilabel') return make(wholeNumber('numLabels', numLabels), rest);
    return make(0, rest);
  };
}

function wholeNumber(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw valueError(`\`${argument}\` is expected to be \`int\` but \`${shown(value)}\` was passed.`);
}

type OptionsOf<Make> =
  Make extends ByTask<unknown, infer BO, unknown, infer CO, unknown, infer LO>
    ? | ({ task: 'binary' } & BO)
      | ({ task: 'multiclass'; numClasses: number } & CO)
      | ({ task: 'multilabel'; numLabels: number } & LO)
    : Make extends ByTaskOfOneLabel<unknown, infer BO, unknown, infer CO>
      ? ({ task: 'binary' } & BO) | ({ task: 'multiclass'; numClasses: number } & CO)
      : never;

/** The function form of {@link byTask}. */
export function functionByTask<Make, Output = Tensor>(
  name: string,
  make: Make,
): FunctionByTask<OptionsOf<Make>, Output> {
  return (preds, target, options) => {
    checkInputs(name, preds, target);
    return (make as (options: object) => SummaryMetric<unknown, Output>)(options).evaluate(preds, target);
  };
}
