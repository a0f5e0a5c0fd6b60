/** Places: mirror images, turns, maps, of images, masks and boxes together. */
import type { Tensor } from '../../../tensor';
import type { Fill } from '../../kernels/arguments';
import { type AffineParams, cornersOf, drawAffine, drawCorners, drawDisplacement, uniform } from '../../kernels/draws';
import type { GridMode } from '../../kernels/grid';
import { perspectiveCoefficients } from '../../kernels/matrix';
import {
  type ElasticTransformTail,
  type RandomAffineArguments,
  type RandomPerspectiveTail,
  type RandomRotationArguments,
  readElastic,
  readRandomAffine,
  readRandomPerspective,
  readRandomRotation,
} from '../../v1/transforms/geometry';
import * as functional from '../functional';
import { behindKinds, type ByKind, fillFor, type FillByKind, fillsOf, querySize } from '../inputs';
import { RandomApplyTransform, Transform } from '../transform';

/** Mirrors left and right with probability `p`. */
export class RandomHorizontalFlip extends RandomApplyTransform {
  protected override transform(input: Tensor): Tensor {
    return functional.horizontalFlip(input);
  }
}

/** Mirrors top and bottom with probability `p`. */
export class RandomVerticalFlip extends RandomApplyTransform {
  protected override transform(input: Tensor): Tensor {
    return functional.verticalFlip(input);
  }
}

/** Turns by a random angle. Draws one number. `fill` may be one for each kind. */
export class RandomRotation extends Transform<number> {
  readonly degrees: readonly number[];
  readonly interpolation: GridMode;
  readonly expand: boolean;
  readonly fill: FillByKind;
  readonly center: readonly [x: number, y: number] | null;
  private readonly fills: ByKind<Fill>;

  constructor(...args: RandomRotationArguments<FillByKind>) {
    super();
    const options = readRandomRotation<FillByKind>(behindKinds(args));
    this.degrees = options.degrees;
    this.interpolation = options.interpolation;
    this.expand = options.expand;
    this.center = options.center;
    this.fill = options.fill;
    this.fills = fillsOf('RandomRotation', options.fill);
  }

  protected override makeParams(): number {
    return uniform(this.degrees[0] as number, this.degrees[1] as number);
  }

  protected override transform(input: Tensor, angle: number): Tensor {
    const { interpolation, expand, center, fills } = this;
    return functional.rotate(input, angle, interpolation, expand, center, fillFor(fills, input));
  }
}

/** Turns, moves, scales and shears at random. `fill` may be one for each kind. */
export class RandomAffine extends Transform<AffineParams> {
  readonly degrees: readonly number[];
  readonly translate: readonly [x: number, y: number] | null;
  readonly scale: readonly [low: number, high: number] | null;
  readonly shear: readonly number[] | null;
  readonly interpolation: GridMode;
  readonly fill: FillByKind;
  private readonly fills: ByKind<Fill>;
  readonly center: readonly [x: number, y: number] | null;

  constructor(...args: RandomAffineArguments<FillByKind>) {
    super();
    const options = readRandomAffine<FillByKind>(behindKinds(args));
    this.degrees = options.degrees;
    this.translate = options.translate;
    this.scale = options.scale;
    this.shear = options.shear;
    this.interpolation = options.interpolation;
    this.fill = options.fill;
    this.fills = fillsOf('RandomAffine', options.fill);
    this.center = options.center;
  }

  protected override makeParams(inputs: readonly unknown[]): AffineParams {
    return drawAffine(querySize(inputs), this);
  }

  protected override transform(input: Tensor, { angle, translate, scale, shear }: AffineParams): Tensor {
    const { interpolation, fills, center } = this;
    return functional.affine(input, angle, translate, scale, shear, interpolation, fillFor(fills, input), center);
  }
}

/** Moves the corners inwards at random, with probability `p`. `fill` may be one for each kind. */
export class RandomPerspective extends RandomApplyTransform<readonly number[]> {
  readonly distortionScale: number;
  readonly interpolation: GridMode;
  readonly fill: FillByKind;
  private readonly fills: ByKind<Fill>;

  constructor(...rest: RandomPerspectiveTail<FillByKind>) {
    const { distortionScale, p, interpolation, fill } = readRandomPerspective<FillByKind>(behindKinds(rest));
    super(p);
    this.distortionScale = distortionScale;
    this.interpolation = interpolation;
    this.fill = fill;
    this.fills = fillsOf('RandomPerspective', fill);
  }

  protected override makeParams(inputs: readonly unknown[]): readonly number[] {
    const size = querySize(inputs);
    return perspectiveCoefficients(cornersOf(size), drawCorners(size, this.distortionScale));
  }

  protected override transform(input: Tensor, coefficients: readonly number[]): Tensor {
    const { interpolation, fills } = this;
    return functional.perspective(input, null, null, interpolation, fillFor(fills, input), coefficients);
  }
}

/** Moves each pixel a little, its neighbours alike. `fill` may be one for each kind. */
export class ElasticTransform extends Transform<Tensor> {
  readonly alpha: readonly [x: number, y: number];
  readonly sigma: readonly [x: number, y: number];
  readonly interpolation: GridMode;
  readonly fill: FillByKind;
  private readonly fills: ByKind<Fill>;

  constructor(...rest: ElasticTransformTail<FillByKind>) {
    super();
    const { bounds, interpolation, fill } = readElastic<FillByKind>(behindKinds(rest));
    this.alpha = bounds.alpha;
    this.sigma = bounds.sigma;
    this.interpolation = interpolation;
    this.fill = fill;
    this.fills = fillsOf('ElasticTransform', fill);
  }

  protected override makeParams(inputs: readonly unknown[]): Tensor {
    return drawDisplacement(querySize(inputs), this.alpha, this.sigma, functional.gaussianBlur);
  }

  protected override transform(input: Tensor, displacement: Tensor): Tensor {
    return functional.elastic(input, displacement, this.interpolation, fillFor(this.fills, input));
  }
}
