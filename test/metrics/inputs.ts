/** Random batches of classification: labels, probabilities and logits, ignored labels, absent classes, empty batches. */

import { manualSeed, rand, randint, randn, type Tensor, where } from '../../lib/tensor';
import type { Draws } from '../nn/draws';
import type { Batch } from './compare';

/** Seeds the generator from the draws, so that a case can be repeated. */
export function seed(draws: Draws): void {
  manualSeed(draws.int(0, 2 ** 31 - 1));
}

const sizes = (draws: Draws, least: number): number[] =>
  Array.from({ length: draws.int(least, 2) }, () => draws.int(1, 5));

/** With a label here and there replaced by one that is ignored. */
function withIgnored(draws: Draws, target: Tensor, ignoreIndex: number | null): Tensor {
  if (ignoreIndex === null || draws.next() < 0.2) return target;
  return where(rand([...target.shape]).lt(draws.pick([0.2, 0.5, 1])), ignoreIndex, target);
}

/** Scores, or labels below `high`, of this shape. */
function predictions(draws: Draws, shape: number[], high: number): Tensor {
  const kind = draws.int(0, 4);
  if (kind === 0) return randn(shape).mul(2);
  if (kind === 1) return rand(shape).to('float64');
  return kind === 2 ? rand(shape) : randint(high, shape);
}

function count(draws: Draws): number {
  return draws.next() < 0.04 ? 0 : draws.int(1, 6);
}

export function binaryBatches(draws: Draws, ignoreIndex: number | null, least = 0, scoresOnly = false): Batch[] {
  const rest = sizes(draws, least);
  const kind = draws.int(0, 3);
  return [1, 2, 3].map(() => {
    const shape = [count(draws), ...rest];
    const preds = predictions(draws, shape, 2);
    const scores = scoresOnly && !preds.isFloatingPoint() ? rand(shape) : preds;
    const target = kind === 0 ? randint(1, shape) : kind === 1 ? randint(1, shape).add(1) : randint(2, shape);
    return [scores, withIgnored(draws, target, ignoreIndex)];
  });
}

export function multiclassBatches(
  draws: Draws,
  numClasses: number,
  ignoreIndex: number | null,
  { least = 0, scores = draws.flag() }: { least?: number; scores?: boolean } = {},
): Batch[] {
  const rest = sizes(draws, least);
  const high = draws.flag() ? numClasses : draws.int(1, numClasses);
  const perfect = draws.next() < 0.1;
  return [1, 2, 3].map(() => {
    const samples = count(draws);
    const shape = [samples, ...rest];
    const target = randint(high, shape);
    const logits = draws.flag() ? randn([samples, numClasses, ...rest]) : rand([samples, numClasses, ...rest]);
    const labels = perfect ? target : randint(draws.flag() ? high : numClasses, shape);
    return [scores ? logits : labels, withIgnored(draws, target, ignoreIndex)];
  });
}

export function multilabelBatches(
  draws: Draws,
  numLabels: number,
  ignoreIndex: number | null,
  { least = 0, scoresOnly = false }: { least?: number; scoresOnly?: boolean } = {},
): Batch[] {
  const rest = sizes(draws, least);
  const kind = draws.int(0, 5);
  return [1, 2, 3].map(() => {
    const shape = [count(draws), numLabels, ...rest];
    const preds = predictions(draws, shape, 2);
    const scores = scoresOnly && !preds.isFloatingPoint() ? rand(shape) : preds;
    const target = kind === 0 ? randint(1, shape) : randint(2, shape);
    return [scores, withIgnored(draws, target, ignoreIndex)];
  });
}
