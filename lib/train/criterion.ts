import { DiceLoss, FocalLoss, IoULoss, JaccardLoss, LovaszLoss, WeightedSum, type CriterionModule } from '../losses';
import { CrossEntropyLoss } from '../nn';
import { tensor } from '../tensor';
import { lossNames, type LossName } from './choices';
import { UsageError } from './errors';
import type { TrainSettings } from './settings';
import { didYouMean } from './spelling';

type LossSettings = Pick<TrainSettings, 'loss' | 'labelSmoothing' | 'classWeights'>;

interface Term {
  readonly name: LossName;
  readonly weight: number;
}

const makers: Readonly<Record<LossName, (settings: LossSettings) => CriterionModule>> = {
  'cross-entropy': ({ labelSmoothing, classWeights }) =>
    new CrossEntropyLoss({
      labelSmoothing,
      weight: classWeights === null ? null : tensor(classWeights, { dtype: 'float32' }),
    }),
  dice: () => new DiceLoss('multiclass'),
  jaccard: () => new JaccardLoss('multiclass'),
  iou: () => new IoULoss(),
  focal: () => new FocalLoss('multiclass'),
  lovasz: () => new LovaszLoss('multiclass'),
};

/** The loss of a run: logits [N, C, H, W] against classes [N, H, W]. */
export function makeCriterion(settings: LossSettings): CriterionModule {
  const terms = readLoss(settings.loss);
  const losses = terms.map(({ name }) => makers[name](settings));
  const [only] = losses;
  if (only !== undefined && terms.length === 1 && terms[0]?.weight === 1) return only;
  return new WeightedSum(
    losses,
    terms.map(({ weight }) => weight),
  );
}

/** @throws {UsageError} for a loss that is none, and for numbers of a cross entropy that is not there */
export function checkLoss({ loss, labelSmoothing, classWeights }: LossSettings, classes: number): void {
  const hasCrossEntropy = readLoss(loss).some(({ name }) => name === 'cross-entropy');
  if (!hasCrossEntropy && labelSmoothing > 0) throw new UsageError(`--label-smoothing needs cross-entropy in --loss`);
  if (classWeights === null) return;
  if (!hasCrossEntropy) throw new UsageError(`--class-weights needs cross-entropy in --loss`);
  if (classWeights.length === classes) return;
  throw new UsageError(`--class-weights has ${classWeights.length} numbers, there are ${classes} classes`);
}

/** `cross-entropy+0.5*dice` */
function readLoss(text: string): Term[] {
  return text.split('+').map((part) => {
    const [, weight = '1', word = ''] = /^(?:(\d+\.?\d*|\.\d+)\*)?([\w-]*)$/.exec(part.trim()) ?? [];
    const name = lossNames.find((known) => known === word);
    if (part.trim() === '') {
      throw new UsageError(
        `--loss ${text}: expected losses with + between, such as cross-entropy+0.5*dice; there are ${lossNames.join(', ')}`,
      );
    }
    if (name !== undefined) {
      if (Number(weight) > 0) return { name, weight: Number(weight) };
      throw new UsageError(`--loss ${text}: expected a weight above 0 for ${name}`);
    }
    const guess = didYouMean(word, lossNames) || `, expected ${lossNames.join(', ')}, such as cross-entropy+0.5*dice`;
    throw new UsageError(`--loss ${text}: there is no loss ${word || part}${guess}`);
  });
}
