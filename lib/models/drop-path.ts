import { ArgumentError, checkTensor, describe } from '../engine';
import * as nn from '../nn';
import { rand, type Tensor } from '../tensor';

/**
 * Stochastic depth ("Deep Networks with Stochastic Depth", Huang et al. 2016): in training, leaves out a residual branch
 * for some samples of the batch, and scales it up for the others so that its mean stays. [N, *] to [N, *]; in evaluation,
 * and with a probability of 0, it passes its input through and draws nothing.
 *
 * One number is drawn for each sample, as Hugging Face's `DropPath` draws it; timm's and torchvision's draw by
 * `bernoulli_`, and so drop others from the same seed.
 *
 * @example
 * ```ts
 * const branch = new torch.models.DropPath(0.5);
 * console.log(branch); // DropPath(p=0.5)
 * console.log(branch.eval().forward(torch.ones([2, 3])).sum().item()); // 6
 * ```
 */
export class DropPath extends nn.Module {
  /** @param dropProb probability of a sample to be without the branch, from 0 to below 1 */
  constructor(readonly dropProb = 0) {
    super();
    if (typeof dropProb === 'number' && dropProb >= 0 && dropProb < 1) return;
    throw new ArgumentError(
      `DropPath(): expected a probability from 0 to below 1 for argument \`dropProb\`, received ${describe(dropProb)}`,
      typeof dropProb === 'number' ? 'TORCH_VALUE' : 'TORCH_TYPE',
    );
  }

  forward(x: Tensor): Tensor {
    checkTensor('DropPath()', 'x', x);
    if (this.dropProb === 0 || !this.training) return x;
    const keepProb = 1 - this.dropProb;
    const perSample = [x.size(0), ...new Array<number>(x.ndim - 1).fill(1)];
    const kept = rand(perSample, { dtype: x.dtype, device: x.device }).add(keepProb).floor();
    return x.div(keepProb).mul(kept);
  }

  override extraRepr(): string {
    return `p=${this.dropProb}`;
  }
}
