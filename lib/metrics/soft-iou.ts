import { ArgumentError, checkObject, checkTensors, describe } from '../engine';
import { cat, type Tensor } from '../tensor';

/** Keeps the score of an image without any intersection above 0, and its logarithm finite. */
const SMOOTHING = 0.001;

/** Options of the soft IoU. */
export interface SoftIoUOptions {
  /** `input` are logits, so that the softmax over the classes is taken first; default false: they are probabilities. */
  softmax?: boolean;
}

/**
 * The article's "custom IoU": intersection over union of probabilities and truth, over all classes and pixels of an image
 * at once, then the mean over the batch. Differentiable.
 *
 * @param input `[N, C, H, W]`, floating
 * @param target labels 0 … C−1, `[N, 1, H, W]` or `[N, H, W]`
 * @returns the score, `[]`
 */
export function softIoU(input: Tensor, target: Tensor, options: SoftIoUOptions = {}): Tensor {
  checkObject('softIoU', 'options', options);
  const { softmax = false } = options;
  const truth = oneHot(input, target);
  const probabilities = softmax ? input.softmax(1) : input;
  const intersection = truth.mul(probabilities);
  const union = truth.add(probabilities).sub(intersection);
  const intersections = intersection.sum([1, 2, 3]).add(SMOOTHING);
  const unions = union.sum([1, 2, 3]).add(SMOOTHING);
  return intersections.div(unions).mean();
}

/** The article's other loss, −log({@link softIoU}). */
export function iouLoss(input: Tensor, target: Tensor, options?: SoftIoUOptions): Tensor {
  return softIoU(input, target, options).log().neg();
}

/** bool `[N, C, H, W]`; a pixel of a label that is no class is false in all of them. */
function oneHot(input: Tensor, target: Tensor): Tensor {
  checkTensors('softIoU', { input, target });
  const [batch, classes, ...size] = input.shape;
  const fits = [[batch, 1, ...size].join(), [batch, ...size].join()].includes(target.shape.join());
  if (input.dim() !== 4 || classes === undefined || !fits) {
    throw new ArgumentError(
      `expected an \`input\` [N, C, H, W] and a \`target\` [N, 1, H, W] or [N, H, W], ` +
        `received input ${describe(input)} and target ${describe(target)}`,
      'TORCH_VALUE',
    );
  }
  const labels = target.dim() === 4 ? target : target.unsqueeze(1);
  const masks = Array.from({ length: classes }, (_, label) => labels.eq(label));
  return cat(masks, 1);
}
