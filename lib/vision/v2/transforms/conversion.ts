/** Kinds, dtypes and ranges. */
import { checkFunction, checkList, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { type DType, float32, isDType, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { type DecodedImage, isDecodedImage } from '../../decoded-image';
import type { NormalizeOptions } from '../../v1/functional';
import { checkWhitening, whiten } from '../../v1/transforms/conversion';
import { Image, TVTensor } from '../../tv-tensors';
import * as functional from '../functional';
import { checkDtype } from '../functional/conversion';
import { type ByKind, checkKinds, forKind, isImage } from '../inputs';
import { Transform } from '../transform';

/** A plain tensor, or decoded pixels, as an Image. */
export class ToImage extends Transform {
  protected override takes(leaf: unknown): boolean {
    return functional.isPureTensor(leaf) || isDecodedImage(leaf);
  }

  protected override transform(input: Tensor | DecodedImage): Image {
    return functional.toImage(input);
  }
}

/** Decoded pixels as a plain tensor of uint8 `[C, H, W]`. */
export class PILToTensor extends Transform {
  protected override takes(leaf: unknown): boolean {
    return isDecodedImage(leaf);
  }

  protected override transform(input: DecodedImage): Tensor {
    return functional.pilToTensor(input);
  }
}

/** Images, masks and boxes as plain tensors of the same memory. */
export class ToPureTensor extends Transform {
  protected override takes(leaf: unknown): boolean {
    return leaf instanceof TVTensor;
  }

  protected override transform(input: TVTensor): Tensor {
    return input.asTensor();
  }
}

/** Leaves everything as it is. */
export class Identity extends Transform {
  protected override transform(input: unknown): unknown {
    return input;
  }
}

/** A class. */
export type Kind<T = unknown> = abstract new (...args: never[]) => T;

/** Applies a function to every part of a sample, or to those of some classes. */
export class Lambda extends Transform {
  readonly types: readonly Kind[];

  constructor(
    /** What it applies. */
    readonly lambd: (input: never) => unknown,
    ...types: readonly Kind[]
  ) {
    super();
    checkFunction('Lambda', 'lambd', lambd);
    for (const type of types) checkFunction('Lambda', 'types', type);
    this.types = types;
  }

  protected override takes(): boolean {
    return true;
  }

  protected override transform(input: unknown): unknown {
    const isTaken = this.types.length === 0 || this.types.some((type) => input instanceof type);
    return isTaken ? (this.lambd as (given: unknown) => unknown)(input) : input;
  }
}

/** Options of {@link ToDtype}. */
export interface ToDtypeOptions {
  /** From one range of light to the other, and not as numbers; images only. */
  scale?: boolean;
}

/**
 * Casts images to a dtype, or each kind to its own: `{ Image: 'float32', Mask: 'int64', others: null }`, where null leaves it
 * as it is. A kind of which nothing is said is refused.
 */
export class ToDtype extends Transform {
  readonly scale: boolean;

  constructor(
    readonly dtype: DType | ByKind<DType | null>,
    ...rest: Tail<ToDtypeOptions, ['scale']>
  ) {
    super();
    this.scale = readOptions('ToDtype', { scale: false }, rest).scale;
    if (isDType(dtype)) return;
    if (typeof dtype !== 'object' || (dtype as object | null) === null) {
      throw valueError(
        `ToDtype(): expected a dtype, or dtypes by kind, for argument \`dtype\`, received ${describe(dtype)}`,
      );
    }
    checkKinds('ToDtype', 'dtype', dtype);
    for (const value of Object.values(dtype)) if (value !== null) checkDtype('ToDtype', value);
  }

  protected override transform(input: Tensor): Tensor {
    const dtype = this.dtypeFor(input);
    return dtype === null ? input : functional.toDtype(input, dtype, this.scale);
  }

  private dtypeFor(input: Tensor): DType | null {
    const { dtype } = this;
    if (isDType(dtype)) return isImage(input) ? dtype : null;
    const found = forKind(dtype, input);
    if (found !== undefined) return found;
    throw valueError(
      `ToDtype: expected a dtype for ${describe(input)}, a ${input.constructor.name}: \`others\` names the one for all that are not named`,
    );
  }
}

/** {@link ToDtype} of images with `scale`, as v1 named it. */
export class ConvertImageDtype extends Transform {
  constructor(readonly dtype: DType = float32) {
    super();
    checkDtype('ConvertImageDtype', dtype);
  }

  protected override transform(input: Tensor): Tensor {
    return functional.toDtype(input, this.dtype, true);
  }
}

/** `(image − mean) / std` by channel. */
export class Normalize extends Transform {
  readonly inplace: boolean;

  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
    ...rest: Tail<NormalizeOptions, ['inplace']>
  ) {
    super();
    checkList('Normalize', 'mean', mean);
    checkList('Normalize', 'std', std);
    this.inplace = readOptions('Normalize', { inplace: false }, rest).inplace;
  }

  protected override takes(leaf: unknown): boolean {
    return isImage(leaf);
  }

  protected override transform(input: Tensor): Tensor {
    return functional.normalize(input, this.mean, this.std, this.inplace);
  }
}

/** Subtracts a mean `[D]` from images of D = C · H · W elements and multiplies by a matrix `[D, D]`, as for whitening. */
export class LinearTransformation extends Transform {
  constructor(
    readonly transformationMatrix: Tensor,
    readonly meanVector: Tensor,
  ) {
    super();
    checkWhitening(transformationMatrix, meanVector);
  }

  protected override takes(leaf: unknown): boolean {
    return isImage(leaf);
  }

  protected override transform(input: Tensor): Tensor {
    const output = whiten(input, this.transformationMatrix, this.meanVector);
    return input instanceof Image ? input.like(output) : output;
  }
}
