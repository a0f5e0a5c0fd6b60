import type { Tensor } from '../tensor';
import { RegionLoss } from './region';
import { softDiceScore } from './scores';

/**
 * Dice loss (`segmentation_models_pytorch.losses.DiceLoss`; after "V-Net", Milletari et al. 2016): 1 − the Dice score of each
 * class over the batch, then the mean. Logits [N, C, ...] against labels [N, ...] or [N, 1, ...] (mode `multiclass`), or
 * against 0 and 1 of their own shape (`binary`, `multilabel`). Computed in float32 for smaller dtypes.
 *
 * @example
 * ```ts
 * const criterion = new torch.losses.DiceLoss('multiclass', { ignoreIndex: 255 });
 * const labels = torch.tensor([[[0, 1], [1, 255]]]);
 * const logits = nn.functional.oneHot(labels.clampMax(1)).movedim(-1, 1).mul(100).float();
 * console.log(criterion.forward(logits, labels).item()); // 0
 * ```
 */
export class DiceLoss extends RegionLoss {
  protected override score(input: Tensor, truth: Tensor): Tensor {
    const { smooth, eps } = this;
    return softDiceScore(input, truth, { smooth, eps, dims: [0, 2] });
  }
}
