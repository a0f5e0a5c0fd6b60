import { checkTensors } from '../engine';
import { tellWarning } from '../engine/warnings';
import type { Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import { MultiheadAttention } from './attention';
import { Dropout } from './dropout';
import * as F from './functional';
import { Linear } from './linear';
import { Module } from './module';
import { LayerNorm } from './normalization';
import {
  activate,
  readLayerOptions,
  type TransformerActivation,
  type TransformerLayerArguments,
} from './transformer-options';

/** Options of `TransformerDecoderLayer.forward`. */
export interface TransformerDecoderLayerInputs {
  /** [T, T] or [N·heads, T, T]: `true` forbids a place of the target to see another, a float is added to the score. */
  tgtMask?: Tensor | null;
  /** [T, S] or [N·heads, T, S]: the same of what is seen of the memory. */
  memoryMask?: Tensor | null;
  /** [N, T] or [T]: `true` leaves a place of the target out, a float is added to its scores. */
  tgtKeyPaddingMask?: Tensor | null;
  /** [N, S] or [S]: the same of the memory. */
  memoryKeyPaddingMask?: Tensor | null;
  /** Says that tgtMask is the causal mask. */
  tgtIsCausal?: boolean;
  /** Says that memoryMask is the causal mask. */
  memoryIsCausal?: boolean;
}

/** The names of {@link TransformerDecoderLayerInputs}, in PyTorch's order. @inline */
export type DecoderNames = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
];

/** The arguments of a layer's forward after target and memory. */
export type DecoderLayerTail = Tail<TransformerDecoderLayerInputs, DecoderNames>;

/**
 * Layers whose constructor ran. In a deep copy of another one, such as `TransformerDecoder` makes, PyTorch puts ReLU in the
 * place of an activation that is a module, though it goes on printing the module (its `__setstate__` looks for it among the
 * plain attributes). Weights that were trained with that need the same here.
 */
const constructed = new WeakSet<TransformerDecoderLayer>();

/**
 * Self attention, attention to a memory and two linear layers, each with a way around it and a normalisation
 * (`torch.nn.TransformerDecoderLayer`, Vaswani et al. 2017). Target [T, N, E] and memory [S, N, E], with `batchFirst`
 * [N, T, E] and [N, S, E], without N [T, E] and [S, E], to the target's shape.
 *
 * As in PyTorch, copies of a layer whose activation is a module, as in a `TransformerDecoder`, compute with ReLU: give a
 * function or a name.
 *
 * @example
 * ```ts
 * const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16 });
 * console.log(layer.forward(torch.rand([3, 1, 8]), torch.rand([5, 1, 8])).shape); // [ 3, 1, 8 ]
 * ```
 */
export class TransformerDecoderLayer extends Module<[tgt: Tensor, memory: Tensor, ...rest: DecoderLayerTail]> {
  selfAttn: MultiheadAttention;
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  /** What stands between the linear layers. */
  activation: Exclude<TransformerActivation, string>;

  constructor(...args: TransformerLayerArguments) {
    super();
    const options = readLayerOptions('TransformerDecoderLayer', args);
    const { dModel, nhead, dimFeedforward, dropout, layerNormEps: eps, batchFirst, bias, device, dtype } = options;
    const factory = { bias, device, dtype };
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...factory });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...factory });
    this.linear1 = new Linear(dModel, dimFeedforward, factory);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, factory);
    this.normFirst = options.normFirst;
    this.norm1 = new LayerNorm(dModel, { eps, ...factory });
    this.norm2 = new LayerNorm(dModel, { eps, ...factory });
    this.norm3 = new LayerNorm(dModel, { eps, ...factory });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = options.activation;
    constructed.add(this);
  }

  forward(tgt: Tensor, memory: Tensor, ...rest: DecoderLayerTail): Tensor {
    checkTensors('TransformerDecoderLayer.forward', { tgt, memory });
    const given = readTail<Required<TransformerDecoderLayerInputs>>(
      'TransformerDecoderLayer.forward',
      {
        tgtMask: null,
        memoryMask: null,
        tgtKeyPaddingMask: null,
        memoryKeyPaddingMask: null,
        tgtIsCausal: false,
        memoryIsCausal: false,
      },
      rest,
    );
    if (this.normFirst) {
      let x = tgt.add(this.attendToSelf(this.norm1.forward(tgt), given));
      x = x.add(this.attendToMemory(this.norm2.forward(x), memory, given));
      return x.add(this.feedForward(this.norm3.forward(x)));
    }
    let x = this.norm1.forward(tgt.add(this.attendToSelf(tgt, given)));
    x = this.norm2.forward(x.add(this.attendToMemory(x, memory, given)));
    return this.norm3.forward(x.add(this.feedForward(x)));
  }

  private attendToSelf(x: Tensor, given: Required<TransformerDecoderLayerInputs>): Tensor {
    const [output] = this.selfAttn.forward(x, x, x, {
      attnMask: given.tgtMask,
      keyPaddingMask: given.tgtKeyPaddingMask,
      isCausal: given.tgtIsCausal,
      needWeights: false,
    });
    return this.dropout1.forward(output);
  }

  private attendToMemory(x: Tensor, memory: Tensor, given: Required<TransformerDecoderLayerInputs>): Tensor {
    const [output] = this.multiheadAttn.forward(x, memory, memory, {
      attnMask: given.memoryMask,
      keyPaddingMask: given.memoryKeyPaddingMask,
      isCausal: given.memoryIsCausal,
      needWeights: false,
    });
    return this.dropout2.forward(output);
  }

  private feedForward(x: Tensor): Tensor {
    const hidden = this.dropout.forward(activate(this.activationInUse(), this.linear1.forward(x)));
    return this.dropout3.forward(this.linear2.forward(hidden));
  }
  private activationInUse(): Exclude<TransformerActivation, string> {
    if (!(this.activation instanceof Module) || constructed.has(this)) return this.activation;
    tellWarning(
      'TransformerDecoderLayer: as in PyTorch, a copy of a layer whose activation is a module computes with ReLU; give a ' +
        'function or a name, as in { activation: nn.functional.gelu }',
    );
    return F.relu;
  }
}
