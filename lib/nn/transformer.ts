import { ArgumentError, checkTensors, describe, TorchError } from '../engine';
import type { Device, DType, Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import { checkCount, readOptions } from './arguments';
import * as init from './init';
import { Module } from './module';
import { LayerNorm } from './normalization';
import { TransformerDecoderLayer } from './transformer-decoder-layer';
import { TransformerEncoderLayer } from './transformer-encoder-layer';
import { squareSubsequentMask } from './transformer-mask';
import { layerDefaults, type TransformerLayerOptions } from './transformer-options';
import { type DecoderTail, type EncoderTail, TransformerDecoder, TransformerEncoder } from './transformer-stacks';

/** What a {@link Transformer} may have for its encoder: a module that is called as `TransformerEncoder` is. */
export type Encoder = Module<[src: Tensor, ...rest: EncoderTail]>;

/** What a {@link Transformer} may have for its decoder: a module that is called as `TransformerDecoder` is. */
export type Decoder = Module<[tgt: Tensor, memory: Tensor, ...rest: DecoderTail]>;

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Features of source and target. */
  dModel?: number;
  /** Heads of attention. */
  nhead?: number;
  numEncoderLayers?: number;
  numDecoderLayers?: number;
  /** In the place of the encoder. */
  customEncoder?: Encoder | null;
  /** In the place of the decoder. */
  customDecoder?: Decoder | null;
}

/** Options of `Transformer.forward`. */
export interface TransformerInputs {
  /** [S, S] or [N·heads, S, S]: `true` forbids a place of the source to see another, a float is added to the score. */
  srcMask?: Tensor | null;
  /** [T, T] or [N·heads, T, T], and the same of the target. */
  tgtMask?: Tensor | null;
  /** [T, S], and the same of what the target sees of the encoder's output. */
  memoryMask?: Tensor | null;
  /** [N, S] or [S]: `true` leaves a place of the source out, a float is added to its scores. */
  srcKeyPaddingMask?: Tensor | null;
  /** [N, T] or [T]: the same of the target. */
  tgtKeyPaddingMask?: Tensor | null;
  /** [N, S] or [S]: the same of the encoder's output. */
  memoryKeyPaddingMask?: Tensor | null;
  /** Says whether srcMask is the causal mask; null looks. */
  srcIsCausal?: boolean | null;
  /** Says whether tgtMask is the causal mask; null looks. */
  tgtIsCausal?: boolean | null;
  /** Says that memoryMask is the causal mask. */
  memoryIsCausal?: boolean;
}

/** The arguments of forward after source and target. @inline */
export type TransformerTail = Tail<
  TransformerInputs,
  [
    'srcMask',
    'tgtMask',
    'memoryMask',
    'srcKeyPaddingMask',
    'tgtKeyPaddingMask',
    'memoryKeyPaddingMask',
    'srcIsCausal',
    'tgtIsCausal',
    'memoryIsCausal',
  ]
>;

/**
 * An encoder and a decoder that sees what it makes of the source (`torch.nn.Transformer`, Vaswani et al. 2017). Source
 * [S, N, E] and target [T, N, E], with `batchFirst` [N, S, E] and [N, T, E], without N [S, E] and [T, E], to the target's
 * shape; E is `dModel`. Weights of more than one dimension are drawn by Xavier's rule.
 *
 * @example
 * ```ts
 * const options = { dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16, batchFirst: true };
 * const transformer = new nn.Transformer(options);
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(3);
 * console.log(transformer.forward(torch.rand([2, 5, 8]), torch.rand([2, 3, 8]), { tgtMask }).shape); // [ 2, 3, 8 ]
 * ```
 */
export class Transformer extends Module<[src: Tensor, tgt: Tensor, ...rest: TransformerTail]> {
  encoder: Encoder;
  decoder: Decoder;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(
    ...rest: Tail<
      TransformerOptions,
      [
        'dModel',
        'nhead',
        'numEncoderLayers',
        'numDecoderLayers',
        'dimFeedforward',
        'dropout',
        'activation',
        'customEncoder',
        'customDecoder',
        'layerNormEps',
        'batchFirst',
        'normFirst',
        'bias',
        'device',
        'dtype',
      ]
    >
  ) {
    super();
    const { dimFeedforward, dropout, activation, ...lastDefaults } = layerDefaults;
    const options = readOptions<Required<TransformerOptions>>(
      'Transformer',
      {
        dModel: 512,
        nhead: 8,
        numEncoderLayers: 6,
        numDecoderLayers: 6,
        dimFeedforward,
        dropout,
        activation,
        customEncoder: null,
        customDecoder: null,
        ...lastDefaults,
      },
      rest,
    );
    const { dModel, nhead, numEncoderLayers, numDecoderLayers, customEncoder, customDecoder, ...layer } = options;
    checkCount('Transformer', 'numEncoderLayers', numEncoderLayers);
    checkCount('Transformer', 'numDecoderLayers', numDecoderLayers);
    checkCustom('customEncoder', customEncoder);
    checkCustom('customDecoder', customDecoder);
    const { layerNormEps: eps, bias, device, dtype } = layer;
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps, bias, device, dtype });
    // In the order of Python, which decides the draws.
    this.encoder =
      customEncoder ??
      new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, layer), numEncoderLayers, norm());
    this.decoder =
      customDecoder ??
      new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, layer), numDecoderLayers, norm());
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = options.batchFirst;
    this.resetParameters();
  }

  /** Draws all weights of more than one dimension anew. */
  resetParameters(): void {
    for (const parameter of this.parameters()) if (parameter.dim() > 1) init.xavierUniform_(parameter);
  }

  forward(src: Tensor, tgt: Tensor, ...rest: TransformerTail): Tensor {
    checkTensors('Transformer.forward', { src, tgt });
    const given = readTail<Required<TransformerInputs>>(
      'Transformer.forward',
      {
        srcMask: null,
        tgtMask: null,
        memoryMask: null,
        srcKeyPaddingMask: null,
        tgtKeyPaddingMask: null,
        memoryKeyPaddingMask: null,
        srcIsCausal: null,
        tgtIsCausal: null,
        memoryIsCausal: false,
      },
      rest,
    );
    const batchDim = this.batchFirst ? 0 : 1;
    if (src.dim() === 3 && src.size(batchDim) !== tgt.size(batchDim)) {
      throw new TorchError('the batch number of src and tgt must be equal');
    }
    if (src.size(-1) !== this.dModel || tgt.size(-1) !== this.dModel) {
      throw new TorchError('the feature number of src and tgt must be equal to d_model');
    }
    const memory = this.encoder.forward(src, {
      mask: given.srcMask,
      srcKeyPaddingMask: given.srcKeyPaddingMask,
      isCausal: given.srcIsCausal,
    });
    return this.decoder.forward(tgt, memory, {
      tgtMask: given.tgtMask,
      memoryMask: given.memoryMask,
      tgtKeyPaddingMask: given.tgtKeyPaddingMask,
      memoryKeyPaddingMask: given.memoryKeyPaddingMask,
      tgtIsCausal: given.tgtIsCausal,
      memoryIsCausal: given.memoryIsCausal,
    });
  }

  /**
   * The causal mask of sequences of length `sz`, [sz, sz]: −∞ where a place would see a later one, else 0
   * (`torch.nn.Transformer.generate_square_subsequent_mask`).
   *
   * @example
   * ```ts
   * console.log(nn.Transformer.generateSquareSubsequentMask(2).tolist()); // [ [ 0, -Infinity ], [ 0, 0 ] ]
   * ```
   */
  static generateSquareSubsequentMask(sz: number, device: Device | null = null, dtype: DType | null = null): Tensor {
    return squareSubsequentMask(sz, device, dtype);
  }
}

function checkCustom(name: string, custom: unknown): void {
  if (custom === null || custom instanceof Module) return;
  throw new ArgumentError(
    `Transformer(): expected a module or null for argument \`${name}\`, received ${describe(custom)}`,
  );
}
