/**
 * Lovász losses: the Jaccard index's own extension to numbers between 0 and 1, so that it can be minimised itself
 * ("The Lovász-Softmax loss", M. Berman, A. Rannen Triki, M. Blaschko 2018).
 */
import { ArgumentError, checkTensors, describe, valueError } from '../engine';
import { Module } from '../nn';
import { cat, stack, type Tensor } from '../tensor';
import { checkIgnoreIndex, checkMode, type LossMode, withDefaults } from './options';
import { flatten, type Pixels } from './pixels';

/** Options of {@link lovaszHinge}. */
export interface LovaszHingeOptions {
  /** The mean of the images' losses; default false: one loss of the whole batch. */
  perImage?: boolean;
  /** Pixels of this label do not count; null, the default: all count. */
  ignoreIndex?: number | null;
}

/** Options of {@link lovaszSoftmax}. */
export interface LovaszSoftmaxOptions extends LovaszHingeOptions {
  /** Whose losses are averaged: those of the classes that the truth holds (`present`, the default), of all, or of these. */
  classes?: 'present' | 'all' | readonly number[];
}

/** How each jump of the sorted errors counts: differences of the Jaccard loss, [P] for truth [P] in the errors' order. */
function lovaszGradient(sortedTruth: Tensor): Tensor {
  const all = sortedTruth.sum();
  const intersection = all.sub(sortedTruth.cumsum(0));
  const union = all.add(sortedTruth.rsub(1).cumsum(0));
  const jaccard = intersection.div(union).rsub(1);
  return cat([jaccard.narrow(0, 0, 1), jaccard.diff()]);
}

/**
 * Lovász-softmax loss of class probabilities.
 *
 * @param probabilities [N, C, ...], floating; smaller dtypes are computed in float32
 * @param labels [N, ...] or [N, 1, ...], 0 … C−1
 * @returns the loss, []; 0 where no pixel counts
 * @throws ArgumentError for shapes that do not fit, and labels that are no class
 */
export function lovaszSoftmax(probabilities: Tensor, labels: Tensor, options: LovaszSoftmaxOptions = {}): Tensor {
  const defaults: Required<LovaszSoftmaxOptions> = { classes: 'present', perImage: false, ignoreIndex: null };
  const { classes, perImage, ignoreIndex } = withDefaults('lovaszSoftmax', options, defaults, ['classes']);
  checkTensors('lovaszSoftmax', { probabilities, labels });
  checkIgnoreIndex('lovaszSoftmax', ignoreIndex);
  const pixels = flatten('lovaszSoftmax', 'multiclass', probabilities, labels, ignoreIndex);
  checkClasses(classes, probabilities.shape[1] ?? 0);
  return overImages(pixels, perImage, pixelRows, (input, truth) => softmaxLoss(input, truth, classes));
}

/**
 * Lovász hinge loss of yes or no.
 *
 * @param logits [N, 1, ...] or [N, ...], floating; smaller dtypes are computed in float32
 * @param labels 0 and 1, in the shape of the logits
 * @returns the loss, []; 0 where no pixel counts
 * @throws ArgumentError for shapes that do not fit
 */
export function lovaszHinge(logits: Tensor, labels: Tensor, options: LovaszHingeOptions = {}): Tensor {
  const defaults: Required<LovaszHingeOptions> = { perImage: false, ignoreIndex: null };
  const { perImage, ignoreIndex } = withDefaults('lovaszHinge', options, defaults);
  checkTensors('lovaszHinge', { logits, labels });
  checkIgnoreIndex('lovaszHinge', ignoreIndex);
  return hinge('lovaszHinge', 'binary', logits, labels, perImage, ignoreIndex);
}

/** Options of {@link LovaszLoss}, with segmentation_models_pytorch's names. */
export interface LovaszLossOptions extends LovaszHingeOptions {
  /** Inputs are logits, the default; else probabilities, which only mode `multiclass` takes. */
  fromLogits?: boolean;
}

/**
 * Lovász loss (`segmentation_models_pytorch.losses.LovaszLoss`): {@link lovaszSoftmax} over the classes that are present in mode
 * `multiclass`, {@link lovaszHinge} in the modes `binary` and `multilabel`.
 */
export class LovaszLoss extends Module<[input: Tensor, target: Tensor]> {
  readonly mode: LossMode;
  readonly perImage: boolean;
  readonly ignoreIndex: number | null;
  readonly fromLogits: boolean;

  constructor(mode: LossMode, options: LovaszLossOptions = {}) {
    super();
    checkMode('LovaszLoss', mode);
    const defaults: Required<LovaszLossOptions> = { perImage: false, ignoreIndex: null, fromLogits: true };
    const { perImage, ignoreIndex, fromLogits } = withDefaults('LovaszLoss', options, defaults);
    checkIgnoreIndex('LovaszLoss', ignoreIndex);
    if (!fromLogits && mode !== 'multiclass') {
      throw valueError(`LovaszLoss(): expected logits in mode ${mode}, received false for option \`fromLogits\``);
    }
    this.mode = mode;
    this.perImage = perImage;
    this.ignoreIndex = ignoreIndex;
    this.fromLogits = fromLogits;
  }

  /** The loss, []. */
  forward(input: Tensor, target: Tensor): Tensor {
    const { mode, perImage, ignoreIndex } = this;
    if (mode !== 'multiclass') return hinge('LovaszLoss', mode, input, target, perImage, ignoreIndex);
    const pixels = flatten('LovaszLoss', mode, input, target, ignoreIndex);
    const logits = this.fromLogits ? pixels.logits.softmax(1) : pixels.logits;
    return overImages({ ...pixels, logits }, perImage, pixelRows, (part, truth) => softmaxLoss(part, truth, 'present'));
  }
}

function hinge(
  name: string,
  mode: LossMode,
  logits: Tensor,
  labels: Tensor,
  perImage: boolean,
  ignoreIndex: number | null,
): Tensor {
  const pixels = flatten(name, mode, logits, labels, ignoreIndex);
  return overImages(pixels, perImage, selected, (input, truth) => {
    const signs = truth.mul(2).sub(1);
    const errors = input.mul(signs).rsub(1);
    const [sorted, order] = errors.sort(0, true);
    return sorted.relu().dot(lovaszGradient(truth.indexSelect(0, order)));
  });
}

/** Takes out of [N, C, pixels] what counts, one after the other. */
type Rows = (values: Tensor, counted: Tensor | null) => Tensor;

/** The loss of what `rows` takes out of the batch, or the mean of the images' losses. */
function overImages(
  { logits, truth, counted }: Pixels,
  perImage: boolean,
  rows: Rows,
  loss: (input: Tensor, truth: Tensor) => Tensor,
): Tensor {
  const part = (from: number, count: number): Tensor => {
    const mask = counted?.narrow(0, from, count) ?? null;
    const input = rows(logits.narrow(0, from, count), mask);
    // 0, with the gradient 0.
    return input.numel() === 0 ? input.sum() : loss(input, rows(truth.narrow(0, from, count), mask));
  };
  const images = logits.shape[0] ?? 0;
  if (!perImage) return part(0, images);
  return stack(Array.from({ length: images }, (_, image) => part(image, 1))).mean();
}

/** [N, C, pixels] as [P]. */
const selected: Rows = (values, counted) => (counted === null ? values.flatten() : values.index([counted]));

/** [N, C, pixels] as [P, C]. */
const pixelRows: Rows = (values, counted) => {
  const rows = values.permute([0, 2, 1]).reshape([-1, values.shape[1] ?? 0]);
  return counted === null ? rows : rows.indexSelect(0, counted.flatten().nonzero().squeeze(1));
};

function softmaxLoss(input: Tensor, truth: Tensor, classes: 'present' | 'all' | readonly number[]): Tensor {
  const count = input.shape[1] ?? 0;
  const wanted = typeof classes === 'object' ? classes : Array.from({ length: count }, (_, c) => c);
  const losses: Tensor[] = [];
  for (const label of wanted) {
    const isLabel = truth.select(1, label).contiguous();
    if (classes === 'present' && isLabel.sum().item() === 0) continue;
    const [errors, order] = isLabel.sub(input.select(1, label)).abs().sort(0, true);
    losses.push(errors.dot(lovaszGradient(isLabel.indexSelect(0, order))));
  }
  return stack(losses).mean();
}

function checkClasses(classes: unknown, count: number): void {
  if (classes === 'present' || classes === 'all') return;
  const isLabel = (label: unknown): boolean =>
    Number.isSafeInteger(label) && Number(label) >= 0 && Number(label) < count;
  if (Array.isArray(classes) && classes.length > 0 && classes.every(isLabel)) return;
  throw new ArgumentError(
    `lovaszSoftmax(): expected present, all, or a list of classes below ${count} for option \`classes\`, ` +
      `received ${describe(classes)}`,
    'TORCH_VALUE',
  );
}
