import { valueError } from '../../engine';
import { safeDivide, times } from '../arithmetic';
import { type OfClasses, type OfLabels, readClasses, readLabels, readNumbers, shown } from '../options';
import type { Ratio } from './stat-reduction';
import {
  BinaryStatScores,
  type BinaryStatScoresOptions,
  MulticlassStatScores,
  type MulticlassStatScoresOptions,
  MultilabelStatScores,
  type MultilabelStatScoresOptions,
} from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, type ByTask, chooser, functionByTask } from './task';

/** The harmonic mean of precision and recall, recall `beta` times as important. */
function fBetaRatio(beta: number): Ratio {
  const square = beta ** 2;
  return {
    of: ({ tp, fp, fn }, { zeroDivision }) => {
      const hits = times(tp, 1 + square);
      return safeDivide(hits, hits.add(times(fn, square)).add(fp), zeroDivision);
    },
    higherIsBetter: true,
    minds: 'nothing',
  };
}

function checkBeta(beta: unknown): asserts beta is number {
  if (typeof beta === 'number' && beta > 0) return;
  throw valueError(`Expected argument \`beta\` to be a float larger than 0, but got ${shown(beta)}.`);
}

/** F score with recall `beta` times as important as precision, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinaryFBetaScore`) */
export class BinaryFBetaScore extends BinaryStatScores {
  readonly beta: number;
  protected override readonly ratio: Ratio;

  /** @param args - `beta`, above 0, and options */
  constructor(
    ...args: [beta: number, options?: BinaryStatScoresOptions] | [options: BinaryStatScoresOptions & { beta: number }]
  ) {
    const [[beta], options] = readNumbers<BinaryStatScoresOptions>(['beta'], args);
    checkBeta(beta);
    super(options);
    this.beta = beta;
    this.ratio = fBetaRatio(beta);
  }
}

/** F score of each class with recall `beta` times as important as precision, averaged. (`torchmetrics.classification.MulticlassFBetaScore`) */
export class MulticlassFBetaScore extends MulticlassStatScores {
  readonly beta: number;
  protected override readonly ratio: Ratio;

  /** @param args - `beta`, above 0, `numClasses`, 2 or more, and options */
  constructor(
    ...args:
      | [beta: number, ...others: OfClasses<MulticlassStatScoresOptions>]
      | [options: MulticlassStatScoresOptions & { beta: number; numClasses: number }]
  ) {
    const [[beta, numClasses], options] = readNumbers<MulticlassStatScoresOptions>(['beta', 'numClasses'], args);
    checkBeta(beta);
    super(numClasses as number, options);
    this.beta = beta;
    this.ratio = fBetaRatio(beta);
  }
}

/** F score of each label with recall `beta` times as important as precision, averaged. (`torchmetrics.classification.MultilabelFBetaScore`) */
export class MultilabelFBetaScore extends MultilabelStatScores {
  readonly beta: number;
  protected override readonly ratio: Ratio;

  /** @param args - `beta`, above 0, `numLabels`, 2 or more, and options */
  constructor(
    ...args:
      | [beta: number, ...others: OfLabels<MultilabelStatScoresOptions>]
      | [options: MultilabelStatScoresOptions & { beta: number; numLabels: number }]
  ) {
    const [[beta, numLabels], options] = readNumbers<MultilabelStatScoresOptions>(['beta', 'numLabels'], args);
    checkBeta(beta);
    super(numLabels as number, options);
    this.beta = beta;
    this.ratio = fBetaRatio(beta);
  }
}

/** {@link BinaryFBetaScore} of one batch. (`torchmetrics.functional.classification.binary_fbeta_score`) */
export const binaryFbetaScore = functionOf('binaryFbetaScore', BinaryFBetaScore);
/** {@link MulticlassFBetaScore} of one batch. (`torchmetrics.functional.classification.multiclass_fbeta_score`) */
export const multiclassFbetaScore = functionOf('multiclassFbetaScore', MulticlassFBetaScore);
/** {@link MultilabelFBetaScore} of one batch. (`torchmetrics.functional.classification.multilabel_fbeta_score`) */
export const multilabelFbetaScore = functionOf('multilabelFbetaScore', MultilabelFBetaScore);

/** An option of {@link FBetaScore}. */
export interface BetaOption {
  /** Above 0; default 1. */
  beta?: number;
}

function betaOf(options: object): [beta: number, rest: object] {
  const { beta = 1, ...rest } = options as BetaOption;
  return [beta, rest];
}

/** Makes the F score of a task, `beta` 1 and `average` micro by default. (`torchmetrics.FBetaScore`) */
export const FBetaScore = chooser('FBetaScore', {
  binary: (_, options) => new BinaryFBetaScore(...betaOf(options)),
  multiclass: (numClasses, options) => {
    const [beta, rest] = betaOf({ average: 'micro', ...options });
    return new MulticlassFBetaScore(beta, numClasses, rest);
  },
  multilabel: (numLabels, options) => {
    const [beta, rest] = betaOf({ average: 'micro', ...options });
    return new MultilabelFBetaScore(beta, numLabels, rest);
  },
}) as ByTask<
  BinaryFBetaScore,
  BinaryStatScoresOptions & BetaOption,
  MulticlassFBetaScore,
  MulticlassStatScoresOptions & BetaOption,
  MultilabelFBetaScore,
  MultilabelStatScoresOptions & BetaOption
>;
/** {@link FBetaScore} of one batch. (`torchmetrics.functional.fbeta_score`) */
export const fbetaScore = functionByTask('fbetaScore', FBetaScore);

/** The harmonic mean of precision and recall, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinaryF1Score`) */
export class BinaryF1Score extends BinaryFBetaScore {
  constructor(options?: BinaryStatScoresOptions) {
    super(1, options);
  }
}

/** The harmonic mean of precision and recall of each class, averaged. (`torchmetrics.classification.MulticlassF1Score`) */
export class MulticlassF1Score extends MulticlassFBetaScore {
  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<MulticlassStatScoresOptions>) {
    const { numClasses, options } = readClasses(args);
    super(1, numClasses, options);
  }
}

/** The harmonic mean of precision and recall of each label, averaged. (`torchmetrics.classification.MultilabelF1Score`) */
export class MultilabelF1Score extends MultilabelFBetaScore {
  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<MultilabelStatScoresOptions>) {
    const { numLabels, options } = readLabels(args);
    super(1, numLabels, options);
  }
}

/** {@link BinaryF1Score} of one batch. (`torchmetrics.functional.classification.binary_f1_score`) */
export const binaryF1Score = functionOf('binaryF1Score', BinaryF1Score);
/** {@link MulticlassF1Score} of one batch. (`torchmetrics.functional.classification.multiclass_f1_score`) */
export const multiclassF1Score = functionOf('multiclassF1Score', MulticlassF1Score);
/** {@link MultilabelF1Score} of one batch. (`torchmetrics.functional.classification.multilabel_f1_score`) */
export const multilabelF1Score = functionOf('multilabelF1Score', MultilabelF1Score);

/** Makes the F1 score of a task; `average` is micro by default. (`torchmetrics.F1Score`) */
export const F1Score = byTask('F1Score', { average: 'micro' }, BinaryF1Score, MulticlassF1Score, MultilabelF1Score);
/** {@link F1Score} of one batch. (`torchmetrics.functional.f1_score`) */
export const f1Score = functionByTask('f1Score', F1Score);
