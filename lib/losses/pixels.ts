/** Predictions and truth of one shape, whatever a target means. */
import { checkTensors, describe, valueError } from '../engine';
import { arange, type Tensor } from '../tensor';
import type { LossMode } from './options';

/** Logits and truth, both [N, C, pixels] and floating, and where they count. */
export interface Pixels {
  /** In float32 at least. */
  readonly logits: Tensor;
  /** 1 where a pixel belongs to a class, else 0; what a soft target says in between. */
  readonly truth: Tensor;
  /** bool, [N, 1, pixels] for multiclass, else [N, C, pixels]; null where every pixel counts. */
  readonly counted: Tensor | null;
}

/**
 * Flattens a batch.
 *
 * @param input - multiclass and multilabel [N, C, ...]; binary [N, 1, ...] or [N, ...]; bfloat16 and float16 are computed in
 *   float32, since the sum over an image needs more digits than they have
 * @param target - multiclass: labels 0 … C−1, [N, ...] or [N, 1, ...]; else 0 and 1 in the input's shape
 * @throws ArgumentError for shapes that do not fit, and for labels that are no class
 */
export function flatten(
  name: string,
  mode: LossMode,
  input: Tensor,
  target: Tensor,
  ignoreIndex: number | null,
): Pixels {
  checkShapes(name, mode, input, target);
  const [batch = 0, channels = 0] = input.shape;
  const classes = mode === 'binary' ? 1 : channels;
  const logits = widened(input).reshape([batch, classes, -1]);
  const flat = target.reshape([batch, mode === 'multiclass' ? 1 : classes, -1]);
  const counted = ignoreIndex === null ? null : flat.ne(ignoreIndex);
  if (mode !== 'multiclass') return { logits, truth: flat.to(logits.dtype), counted };
  checkLabels(name, flat, counted, classes);
  const labels = arange(classes, { device: target.device }).reshape([1, classes, 1]);
  return { logits, truth: flat.eq(labels).to(logits.dtype), counted };
}

/** The part of `values` that counts; what does not is 0. */
export function masked(values: Tensor, counted: Tensor | null): Tensor {
  return counted === null ? values : values.mul(counted);
}

/** In float32, where a smaller type would lose the sum over an image. */
export function widened(input: Tensor): Tensor {
  return input.dtype === 'float64' ? input : input.float();
}

/** Probabilities of logits [N, C, pixels], by the logarithm, which is safe for large ones. */
export function probabilitiesOf(mode: LossMode, logits: Tensor): Tensor {
  return mode === 'multiclass' ? logits.logSoftmax(1).exp() : logits.logSigmoid().exp();
}

function checkShapes(name: string, mode: LossMode, input: Tensor, target: Tensor): void {
  checkTensors(name, { input, target });
  const [batch, classes = 0, ...rest] = input.shape;
  // A channel of one may be left out, as masks have none.
  const shapes =
    mode === 'multiclass'
      ? [
          [batch, ...rest],
          [batch, 1, ...rest],
        ]
      : mode === 'multilabel'
        ? [input.shape]
        : [input.shape, [batch, 1, ...input.shape.slice(1)], ...(classes === 1 ? [[batch, ...rest]] : [])];
  const fits = input.dim() >= 2 && input.numel() > 0 && shapes.some((shape) => shape.join() === target.shape.join());
  if (fits && input.isFloatingPoint() && !target.isComplex() && (mode !== 'multiclass' || classes > 1)) return;
  const expected =
    mode === 'multiclass' ? '[N, C, ...], C at least 2, and labels [N, ...]' : 'and a target of the same shape';
  throw valueError(
    `${name}(): expected floating logits ${expected} for mode ${mode}, ` +
      `received input ${describe(input)} and target ${describe(target)}`,
  );
}

/** A label that is no class, or a fraction, would count as background of all of them, and nobody would be told. */
export function checkLabels(name: string, labels: Tensor, counted: Tensor | null, classes: number): void {
  const outside = labels.lt(0).logicalOr(labels.ge(classes));
  const wrong = labels.isFloatingPoint() ? outside.logicalOr(labels.ne(labels.floor())) : outside;
  if (!(counted === null ? wrong : wrong.logicalAnd(counted)).any().item()) return;
  const [least, most] = [labels.min().item(), labels.max().item()];
  throw valueError(
    `${name}(): expected labels from 0 to ${classes - 1} in argument \`target\`, or \`ignoreIndex\`, ` +
      `received labels from ${least} to ${most}`,
  );
}
