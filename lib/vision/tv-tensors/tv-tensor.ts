/** Tensors that say what they are, so that a transform knows what to do with them. */
import { workerArguments } from '../../data';
import { checkBooleans } from '../../engine';
import { asTensor, type DType, type Device, type NestedData, Tensor, type ToOptions } from '../../tensor';
import type { CloneOptions } from '../../tensor/generated/methods';
import { becomeView } from '../../tensor/subclass';

/** Options with which a tvTensor is made of data; what is null or not given is the data's. */
export interface TVTensorOptions {
  dtype?: DType | null;
  device?: Device | null;
  requiresGrad?: boolean | null;
}

/**
 * A tensor that says what it is (`torchvision.tv_tensors.TVTensor`). Shares the memory of the data.
 *
 * As in Python, ops make plain tensors of it; `clone`, `to` and `detach` keep the kind. {@link wrap} gives it back.
 */
export abstract class TVTensor extends Tensor {
  constructor(data: Tensor) {
    super();
    becomeView(this, data);
  }

  /** The tensor of the same memory that says nothing: `as_subclass(torch.Tensor)`. */
  asTensor(): Tensor {
    return this.alias();
  }

  /** Another tensor of this kind, with what belongs to it. */
  abstract like(tensor: Tensor): this;

  /** In a worker thread it is made anew, on the same memory. */
  [workerArguments](): unknown[] {
    return [this.asTensor()];
  }

  override clone(options?: CloneOptions): this {
    return this.like(super.clone(options));
  }

  override detach(): this {
    return this.like(super.detach());
  }

  override to(options: ToOptions): this;
  override to(dtype: DType, nonBlocking?: boolean | ToOptions, copy?: boolean | ToOptions): this;
  override to(
    device: Device,
    dtype?: DType | ToOptions | null,
    nonBlocking?: boolean | ToOptions,
    copy?: boolean,
  ): this;
  override to(other: Tensor, nonBlocking?: boolean | ToOptions, copy?: boolean): this;
  override to(...args: unknown[]): this {
    const moved = (super.to as (...given: unknown[]) => Tensor).apply(this, args);
    return moved === this ? this : this.like(moved);
  }
}

/** The defaults of {@link TVTensorOptions}. */
export const TV_DEFAULTS = { dtype: null, device: null, requiresGrad: null } as const;

/** Data as a plain tensor. */
export function tensorOf(callee: string, data: Tensor | NestedData, options: Required<TVTensorOptions>): Tensor {
  const { dtype, device, requiresGrad } = options;
  const plain = asTensor(data, { ...(dtype === null ? {} : { dtype }), ...(device === null ? {} : { device }) });
  if (requiresGrad === null || requiresGrad === plain.requiresGrad) return plain;
  checkBooleans(callee, { requiresGrad });
  return plain.requiresGrad_(requiresGrad);
}
