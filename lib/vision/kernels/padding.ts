/** Borders around images. */
import { describe, valueError } from '../../engine';
import { pad as padOp, type Tensor, tensor } from '../../tensor';
import { asBatch, asFloat, dimensions } from './image';

/** All borders, [left and right, top and bottom], or [left, top, right, bottom], as torchvision takes them. */
export type Padding =
  | number
  | readonly [all: number]
  | readonly [x: number, y: number]
  | readonly [left: number, top: number, right: number, bottom: number];

/** What comes into the border: a value, the outermost pixels, or the image mirrored without or with its edge. */
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';

const MODES: readonly PaddingMode[] = ['constant', 'edge', 'reflect', 'symmetric'];

/** The borders in the order of the op: left, right, top, bottom. */
export type Borders = readonly [left: number, right: number, top: number, bottom: number];

/** Reads a padding. */
export function bordersOf(callee: string, padding: unknown): Borders {
  const list: readonly unknown[] = Array.isArray(padding) ? (padding as unknown[]) : [padding];
  if (![1, 2, 4].includes(list.length) || !list.every(Number.isSafeInteger)) {
    throw valueError(
      `${callee}(): expected a whole number, or a list of 1, 2 or 4, for argument \`padding\`, received ${describe(padding)}`,
    );
  }
  const [left, top = left, right = left, bottom = top] = list as [number, number?, number?, number?];
  return [left, right, top, bottom];
}

/** Refuses what is no mode. */
export function checkPaddingMode(callee: string, mode: unknown): asserts mode is PaddingMode {
  if (MODES.includes(mode as PaddingMode)) return;
  const names = MODES.map((name) => `'${name}'`).join(', ');
  throw valueError(`${callee}(): expected one of ${names} for argument \`paddingMode\`, received ${describe(mode)}`);
}

/** Pads the last two dimensions, all channels by one value. */
export function padImage(image: Tensor, borders: Borders, fill: number, mode: PaddingMode): Tensor {
  dimensions(image);
  return asBatch(image, (batch) => {
    if (mode === 'symmetric') return mirrored(batch, borders);
    if (mode === 'constant') return padOp(batch, borders, 'constant', fill);
    // The op has no kernels for integers in these modes.
    const padded = padOp(asFloat(batch), borders, mode === 'edge' ? 'replicate' : mode);
    return padded.to(batch.dtype);
  });
}

/** Mirrors with the edge in the mirror, once; negative borders cut off. */
function mirrored(image: Tensor, borders: Borders): Tensor {
  const [left, right, top, bottom] = borders;
  const along = (side: number, before: number, after: number): Tensor => {
    const from = Math.max(-before, 0);
    const length = side - from - Math.max(-after, 0);
    const inside = Array.from({ length: Math.max(length, 0) }, (_, k) => from + k);
    if (Math.max(before, after) > inside.length) {
      throw valueError(
        `expected borders no wider than the image in the mode 'symmetric', received ${describe(borders)} for ${describe(image)}`,
      );
    }
    const mirror = [...inside].reverse();
    const start = before > 0 ? mirror.slice(-before) : [];
    const end = after > 0 ? mirror.slice(0, after) : [];
    return tensor([...start, ...inside, ...end], { dtype: 'int64', device: image.device });
  };
  const [height, width] = image.shape.slice(-2) as [number, number];
  return image.indexSelect(-2, along(height, top, bottom)).indexSelect(-1, along(width, left, right));
}

/** Pads each channel by a value of its own. */
export function padByChannel(image: Tensor, borders: Borders, fill: readonly number[]): Tensor {
  const [left, right, top, bottom] = borders;
  const padded = padImage(image, borders, 0, 'constant');
  const value = tensor([...fill], { dtype: 'float32', device: image.device })
    .to(image.dtype)
    .view([-1, 1, 1]);
  const [height, width] = padded.shape.slice(-2) as [number, number];
  const put = (dim: number, start: number, length: number): void => {
    if (length > 0) padded.narrow(dim, start, length).copy_(value);
  };
  put(-2, 0, top);
  put(-1, 0, left);
  put(-2, height - bottom, bottom);
  put(-1, width - right, right);
  return padded;
}
