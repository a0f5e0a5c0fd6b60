/**
 * How many multiply-accumulates a module does. Counted are products of matrices and convolutions, as
 * `torch.utils.flop_counter` of PyTorch does, which counts each of them as two operations. Not counted, as there: biases,
 * norms, activations, softmax, pooling and interpolation.
 *
 * | module                       | multiply-accumulates                                                              |
 * | ---------------------------- | --------------------------------------------------------------------------------- |
 * | `Conv1d`, `2d`, `3d`         | places of the output · elements of the weight                                      |
 * | `ConvTranspose1d`, `2d`, `3d`| places of the input · elements of the weight                                       |
 * | `Linear`                     | rows of the input · elements of the weight                                         |
 * | `MultiheadAttention`         | its projections, and {@link attentionMacs} of what they give                        |
 * | what has `multiplyAccumulates` | what that method returns: products that a module computes itself                  |
 *
 * A padded convolution is counted as if the padding were multiplied too. The weights of recurrent layers are not counted.
 */
import * as nn from '../nn';
import { Tensor } from '../tensor';

/** A module that multiplies matrices by itself, and not by the modules in it: an attention of its own, say. */
export interface CountsMacs {
  /** Multiply-accumulates of one call, without those of the modules in this one. */
  multiplyAccumulates(inputs: readonly unknown[], output: unknown): number;
}

/** Sizes of an attention: what scaledDotProductAttention is given. */
export interface AttentionSizes {
  /** Batches times heads. */
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  /** Length of a query and of a key. */
  readonly keySize: number;
  /** Length of a value; by default that of a key. */
  readonly valueSize?: number;
}

/**
 * Multiply-accumulates of scaled dot product attention: each query with each key, and each weight with its value.
 *
 * @example
 * ```ts
 * console.log(torch.models.attentionMacs({ batch: 8, queries: 64, keys: 64, keySize: 96 })); // 6291456
 * ```
 */
export function attentionMacs({ batch, queries, keys, keySize, valueSize = keySize }: AttentionSizes): number {
  return batch * queries * keys * (keySize + valueSize);
}

/** Multiply-accumulates of one call of a module, without those of the modules in it. */
export function macsOf(module: nn.AnyModule, inputs: readonly unknown[], output: unknown): number {
  if (countsMacs(module)) return module.multiplyAccumulates(inputs, output);
  if (module instanceof nn.MultiheadAttention) return multiheadMacs(module, inputs as readonly Tensor[]);
  const [input] = inputs;
  if (!(input instanceof Tensor) || !(output instanceof Tensor)) return 0;
  if (module instanceof nn.Linear) return (output.numel() / module.outFeatures) * module.weight.numel();
  if (module instanceof nn.Conv1d || module instanceof nn.Conv2d || module instanceof nn.Conv3d) {
    return (output.numel() / module.outChannels) * module.weight.numel();
  }
  if (
    module instanceof nn.ConvTranspose1d ||
    module instanceof nn.ConvTranspose2d ||
    module instanceof nn.ConvTranspose3d
  ) {
    return (input.numel() / module.inChannels) * module.weight.numel();
  }
  return 0;
}

function countsMacs(module: object): module is CountsMacs {
  return 'multiplyAccumulates' in module && typeof module.multiplyAccumulates === 'function';
}

function multiheadMacs(attention: nn.MultiheadAttention, [query, key, value]: readonly Tensor[]): number {
  if (query === undefined || key === undefined || value === undefined) return 0;
  const { embedDim, kdim, vdim, numHeads, headDim, batchFirst, biasK, addZeroAttn } = attention;
  const [batch, queries, keys] =
    query.dim() === 2
      ? [1, query.size(0), key.size(0)]
      : batchFirst
        ? [query.size(0), query.size(1), key.size(1)]
        : [query.size(1), query.size(0), key.size(0)];
  // The output projection is a child that is not called as a module.
  const projections = batch * embedDim * (queries * 2 * embedDim + keys * (kdim + vdim));
  const seen = keys + (biasK === null ? 0 : 1) + (addZeroAttn ? 1 : 0);
  return projections + attentionMacs({ batch: batch * numHeads, queries, keys: seen, keySize: headDim });
}
