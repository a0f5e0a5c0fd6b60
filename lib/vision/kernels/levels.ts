/** What is done to each level of light alone, in v1 and v2 alike: whole numbers, so that no order of operations shows. */
import { describe, valueError } from '../../engine';
import { cat, isFloatingDType, type Tensor, where } from '../../tensor';
import { maximum, valueBits } from './image';

/** Light becomes dark: the maximum minus the image. */
export function invertLevels(image: Tensor): Tensor {
  if (isFloatingDType(image.dtype)) return image.rsub(1);
  // By bits, for the largest int64 is no number that JavaScript has.
  const bits = valueBits(image.dtype);
  return image.bitwiseXor(bits > 53 ? (1n << BigInt(bits)) - 1n : 2 ** bits - 1);
}

/** Keeps the highest `bits` of each integer; of floats as many levels. */
export function posterizeLevels(image: Tensor, bits: number): Tensor {
  if (isFloatingDType(image.dtype)) {
    const levels = 2 ** bits;
    return image
      .mul(levels)
      .floor_()
      .clamp_(0, levels - 1)
      .mul_(1 / levels);
  }
  const all = valueBits(image.dtype);
  if (bits >= all) return image;
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(all - bits);
  return image.bitwiseAnd(all > 53 ? mask : Number(mask));
}

/** Inverts what is as light as `threshold` or lighter. */
export function solarizeLevels(image: Tensor, threshold: number): Tensor {
  if (typeof threshold !== 'number' || !(threshold <= maximum(image.dtype))) {
    throw valueError(
      `expected at most ${maximum(image.dtype)}, the light of ${image.dtype}, for argument \`threshold\`, ` +
        `received ${describe(threshold)}`,
    );
  }
  return where(image.ge(threshold), invertLevels(image), image);
}

/** Spreads the levels of each channel of bytes so that each is about as frequent. */
export function equalizeBytes(image: Tensor): Tensor {
  if (image.numel() === 0) return image;
  const channels = image.shape.slice(0, -2);
  const levels = image.flatten(-2).to('int64');
  const counts = levels.newZeros([...channels, 256]).scatterAdd(-1, levels, levels.newOnes([1]).expandAs(levels));
  const sums = counts.cumsum(-1);
  // The lightest level in use is not spread, so its pixels do not count.
  const lightest = sums.argmax(-1).unsqueeze(-1);
  const step = counts.gather(-1, lightest).rsub(levels.size(-1)).div(255, { roundingMode: 'floor' });
  const table = sums
    .narrow(-1, 0, 255)
    .add(step.div(2, { roundingMode: 'floor' }))
    .div(step.clamp(1), { roundingMode: 'floor' })
    .clamp(0, 255)
    .to('uint8');
  const black = table.newZeros([1]).expand([...channels, 1]);
  const spread = cat([black, table], -1).gather(-1, levels).viewAs(image);
  return where(step.ne(0).unsqueeze(-1), spread, image);
}
