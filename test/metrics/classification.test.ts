/**
 * Every metric of classification beside torchmetrics: random options and batches, function and class, several updates.
 * A metric that is exported and has no case here fails.
 */
import * as metrics from '../../lib/metrics';
import { rand } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, type OracleInput } from '../oracle/oracle';
import { type Case, compare } from './compare';
import { binaryBatches, multiclassBatches, multilabelBatches, seed } from './inputs';

type Options = Record<string, OracleInput>;

interface Family {
  /** Behind `Binary`, `Multiclass` and `Multilabel`. */
  readonly name: string;
  /** The function behind `binary`, `multiclass` and `multilabel`. */
  readonly fn: string;
  readonly kind: 'stat scores' | 'confusion' | 'curve' | 'calibration';
  readonly tasks: readonly Task[];
  /** Options of its own. */
  readonly own?: (draws: Draws, task: Task) => Options;
  readonly required?: (draws: Draws) => Options;
}

type Task = 'Binary' | 'Multiclass' | 'Multilabel';
const all: readonly Task[] = ['Binary', 'Multiclass', 'Multilabel'];
const ROUNDS = 50;

const averages = ['micro', 'macro', 'weighted', 'none', null] as const;
const zeroDivision = (draws: Draws): Options => ({ zeroDivision: draws.int(0, 1) });
const average = (draws: Draws, task: Task): Options => (task === 'Binary' ? {} : { average: draws.pick(averages) });
const normalize = (draws: Draws): Options => ({ normalize: draws.pick(['true', 'pred', 'all', 'none', null]) });
const beta = (draws: Draws): Options => ({ beta: draws.pick([0.5, 0.25, 2.5]) });

const curveAverage = (draws: Draws, task: Task): Options =>
  task === 'Multiclass' ? { average: draws.pick(['micro', 'macro', null]) } : {};
const areaAverage = (draws: Draws, task: Task): Options =>
  task === 'Binary'
    ? {}
    : { average: draws.pick(task === 'Multilabel' ? averages : (['macro', 'weighted', 'none', null] as const)) };

const families: readonly Family[] = [
  { name: 'StatScores', fn: 'StatScores', kind: 'stat scores', tasks: all },
  { name: 'Accuracy', fn: 'Accuracy', kind: 'stat scores', tasks: all },
  { name: 'Precision', fn: 'Precision', kind: 'stat scores', tasks: all, own: zeroDivision },
  { name: 'Recall', fn: 'Recall', kind: 'stat scores', tasks: all, own: zeroDivision },
  { name: 'F1Score', fn: 'F1Score', kind: 'stat scores', tasks: all, own: zeroDivision },
  { name: 'FBetaScore', fn: 'FbetaScore', kind: 'stat scores', tasks: all, own: zeroDivision, required: beta },
  { name: 'Specificity', fn: 'Specificity', kind: 'stat scores', tasks: all },
  { name: 'HammingDistance', fn: 'HammingDistance', kind: 'stat scores', tasks: all },
  { name: 'ConfusionMatrix', fn: 'ConfusionMatrix', kind: 'confusion', tasks: all, own: normalize },
  {
    name: 'JaccardIndex',
    fn: 'JaccardIndex',
    kind: 'confusion',
    tasks: all,
    own: (draws, task) => ({ ...zeroDivision(draws), ...average(draws, task) }),
  },
  { name: 'MatthewsCorrCoef', fn: 'MatthewsCorrcoef', kind: 'confusion', tasks: all },
  {
    name: 'CohenKappa',
    fn: 'CohenKappa',
    kind: 'confusion',
    tasks: ['Binary', 'Multiclass'],
    own: (draws) => ({ weights: draws.pick(['linear', 'quadratic', 'none', null]) }),
  },
  { name: 'PrecisionRecallCurve', fn: 'PrecisionRecallCurve', kind: 'curve', tasks: all, own: curveAverage },
  { name: 'ROC', fn: 'Roc', kind: 'curve', tasks: all, own: curveAverage },
  {
    name: 'AUROC',
    fn: 'Auroc',
    kind: 'curve',
    tasks: all,
    own: (draws, task) => (task === 'Binary' ? { maxFpr: draws.pick([null, 0.5, 0.75]) } : areaAverage(draws, task)),
  },
  { name: 'AveragePrecision', fn: 'AveragePrecision', kind: 'curve', tasks: all, own: areaAverage },
  {
    name: 'CalibrationError',
    fn: 'CalibrationError',
    kind: 'calibration',
    tasks: ['Binary', 'Multiclass'],
    own: (draws) => ({ nBins: draws.int(1, 20), norm: draws.pick(['l1', 'l2', 'max']) }),
  },
];

function caseOf(family: Family, task: Task, draws: Draws): Case {
  seed(draws);
  const ofStats = family.kind === 'stat scores';
  const size = draws.int(2, 5);
  const ignored: readonly (number | null)[] =
    task === 'Multiclass' ? [null, null, -1, 0, size - 1, 255] : [null, null, -1, 0, 1, 7];
  const ignoreIndex = draws.pick(ignored);
  const options: Options = { ignoreIndex, ...family.own?.(draws, task) };
  const scores = family.kind === 'curve' || family.kind === 'calibration';
  if (task !== 'Multiclass' && !scores && draws.flag()) options['threshold'] = draws.pick([0.3, 0.5, 0.75]);
  if (draws.next() < 0.2) options['validateArgs'] = draws.flag();
  if (family.kind === 'curve' && options['average'] !== 'micro') {
    // With micro, the class in torchmetrics has a state of another shape than what it adds to it.
    options['thresholds'] = draws.pick([null, null, 5, 33, [0.25, 0.5, 0.9375], rand([7]).sort()[0]]);
  }
  let least = 0;
  let topK = 1;
  if (ofStats) {
    Object.assign(options, average(draws, task));
    if (draws.next() < 0.4) [options['multidimAverage'], least] = ['samplewise', 1];
    if (task === 'Multiclass' && draws.next() < 0.3) options['topK'] = topK = draws.int(1, size);
  }
  const required: Options = {
    ...family.required?.(draws),
    ...(task === 'Multiclass' ? { numClasses: size } : task === 'Multilabel' ? { numLabels: size } : {}),
  };
  const batches =
    task === 'Binary'
      ? binaryBatches(draws, ignoreIndex, least, scores)
      : task === 'Multiclass'
        ? multiclassBatches(draws, size, ignoreIndex, { least, ...((topK > 1 || scores) && { scores: true }) })
        : multilabelBatches(draws, size, ignoreIndex, { least, scoresOnly: scores });
  return { name: task + family.name, fn: task.toLowerCase() + family.fn, required, options, batches };
}

describeWithOracle('classification', (oracle) => {
  const table: string[] = [];
  afterAll(() => {
    process.stdout.write(
      `\n| metric | configurations | values | errors on both sides | result |\n| --- | --- | --- | --- | --- |\n${table.join('\n')}\n`,
    );
  });

  const rows = families.flatMap((family, at) =>
    family.tasks.map((task) => [task + family.name, family, task, at] as const),
  );

  it.each(rows)('%s', async (name, family, task, at) => {
    const draws = new Draws(1000 * at + all.indexOf(task));
    const cases = Array.from({ length: ROUNDS }, () => caseOf(family, task, draws));
    const { values, errors, differences } = await compare(oracle(), cases);
    const result = differences.length === 0 ? 'equal bits' : `${differences.length} differ`;
    table.push(`| ${name} | ${ROUNDS} | ${values} | ${errors} | ${result} |`);
    expect(differences.slice(0, 5)).toEqual([]);
    // Most must be scores, or nothing was compared.
    expect(errors).toBeLessThan(values / 4);
  });

  it('has a row for each exported class of a task', () => {
    const exported = Object.keys(metrics).filter((name) => /^(Binary|Multiclass|Multilabel)/.test(name));
    const abstract = exported.filter((name) => /(Confusion|Curve)Metric$/.test(name));
    expect(exported.filter((name) => !abstract.includes(name)).sort()).toEqual(rows.map(([name]) => name).sort());
  });
});
