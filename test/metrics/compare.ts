/** Runs cases of a metric here and in torchmetrics, function and class, and compares bit by bit. */

import * as metrics from '../../lib/metrics';
import { Tensor } from '../../lib/tensor';
import { describeDifference, type Oracle, type OracleInput, type OracleValue } from '../oracle/oracle';

export type Batch = readonly [preds: Tensor, target: Tensor];

/** One configuration of one metric, and the batches that it sees. */
export interface Case {
  /** The class: `MulticlassAccuracy`. */
  readonly name: string;
  /** The function form, `multiclassAccuracy`; null where only the class is compared. */
  readonly fn: string | null;
  /** Required arguments, by name in their order. */
  readonly required: Readonly<Record<string, OracleInput>>;
  readonly options: Readonly<Record<string, OracleInput>>;
  readonly batches: readonly Batch[];
}

/** Everything that is compared, in order: each batch by the function, each batch by `forward`, all of them by `update`. */
const PYTHON = `
import warnings
warnings.simplefilter('ignore')
import_torchvision()
import torchmetrics, torchmetrics.classification, torchmetrics.segmentation
import torchmetrics.functional.classification, torchmetrics.functional.segmentation

def find(name, *modules):
  return next(getattr(module, name) for module in modules if hasattr(module, name))

def attempt(run):
  try:
    return run()
  except Exception as error:
    return 'error: ' + (str(error) if isinstance(error, (ValueError, RuntimeError)) else type(error).__name__)

def updated(metric, batches):
  for batch in batches: metric.update(*batch)
  return metric.compute()

results = []
for case in cases:
  cls = find(case['name'], torchmetrics.classification, torchmetrics.segmentation, torchmetrics)
  settings = {**case['required'], **case['options']}
  values = []
  if case['fn'] is not None:
    fn = find(case['fn'], torchmetrics.functional.classification, torchmetrics.functional.segmentation, torchmetrics.functional)
    values += [attempt(lambda: fn(*batch, **settings)) for batch in case['batches']]
  metric = attempt(lambda: cls(**settings))
  if isinstance(metric, str):
    values.append(metric)
  else:
    scores = [attempt(lambda: metric(*batch)) for batch in case['batches']]
    values += scores
    # A batch that is refused takes what was counted before with it; here it does not.
    if not any(isinstance(score, str) for score in scores): values.append(attempt(metric.compute))
    values.append(attempt(lambda: updated(cls(**settings), case['batches'])))
  results.append(values)
`;

export const snakeCase = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before}_${after.toLowerCase()}`);

const snakeKeys = (values: Readonly<Record<string, OracleInput>>): Record<string, OracleInput> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [snakeCase(key), value]));

type Value = Tensor | string | readonly Value[] | { readonly [key: string]: Value };

function attempt(run: () => unknown): Value {
  try {
    return run() as Value;
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

/** What {@link PYTHON} does, here. */
function ours({ name, fn, required, options, batches }: Case): Value[] {
  const exported = metrics as unknown as Record<string, unknown>;
  const Type = exported[name] as new (...args: unknown[]) => metrics.Metric<Batch, Value>;
  const args = [...Object.values(required), options];
  const values: Value[] = [];
  if (fn !== null) {
    const call = exported[fn] as (...args: unknown[]) => unknown;
    values.push(...batches.map((batch) => attempt(() => call(...batch, ...args))));
  }
  let metric: metrics.Metric<Batch, Value>;
  try {
    metric = new Type(...args);
  } catch (error) {
    return [...values, `error: ${(error as Error).message}`];
  }
  const scores = batches.map((batch) => attempt(() => metric.forward(...batch)));
  values.push(...scores);
  if (!scores.some((score) => typeof score === 'string')) values.push(attempt(() => metric.compute()));
  const whole = new Type(...args);
  values.push(
    attempt(() => {
      for (const batch of batches) whole.update(...batch);
      return whole.compute();
    }),
  );
  return values;
}

/** Null where the two are equal: the same bits, or an error on both sides. */
export function differenceOf(mine: Value, theirs: OracleValue): string | null {
  if (typeof theirs === 'string') {
    return typeof mine === 'string' ? null : `no error, but in Python ${theirs}`;
  }
  if (typeof mine === 'string') return mine;
  if (theirs instanceof Tensor) return mine instanceof Tensor ? describeDifference(mine, theirs) : 'no tensor';
  if (typeof theirs !== 'object' || theirs === null || mine instanceof Tensor) return `is no ${typeof theirs}`;
  const pairs = Object.entries(theirs as Record<string, OracleValue>);
  const values = mine as Readonly<Record<string, Value>>;
  if (Object.keys(values).join() !== pairs.map(([key]) => key).join()) return `has ${Object.keys(values).join()}`;
  for (const [key, value] of pairs) {
    const difference = differenceOf(values[key] as Value, value);
    if (difference !== null) return `${key}: ${difference}`;
  }
  return null;
}

export interface Comparison {
  readonly values: number;
  /** Values that are an error on both sides. */
  readonly errors: number;
  readonly differences: readonly string[];
}

/** Compares all values of all cases. */
export async function compare(oracle: Oracle, cases: readonly Case[]): Promise<Comparison> {
  const sent = cases.map(({ name, fn, required, options, batches }) => ({
    name,
    fn: fn === null ? null : snakeCase(fn),
    required: snakeKeys(required),
    options: snakeKeys(options),
    batches: batches.map((batch) => [...batch]),
  }));
  const { results } = await oracle.run(PYTHON, { inputs: { cases: sent }, outputs: { results: 'value' } });
  const differences: string[] = [];
  let [values, errors] = [0, 0];
  (results as OracleValue[][]).forEach((theirs, at) => {
    const current = cases[at] as Case;
    const mine = ours(current);
    const where = `${current.name} ${JSON.stringify({ ...current.required, ...current.options })}`;
    if (mine.length !== theirs.length) differences.push(`${where}: ${mine.length} values of ${theirs.length}`);
    theirs.forEach((value, place) => {
      values += 1;
      if (typeof value === 'string') errors += 1;
      const difference = differenceOf(mine[place] ?? 'nothing', value);
      if (difference === null) return;
      const shapes = current.batches.map((batch) => batch.map((tensor) => `${tensor.dtype}[${tensor.shape.join()}]`));
      differences.push(`${where} on ${shapes.join(' | ')}, value ${place}: ${difference}`);
    });
  });
  return { values, errors, differences };
}
