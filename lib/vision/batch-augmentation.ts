/**
 * Augmentation of a whole batch at once: an affine map for each image and its mask, and a colour matrix for each image.
 *
 * The transforms of torchvision work image by image, in ten or more ops each; a small network on a CPU would spend a large
 * part of its step on them. Here a batch takes about twenty ops, whatever its size: all draws are one `rand`, all affine
 * maps one sampling grid, and brightness, contrast, saturation and hue, each of which is linear in the colours, one matrix.
 */
import { checkOptions, checkTensor, describe, scope, valueError } from '../engine';
import { gridSample } from '../nn/functional';
import { arange, int64, isFloatingDType, ones, rand, stack, tensor, type Tensor } from '../tensor';
import { pairOf } from './kernels/arguments';

/** Options of {@link BatchAugmentation}; what is 0 changes nothing. */
export interface BatchAugmentationOptions {
  /** Probability of a horizontal flip; the default is 0.5. */
  readonly flip?: number;
  /** Probability that an image is turned, zoomed, stretched and moved at all; the default is 1. */
  readonly affine?: number;
  /** Turned by up to so many degrees in either direction. */
  readonly rotate?: number;
  /** Zoomed by a factor from 1 / (1 + zoom) to 1 + zoom, evenly in its logarithm. */
  readonly zoom?: number;
  /** Wide and high stretched against each other by a factor from 1 / (1 + stretch) to 1 + stretch. */
  readonly stretch?: number;
  /** Moved by up to this share of the image's sides. */
  readonly translate?: number;
  /** Brightness times a factor from 1 − brightness to 1 + brightness. */
  readonly brightness?: number;
  /** Distance of each colour from the image's mean grey times a factor from 1 − contrast to 1 + contrast. */
  readonly contrast?: number;
  /** Distance of each colour from its own grey times a factor from 1 − saturation to 1 + saturation. */
  readonly saturation?: number;
  /** Colours turned about the grey axis by up to this share of the whole circle. */
  readonly hue?: number;
}

const usual = {
  flip: 0.5,
  affine: 1,
  rotate: 0,
  zoom: 0,
  stretch: 0,
  translate: 0,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  hue: 0,
} as const satisfies Required<BatchAugmentationOptions>;

type Strength = keyof typeof usual;

/** What each option may be at most. */
const most: Readonly<Record<Strength, number>> = {
  flip: 1,
  affine: 1,
  rotate: 180,
  zoom: Infinity,
  stretch: Infinity,
  translate: 1,
  brightness: 1,
  contrast: 1,
  saturation: 1,
  hue: 0.5,
};

/** The columns of the draws. Each has its own, so that a strength that is changed leaves the other draws as they are. */
const columns = [
  'flip',
  'affine',
  'rotate',
  'zoom',
  'stretch',
  'translateX',
  'translateY',
  'brightness',
  'contrast',
  'saturation',
  'hue',
] as const;

type Draws = Readonly<Record<(typeof columns)[number], Tensor>>;

const callee = 'BatchAugmentation.forward';

/** Shares of red, green and blue in a grey (ITU-R BT.601); they add up to 1, so that a grey stays what it is. */
const grey = [0.299, 0.587, 0.114] as const;

/**
 * Draws an affine map and a colour change for every image of a batch, and applies them. Masks go through the same map, by
 * their nearest pixel. What comes from beyond the image is its reflection, so that no class has to be made up for it.
 */
export class BatchAugmentation {
  readonly options: Readonly<Required<BatchAugmentationOptions>>;

  constructor(options: BatchAugmentationOptions = {}) {
    checkOptions('BatchAugmentation', options, Object.keys(usual));
    const strengths: Record<Strength, number> = { ...usual };
    for (const name of Object.keys(usual) as Strength[]) {
      const value: unknown = options[name] ?? usual[name];
      if (!(typeof value === 'number' && value >= 0 && value <= most[name] && Number.isFinite(value))) {
        const bounds = most[name] === Infinity ? 'of at least 0' : `from 0 to ${most[name]}`;
        throw valueError(
          `BatchAugmentation(): expected a number ${bounds} for option \`${name}\`, received ${describe(value)}`,
        );
      }
      strengths[name] = value;
    }
    this.options = strengths;
  }

  /**
   * Augments a batch; draws `[N, 11]` numbers from the default generator of the images' device.
   *
   * @param images - `[N, 3, H, W]` of a floating dtype, values from 0 to 1
   * @param masks - `[N, 1, H, W]` int64
   * @param size - `[height, width]` of the results, sampled straight from the batch; the default is the batch's own
   * @returns new images `[N, 3, height, width]` and masks `[N, 1, height, width]`, of the same dtypes
   */
  forward(images: Tensor, masks: Tensor, size?: readonly [height: number, width: number]): [Tensor, Tensor] {
    checkBatch(images, masks);
    const [height = 0, width = 0] = size === undefined ? images.shape.slice(2) : pairOf(callee, 'size', size);
    return scope(() => {
      const draws = draw(images);
      const grid = samplingGrid(this.maps(draws, images), height, width);
      const moved = gridSample(images, grid, { mode: 'bilinear', paddingMode: 'reflection' });
      const floats = masks.to(images.dtype);
      const movedMasks = gridSample(floats, grid, { mode: 'nearest', paddingMode: 'reflection' });
      return [this.recolour(draws, moved), movedMasks.to(int64)];
    });
  }

  /** Where each pixel of a result comes from, in coordinates from −1 to 1: `[N, 2, 3]`. */
  private maps(draws: Draws, images: Tensor): Tensor {
    const { flip, affine, rotate, zoom, stretch, translate } = this.options;
    const [, , height = 1, width = 1] = images.shape;
    const chosen = draws.affine.lt(affine).to(images.dtype);
    const either = (draw: Tensor, strength: number): Tensor => draw.mul(2).sub(1).mul(strength).mul(chosen);

    const angle = either(draws.rotate, (rotate * Math.PI) / 180);
    const zoomed = either(draws.zoom, Math.log1p(zoom)).neg();
    const stretched = either(draws.stretch, Math.log1p(stretch) / 2);
    const wide = zoomed.add(stretched).exp();
    const high = zoomed.sub(stretched).exp();
    const mirrored = draws.flip.lt(flip).to(images.dtype).mul(-2).add(1);
    const [cos, sin] = [angle.cos(), angle.sin()];
    // Turned in pixels: the sides' ratio keeps a square a square in an image that is none.
    const rows = [
      [
        cos.mul(wide).mul(mirrored),
        sin
          .neg()
          .mul(high)
          .mul(height / width),
        either(draws.translateX, 2 * translate),
      ],
      [
        sin
          .mul(wide)
          .mul(mirrored)
          .mul(width / height),
        cos.mul(high),
        either(draws.translateY, 2 * translate),
      ],
    ] as const;
    return stack(
      rows.map((row) => stack(row, 1)),
      1,
    );
  }

  /** One matrix and one vector for each image, applied to the colours of its pixels. */
  private recolour(draws: Draws, images: Tensor): Tensor {
    const { brightness, contrast, saturation, hue } = this.options;
    if (brightness === 0 && contrast === 0 && saturation === 0 && hue === 0) return images;
    const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
    const { device, dtype } = images;
    const factor = (draw: Tensor, strength: number): Tensor => draw.mul(2).sub(1).mul(strength).add(1);

    const bright = factor(draws.brightness, brightness);
    const contrasted = factor(draws.contrast, contrast);
    const saturated = factor(draws.saturation, saturation);
    const turned = draws.hue
      .mul(2)
      .sub(1)
      .mul(2 * Math.PI * hue);
    const parts = stack([turned.cos().mul(saturated), turned.sin().mul(saturated)], 1); // [N, 2]
    const basis = tensor(colourBasis.flat(), { dtype, device }).view([3, 9]);
    const matrices = parts
      .matmul(basis.narrow(0, 1, 2))
      .add(basis.narrow(0, 0, 1))
      .mul(bright.mul(contrasted).unsqueeze(1))
      .view([count, channels, channels]);
    // Saturation and hue leave greys alone, so what contrast adds is the same in every channel.
    const weights = tensor([...grey], { dtype, device });
    const means = images.mean([2, 3]).matmul(weights).mul(bright); // [N]
    const added = means.mul(contrasted.neg().add(1)).view([count, 1, 1]);
    const pixels = images.view([count, channels, height * width]);
    return added.baddbmm(matrices, pixels).clamp_(0, 1).view(images.shape);
  }
}

/**
 * `affineGrid`, as one product for the whole batch. Its rows lie one after another, x and y apart, which is how gridSample
 * reads them fastest: with it the grid costs a tenth of `affineGrid`'s.
 *
 * @returns `[N, height, width, 2]`, a view of `[N, 2, height, width]`
 */
function samplingGrid(maps: Tensor, height: number, width: number): Tensor {
  const { device, dtype } = maps;
  const centres = (side: number): Tensor =>
    arange(side, { device, dtype })
      .mul(2)
      .add(1 - side)
      .div(side);
  const places = ones([3, height, width], { device, dtype });
  places.select(0, 0).copy_(centres(width));
  places.select(0, 1).copy_(centres(height).unsqueeze(1));
  const count = maps.shape[0] ?? 0;
  const moved = maps.view([2 * count, 3]).matmul(places.view([3, height * width]));
  return moved.view([count, 2, height, width]).permute([0, 2, 3, 1]);
}

function draw(images: Tensor): Draws {
  const { device, dtype, shape } = images;
  const numbers = rand([shape[0] ?? 0, columns.length], { device, dtype }).unbind(1);
  return Object.fromEntries(columns.map((name, index) => [name, numbers[index]])) as unknown as Draws;
}

/**
 * What a colour change is a sum of, for any angle and saturation, each a matrix `[3, 3]` row by row: the part that keeps
 * the grey, the part that keeps the colour, and the colour turned by a right angle about the grey axis without its grey.
 */
const colourBasis: readonly (readonly number[])[] = (() => {
  const [r, g, b] = grey;
  const keepGrey = [r, g, b, r, g, b, r, g, b];
  const keepColour = [1 - r, -g, -b, -r, 1 - g, -b, -r, -g, 1 - b];
  const across = [0, -1, 1, 1, 0, -1, -1, 1, 0]; // the cross product with (1, 1, 1)
  const greyOfIt = [g - b, b - r, r - g];
  const turn = across.map((value, index) => (value - (greyOfIt[index % 3] ?? 0)) / Math.sqrt(3));
  return [keepGrey, keepColour, turn];
})();

function checkBatch(images: Tensor, masks: Tensor): void {
  checkTensor(`${callee}()`, 'images', images);
  checkTensor(`${callee}()`, 'masks', masks);
  const [count, channels, ...sides] = images.shape;
  if (images.ndim !== 4 || channels !== 3 || !isFloatingDType(images.dtype)) {
    throw valueError(
      `${callee}(): expected floats [N, 3, H, W] for argument \`images\`, ` +
        `received ${images.dtype} [${images.shape.join(', ')}]`,
    );
  }
  const expected = [count, 1, ...sides].join(', ');
  if (masks.dtype !== int64 || masks.shape.join(', ') !== expected) {
    throw valueError(
      `${callee}(): expected int64 [${expected}] for argument \`masks\`, as the images are ` +
        `[${images.shape.join(', ')}], received ${masks.dtype} [${masks.shape.join(', ')}]`,
    );
  }
}
