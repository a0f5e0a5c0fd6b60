/** The points of curves from what was seen or counted, op by op as torchmetrics does it. */

import { cat, ones, Tensor, tensor, zeros, zerosLike, onesLike, clamp } from '../../tensor';
import { safeDivide } from '../arithmetic';
import { type CurveSummary, type Seen, withoutIgnored } from './curve-counts';
import type { Curve, CurveOfClasses } from './curve-metric';
import { isTrue } from './labels';

/** Makes the curve of one question. */
export type CurveMaker = (summary: CurveSummary, thresholds: Tensor | null, positive: number) => Curve;

/** False and true positives at each score that occurs, from the highest down, float32 [T] each. */
function positivesByScore({ scores, truth }: Seen, positive: number): [fps: Tensor, tps: Tensor, scores: Tensor] {
  const order = scores.argsort(-1, true);
  const [sorted, sortedTruth] = [scores.indexSelect(0, order), truth.indexSelect(0, order)];
  const count = sorted.numel();
  const steps = sorted.narrow(0, 1, count - 1).sub(sorted.narrow(0, 0, count - 1));
  const last = tensor([count - 1], { device: scores.device });
  const places = cat([steps.nonzero().select(1, 0), last]);
  // In float32, as torchmetrics weighs each element with 1.
  const tps = sortedTruth.eq(positive).to('float32').cumsum(0).indexSelect(0, places);
  return [places.add(1).sub(tps), tps, sorted.indexSelect(0, places)];
}

function cell(counts: Tensor, truth: number, prediction: number): Tensor {
  return counts.select(-2, truth).select(-1, prediction);
}

/** An end with one more point for each class. */
function withEnd(points: Tensor, end: number): Tensor {
  const shape = [1, ...points.shape.slice(1)];
  const options = { dtype: points.dtype, device: points.device } as const;
  return cat([points, end === 1 ? ones(shape, options) : zeros(shape, options)]);
}

/** Precision and recall at counted thresholds, from the lowest up, [T + 1] or [T + 1, C] each. */
function precisionRecallOfCounts(counts: Tensor): [precision: Tensor, recall: Tensor] {
  const [tps, fps, fns] = [cell(counts, 1, 1), cell(counts, 0, 1), cell(counts, 1, 0)];
  return [withEnd(safeDivide(tps, tps.add(fps), NaN), 1), withEnd(safeDivide(tps, tps.add(fns), NaN), 0)];
}

/** Precision, recall and thresholds, from the lowest threshold up. */
export function precisionRecall(summary: CurveSummary, thresholds: Tensor | null, positive: number): Curve {
  if (summary instanceof Tensor) return [...precisionRecallOfCounts(summary), thresholds as Tensor];
  const [fps, tps, scores] = positivesByScore(summary, positive);
  const precision = tps.div(tps.add(fps));
  const share = tps.div(tps.narrow(0, tps.numel() - 1, 1).squeeze(0));
  // Where all truth is 0 there is nothing to find, and all of it is found.
  const recall = isTrue(summary.truth.eq(0).all()) ? onesLike(share) : share;
  return [withEnd(precision.flip(0), 1), withEnd(recall.flip(0), 0), scores.flip(0).clone()];
}

/** False positive rate, true positive rate and thresholds, from the highest threshold down. */
export function rates(summary: CurveSummary, thresholds: Tensor | null, positive: number): Curve {
  if (summary instanceof Tensor) return [...ratesOfCounts(summary), (thresholds as Tensor).flip(0)];
  const [fps, tps, scores] = positivesByScore(summary, positive).map((values, at) =>
    cat([(at === 2 ? ones : zeros)([1], { dtype: values.dtype, device: values.device }), values]),
  ) as Curve;
  const share = (counts: Tensor): Tensor => {
    const all = counts.narrow(0, counts.numel() - 1, 1).squeeze(0);
    return isTrue(all.le(0)) ? zerosLike(scores) : counts.div(all);
  };
  return [share(fps), share(tps), scores];
}

function ratesOfCounts(counts: Tensor): [fpr: Tensor, tpr: Tensor] {
  const [tps, fps, fns, tns] = [cell(counts, 1, 1), cell(counts, 0, 1), cell(counts, 1, 0), cell(counts, 0, 0)];
  return [safeDivide(fps, fps.add(tns)).flip(0), safeDivide(tps, tps.add(fns)).flip(0)];
}

/** The curves of classes: of each class against all others. */
export function curvesOfClasses(
  make: CurveMaker,
  summary: CurveSummary,
  thresholds: Tensor | null,
  numClasses: number,
): CurveOfClasses {
  if (summary instanceof Tensor) return transposed(make(summary, thresholds, 1));
  const { scores, truth } = summary;
  return unzipped(
    Array.from({ length: numClasses }, (_, label) => make({ scores: scores.select(1, label), truth }, null, label)),
  );
}

/** The curves of labels, without what is ignored. */
export function curvesOfLabels(
  make: CurveMaker,
  summary: CurveSummary,
  thresholds: Tensor | null,
  numLabels: number,
  ignoreIndex: number | null,
): CurveOfClasses {
  if (summary instanceof Tensor) return transposed(make(summary, thresholds, 1));
  const { scores, truth } = summary;
  return unzipped(
    Array.from({ length: numLabels }, (_, label) => {
      const seen = { scores: scores.select(1, label), truth: truth.select(1, label) };
      return make(withoutIgnored(seen, ignoreIndex), null, 1);
    }),
  );
}

function transposed([x, y, thresholds]: Curve): Curve {
  return [x.T, y.T, thresholds];
}

function unzipped(curves: readonly Curve[]): [Tensor[], Tensor[], Tensor[]] {
  return [curves.map(([x]) => x), curves.map(([, y]) => y), curves.map(([, , thresholds]) => thresholds)];
}

/** One curve as the mean of those of the classes, over all places that occur in any. */
export function meanCurve([x, y, thresholds]: CurveOfClasses, numClasses: number, descending: boolean): Curve {
  const rows = (values: Tensor | Tensor[]): Tensor[] => (Array.isArray(values) ? values : values.unbind());
  const places = (Array.isArray(x) ? cat(x) : x.flatten()).sort()[0];
  const all = Array.isArray(thresholds) ? cat(thresholds) : thresholds.repeat([numClasses]);
  const [xs, ys] = [rows(x), rows(y)];
  let total = zerosLike(places);
  for (let label = 0; label < numClasses; label++) {
    total = total.add(interpolated(places, xs[label] as Tensor, ys[label] as Tensor));
  }
  return [places, total.div(numClasses), all.sort(-1, descending)[0]];
}

/** The values at `places` of a line through points. */
function interpolated(places: Tensor, x: Tensor, y: Tensor): Tensor {
  const most = x.numel() - 1;
  const [left, right] = [x.narrow(0, 0, most), x.narrow(0, 1, most)];
  const [low, high] = [y.narrow(0, 0, most), y.narrow(0, 1, most)];
  const slopes = safeDivide(high.sub(low), right.sub(left));
  const offsets = low.sub(slopes.mul(left));
  const passed = places.unsqueeze(1).ge(x.unsqueeze(0)).sum(1).sub(1);
  const at = clamp(passed, 0, most - 1);
  return slopes.indexSelect(0, at).mul(places).add(offsets.indexSelect(0, at));
}
