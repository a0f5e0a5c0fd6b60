/** From pixels to tensors, from one range of numbers to another. */
import { checkTensor, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { DType, Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import type { DecodedImage } from '../../decoded-image';
import * as functional from '../functional';
import { type DtypeArguments, type NormalizeArguments, readDtype, readNormalize } from '../functional/conversion';
import type { Transform } from './transform';
import { Printed, type Shown } from '../../printing';

/** Decoded bytes to float32 `[C, H, W]` in 0..1. */
export class ToTensor extends Printed implements Transform<DecodedImage, Tensor> {
  forward(image: DecodedImage): Tensor {
    return functional.toTensor(image);
  }
}

/** Decoded bytes to uint8 `[C, H, W]`, as they are. */
export class PILToTensor extends Printed implements Transform<DecodedImage, Tensor> {
  forward(image: DecodedImage): Tensor {
    return functional.pilToTensor(image);
  }
}

/** Between floats in 0..1 and integers over their whole range. See {@link functional.convertImageDtype}. */
export class ConvertImageDtype extends Printed implements Transform {
  readonly dtype: DType;

  constructor(...args: DtypeArguments) {
    super();
    this.dtype = readDtype('ConvertImageDtype', args);
  }

  forward(image: Tensor): Tensor {
    return functional.convertImageDtype(image, this.dtype);
  }

  protected override shown(): Shown {
    return {};
  }
}

/** `(image − mean) / std` by channel. */
export class Normalize extends Printed implements Transform {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly inplace: boolean;

  constructor(...args: NormalizeArguments) {
    super();
    const { mean, std, inplace } = readNormalize('Normalize', args);
    [this.mean, this.std, this.inplace] = [mean, std, inplace];
  }

  forward(image: Tensor): Tensor {
    return functional.normalize(image, this.mean, this.std, this.inplace);
  }

  protected override shown(): Shown {
    const { mean, std } = this;
    return { mean, std };
  }
}

/** What a LinearTransformation keeps. @inline */
interface Whitening {
  readonly transformationMatrix: Tensor;
  readonly meanVector: Tensor;
}

/** The arguments of a LinearTransformation. @inline */
export type WhiteningArguments = Arguments<
  [transformationMatrix: Tensor, meanVector: Tensor],
  Whitening,
  ['transformationMatrix', 'meanVector']
>;

/** Reads them; refuses what is no square matrix with a mean of its size, of one dtype on one device. */
export function readWhitening(args: WhiteningArguments): Whitening {
  const options = readOptions<Whitening>(
    'LinearTransformation',
    { transformationMatrix: required, meanVector: required },
    args,
  );
  checkWhitening(options.transformationMatrix, options.meanVector);
  return options;
}

function checkWhitening(matrix: Tensor, mean: Tensor): void {
  checkTensor('LinearTransformation()', 'transformationMatrix', matrix);
  checkTensor('LinearTransformation()', 'meanVector', mean);
  const [rows, columns] = matrix.shape;
  const isFitting = matrix.ndim === 2 && rows === columns && mean.shape[0] === rows;
  if (isFitting && matrix.dtype === mean.dtype && matrix.device === mean.device) return;
  throw valueError(
    'LinearTransformation(): expected [D, D] and [D] of one dtype on one device for `transformationMatrix` and `meanVector`, ' +
      `received ${describe(matrix)} and ${describe(mean)}`,
  );
}

/** Subtracts the mean from the image as one vector of length D = C · H · W, and multiplies it by a matrix, as for whitening. */
export function whiten(image: Tensor, matrix: Tensor, mean: Tensor): Tensor {
  checkTensor('LinearTransformation()', 'image', image);
  const { shape } = image;
  const size = shape.slice(-3).reduce((product, side) => product * side, 1);
  if (shape.length < 3 || size !== matrix.shape[0]) {
    throw valueError(
      `expected an image […, C, H, W] of ${matrix.shape[0] ?? 0} elements for argument \`image\`, received ${describe(image)}`,
    );
  }
  const flat = image.reshape([-1, size]).sub(mean);
  return flat.mm(matrix.to(flat.dtype)).reshape(shape);
}

/** Subtracts a mean `[D]` from images of D = C · H · W elements and multiplies by a matrix `[D, D]`, as for whitening. */
export class LinearTransformation extends Printed implements Transform {
  readonly transformationMatrix: Tensor;
  readonly meanVector: Tensor;

  constructor(...args: WhiteningArguments) {
    super();
    const { transformationMatrix, meanVector } = readWhitening(args);
    this.transformationMatrix = transformationMatrix;
    this.meanVector = meanVector;
  }

  forward(image: Tensor): Tensor {
    return whiten(image, this.transformationMatrix, this.meanVector);
  }
}
