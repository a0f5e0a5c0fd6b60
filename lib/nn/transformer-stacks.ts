/** Stacks of transformer layers: TransformerEncoder and TransformerDecoder. */
import { isGradEnabled } from '../autograd';
import { isFastpathEnabled } from '../backends/mha';
import { ArgumentError, checkTensor, checkTensors, describe } from '../engine';
import { tellWarning } from '../engine/warnings';
import { callOp, type Tensor } from '../tensor';
import { type Arguments, readTail, required, type Tail } from '../tensor/tail';
import { checkCount, readOptions } from './arguments';
import { isCudaAutocastEnabled } from './autocast-state';
import { ModuleList } from './container';
import { deepcopy } from './deepcopy';
import { type AnyModule, Module } from './module';
import { canonicalMask } from './multi-head-attention';
import { isNested } from './nested';
import type { DecoderLayerTail, DecoderNames, TransformerDecoderLayerInputs } from './transformer-decoder-layer';
import { type EncoderLayerTail, TransformerEncoderLayer } from './transformer-encoder-layer';
import { detectIsCausalMask } from './transformer-mask';

/** What a {@link TransformerEncoder} stacks: a `TransformerEncoderLayer`, or another module that is called in the same way. */
export type EncoderLayer = Module<[src: Tensor, ...rest: EncoderLayerTail]>;

/** What a {@link TransformerDecoder} stacks: a `TransformerDecoderLayer`, or another module that is called in the same way. */
export type DecoderLayer = Module<[tgt: Tensor, memory: Tensor, ...rest: DecoderLayerTail]>;

/** Options of {@link TransformerEncoder}. */
export interface TransformerEncoderOptions {
  /** A module for what the last layer returns. */
  norm?: Module | null;
  /** In evaluation, compute on a batch without its padding where PyTorch can; what was padded is 0 in the output then. */
  enableNestedTensor?: boolean;
  /** Look first whether all padding stands at the ends of the sequences, without which that is wrong. */
  maskCheck?: boolean;
}

/** Options of `TransformerEncoder.forward`. */
export interface TransformerEncoderInputs {
  /** [S, S] or [N·heads, S, S]: `true` forbids a place to see another, a float is added to the score. */
  mask?: Tensor | null;
  /** [N, S] or [S]: `true` leaves a place out, a float is added to its scores. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says whether the mask is the causal one; null looks. */
  isCausal?: boolean | null;
}

/** The arguments of an encoder's forward after the source. */
export type EncoderTail = Tail<TransformerEncoderInputs, ['mask', 'srcKeyPaddingMask', 'isCausal']>;

function copiesOf<M extends AnyModule>(callee: string, name: string, layer: M, count: number): ModuleList<M> {
  if (!(layer instanceof Module)) {
    throw new ArgumentError(`${callee}(): expected a module for argument \`${name}\`, received ${describe(layer)}`);
  }
  checkCount(callee, 'numLayers', count);
  return new ModuleList(Array.from({ length: count }, () => deepcopy(layer)));
}

function checkNorm(callee: string, norm: unknown): void {
  if (norm === null || norm instanceof Module) return;
  throw new ArgumentError(`${callee}(): expected a module or null for argument \`norm\`, received ${describe(norm)}`);
}

/** Length of the sequences; null if each has its own. */
function lengthOf(sequences: Tensor, layer: EncoderLayer | DecoderLayer): number | null {
  if (isNested(sequences)) return null;
  const { selfAttn } = layer as { selfAttn?: { batchFirst?: boolean } };
  return sequences.dim() === 2 ? sequences.size(0) : sequences.size(selfAttn?.batchFirst === true ? 1 : 0);
}

/**
 * Encoder layers one after the other (`torch.nn.TransformerEncoder`): [S, N, E], with `batchFirst` [N, S, E], without N
 * [S, E], of the same shape.
 *
 * The layers are copies of the one that is given, with equal weights: draw them anew where that matters. A batch with a
 * `srcKeyPaddingMask` is computed as a nested tensor, without its padding, where PyTorch does so: in evaluation, without
 * gradients, by layers that take the fused kernel. The output is 0 at the padding then.
 *
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const encoder = new nn.TransformerEncoder(layer, 3, new nn.LayerNorm(8));
 * console.log(encoder.forward(torch.rand([2, 5, 8])).shape); // [ 2, 5, 8 ]
 * ```
 */
export class TransformerEncoder extends Module<[src: Tensor, ...rest: EncoderTail]> {
  layers: ModuleList<EncoderLayer>;
  readonly numLayers: number;
  norm: Module | null;
  /** What was asked for. */
  readonly enableNestedTensor: boolean;
  /** Asked for, and served by the layer that was given. */
  useNestedTensor: boolean;
  maskCheck: boolean;

  constructor(
    ...args: Arguments<
      [encoderLayer: EncoderLayer, numLayers: number],
      { encoderLayer: EncoderLayer; numLayers: number } & TransformerEncoderOptions,
      ['encoderLayer', 'numLayers', 'norm', 'enableNestedTensor', 'maskCheck']
    >
  ) {
    super();
    const { encoderLayer, numLayers, norm, enableNestedTensor, maskCheck } = readOptions<
      { encoderLayer: EncoderLayer; numLayers: number } & Required<TransformerEncoderOptions>
    >(
      'TransformerEncoder',
      { encoderLayer: required, numLayers: required, norm: null, enableNestedTensor: true, maskCheck: true },
      args,
    );
    checkNorm('TransformerEncoder', norm);
    this.layers = copiesOf('TransformerEncoder', 'encoderLayer', encoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = norm;
    this.enableNestedTensor = enableNestedTensor;
    this.maskCheck = maskCheck;
    const obstacle = whyNotNested(encoderLayer);
    this.useNestedTensor = enableNestedTensor && obstacle === null;
    if (enableNestedTensor && obstacle !== null) {
      tellWarning(`enable_nested_tensor is True, but self.use_nested_tensor is False because encoder_layer${obstacle}`);
    }
  }

  forward(src: Tensor, ...rest: EncoderTail): Tensor {
    checkTensor('TransformerEncoder.forward()', 'src', src);
    const given = readTail<Required<TransformerEncoderInputs>>(
      'TransformerEncoder.forward',
      { mask: null, srcKeyPaddingMask: null, isCausal: null },
      rest,
    );
    const padding = canonicalMask(given.srcKeyPaddingMask, 'srcKeyPaddingMask', src.dtype, { mask: given.mask });
    const mask = canonicalMask(given.mask, 'mask', src.dtype);
    const first = this.layers.at(0);
    const nested = padding !== null && this.nestedServes(first, src, mask, padding);
    let output = nested ? callOp<Tensor>('aten::_nested_tensor_from_mask', [src, padding.logicalNot(), false]) : src;
    const isCausal = detectIsCausalMask(mask, given.isCausal, lengthOf(src, first));
    const srcKeyPaddingMask = nested ? null : padding;
    for (const layer of this.layers) output = layer.forward(output, { srcMask: mask, isCausal, srcKeyPaddingMask });
    if (nested) output = callOp<Tensor>('aten::to_padded_tensor', [output, 0, src.shape]);
    return this.norm === null ? output : this.norm.forward(output);
  }

  /** The conditions of `torch/nn/modules/transformer.py`. */
  private nestedServes(first: EncoderLayer, src: Tensor, mask: Tensor | null, padding: Tensor): boolean {
    if (!isFastpathEnabled() || !this.useNestedTensor || first.training || src.dim() !== 3) return false;
    if (!(first instanceof TransformerEncoderLayer)) return false;
    if (this.maskCheck) {
      const args = [src, padding.logicalNot()];
      if (!callOp<boolean>('aten::_nested_tensor_from_mask_left_aligned', args)) return false;
    }
    if (isNested(src) || mask !== null || isCudaAutocastEnabled()) return false;
    if (!/^(cpu|cuda|xpu|privateuseone)\b/.test(src.device)) return false;
    return !isGradEnabled() || !(src.requiresGrad || requiresGradient(first));
  }
}

/** Any parameter that the fused kernel takes. */
function requiresGradient(layer: TransformerEncoderLayer): boolean {
  const { selfAttn, norm1, norm2, linear1, linear2 } = layer;
  const parts = [selfAttn.outProj, norm1, norm2, linear1, linear2];
  const parameters = [
    selfAttn.inProjWeight,
    selfAttn.inProjBias,
    ...parts.flatMap(({ weight, bias }) => [weight, bias]),
  ];
  return parameters.some((parameter) => parameter?.requiresGrad === true);
}

/** Why the layer cannot compute on nested tensors, in Python's words behind its name; null if it can. */
function whyNotNested(layer: EncoderLayer): string | null {
  if (!(layer instanceof TransformerEncoderLayer)) return ' was not TransformerEncoderLayer';
  const { selfAttn, norm1, norm2 } = layer;
  if (layer.normFirst) return '.norm_first was True';
  if (!selfAttn.batchFirst) {
    return '.self_attn.batch_first was not True(use batch_first for better inference performance)';
  }
  if (selfAttn.inProjWeight === null) return '.self_attn._qkv_same_embed_dim was not True';
  if (selfAttn.inProjBias === null) return '.self_attn was passed bias=False';
  if (layer.activationReluOrGelu === 0) return '.activation_relu_or_gelu was not True';
  if (norm1.eps !== norm2.eps) return '.norm1.eps was not equal to encoder_layer.norm2.eps';
  return selfAttn.numHeads % 2 === 1 ? '.self_attn.num_heads is odd' : null;
}

/** Options of {@link TransformerDecoder}. */
export interface TransformerDecoderOptions {
  /** A module for what the last layer returns. */
  norm?: Module | null;
}

/** Options of `TransformerDecoder.forward`: those of a layer, but `tgtIsCausal` may be null, which looks. */
export interface TransformerDecoderInputs extends Omit<TransformerDecoderLayerInputs, 'tgtIsCausal'> {
  /** Says whether tgtMask is the causal mask; null looks. */
  tgtIsCausal?: boolean | null;
}

/** The arguments of a decoder's forward after target and memory. */
export type DecoderTail = Tail<TransformerDecoderInputs, DecoderNames>;

/**
 * Decoder layers one after the other (`torch.nn.TransformerDecoder`). Target [T, N, E] and memory [S, N, E], with
 * `batchFirst` [N, T, E] and [N, S, E], without N [T, E] and [S, E], to the target's shape.
 *
 * The layers are copies of the one that is given, with equal weights: draw them anew where that matters.
 *
 * @example
 * ```ts
 * const decoder = new nn.TransformerDecoder(new nn.TransformerDecoderLayer(8, 2, 16), 2);
 * const [tgt, memory] = [torch.rand([3, 1, 8]), torch.rand([5, 1, 8])];
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(3);
 * console.log(decoder.forward(tgt, memory, { tgtMask }).shape); // [ 3, 1, 8 ]
 * ```
 */
export class TransformerDecoder extends Module<[tgt: Tensor, memory: Tensor, ...rest: DecoderTail]> {
  layers: ModuleList<DecoderLayer>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(
    ...args: Arguments<
      [decoderLayer: DecoderLayer, numLayers: number],
      { decoderLayer: DecoderLayer; numLayers: number } & TransformerDecoderOptions,
      ['decoderLayer', 'numLayers', 'norm']
    >
  ) {
    super();
    const { decoderLayer, numLayers, norm } = readOptions<
      { decoderLayer: DecoderLayer; numLayers: number } & Required<TransformerDecoderOptions>
    >('TransformerDecoder', { decoderLayer: required, numLayers: required, norm: null }, args);
    checkNorm('TransformerDecoder', norm);
    this.layers = copiesOf('TransformerDecoder', 'decoderLayer', decoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = norm;
  }

  forward(tgt: Tensor, memory: Tensor, ...rest: DecoderTail): Tensor {
    checkTensors('TransformerDecoder.forward', { tgt, memory });
    const { tgtIsCausal, ...given } = readTail<Required<TransformerDecoderInputs>>(
      'TransformerDecoder.forward',
      {
        tgtMask: null,
        memoryMask: null,
        tgtKeyPaddingMask: null,
        memoryKeyPaddingMask: null,
        tgtIsCausal: null,
        memoryIsCausal: false,
      },
      rest,
    );
    if (given.tgtMask !== null) checkTensor('TransformerDecoder.forward()', 'tgtMask', given.tgtMask);
    const causal = detectIsCausalMask(given.tgtMask, tgtIsCausal, lengthOf(tgt, this.layers.at(0)));
    let output = tgt;
    for (const layer of this.layers) output = layer.forward(output, memory, { ...given, tgtIsCausal: causal });
    return this.norm === null ? output : this.norm.forward(output);
  }
}
