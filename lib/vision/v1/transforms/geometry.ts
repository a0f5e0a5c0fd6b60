/** Places: mirror images, turns, maps. */
import { valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import { type Arguments, required, type Tail } from '../../../tensor/tail';
import * as functional from '../functional';
import { anglesOf, checkFill, checkProbability, type Fill, optionalPair, twoOf } from '../../kernels/arguments';
import {
  type AffineBounds,
  type AffineParams,
  cornersOf,
  drawAffine,
  drawCorners,
  drawDisplacement,
  happens,
  uniform,
} from '../../kernels/draws';
import { dimensions } from '../../kernels/image';
import type { GridMode } from '../../kernels/grid';
import { AtRandom, type ChanceOptions, type Transform } from './transform';
import { enumRepr, Printed, type Shown, valueRepr } from '../../printing';

/** Mirrors left and right with probability `p`. Always draws one number. */
export class RandomHorizontalFlip extends AtRandom {
  protected override happens(): boolean {
    return happens(this.p);
  }

  protected override apply(image: Tensor): Tensor {
    return functional.hflip(image);
  }
}

/** Mirrors top and bottom with probability `p`. Always draws one number. */
export class RandomVerticalFlip extends AtRandom {
  protected override happens(): boolean {
    return happens(this.p);
  }

  protected override apply(image: Tensor): Tensor {
    return functional.vflip(image);
  }
}

/** An angle x for degrees from −x to x, or the two bounds. */
export type Degrees = number | readonly [low: number, high: number];

/** Options of {@link RandomRotation}. */
export type RandomRotationOptions<F = Fill> = functional.RotateOptions<F>;

/** The arguments of a RandomRotation. @inline */
export type RandomRotationArguments<F = Fill> = Arguments<
  [degrees: Degrees],
  { degrees: Degrees } & RandomRotationOptions<F>,
  ['degrees', 'interpolation', 'expand', 'center', 'fill']
>;

/** What it keeps. */
interface Rotation<F> extends Required<RandomRotationOptions<F>> {
  readonly degrees: readonly number[];
}

/** Reads and checks them, but for the fill, which is 0 by default. */
export function readRandomRotation<F>(args: readonly unknown[]): Rotation<F | number> {
  const name = 'RandomRotation';
  const options = readOptions<Required<RandomRotationOptions<F | number>> & { degrees: Degrees }>(
    name,
    { degrees: required, interpolation: 'nearest', expand: false, center: null, fill: 0 },
    args,
    ['fill'],
  );
  return {
    ...options,
    degrees: anglesOf(name, 'degrees', options.degrees),
    center: optionalPair(name, 'center', options.center),
  };
}

/** Turns by a random angle. Draws one number. */
export class RandomRotation extends Printed implements Transform {
  readonly degrees: readonly number[];
  readonly interpolation: GridMode;
  readonly expand: boolean;
  readonly center: readonly [x: number, y: number] | null;
  readonly fill: Fill;

  constructor(...args: RandomRotationArguments) {
    super();
    const options = readRandomRotation<Fill>(args);
    checkFill('RandomRotation', options.fill);
    this.degrees = options.degrees;
    this.interpolation = options.interpolation;
    this.expand = options.expand;
    this.center = options.center;
    this.fill = options.fill ?? 0;
  }

  /** Draws the angle. */
  getParams(): number {
    return uniform(this.degrees[0] as number, this.degrees[1] as number);
  }

  forward(image: Tensor): Tensor {
    dimensions(image);
    return functional.rotate(image, this.getParams(), this.interpolation, this.expand, this.center, this.fill);
  }

  protected override shown(): Shown {
    const { center, fill, ...always } = this;
    return { ...always, ...(center === null ? {} : { center }), fill };
  }
}

/** Options of {@link RandomAffine}. */
export interface RandomAffineOptions<F = Fill> extends functional.AffineOptions<F> {
  /** The most that it moves, as shares of width and height. */
  translate?: readonly [x: number, y: number] | null;
  /** Bounds of the factor of the size. */
  scale?: readonly [low: number, high: number] | null;
  /** Degrees along x: a number, or bounds; or the bounds along x and along y. */
  shear?: Degrees | readonly [xLow: number, xHigh: number, yLow: number, yHigh: number] | null;
}

/** The arguments of a RandomAffine. @inline */
export type RandomAffineArguments<F = Fill> = Arguments<
  [degrees: Degrees],
  { degrees: Degrees } & RandomAffineOptions<F>,
  ['degrees', 'translate', 'scale', 'shear', 'interpolation', 'fill', 'center']
>;

/** What it keeps. */
interface AffineDraw<F> extends AffineBounds {
  readonly interpolation: GridMode;
  readonly fill: F;
  readonly center: readonly [x: number, y: number] | null;
}

/** Reads and checks them, but for the fill, which is 0 by default. */
export function readRandomAffine<F>(args: readonly unknown[]): AffineDraw<F | number> {
  const name = 'RandomAffine';
  const options = readOptions<Required<RandomAffineOptions<F | number>> & { degrees: Degrees }>(
    name,
    {
      degrees: required,
      translate: null,
      scale: null,
      shear: null,
      interpolation: 'nearest',
      fill: 0,
      center: null,
    },
    args,
    ['fill'],
  );
  return {
    degrees: anglesOf(name, 'degrees', options.degrees),
    translate: optionalPair(name, 'translate', options.translate, (x) => x >= 0 && x <= 1),
    scale: optionalPair(name, 'scale', options.scale, (x) => x > 0 && x < Infinity),
    shear: options.shear === null ? null : anglesOf(name, 'shear', options.shear, [2, 4]),
    interpolation: options.interpolation,
    fill: options.fill,
    center: optionalPair(name, 'center', options.center),
  };
}

/** Turns, moves, scales and shears at random. Draws a number for the angle, and for each bound that is given. */
export class RandomAffine extends Printed implements Transform {
  readonly degrees: readonly number[];
  readonly translate: readonly [x: number, y: number] | null;
  readonly scale: readonly [low: number, high: number] | null;
  readonly shear: readonly number[] | null;
  readonly interpolation: GridMode;
  readonly fill: Fill;
  readonly center: readonly [x: number, y: number] | null;

  constructor(...args: RandomAffineArguments) {
    super();
    const options = readRandomAffine<Fill>(args);
    checkFill('RandomAffine', options.fill);
    this.degrees = options.degrees;
    this.translate = options.translate;
    this.scale = options.scale;
    this.shear = options.shear;
    this.interpolation = options.interpolation;
    this.fill = options.fill ?? 0;
    this.center = options.center;
  }

  /** Draws the map. */
  getParams(image: Tensor): AffineParams {
    return drawAffine(dimensions(image), this);
  }

  forward(image: Tensor): Tensor {
    const { angle, translate, scale, shear } = this.getParams(image);
    return functional.affine(image, angle, translate, scale, shear, this.interpolation, this.fill, this.center);
  }

  protected override shown(): Shown {
    // All but angles are left out where they change nothing.
    const usual: Readonly<Record<string, unknown>> = { interpolation: 'nearest', fill: 0 };
    const entries = Object.entries(super.shown()) as [string, unknown][];
    return Object.fromEntries(entries.filter(([name, value]) => value !== null && value !== usual[name]));
  }
}

/** Options of {@link RandomPerspective}. */
export interface RandomPerspectiveOptions<F = Fill> extends functional.PerspectiveOptions<F>, ChanceOptions {
  /** How far a corner may move, as a share of half a side; the default is 0.5. */
  distortionScale?: number;
}

/** The arguments of a RandomPerspective. @inline */
export type RandomPerspectiveTail<F = Fill> = Tail<
  RandomPerspectiveOptions<F>,
  ['distortionScale', 'p', 'interpolation', 'fill']
>;

/** Reads and checks them, but for the fill, which is 0 by default. */
export function readRandomPerspective<F>(args: readonly unknown[]): Required<RandomPerspectiveOptions<F | number>> {
  const options = readOptions<Required<RandomPerspectiveOptions<F | number>>>(
    'RandomPerspective',
    { distortionScale: 0.5, p: 0.5, interpolation: 'bilinear', fill: 0 },
    args,
    ['fill'],
  );
  const { distortionScale, p } = options;
  checkProbability('RandomPerspective', p);
  if (distortionScale >= 0 && distortionScale <= 1) return options;
  throw valueError(
    `RandomPerspective(): expected 0 to 1 for argument \`distortionScale\`, received ${distortionScale}`,
  );
}

/** Moves the corners inwards at random, with probability `p`. Draws one number, and eight more where it happens. */
export class RandomPerspective extends Printed implements Transform {
  readonly distortionScale: number;
  readonly p: number;
  readonly interpolation: GridMode;
  readonly fill: Fill;

  constructor(...rest: RandomPerspectiveTail) {
    super();
    const { distortionScale, p, interpolation, fill } = readRandomPerspective<Fill>(rest);
    checkFill('RandomPerspective', fill);
    this.distortionScale = distortionScale;
    this.p = p;
    this.interpolation = interpolation;
    this.fill = fill ?? 0;
  }

  /** Draws where the corners go: clockwise from the top left, each (x, y). */
  getParams(image: Tensor): { readonly startpoints: functional.Corners; readonly endpoints: functional.Corners } {
    const size = dimensions(image);
    return { startpoints: cornersOf(size), endpoints: drawCorners(size, this.distortionScale) };
  }

  forward(image: Tensor): Tensor {
    dimensions(image);
    if (!happens(this.p)) return image;
    const { startpoints, endpoints } = this.getParams(image);
    return functional.perspective(image, startpoints, endpoints, this.interpolation, this.fill);
  }

  protected override shown(): Shown {
    return { p: this.p };
  }
}

/** Options of {@link ElasticTransform}. */
export interface ElasticTransformOptions<F = Fill> extends functional.PerspectiveOptions<F> {
  /** How far pixels move, along x and y; the default is 50. */
  alpha?: number | readonly [both: number] | readonly [x: number, y: number];
  /** How smooth that is, along x and y: the standard deviation of a blur; the default is 5. */
  sigma?: number | readonly [both: number] | readonly [x: number, y: number];
}

/** The arguments of an ElasticTransform. @inline */
export type ElasticTransformTail<F = Fill> = Tail<
  ElasticTransformOptions<F>,
  ['alpha', 'sigma', 'interpolation', 'fill']
>;

/** What it keeps. */
export interface ElasticBounds {
  readonly alpha: readonly [x: number, y: number];
  readonly sigma: readonly [x: number, y: number];
}

/** Reads and checks them, but for the fill, which is 0 by default. */
export function readElastic<F>(args: readonly unknown[]): {
  readonly bounds: ElasticBounds;
  readonly interpolation: GridMode;
  readonly fill: F | number;
} {
  const name = 'ElasticTransform';
  const { alpha, sigma, interpolation, fill } = readOptions<Required<ElasticTransformOptions<F | number>>>(
    name,
    { alpha: 50, sigma: 5, interpolation: 'bilinear', fill: 0 },
    args,
    ['alpha', 'sigma', 'fill'],
  );
  const bounds = { alpha: twoOf(name, 'alpha', alpha), sigma: twoOf(name, 'sigma', sigma, (x) => x >= 0 && x < 1e6) };
  return { bounds, interpolation, fill };
}

/** Moves each pixel a little, its neighbours alike. Draws two numbers for each pixel. */
export class ElasticTransform extends Printed implements Transform {
  readonly alpha: readonly [x: number, y: number];
  readonly sigma: readonly [x: number, y: number];
  readonly interpolation: GridMode;
  readonly fill: Fill;

  constructor(...rest: ElasticTransformTail) {
    super();
    const { bounds, interpolation, fill } = readElastic<Fill>(rest);
    checkFill('ElasticTransform', fill);
    this.alpha = bounds.alpha;
    this.sigma = bounds.sigma;
    this.interpolation = interpolation;
    this.fill = fill ?? 0;
  }

  /** Draws the displacement `[1, H, W, 2]`. */
  getParams(image: Tensor): Tensor {
    return drawDisplacement(dimensions(image), this.alpha, this.sigma, functional.gaussianBlur);
  }

  forward(image: Tensor): Tensor {
    return functional.elasticTransform(image, this.getParams(image), this.interpolation, this.fill);
  }

  protected override shown(): Shown {
    const { interpolation, fill } = this;
    const fills = typeof fill === 'number' ? [fill] : fill;
    return {
      ...super.shown(),
      interpolation: enumRepr('InterpolationMode', interpolation),
      fill: valueRepr(fills, true),
    };
  }
}
