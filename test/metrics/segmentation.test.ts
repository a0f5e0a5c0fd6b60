/** The metrics of segmentation beside torchmetrics: random options and masks, function and class, several updates. */
import { oneHot, rand, randint, randn, type Tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, type OracleInput } from '../oracle/oracle';
import { type Batch, type Case, compare } from './compare';
import { seed } from './inputs';

type Options = Record<string, OracleInput>;

const averages = ['micro', 'macro', 'weighted', 'none', null] as const;

interface Row {
  readonly name: string;
  readonly fn: string;
  readonly options: (draws: Draws) => Options;
  /** Of the spatial dimensions: only squares. */
  readonly square?: boolean;
  readonly classesFromMasks?: boolean;
}

const rows: readonly Row[] = [
  {
    name: 'DiceScore',
    fn: 'diceScore',
    options: (draws) => ({
      average: draws.pick(averages),
      aggregationLevel: draws.pick(['samplewise', 'global']),
    }),
  },
  {
    name: 'GeneralizedDiceScore',
    fn: 'generalizedDiceScore',
    options: (draws) => ({ perClass: draws.flag(), weightType: draws.pick(['square', 'simple', 'linear']) }),
  },
  { name: 'MeanIoU', fn: 'meanIou', options: (draws) => ({ perClass: draws.flag() }), classesFromMasks: true },
  {
    name: 'HausdorffDistance',
    fn: 'hausdorffDistance',
    options: (draws) => ({
      distanceMetric: draws.pick(['euclidean', 'chessboard', 'taxicab']),
      directed: draws.flag(),
      ...(draws.flag() && { spacing: [0.5, 1.75] }),
    }),
    square: true,
  },
];

/** Labels [N, …], with classes that are absent from a sample or from all. */
function labels(draws: Draws, classes: number, shape: number[]): Tensor {
  return randint(draws.flag() ? classes : draws.int(1, classes), shape);
}

function planes(draws: Draws, labelled: Tensor, classes: number): Tensor {
  const masks = oneHot(labelled, classes).movedim(-1, 1);
  const kind = draws.int(0, 3);
  if (kind === 0) return masks.to('bool');
  if (kind === 1) return draws.flag() ? randn([...masks.shape]) : rand([...masks.shape]);
  return masks;
}

function caseOf({ name, fn, options, square, classesFromMasks }: Row, draws: Draws): Case {
  seed(draws);
  const classes = draws.int(2, 5);
  const inputFormat = draws.pick(['one-hot', 'index', 'mixed'] as const);
  const side = draws.int(1, 7);
  const size = square === true ? [side, side] : [[side], [side, 4], [3, 2, side]][draws.int(0, 2)]!;
  const batches = [1, 2, 3].map((): Batch => {
    const shape = [draws.int(1, 4), ...size];
    const [preds, target] = [labels(draws, classes, shape), labels(draws, classes, shape)];
    if (inputFormat === 'index') return [preds, target];
    if (inputFormat === 'one-hot') return [planes(draws, preds, classes), planes(draws, target, classes)];
    return draws.flag() ? [planes(draws, preds, classes), target] : [preds, planes(draws, target, classes)];
  });
  const unknown = classesFromMasks === true && inputFormat !== 'index' && draws.flag();
  return {
    name,
    fn,
    required: { numClasses: unknown ? null : classes },
    options: { inputFormat, includeBackground: draws.flag(), ...options(draws) },
    batches,
  };
}

describeWithOracle('segmentation', (oracle) => {
  const ROUNDS = 80;
  const table: string[] = [];
  afterAll(() => {
    process.stdout.write(
      `\n| metric | configurations | values | errors on both sides | result |\n| --- | --- | --- | --- | --- |\n${table.join('\n')}\n`,
    );
  });

  it.each(rows)('$name', async (row) => {
    const draws = new Draws(rows.indexOf(row) + 7);
    const cases = Array.from({ length: ROUNDS }, () => caseOf(row, draws));
    const { values, errors, differences } = await compare(oracle(), cases);
    const result = differences.length === 0 ? 'equal bits' : `${differences.length} differ`;
    table.push(`| ${row.name} | ${ROUNDS} | ${values} | ${errors} | ${result} |`);
    expect(differences.slice(0, 5)).toEqual([]);
    expect(errors).toBeLessThan(values / 2);
  });
});
