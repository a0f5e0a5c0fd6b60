import { ArgumentError, checkObject, checkTensor, checkTensors } from '../engine';
import type { MultiHeadAttentionArguments } from '../engine/binding';
import { asCallOf, binding } from '../engine/gate';
import { tellWarning } from '../engine/warnings';
import { isFloatingDType, zerosLike, type DType, type Tensor } from '../tensor';
import { adopt } from '../tensor/dispatch';

/** What {@link multiHeadAttentionForward} takes; the same as the native function's, with tensors in the place of handles. */
export type AttentionArguments = {
  readonly [K in keyof MultiHeadAttentionArguments]: K extends TensorArgument
    ? Tensor
    : K extends OptionalTensorArgument
      ? Tensor | null
      : MultiHeadAttentionArguments[K];
};

/** @inline */
type TensorArgument = 'query' | 'key' | 'value' | 'outProjWeight';

/** @inline */
type OptionalTensorArgument =
  | 'inProjWeight'
  | 'qProjWeight'
  | 'kProjWeight'
  | 'vProjWeight'
  | 'inProjBias'
  | 'biasK'
  | 'biasV'
  | 'outProjBias'
  | 'keyPaddingMask'
  | 'attnMask';

/**
 * Multi-head attention without the fused kernel (`torch.nn.functional.multi_head_attention_forward`), in one native call.
 * Masks are floats that are added to the scores: −∞ hides a key.
 */
export function multiHeadAttentionForward(args: AttentionArguments): [output: Tensor, weights: Tensor | null] {
  checkObject('multiHeadAttentionForward', 'args', args);
  const handle = (tensor: Tensor | null): number => tensor?.handle ?? 0;
  const { query, key, value } = args;
  checkTensors('multiHeadAttentionForward', { query, key, value, outProjWeight: args.outProjWeight });
  try {
    const [output, weights] = binding.multiHeadAttention({
      ...args,
      query: query.handle,
      key: key.handle,
      value: value.handle,
      inProjWeight: handle(args.inProjWeight),
      qProjWeight: handle(args.qProjWeight),
      kProjWeight: handle(args.kProjWeight),
      vProjWeight: handle(args.vProjWeight),
      inProjBias: handle(args.inProjBias),
      biasK: handle(args.biasK),
      biasV: handle(args.biasV),
      outProjWeight: args.outProjWeight.handle,
      outProjBias: handle(args.outProjBias),
      keyPaddingMask: handle(args.keyPaddingMask),
      attnMask: handle(args.attnMask),
    });
    return [adopt<Tensor>(output), weights === 0 ? null : adopt<Tensor>(weights)];
  } catch (error) {
    throw asCallOf(error, 'multiHeadAttentionForward', [query, key, value]);
  }
}

/**
 * A mask as what is added to the scores: `true` becomes −∞, a float mask stays.
 *
 * @param other a mask beside it, by its name, of which it is warned if it is of another dtype
 */
export function canonicalMask(
  mask: Tensor | null,
  name: string,
  dtype: DType,
  other: Readonly<Record<string, Tensor | null>> = {},
): Tensor | null {
  if (mask === null) return null;
  checkTensor('forward()', name, mask);
  const isFloat = isFloatingDType(mask.dtype);
  if (!isFloat && mask.dtype !== 'bool') {
    throw new ArgumentError(`only bool and floating types of ${name} are supported, received ${mask.dtype}`);
  }
  for (const [otherName, otherMask] of Object.entries(other)) {
    if (otherMask === null || otherMask.dtype === mask.dtype) continue;
    tellWarning(`Support for mismatched ${name} and ${otherName} is deprecated. Use same type for both instead.`);
  }
  if (isFloat) return mask;
  return zerosLike(mask, { dtype }).maskedFill_(mask, -Infinity);
}
