/** From pixels to tensors, from one range of numbers to another. */
import { ArgumentError, checkList, checkTensor, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { type DType, float32, isDType, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import type { DecodedImage } from '../../decoded-image';
import * as functional from '../functional';
import type { Transform } from './transform';

/** Decoded bytes to float32 `[C, H, W]` in 0..1. */
export class ToTensor implements Transform<DecodedImage, Tensor> {
  forward(image: DecodedImage): Tensor {
    return functional.toTensor(image);
  }
}

/** Decoded bytes to uint8 `[C, H, W]`, as they are. */
export class PILToTensor implements Transform<DecodedImage, Tensor> {
  forward(image: DecodedImage): Tensor {
    return functional.pilToTensor(image);
  }
}

/** Between floats in 0..1 and integers over their whole range. See {@link functional.convertImageDtype}. */
export class ConvertImageDtype implements Transform {
  constructor(readonly dtype: DType = float32) {
    if (isDType(dtype)) return;
    throw new ArgumentError(
      `ConvertImageDtype(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`,
    );
  }

  forward(image: Tensor): Tensor {
    return functional.convertImageDtype(image, this.dtype);
  }
}

/** `(image − mean) / std` by channel. */
export class Normalize implements Transform {
  readonly inplace: boolean;

  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
    ...rest: Tail<functional.NormalizeOptions, ['inplace']>
  ) {
    checkList('Normalize', 'mean', mean);
    checkList('Normalize', 'std', std);
    this.inplace = readOptions('Normalize', { inplace: false }, rest).inplace;
  }

  forward(image: Tensor): Tensor {
    return functional.normalize(image, this.mean, this.std, this.inplace);
  }
}

/** Refuses what is no square matrix with a mean of its size, of one dtype on one device. */
export function checkWhitening(matrix: Tensor, mean: Tensor): void {
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
export class LinearTransformation implements Transform {
  constructor(
    readonly transformationMatrix: Tensor,
    readonly meanVector: Tensor,
  ) {
    checkWhitening(transformationMatrix, meanVector);
  }

  forward(image: Tensor): Tensor {
    return whiten(image, this.transformationMatrix, this.meanVector);
  }
}
