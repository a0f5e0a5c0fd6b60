/** Parts of images: views where nothing is beyond the edges, black where something is. */
import { describe, valueError } from '../../engine';
import type { Tensor } from '../../tensor';
import { pythonRound } from '../../tensor/python-float';
import type { Region } from './draws';
import { dimensions } from './image';
import { padImage } from './padding';

/** The rectangle; what of it is beyond the image is 0. */
export function cropImage(image: Tensor, { top, left, height, width }: Region): Tensor {
  const { height: h, width: w } = dimensions(image);
  const [bottom, right] = [top + height, left + width];
  const inside = part(image, clamp(top, h), clamp(bottom, h), clamp(left, w), clamp(right, w));
  if (left >= 0 && top >= 0 && right <= w && bottom <= h) return inside;
  const borders = [
    Math.max(-left + Math.min(0, right), 0),
    Math.max(right - Math.max(w, left), 0),
    Math.max(-top + Math.min(0, bottom), 0),
    Math.max(bottom - Math.max(h, top), 0),
  ] as const;
  return padImage(inside, borders, 0, 'constant');
}

const clamp = (place: number, side: number): number => Math.min(Math.max(place, 0), side);

function part(image: Tensor, top: number, bottom: number, left: number, right: number): Tensor {
  const rows = image.narrow(-2, top, Math.max(bottom - top, 0));
  return rows.narrow(-1, left, Math.max(right - left, 0));
}

/** The top left corner of a crop in the middle. */
export function centreOf(
  height: number,
  width: number,
  size: readonly [number, number],
): { top: number; left: number } {
  return { top: pythonRound((height - size[0]) / 2), left: pythonRound((width - size[1]) / 2) };
}

/** The middle of the image; where it is smaller than the crop, black is put around it first. */
export function centerCropImage(image: Tensor, size: readonly [number, number]): Tensor {
  const { height, width } = dimensions(image);
  const [missingDown, missingAcross] = [Math.max(size[0] - height, 0), Math.max(size[1] - width, 0)];
  const padded =
    missingDown + missingAcross === 0
      ? image
      : padImage(
          image,
          [missingAcross >> 1, (missingAcross + 1) >> 1, missingDown >> 1, (missingDown + 1) >> 1],
          0,
          'constant',
        );
  const { height: h, width: w } = dimensions(padded);
  if (padded !== image && h === size[0] && w === size[1]) return padded;
  return cropImage(padded, { ...centreOf(h, w, size), height: size[0], width: size[1] });
}

/** The four corners and the middle: top left, top right, bottom left, bottom right, centre. */
export type FiveCrops = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];

/** Crops of one size at the corners and in the middle. */
export function fiveCropImage(image: Tensor, size: readonly [number, number]): FiveCrops {
  const { height, width } = dimensions(image);
  const [h, w] = size;
  if (h > height || w > width) {
    throw valueError(
      `expected a size within the image for argument \`size\`, received ${describe(size)} for ${describe(image)}`,
    );
  }
  const at = (top: number, left: number): Tensor => cropImage(image, { top, left, height: h, width: w });
  const [bottom, right] = [height - h, width - w];
  return [at(0, 0), at(0, right), at(bottom, 0), at(bottom, right), centerCropImage(image, size)];
}

/** {@link fiveCropImage} of the image and of its mirror image. */
export function tenCropImage(image: Tensor, size: readonly [number, number], verticalFlip: boolean): readonly Tensor[] {
  return [...fiveCropImage(image, size), ...fiveCropImage(image.flip([verticalFlip ? -2 : -1]), size)];
}

/** Writes `value` over the rectangle of a copy, or of the image itself. */
export function eraseImage(image: Tensor, region: Region, value: Tensor, inplace: boolean): Tensor {
  const erased = inplace ? image : image.clone();
  const { top, left, height, width } = region;
  const { height: h, width: w } = dimensions(erased);
  part(erased, clamp(top, h), clamp(top + height, h), clamp(left, w), clamp(left + width, w)).copy_(value);
  return erased;
}
