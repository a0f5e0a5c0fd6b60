import { stack, type Tensor } from '../../tensor';
import { averaged, floating, safeDivide } from '../arithmetic';
import type { Average } from '../options';
import type { StatCounts } from './stat-counts';

/** The settings that decide how counts become a score. */
export interface Reduction {
  readonly task: 'binary' | 'multiclass' | 'multilabel';
  readonly average: Average;
  readonly samplewise: boolean;
  readonly topK: number;
  readonly zeroDivision: number;
}

/** A metric that is a ratio of counts. */
export interface Ratio {
  /** The ratio, of one count or of one for each class, label or sample. */
  readonly of: (counts: StatCounts, reduction: Reduction) => Tensor;
  /** A larger value is a better one. */
  readonly higherIsBetter: boolean;
  /** With `topK`, a class that is predicted but never true takes no part in the mean. */
  readonly minds: 'topK' | 'nothing';
}

/** The ratio of all elements, or the mean of the ratios of classes or labels. */
export function reduceRatio(ratio: Ratio, counts: StatCounts, reduction: Reduction): Tensor {
  const { task, average, samplewise, topK } = reduction;
  if (task === 'binary') return ratio.of(counts, reduction);
  const { tp, fp, tn, fn } = counts;
  if (average === 'micro') {
    const dim = samplewise ? 1 : 0;
    return ratio.of({ tp: tp.sum(dim), fp: fp.sum(dim), tn: tn.sum(dim), fn: fn.sum(dim) }, reduction);
  }
  const scores = ratio.of(counts, reduction);
  const support = tp.add(fn);
  const occurs = ratio.minds === 'topK' && topK !== 1 ? support : support.add(fp);
  return averaged(scores, average, support, task === 'multilabel' ? null : occurs.eq(0));
}

/** The counts themselves with their support, in the last dimension. */
export function reduceStatScores({ tp, fp, tn, fn }: StatCounts, { task, average, samplewise }: Reduction): Tensor {
  if (task === 'binary') return stack([tp, fp, tn, fn, tp.add(fn)], samplewise ? 1 : 0).squeeze();
  const scores = stack([tp, fp, tn, fn, tp.add(fn)], -1);
  const dim = samplewise ? 1 : 0;
  switch (average) {
    case 'micro':
      // Classes that were not told apart have one count already.
      return task === 'multiclass' && scores.dim() === 1 ? scores : scores.sum(dim);
    case 'macro':
      return floating(scores).mean(dim);
    case 'weighted': {
      const support = tp.add(fn);
      // Of labels, torchmetrics divides by the support of all samples even where each sample has a score of its own.
      const whole = samplewise && task === 'multiclass' ? support.sum(-1, true) : support.sum();
      return scores.mul(support.div(whole).unsqueeze(-1)).sum(dim);
    }
    case 'none':
      return scores;
  }
}

/** The share of the elements whose label was found; of a class, of those that are of it. */
export function foundShare({ tp, fp, tn, fn }: StatCounts, ofClass: boolean): Tensor {
  if (ofClass) return safeDivide(tp, tp.add(fn));
  const found = tp.add(tn);
  return safeDivide(found, found.add(fp).add(fn));
}
