/** Predictions and truth of segmentation as masks of the classes, [N, C, …]. */

import { checkTensors, valueError } from '../../engine';
import { isFloatingDType, oneHot, type Tensor } from '../../tensor';
import { checkSameShape, sizeOf } from '../classification/labels';
import { shown } from '../options';

/** How masks come: a plane for each class [N, C, …], labels [N, …], or one of the two each way. */
export type InputFormat = 'one-hot' | 'index' | 'mixed';

/** Options that all metrics of segmentation share. */
export interface SegmentationOptions {
  /** Class 0 takes part. */
  includeBackground?: boolean;
  /** Default one-hot. Floating one-hot inputs are scores, of which the highest decides. */
  inputFormat?: InputFormat;
}

export function checkSegmentation(includeBackground: unknown, inputFormat: unknown): void {
  if (typeof includeBackground !== 'boolean') {
    throw valueError(`Expected argument \`includeBackground\` must be a boolean, but got ${shown(includeBackground)}.`);
  }
  if (inputFormat === 'one-hot' || inputFormat === 'index' || inputFormat === 'mixed') return;
  throw valueError(
    `Expected argument \`inputFormat\` to be one of 'one-hot', 'index', 'mixed', but got ${shown(inputFormat)}.`,
  );
}

export function checkClassCount(numClasses: unknown): void {
  if (typeof numClasses === 'number' && Number.isSafeInteger(numClasses) && numClasses > 0) return;
  throw valueError(`Expected argument \`numClasses\` must be a positive integer, but got ${shown(numClasses)}.`);
}

/** What the masks depend on; the number of classes is read from the masks where it is null. */
export interface MaskSettings {
  readonly numClasses: number | null;
  readonly includeBackground: boolean;
  readonly inputFormat: InputFormat;
}

/** The two as masks [N, C, …], without class 0 where the background is left out. */
export function masksOf(
  name: string,
  preds: Tensor,
  target: Tensor,
  settings: MaskSettings,
): [preds: Tensor, target: Tensor] {
  checkTensors(name, { preds, target });
  const [predicted, truth] = formatted(preds, target, settings);
  if (predicted.dim() < 3) {
    throw valueError(
      `Expected both \`preds\` and \`target\` to have at least 3 dimensions, but got ${predicted.dim()}.`,
    );
  }
  return settings.includeBackground ? [predicted, truth] : [withoutBackground(predicted), withoutBackground(truth)];
}

function formatted(preds: Tensor, target: Tensor, { numClasses, inputFormat }: MaskSettings): [Tensor, Tensor] {
  if (inputFormat === 'mixed') checkMixedShape(preds, target);
  else checkSameShape(preds, target);
  if (inputFormat === 'index') {
    if (numClasses === null) throw valueError("Argument `numClasses` must be provided when `inputFormat='index'`.");
    return [planes(preds, numClasses), planes(target, numClasses)];
  }
  const classes = numClasses ?? countPlanes(preds.dim() >= target.dim() ? preds : target);
  if (inputFormat === 'one-hot') return [decided(preds, classes), decided(target, classes)];
  return preds.dim() > target.dim()
    ? [decided(preds, classes), planes(target, classes)]
    : [planes(preds, classes), decided(target, classes)];
}

function checkMixedShape(preds: Tensor, target: Tensor): void {
  const [masks, labels] = preds.dim() > target.dim() ? [preds, target] : [target, preds];
  const [samples, , ...rest] = masks.shape;
  if (masks.dim() === labels.dim() + 1 && [samples, ...rest].join() === labels.shape.join()) return;
  throw valueError(
    `Predictions and targets are expected to have the same shape, got ${sizeOf(preds)} and ${sizeOf(target)}.`,
  );
}

/** Labels as a plane for each class. */
function planes(labels: Tensor, numClasses: number): Tensor {
  return oneHot(labels, numClasses).movedim(-1, 1);
}

/** Masks as they are; of scores the highest. */
function decided(masks: Tensor, numClasses: number): Tensor {
  return isFloatingDType(masks.dtype) ? planes(masks.argmax(1), numClasses) : masks;
}

/** The number of classes of masks [N, C, …]. */
export function countPlanes(masks: Tensor): number {
  const classes = masks.shape[1];
  if (classes === undefined) throw valueError(`Cannot determine \`numClasses\` from tensor: ${String(masks)}.`);
  if (classes === 0) {
    throw valueError(`Expected argument \`numClasses\` to be a positive integer, but got ${classes}.`);
  }
  return classes;
}

function withoutBackground(masks: Tensor): Tensor {
  return masks.size(1) > 1 ? masks.narrow(1, 1, masks.size(1) - 1) : masks;
}

/** The dimensions behind classes: pixels. */
export function pixelDims(masks: Tensor): number[] {
  return Array.from({ length: masks.dim() - 2 }, (_, at) => at + 2);
}
