/** Kinds, dtypes and ranges. */
import { checkFunction, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { type DType, isDType, type Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import { type DecodedImage, isDecodedImage } from '../../decoded-image';
import { type DtypeArguments, type NormalizeArguments, readDtype, readNormalize } from '../../v1/functional/conversion';
import { readWhitening, whiten, type WhiteningArguments } from '../../v1/transforms/conversion';
import { Image, TVTensor } from '../../tv-tensors';
import * as functional from '../functional';
import { checkDtype } from '../functional/conversion';
import { behindKinds, type ByKind, checkKinds, forKind, isImage } from '../inputs';
import { Transform } from '../transform';
import type { Shown } from '../../printing';

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
  /** What it applies. */
  readonly lambd: (input: never) => unknown;
  readonly types: readonly Kind[];

  constructor(
    ...args:
      | [lambd: (input: never) => unknown, ...types: readonly Kind[]]
      | [options: { readonly lambd: (input: never) => unknown }]
  ) {
    super();
    const [first, ...types] = args;
    const { lambd } = readOptions<{ lambd: (input: never) => unknown }>('Lambda', { lambd: required }, [first]);
    checkFunction('Lambda', 'lambd', lambd);
    for (const type of types) checkFunction('Lambda', 'types', type);
    this.lambd = lambd;
    this.types = types;
  }

  protected override takes(): boolean {
    return true;
  }

  protected override transform(input: unknown): unknown {
    const isTaken = this.types.length === 0 || this.types.some((type) => input instanceof type);
    return isTaken ? (this.lambd as (given: unknown) => unknown)(input) : input;
  }

  override extraRepr(): string {
    const name = this.lambd.name || '<lambda>';
    const types = this.types.length === 0 ? ['object'] : this.types.map((type) => type.name);
    return `${name}, types=[${types.map((type) => `'${type}'`).join(', ')}]`;
  }
}

/** Options of {@link ToDtype}. */
export interface ToDtypeOptions {
  /** From one range of light to the other, and not as numbers; images only. */
  scale?: boolean;
}

/** One dtype for images, or one for each kind. @inline */
type DTypes = DType | ByKind<DType | null>;

/**
 * Casts images to a dtype, or each kind to its own: `{ Image: 'float32', Mask: 'int64', others: null }`, where null leaves it
 * as it is. A kind of which nothing is said is refused.
 */
export class ToDtype extends Transform {
  readonly dtype: DTypes;
  readonly scale: boolean;

  constructor(...args: Arguments<[dtype: DTypes], { dtype: DTypes } & ToDtypeOptions, ['dtype', 'scale']>) {
    super();
    const { dtype, scale } = readOptions<{ dtype: DTypes; scale: boolean }>(
      'ToDtype',
      { dtype: required, scale: false },
      behindKinds(args),
    );
    this.dtype = dtype;
    this.scale = scale;
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

  protected override shown(): Shown {
    return { scale: this.scale };
  }
}

/** {@link ToDtype} of images with `scale`, as v1 named it. */
export class ConvertImageDtype extends Transform {
  readonly dtype: DType;

  constructor(...args: DtypeArguments) {
    super();
    this.dtype = readDtype('ConvertImageDtype', args);
  }

  protected override transform(input: Tensor): Tensor {
    return functional.toDtype(input, this.dtype, true);
  }

  protected override shown(): Shown {
    return {};
  }
}

/** `(image − mean) / std` by channel. */
export class Normalize extends Transform {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly inplace: boolean;

  constructor(...args: NormalizeArguments) {
    super();
    const { mean, std, inplace } = readNormalize('Normalize', args);
    [this.mean, this.std, this.inplace] = [mean, std, inplace];
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
  readonly transformationMatrix: Tensor;
  readonly meanVector: Tensor;

  constructor(...args: WhiteningArguments) {
    super();
    const { transformationMatrix, meanVector } = readWhitening(args);
    this.transformationMatrix = transformationMatrix;
    this.meanVector = meanVector;
  }

  protected override takes(leaf: unknown): boolean {
    return isImage(leaf);
  }

  protected override transform(input: Tensor): Tensor {
    const output = whiten(input, this.transformationMatrix, this.meanVector);
    return input instanceof Image ? input.like(output) : output;
  }
}
