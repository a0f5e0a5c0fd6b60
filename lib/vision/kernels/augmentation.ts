/** What the automatic augmentations of v1 and v2 share: the operations, their magnitudes, and most of their draws. */
import { checkInteger, describe, libm, valueError } from '../../engine';
import { arange, callOp, linspace, rand, randint, type Tensor, tensor } from '../../tensor';
import type { Fill } from './arguments';
import { integer } from './draws';
import type { Canvas, GridMode } from './grid';
import { maximum } from './image';
import { degrees } from './matrix';
import { AutoAugmentPolicy, policySteps } from './policies';

/** The functions of v1 or of v2. */
export interface Operations {
  affine(
    image: Tensor,
    angle: number,
    translate: readonly [x: number, y: number],
    scale: number,
    shear: readonly number[],
    options: { interpolation: GridMode; fill: Fill; center?: readonly [x: number, y: number] | null },
  ): Tensor;
  rotate(image: Tensor, angle: number, options: { interpolation: GridMode; fill: Fill }): Tensor;
  adjustBrightness(image: Tensor, factor: number): Tensor;
  adjustSaturation(image: Tensor, factor: number): Tensor;
  adjustContrast(image: Tensor, factor: number): Tensor;
  adjustSharpness(image: Tensor, factor: number): Tensor;
  posterize(image: Tensor, bits: number): Tensor;
  solarize(image: Tensor, threshold: number): Tensor;
  autocontrast(image: Tensor): Tensor;
  equalize(image: Tensor): Tensor;
  invert(image: Tensor): Tensor;
}

/** What v1 and v2 do otherwise. */
export interface Flavour {
  readonly operations: Operations;
  /** Thresholds are in steps of 255, or of the image's light. */
  readonly isOfBytes: boolean;
  /** Draws whether a magnitude is negative. */
  readonly isNegative: () => boolean;
}

/** v1 draws a whole number for the sign. */
export const drawsWholeSign = (): boolean => integer(0, 2) !== 0;

/** v2 draws a share of 1 for the sign. */
export const drawsShareForSign = (): boolean => rand([]).le(0.5).item() !== 0;

/** How an operation fills and finds places between pixels. */
export interface Sampled {
  readonly interpolation: GridMode;
  readonly fill: Fill;
}

/** The largest magnitudes. */
interface Limits {
  readonly shear: number;
  readonly translate: (side: number) => number;
  readonly rotate: number;
  readonly factor: number;
  /** Bits of the first step, and how many fewer those of the last are. */
  readonly bits: readonly [first: number, fewer: number];
}

const USUAL: Limits = {
  shear: 0.3,
  translate: (side) => (150 / 331) * side,
  rotate: 30,
  factor: 0.9,
  bits: [8, 4],
};
const WIDE: Limits = { shear: 0.99, translate: () => 32, rotate: 135, factor: 0.99, bits: [8, 6] };
const MIXED: Limits = { ...USUAL, translate: (side) => side / 3, bits: [4, 4] };

const PLACES = ['ShearX', 'ShearY', 'TranslateX', 'TranslateY', 'Rotate'];
const COLOURS = ['Brightness', 'Color', 'Contrast', 'Sharpness'];
const LEVELS = ['Posterize', 'Solarize', 'AutoContrast', 'Equalize'];
/** Operations whose magnitude may be negative. */
const SIGNED: ReadonlySet<string> = new Set([...PLACES, ...COLOURS]);
const RANDOM = ['Identity', ...PLACES, ...COLOURS, ...LEVELS];

/** The magnitudes of an operation in steps; null where it has none. */
function magnitudes(name: string, steps: number, limits: Limits, image: Canvas, flavour: Flavour): Tensor | null {
  const upTo = (most: number): Tensor => linspace(0, most, steps);
  switch (name) {
    case 'ShearX':
    case 'ShearY':
      return upTo(limits.shear);
    case 'TranslateX':
      return upTo(limits.translate(image.width));
    case 'TranslateY':
      return upTo(limits.translate(image.height));
    case 'Rotate':
      return upTo(limits.rotate);
    case 'Posterize': {
      const [first, fewer] = limits.bits;
      return arange(steps)
        .div((steps - 1) / fewer)
        .round()
        .rsub(first);
    }
    case 'Solarize':
      return linspace(flavour.isOfBytes ? 255 : 1, 0, steps);
    default:
      return COLOURS.includes(name) ? upTo(limits.factor) : null;
  }
}

/** Does one operation. */
function augment(image: Tensor, name: string, magnitude: number, given: Sampled, flavour: Flavour): Tensor {
  const { operations: does, isOfBytes } = flavour;
  // Of objects that have more, too: an operation would refuse that.
  const how = { interpolation: given.interpolation, fill: given.fill };
  const sheared = (x: number, y: number): Tensor =>
    does.affine(image, 0, [0, 0], 1, [x, y], { ...how, center: [0, 0] });
  const moved = (x: number, y: number): Tensor => does.affine(image, 0, [x, y], 1, [0, 0], how);
  switch (name) {
    case 'ShearX':
      return sheared(degrees(libm.atan(magnitude)), 0);
    case 'ShearY':
      return sheared(0, degrees(libm.atan(magnitude)));
    case 'TranslateX':
      return moved(Math.trunc(magnitude), 0);
    case 'TranslateY':
      return moved(0, Math.trunc(magnitude));
    case 'Rotate':
      return does.rotate(image, magnitude, how);
    case 'Brightness':
      return does.adjustBrightness(image, 1 + magnitude);
    case 'Color':
      return does.adjustSaturation(image, 1 + magnitude);
    case 'Contrast':
      return does.adjustContrast(image, 1 + magnitude);
    case 'Sharpness':
      return does.adjustSharpness(image, 1 + magnitude);
    case 'Posterize':
      return does.posterize(image, Math.trunc(magnitude));
    case 'Solarize':
      return does.solarize(image, isOfBytes ? magnitude : maximum(image.dtype) * magnitude);
    case 'AutoContrast':
      return does.autocontrast(image);
    case 'Equalize':
      return does.equalize(image);
    case 'Invert':
      return does.invert(image);
    default:
      return image;
  }
}

/** Draws one operation and its magnitude, and does it. */
function augmentAtRandom(
  image: Tensor,
  names: readonly string[],
  steps: number,
  limits: Limits,
  step: () => number,
  size: Canvas,
  how: Sampled,
  flavour: Flavour,
): Tensor {
  const name = names[integer(0, names.length)] as string;
  const values = magnitudes(name, steps, limits, size, flavour);
  const value = values === null ? 0 : values.select(0, step()).item();
  const magnitude = values !== null && SIGNED.has(name) && flavour.isNegative() ? -value : value;
  return augment(image, name, magnitude, how, flavour);
}

/** Options of RandAugment. */
export interface RandAugmentOptions {
  /** How many operations; 2 by default. */
  numOps?: number;
  /** The step of their magnitude; 9 by default. */
  magnitude?: number;
  /** The number of steps; 31 by default. */
  numMagnitudeBins?: number;
}

/** Refuses numbers that are no steps. */
export function checkRandAugment(options: Required<RandAugmentOptions>): void {
  const { numOps, magnitude, numMagnitudeBins } = options;
  checkInteger('RandAugment', 'numOps', numOps, 0);
  checkInteger('RandAugment', 'numMagnitudeBins', numMagnitudeBins, 2, 1e6);
  checkInteger('RandAugment', 'magnitude', magnitude, 0, numMagnitudeBins - 1);
}

/** Random operations of one magnitude, one after the other (Cubuk et al. 2020). */
export function randAugment(
  image: Tensor,
  size: Canvas,
  { numOps, magnitude, numMagnitudeBins }: Required<RandAugmentOptions>,
  how: Sampled,
  flavour: Flavour,
): Tensor {
  let augmented = image;
  for (let count = 0; count < numOps; count += 1) {
    augmented = augmentAtRandom(augmented, RANDOM, numMagnitudeBins, USUAL, () => magnitude, size, how, flavour);
  }
  return augmented;
}

/** One random operation of random magnitude (Müller and Hutter 2021). */
export function trivialAugmentWide(image: Tensor, size: Canvas, bins: number, how: Sampled, flavour: Flavour): Tensor {
  return augmentAtRandom(image, RANDOM, bins, WIDE, () => integer(0, bins), size, how, flavour);
}

/** Options of AugMix. */
export interface AugMixOptions {
  /** Of which of ten steps magnitudes are drawn, 1 to 10; 3 by default. */
  severity?: number;
  /** The number of chains that are mixed; 3 by default. */
  mixtureWidth?: number;
  /** The number of operations of a chain; drawn from 1 to 3 where it is not above 0, as by default. */
  chainDepth?: number;
  /** Of the distributions from which the weights are drawn; 1 by default. */
  alpha?: number;
  /** With brightness, colour, contrast and sharpness, which the tests of robustness have, too; true by default. */
  allOps?: boolean;
}

/** Steps of magnitude of AugMix. */
const MIX_STEPS = 10;

/** Refuses numbers that are none. */
export function checkAugMix({ severity, mixtureWidth, chainDepth, alpha }: Required<AugMixOptions>): void {
  checkInteger('AugMix', 'severity', severity, 1, MIX_STEPS);
  checkInteger('AugMix', 'mixtureWidth', mixtureWidth, 1);
  checkInteger('AugMix', 'chainDepth', chainDepth);
  if (!(alpha > 0)) throw valueError(`AugMix(): expected a number above 0 for argument \`alpha\`, received ${alpha}`);
}

/** The image mixed with chains of operations on it (Hendrycks et al. 2020). */
export function augMix(
  image: Tensor,
  size: Canvas,
  options: Required<AugMixOptions>,
  how: Sampled,
  flavour: Flavour,
): Tensor {
  const { severity, mixtureWidth, chainDepth, alpha, allOps } = options;
  const { shape, device } = image;
  const batch = image.reshape([...Array<number>(Math.max(4 - shape.length, 0)).fill(1), ...shape]);
  const count = batch.size(0);
  const dims = [count, ...Array<number>(batch.ndim - 1).fill(1)];
  const weights = (n: number): Tensor => {
    const concentration = tensor(Array<number>(n).fill(alpha), { dtype: 'float32', device });
    return callOp<Tensor>('aten::_sample_dirichlet', [concentration.expand([count, -1])]);
  };
  const shares = weights(2);
  const chains = weights(mixtureWidth).mul(shares.select(1, 1).view([count, -1]));
  const names = allOps ? [...PLACES, ...LEVELS, ...COLOURS] : [...PLACES, ...LEVELS];
  const mixed = shares.select(1, 0).view(dims).mul(batch);
  for (let chain = 0; chain < mixtureWidth; chain += 1) {
    const depth = chainDepth > 0 ? chainDepth : integer(1, 4);
    let augmented = batch;
    for (let link = 0; link < depth; link += 1) {
      augmented = augmentAtRandom(augmented, names, MIX_STEPS, MIXED, () => integer(0, severity), size, how, flavour);
    }
    mixed.add_(chains.select(1, chain).view(dims).mul(augmented));
  }
  return mixed.view(shape).to(image.dtype);
}

/** Steps of magnitude of the policies. */
const POLICY_STEPS = 10;

/** Refuses what is no policy. */
export function checkPolicy(policy: unknown): asserts policy is AutoAugmentPolicy {
  const names: readonly unknown[] = Object.values(AutoAugmentPolicy);
  if (names.includes(policy)) return;
  throw valueError(
    `AutoAugment(): expected one of ${names.map((name) => `'${String(name)}'`).join(', ')} for argument \`policy\`, received ${describe(policy)}`,
  );
}

/** Draws of v1's AutoAugment for two operations, all before the first; v2 draws for each when it comes to it. */
export interface PolicyDraws {
  happens(operation: number, probability: number): boolean;
  isNegative(operation: number): boolean;
}

/** v1's draws. */
export function drawPolicyAtOnce(): PolicyDraws {
  const chances = rand([2]);
  const signs = randint(2, [2]).tolist() as number[];
  return {
    happens: (operation, probability) => chances.select(0, operation).le(probability).item() !== 0,
    isNegative: (operation) => signs[operation] === 0,
  };
}

/** v2's draws. */
export const drawPolicyOneByOne = (): PolicyDraws => ({
  happens: (_, probability) => rand([]).le(probability).item() !== 0,
  isNegative: drawsShareForSign,
});

/** Two operations of a policy, each with its probability and magnitude (Cubuk et al. 2019). */
export function autoAugment(
  image: Tensor,
  size: Canvas,
  policy: AutoAugmentPolicy,
  how: Sampled,
  flavour: Flavour,
  drawPolicy: () => PolicyDraws,
): Tensor {
  const pairs = policySteps(policy);
  const pair = pairs[integer(0, pairs.length)] as (typeof pairs)[number];
  const draws = drawPolicy();
  let augmented = image;
  for (const [operation, [name, probability, step]] of pair.entries()) {
    if (!draws.happens(operation, probability)) continue;
    const values = magnitudes(name, POLICY_STEPS, USUAL, size, flavour);
    const value = values === null || step === null ? 0 : values.select(0, step).item();
    const isNegative = values !== null && SIGNED.has(name) && draws.isNegative(operation);
    augmented = augment(augmented, name, isNegative ? -value : value, how, flavour);
  }
  return augmented;
}
