import { workerArguments } from '../../data';
import { describe, valueError } from '../../engine';
import { readOptions } from '../../nn/arguments';
import type { NestedData, Tensor } from '../../tensor';
import { numbersOf } from '../kernels/arguments';
import { tensorOf, TV_DEFAULTS, TVTensor, type TVTensorOptions } from './tv-tensor';

/** What the four numbers of a box are: two corners, a corner and the sides, or the centre and the sides. */
export type BoundingBoxFormat = 'XYXY' | 'XYWH' | 'CXCYWH';

const FORMATS: readonly BoundingBoxFormat[] = ['XYXY', 'XYWH', 'CXCYWH'];

/** Boxes are cut at the edge of the image (the two differ for rotated boxes only), or left as they are. */
export type ClampingMode = 'soft' | 'hard' | null;

/** Options of {@link BoundingBoxes}. */
export interface BoundingBoxesOptions extends TVTensorOptions {
  format: BoundingBoxFormat;
  /** Height and width of the image that they lie in. */
  canvasSize: readonly [height: number, width: number];
  /** The default is `soft`. */
  clampingMode?: ClampingMode;
}

/** Reads a format; as in Python, small letters do. */
export function formatOf(callee: string, format: unknown): BoundingBoxFormat {
  const found = FORMATS.find((known) => typeof format === 'string' && format.toUpperCase() === known);
  if (found !== undefined) return found;
  throw valueError(
    `${callee}(): expected one of ${FORMATS.join(', ')} for argument \`format\`, received ${describe(format)}`,
  );
}

/** Refuses what is no mode. */
export function checkClampingMode(callee: string, mode: unknown): asserts mode is ClampingMode {
  if (mode === null || mode === 'soft' || mode === 'hard') return;
  throw valueError(
    `${callee}(): expected 'soft', 'hard' or null for argument \`clampingMode\`, received ${describe(mode)}`,
  );
}

/** Boxes `[N, 4]` in an image (`torchvision.tv_tensors.BoundingBoxes`). Rotated formats are not here. */
export class BoundingBoxes extends TVTensor {
  readonly format: BoundingBoxFormat;
  readonly canvasSize: readonly [height: number, width: number];
  readonly clampingMode: ClampingMode;

  /** @param data - `[N, 4]`, or one box `[4]` */
  constructor(data: Tensor | NestedData, options: BoundingBoxesOptions) {
    const name = 'BoundingBoxes';
    const defaults = { ...TV_DEFAULTS, format: null, canvasSize: null, clampingMode: 'soft' };
    const { format, canvasSize, clampingMode, ...rest } = readOptions(name, defaults, [options], ['clampingMode']);
    const found = formatOf(name, format);
    const canvas = numbersOf(name, 'canvasSize', canvasSize, [2]) as unknown as readonly [number, number];
    checkClampingMode(name, clampingMode);
    const tensor = tensorOf(name, data, rest);
    if (tensor.ndim !== 1 && tensor.ndim !== 2) {
      throw valueError(`${name}(): expected [N, 4] or [4] for argument \`data\`, received ${describe(tensor)}`);
    }
    super(tensor.ndim === 1 ? tensor.unsqueeze(0) : tensor);
    this.format = found;
    this.canvasSize = canvas;
    this.clampingMode = clampingMode;
  }

  override [workerArguments](): unknown[] {
    const { format, canvasSize, clampingMode } = this;
    return [this.asTensor(), { format, canvasSize, clampingMode }];
  }

  override like(tensor: Tensor, changes: Partial<BoundingBoxesOptions> = {}): this {
    const { format, canvasSize, clampingMode } = this;
    return new BoundingBoxes(tensor, { format, canvasSize, clampingMode, ...changes }) as this;
  }

  /** What Python prints behind the numbers. */
  override toString(): string {
    const { format, canvasSize, clampingMode } = this;
    return `${super.toString().slice(0, -1)}, format=${format}, canvasSize=[${canvasSize.join(', ')}], clampingMode=${String(clampingMode)})`;
  }
}
