import { isGradEnabled } from '../autograd';
import { isFastpathEnabled } from '../backends/mha';
import { checkTensor } from '../engine';
import { callOp, type Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import { MultiheadAttention } from './attention';
import { isCudaAutocastEnabled } from './autocast-state';
import { Dropout } from './dropout';
import { Linear } from './linear';
import { Module } from './module';
import { canonicalMask } from './multi-head-attention';
import { isNested } from './nested';
import { LayerNorm } from './normalization';
import {
  activate,
  readLayerOptions,
  reluOrGelu,
  type TransformerActivation,
  type TransformerLayerArguments,
} from './transformer-options';

/** Options of `TransformerEncoderLayer.forward`. */
export interface TransformerEncoderLayerInputs {
  /** [S, S] or [N·heads, S, S]: `true` forbids a place to see another, a float is added to the score. */
  srcMask?: Tensor | null;
  /** [N, S] or [S]: `true` leaves a place out, a float is added to its scores. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that srcMask is the causal mask. */
  isCausal?: boolean;
}

/** The arguments of a layer's forward after the source. */
export type EncoderLayerTail = Tail<TransformerEncoderLayerInputs, ['srcMask', 'srcKeyPaddingMask', 'isCausal']>;

/**
 * Self attention and two linear layers, each with a way around it and a normalisation (`torch.nn.TransformerEncoderLayer`,
 * Vaswani et al. 2017): [S, N, E], with `batchFirst` [N, S, E], without N [S, E], of the same shape.
 *
 * In evaluation and where no gradient is asked for it is computed by libtorch's fused kernel, under PyTorch's conditions:
 * `batchFirst`, an input with a batch, an even number of heads, ReLU or GELU, biases, and no hooks within. Its bits differ
 * in the last places.
 *
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * console.log(layer.forward(torch.rand([3, 5, 8])).shape); // [ 3, 5, 8 ]
 * ```
 */
export class TransformerEncoderLayer extends Module<[src: Tensor, ...rest: EncoderLayerTail]> {
  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  /** What the fused kernel may use: 1 for ReLU, 2 for GELU, 0 where the activation was another one at construction. */
  readonly activationReluOrGelu: 0 | 1 | 2;
  /** What stands between the linear layers. */
  activation: Exclude<TransformerActivation, string>;

  constructor(...args: TransformerLayerArguments) {
    super();
    const options = readLayerOptions('TransformerEncoderLayer', args);
    const { dModel, nhead, dimFeedforward, dropout, layerNormEps: eps, batchFirst, bias, device, dtype } = options;
    const factory = { bias, device, dtype };
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...factory });
    this.linear1 = new Linear(dModel, dimFeedforward, factory);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, factory);
    this.normFirst = options.normFirst;
    this.norm1 = new LayerNorm(dModel, { eps, ...factory });
    this.norm2 = new LayerNorm(dModel, { eps, ...factory });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activationReluOrGelu = reluOrGelu(options.activation);
    this.activation = options.activation;
  }

  forward(src: Tensor, ...rest: EncoderLayerTail): Tensor {
    checkTensor('TransformerEncoderLayer.forward()', 'src', src);
    const given = readTail<Required<TransformerEncoderLayerInputs>>(
      'TransformerEncoderLayer.forward',
      { srcMask: null, srcKeyPaddingMask: null, isCausal: false },
      rest,
    );
    const padding = canonicalMask(given.srcKeyPaddingMask, 'srcKeyPaddingMask', src.dtype, { srcMask: given.srcMask });
    const mask = canonicalMask(given.srcMask, 'srcMask', src.dtype);
    const operands = this.fastPathOperands(src, mask, padding);
    if (operands !== null) return this.fused(src, operands, mask, padding);

    if (this.normFirst) {
      const x = src.add(this.attend(this.norm1.forward(src), mask, padding, given.isCausal));
      return x.add(this.feedForward(this.norm2.forward(x)));
    }
    const x = this.norm1.forward(src.add(this.attend(src, mask, padding, given.isCausal)));
    return this.norm2.forward(x.add(this.feedForward(x)));
  }

  private attend(x: Tensor, attnMask: Tensor | null, keyPaddingMask: Tensor | null, isCausal: boolean): Tensor {
    const options = { attnMask, keyPaddingMask, needWeights: false, isCausal };
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, options)[0]);
  }

  private feedForward(x: Tensor): Tensor {
    const hidden = this.dropout.forward(activate(this.activation, this.linear1.forward(x)));
    return this.dropout2.forward(this.linear2.forward(hidden));
  }

  /** The parameters for the fused kernel, in its order; null where Python does not take it. */
  private fastPathOperands(src: Tensor, mask: Tensor | null, padding: Tensor | null): Tensor[] | null {
    if (
      !isFastpathEnabled() ||
      src.dim() !== 3 ||
      this.training ||
      this.selfAttn.inProjBias === null ||
      !this.selfAttn.batchFirst ||
      this.selfAttn.inProjWeight === null ||
      this.activationReluOrGelu === 0 ||
      this.norm1.eps !== this.norm2.eps ||
      (isNested(src) && (padding ?? mask) !== null) ||
      this.selfAttn.numHeads % 2 === 1 ||
      isCudaAutocastEnabled() ||
      this.modules().some((module) => module.hasForwardHooks)
    ) {
      return null;
    }
    const operands = this.operands();
    const all = [src, ...operands];
    if (!all.every(({ device }) => /^(cpu|cuda|xpu|privateuseone)\b/.test(device))) return null;
    return isGradEnabled() && all.some(({ requiresGrad }) => requiresGrad) ? null : operands;
  }

  /** All parameters, in the order of the fused kernel; it is asked for them only where there are biases. */
  private operands(): Tensor[] {
    const layers = [this.selfAttn.outProj, this.norm1, this.norm2, this.linear1, this.linear2];
    const parameters = [this.selfAttn.inProjWeight, this.selfAttn.inProjBias];
    return [...parameters, ...layers.flatMap(({ weight, bias }) => [weight, bias])] as Tensor[];
  }

  private fused(src: Tensor, operands: readonly Tensor[], mask: Tensor | null, padding: Tensor | null): Tensor {
    const [merged, kind] = this.selfAttn.mergeMasks(mask, padding, src);
    return callOp<Tensor>('aten::_transformer_encoder_layer_fwd', [
      src,
      this.selfAttn.embedDim,
      this.selfAttn.numHeads,
      ...operands.slice(0, 4),
      this.activationReluOrGelu === 2,
      this.normFirst,
      this.norm1.eps,
      ...operands.slice(4),
      merged,
      kind,
    ]);
  }
}
