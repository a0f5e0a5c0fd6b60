/** Boxes in other formats, cut to the image, and sorted out (`torchvision.transforms.v2.functional._meta` and `_misc`). */
import { ArgumentError, checkNumbers, checkTensor, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { cat, float32, isFloatingDType, type Tensor } from '../../../tensor';
import { type Arguments, required, type Tail } from '../../../tensor/tail';
import { numbersOf } from '../../kernels/arguments';
import type { Canvas } from '../../kernels/grid';
import { type BoundingBoxFormat, BoundingBoxes, type ClampingMode } from '../../tv-tensors';
import { checkClampingMode, formatOf } from '../../tv-tensors/bounding-boxes';

type Size = readonly [height: number, width: number];

const first = (boxes: Tensor): Tensor => boxes.narrow(-1, 0, 2);
const second = (boxes: Tensor): Tensor => boxes.narrow(-1, 2, 2);
const joined = (a: Tensor, b: Tensor): Tensor => cat([a, b], -1);

/** Half of whole numbers is a whole number again. */
const half = (x: Tensor): Tensor => x.div(2, { roundingMode: isFloatingDType(x.dtype) ? null : 'floor' });

/** Corners from a centre and sides, in floats. */
function cornersFromCentre(boxes: Tensor): Tensor {
  const low = first(boxes).sub(second(boxes).div(2));
  return joined(low, second(boxes).add(low));
}

/** The boxes of one format in another, of their dtype. */
export function convertFormat(boxes: Tensor, from: BoundingBoxFormat, to: BoundingBoxFormat): Tensor {
  if (from === to) return boxes;
  const { dtype } = boxes;
  const [a, b] = [first(boxes), second(boxes)];
  switch (from) {
    case 'XYWH':
      return to === 'XYXY' ? joined(a, b.add(a)) : joined(a.add(half(b)), b);
    case 'XYXY': {
      const sides = b.sub(a);
      return to === 'XYWH' ? joined(a, sides) : joined(half(a.mul(2).add(sides)), sides);
    }
    case 'CXCYWH': {
      const isFloat = isFloatingDType(dtype);
      const corners = cornersFromCentre(isFloat ? boxes : boxes.to(float32));
      if (to === 'XYXY') return corners.to(dtype);
      const low = first(corners).to(dtype);
      return joined(low, isFloat ? b : second(corners).to(dtype).sub(low));
    }
  }
}

/** Boxes cut at the edges of the image. */
export function clampBoxes(boxes: Tensor, format: BoundingBoxFormat, canvas: Canvas, mode: ClampingMode): Tensor {
  if (mode === null) return boxes.clone();
  const { dtype } = boxes;
  const corners = convertFormat(isFloatingDType(dtype) ? boxes : boxes.to(float32), format, 'XYXY');
  const [x1, y1, x2, y2] = corners.unbind(-1) as [Tensor, Tensor, Tensor, Tensor];
  const across = (x: Tensor): Tensor => x.clamp(0, canvas.width).unsqueeze(-1);
  const down = (y: Tensor): Tensor => y.clamp(0, canvas.height).unsqueeze(-1);
  const cut = cat([across(x1), down(y1), across(x2), down(y2)], -1);
  return convertFormat(cut, 'XYXY', format).to(dtype);
}

/** Which boxes are within the image, and large enough. */
export function validBoxes(
  boxes: Tensor,
  format: BoundingBoxFormat,
  [height, width]: Size,
  minSize: number,
  minArea: number,
): Tensor {
  const corners = convertFormat(boxes, format, 'XYXY');
  const [x1, y1, x2, y2] = corners.unbind(-1) as [Tensor, Tensor, Tensor, Tensor];
  const [w, h] = [x2.sub(x1), y2.sub(y1)];
  const tests = [
    w.ge(minSize),
    h.ge(minSize),
    corners.ge(0).all(-1),
    w.mul(h).ge(minArea),
    x1.le(width),
    x2.le(width),
    y1.le(height),
    y2.le(height),
  ];
  return tests.reduce((valid, test) => valid.logicalAnd(test));
}

/** Options of {@link convertBoundingBoxFormat}. */
export interface ConvertOptions {
  /** Of a plain tensor, which does not say. */
  oldFormat?: BoundingBoxFormat | null;
  newFormat: BoundingBoxFormat;
  /** Write into the memory of the boxes themselves. */
  inplace?: boolean;
}

/** Boxes in another format. Where they were halved, whole numbers stay whole. */
export function convertBoundingBoxFormat<T extends Tensor>(
  input: T,
  ...rest: Arguments<
    [oldFormat: BoundingBoxFormat | null, newFormat: BoundingBoxFormat],
    ConvertOptions,
    ['oldFormat', 'newFormat', 'inplace']
  >
): T {
  const name = 'convertBoundingBoxFormat';
  checkTensor(`${name}()`, 'input', input);
  const defaults = { oldFormat: null, newFormat: required, inplace: false };
  const { oldFormat, newFormat, inplace } = readOptions<Required<ConvertOptions>>(name, defaults, rest);
  const to = formatOf(name, newFormat);
  const converted = (boxes: Tensor, from: BoundingBoxFormat): Tensor => {
    const output = convertFormat(boxes, from, to);
    return inplace && output !== boxes ? boxes.copy_(output) : output;
  };
  if (!(input instanceof BoundingBoxes)) return converted(checkBoxes(name, input), formatOf(name, oldFormat)) as T;
  if (oldFormat === null) return input.like(converted(input.asTensor(), input.format), { format: to });
  throw valueError(
    `${name}(): expected no \`oldFormat\` for BoundingBoxes, which say theirs, received ${describe(oldFormat)}`,
  );
}

/** Where boxes are, of a plain tensor, which does not say. */
export interface PlainBoxesOptions {
  format?: BoundingBoxFormat | null;
  canvasSize?: readonly [height: number, width: number] | null;
}

/** Options of {@link clampBoundingBoxes}. */
export interface ClampOptions extends PlainBoxesOptions {
  /** `auto`, the default, is what the boxes say. */
  clampingMode?: ClampingMode | 'auto';
}

/** Reads where boxes are: from themselves, or from the options. */
function placeOf(
  callee: string,
  input: Tensor,
  { format, canvasSize }: Required<PlainBoxesOptions>,
): readonly [BoundingBoxFormat, Size] {
  checkTensor(`${callee}()`, 'input', input);
  if (!(input instanceof BoundingBoxes)) {
    checkBoxes(callee, input);
    return [formatOf(callee, format), numbersOf(callee, 'canvasSize', canvasSize, [2]) as unknown as Size];
  }
  if (format === null && canvasSize === null) return [input.format, input.canvasSize];
  throw valueError(`${callee}(): expected no \`format\` and no \`canvasSize\` for BoundingBoxes, which say theirs`);
}

function checkBoxes(callee: string, boxes: Tensor): Tensor {
  if (boxes.ndim >= 1 && boxes.shape.at(-1) === 4) return boxes;
  throw new ArgumentError(`${callee}(): expected boxes [..., 4] for argument \`input\`, received ${describe(boxes)}`);
}

/** Cuts boxes at the edges of the image. */
export function clampBoundingBoxes<T extends Tensor>(
  input: T,
  ...rest: Tail<ClampOptions, ['format', 'canvasSize', 'clampingMode']>
): T {
  const name = 'clampBoundingBoxes';
  const defaults = { format: null, canvasSize: null, clampingMode: 'auto' as const };
  const options = readOptions<Required<ClampOptions>>(name, defaults, rest, ['clampingMode']);
  const [format, [height, width]] = placeOf(name, input, options);
  const { clampingMode } = options;
  const mode = clampingMode === 'auto' && input instanceof BoundingBoxes ? input.clampingMode : clampingMode;
  checkClampingMode(name, mode);
  const clamped = clampBoxes(input, format, { height, width }, mode);
  return (input instanceof BoundingBoxes ? input.like(clamped) : clamped) as T;
}

/** Options of {@link sanitizeBoundingBoxes}. */
export interface SanitizeOptions extends PlainBoxesOptions {
  /** Least side; 1 by default. */
  minSize?: number;
  /** Least area; 1 by default. */
  minArea?: number;
}

/** The boxes that are within the image and large enough, and which of them they are, as booleans `[N]`. */
export function sanitizeBoundingBoxes<T extends Tensor>(
  input: T,
  ...rest: Tail<SanitizeOptions, ['format', 'canvasSize', 'minSize', 'minArea']>
): [boxes: T, valid: Tensor] {
  const name = 'sanitizeBoundingBoxes';
  const defaults = { format: null, canvasSize: null, minSize: 1, minArea: 1 };
  const options = readOptions<Required<SanitizeOptions>>(name, defaults, rest);
  const [format, canvasSize] = placeOf(name, input, options);
  checkNumbers(name, { minSize: options.minSize, minArea: options.minArea });
  const valid = validBoxes(input, format, canvasSize, options.minSize, options.minArea);
  const kept = input.at(valid);
  return [(input instanceof BoundingBoxes ? input.like(kept) : kept) as T, valid];
}
