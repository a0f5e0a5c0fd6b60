import { checkTensors } from '../engine';
import { iouLoss } from '../metrics';
import { Module } from '../nn';
import type { Tensor } from '../tensor';
import { checkLabels, widened } from './pixels';
import { RegionLoss } from './region';
import { softJaccardScore } from './scores';

/**
 * Jaccard loss, or IoU loss (`segmentation_models_pytorch.losses.JaccardLoss`): 1 − the soft IoU of each class over the batch,
 * then the mean. Shapes as for {@link DiceLoss}.
 */
export class JaccardLoss extends RegionLoss {
  protected override score(input: Tensor, truth: Tensor): Tensor {
    const { smooth, eps } = this;
    return softJaccardScore(input, truth, { smooth, eps, dims: [0, 2] });
  }
}

/**
 * The IoU loss of "Efficient Image Segmentation with PyTorch" (N. Singh, D. Matani, 2023): −log of the soft IoU over all
 * classes and pixels of an image, which is averaged over the batch before the logarithm. Logits [N, C, H, W] against labels
 * [N, H, W] or [N, 1, H, W]; computed in float32 for smaller dtypes. {@link metrics.iouLoss} takes probabilities.
 */
export class IoULoss extends Module<[input: Tensor, target: Tensor]> {
  /**
   * The loss, [].
   * @throws ArgumentError for shapes that do not fit, and labels that are no class
   */
  forward(input: Tensor, target: Tensor): Tensor {
    checkTensors('IoULoss', { input, target });
    if (!target.isComplex()) checkLabels('IoULoss', target, null, input.shape[1] ?? 0);
    return iouLoss(widened(input), target, { softmax: true });
  }
}
