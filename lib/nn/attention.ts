import { isGradEnabled } from '../autograd';
import { isFastpathEnabled } from '../backends/mha';
import { ArgumentError, checkNumbers, checkTensor, checkTensors, TorchError } from '../engine';
import { callOp, empty, isFloatingDType, type Tensor } from '../tensor';
import { type Arguments, readTail, required, type Tail } from '../tensor/tail';
import { isCudaAutocastEnabled } from './autocast-state';
import * as init from './init';
import { NonDynamicallyQuantizableLinear, type FactoryOptions } from './linear';
import { Module } from './module';
import { canonicalMask, multiHeadAttentionForward } from './multi-head-attention';
import { isNested } from './nested';
import { Parameter } from './parameter';

export interface MultiheadAttentionOptions extends FactoryOptions {
  /** Probability of an attention weight to become zero in training. */
  dropout?: number;
  /** Learn biases of the projections. */
  bias?: boolean;
  /** Learn one more key and value, added to those given. */
  addBiasKv?: boolean;
  /** Add a key and a value of zeros to those given. */
  addZeroAttn?: boolean;
  /** Size of the keys, if not embedDim. */
  kdim?: number | null;
  /** Size of the values, if not embedDim. */
  vdim?: number | null;
  /** Embeddings are [N, T, E], not [T, N, E]. */
  batchFirst?: boolean;
}

/** Options of `MultiheadAttention.forward`. */
export interface AttentionOptions {
  /** [N, S] or [S]: `true` leaves a key out, a float is added to its score. */
  keyPaddingMask?: Tensor | null;
  /** Return the attention weights too, which takes another and slower path with other bits. */
  needWeights?: boolean;
  /** [T, S] or [N·heads, T, S]: `true` forbids a query to see a key, a float is added to the score. */
  attnMask?: Tensor | null;
  /** The mean of the weights over the heads, [N, T, S], in place of one per head, [N, heads, T, S]. */
  averageAttnWeights?: boolean;
  /** Says that attnMask is the causal mask. */
  isCausal?: boolean;
}

const forwardDefaults: Required<AttentionOptions> = {
  keyPaddingMask: null,
  needWeights: true,
  attnMask: null,
  averageAttnWeights: true,
  isCausal: false,
};

type ForwardTail = Tail<
  AttentionOptions,
  ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights', 'isCausal']
>;

/** @inline */
interface Heads {
  embedDim: number;
  numHeads: number;
}

/**
 * Attention in several heads, side by side (`torch.nn.MultiheadAttention`, Vaswani et al. 2017).
 *
 * `forward(query, key, value)` takes queries [T, N, E] (with `batchFirst` [N, T, E], without N [T, E]), keys
 * [S, N, kdim] and values [S, N, vdim], and returns the output, shaped as the query, and the weights or null.
 *
 * Passing the same object as query, key and value, or as key and value, means self attention and takes another path, as
 * Python's `is` decides there: `mha.forward(y, y, y)` and `mha.forward(y, y.clone(), y)` differ in the last bits. In
 * evaluation and without gradients the former takes PyTorch's fused kernel, unless
 * `torch.backends.mha.setFastpathEnabled(false)` was called.
 *
 * @example
 * ```ts
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = torch.rand([4, 5, 8]);
 * const [output, weights] = attention.forward(x, x, x);
 * console.log(output.shape, weights?.shape); // [ 4, 5, 8 ] [ 4, 5, 5 ]
 * ```
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, ...rest: ForwardTail],
  [output: Tensor, weights: Tensor | null]
> {
  readonly embedDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  inProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  outProj: NonDynamicallyQuantizableLinear;
  biasK: Parameter | null;
  biasV: Parameter | null;

  constructor(
    ...args: Arguments<
      [embedDim: number, numHeads: number],
      Heads & MultiheadAttentionOptions,
      [
        'embedDim',
        'numHeads',
        'dropout',
        'bias',
        'addBiasKv',
        'addZeroAttn',
        'kdim',
        'vdim',
        'batchFirst',
        'device',
        'dtype',
      ]
    >
  ) {
    super();
    const { embedDim, numHeads, ...options } = readTail<Heads & Required<MultiheadAttentionOptions>>(
      'MultiheadAttention',
      {
        embedDim: required,
        numHeads: required,
        dropout: 0,
        bias: true,
        addBiasKv: false,
        addZeroAttn: false,
        kdim: null,
        vdim: null,
        batchFirst: false,
        device: null,
        dtype: null,
      },
      args,
    );
    checkHeads(embedDim, numHeads);
    const { device, dtype, bias } = options;
    const parameter = (...shape: number[]): Parameter => new Parameter(empty(shape, { device, dtype }));
    this.embedDim = embedDim;
    this.kdim = options.kdim ?? embedDim;
    this.vdim = options.vdim ?? embedDim;
    this.numHeads = numHeads;
    this.headDim = embedDim / numHeads;
    this.dropout = options.dropout;
    this.batchFirst = options.batchFirst;
    this.addZeroAttn = options.addZeroAttn;
    const packed = this.kdim === embedDim && this.vdim === embedDim;
    this.qProjWeight = packed ? null : parameter(embedDim, embedDim);
    this.kProjWeight = packed ? null : parameter(embedDim, this.kdim);
    this.vProjWeight = packed ? null : parameter(embedDim, this.vdim);
    this.inProjWeight = packed ? parameter(3 * embedDim, embedDim) : null;
    this.inProjBias = bias ? parameter(3 * embedDim) : null;
    // The output projection draws its own values here, before the input projection: the order decides every draw after.
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, device, dtype });
    this.biasK = options.addBiasKv ? parameter(1, 1, embedDim) : null;
    this.biasV = options.addBiasKv ? parameter(1, 1, embedDim) : null;
    this.resetParameters();
  }

  /** Draws the input projections and the added key and value anew, and zeroes the biases. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight !== null) init.xavierUniform_(weight);
    }
    if (this.inProjBias !== null) init.zeros_(this.inProjBias);
    if (this.outProj.bias !== null) init.zeros_(this.outProj.bias);
    if (this.biasK !== null) init.xavierNormal_(this.biasK);
    if (this.biasV !== null) init.xavierNormal_(this.biasV);
  }

  forward(query: Tensor, key: Tensor, value: Tensor, ...rest: ForwardTail): [output: Tensor, weights: Tensor | null] {
    checkTensors('MultiheadAttention.forward', { query, key, value });
    const options = readTail('MultiheadAttention.forward', forwardDefaults, rest);
    const { needWeights, averageAttnWeights, isCausal } = options;
    const floatMask = [options.attnMask, options.keyPaddingMask].some(
      (mask) => mask !== null && isFloatingDType(mask.dtype),
    );
    const keyPaddingMask = canonicalMask(options.keyPaddingMask, 'keyPaddingMask', query.dtype, {
      attnMask: options.attnMask,
    });
    const attnMask = canonicalMask(options.attnMask, 'attnMask', query.dtype);

    const { inProjWeight, inProjBias, outProj } = this;
    const nested = [query, key, value].some(isNested);
    if (
      !floatMask &&
      !(nested && (keyPaddingMask ?? attnMask) !== null) &&
      query === key &&
      key === value &&
      inProjWeight !== null &&
      inProjBias !== null &&
      outProj.bias !== null &&
      this.fastPathServes(query, inProjWeight, inProjBias, outProj.bias)
    ) {
      const [mask, maskType] = this.mergeMasks(attnMask, keyPaddingMask, query);
      return callOp<[Tensor, Tensor | null]>('aten::_native_multi_head_attention', [
        query,
        key,
        value,
        this.embedDim,
        this.numHeads,
        inProjWeight,
        inProjBias,
        outProj.weight,
        outProj.bias,
        mask,
        needWeights,
        averageAttnWeights,
        maskType,
      ]);
    }

    if (nested) {
      throw new TorchError('MultiheadAttention does not support NestedTensor outside of its fast path');
    }
    return multiHeadAttentionForward({
      query,
      key,
      value,
      embedDim: this.embedDim,
      numHeads: this.numHeads,
      inProjWeight,
      qProjWeight: this.qProjWeight,
      kProjWeight: this.kProjWeight,
      vProjWeight: this.vProjWeight,
      inProjBias,
      biasK: this.biasK,
      biasV: this.biasV,
      addZeroAttn: this.addZeroAttn,
      dropout: this.dropout,
      outProjWeight: outProj.weight,
      outProjBias: outProj.bias,
      training: this.training,
      keyPaddingMask,
      needWeights,
      attnMask,
      averageAttnWeights,
      isCausal,
      batchFirst: this.batchFirst && query.dim() === 3,
    });
  }

  /** The conditions of `torch/nn/modules/activation.py`, beyond self attention with packed weights and biases. */
  private fastPathServes(
    query: Tensor,
    inProjWeight: Parameter,
    inProjBias: Parameter,
    outProjBias: Parameter,
  ): boolean {
    const operands = [query, inProjWeight, inProjBias, this.outProj.weight, outProjBias];
    return (
      isFastpathEnabled() &&
      query.dim() === 3 &&
      query.dtype === inProjBias.dtype &&
      query.dtype === inProjWeight.dtype &&
      !this.training &&
      this.numHeads % 2 === 0 &&
      this.batchFirst &&
      this.biasK === null &&
      this.biasV === null &&
      !this.addZeroAttn &&
      !isCudaAutocastEnabled() &&
      !(isGradEnabled() && operands.some((operand) => operand.requiresGrad))
    );
  }

  /**
   * One mask for the fused kernel: a padding mask [N, T], kind 1, or one score per head, query and key, kind 2. Both masks
   * are floats, or one of them is null.
   *
   * @param query - [N, T, E]
   */
  mergeMasks(
    attnMask: Tensor | null,
    keyPaddingMask: Tensor | null,
    query: Tensor,
  ): [mask: Tensor | null, kind: number | null] {
    if (keyPaddingMask !== null) checkTensor('mergeMasks()', 'keyPaddingMask', keyPaddingMask);
    if (attnMask === null) return [keyPaddingMask, keyPaddingMask === null ? null : 1];
    checkTensors('mergeMasks', { attnMask, query });
    const [batch = 0, length = 0] = query.shape;
    const scores =
      attnMask.dim() === 3
        ? attnMask.view([batch, -1, length, length])
        : attnMask.view([1, 1, length, length]).expand([batch, this.numHeads, -1, -1]);
    if (keyPaddingMask === null) return [scores, 2];
    return [scores.add(keyPaddingMask.view([batch, 1, 1, length]).expand([-1, this.numHeads, -1, -1])), 2];
  }
}

function checkHeads(embedDim: number, numHeads: number): void {
  checkNumbers('MultiheadAttention', { embedDim, numHeads });
  if (!(Number.isInteger(embedDim) && embedDim > 0 && Number.isInteger(numHeads) && numHeads > 0)) {
    throw new ArgumentError(
      `embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and num_heads=${numHeads} instead`,
      'TORCH_VALUE',
    );
  }
  if (embedDim % numHeads !== 0) {
    throw new ArgumentError(
      `embed_dim must be divisible by num_heads, got embed_dim=${embedDim} and num_heads=${numHeads}`,
      'TORCH_VALUE',
    );
  }
}
