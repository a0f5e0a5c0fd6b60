/** Augmentations that choose their operations themselves. */
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import * as functional from '../functional';
import { checkFill, type Fill } from '../../kernels/arguments';
import {
  augMix,
  type AugMixOptions,
  autoAugment,
  checkAugMix,
  checkPolicy,
  checkRandAugment,
  drawPolicyAtOnce,
  drawsWholeSign,
  type Flavour,
  randAugment,
  type RandAugmentOptions,
  trivialAugmentWide,
} from '../../kernels/augmentation';
import type { GridMode } from '../../kernels/grid';
import { dimensions } from '../../kernels/image';
import type { AutoAugmentPolicy } from '../../kernels/policies';
import { checkInteger } from '../../../engine';
import type { Transform } from './transform';
import { enumRepr, Printed, type Shown } from '../../printing';

const flavour: Flavour = { operations: functional, isOfBytes: true, isNegative: drawsWholeSign };

/** Options of all of these. */
export interface AugmentOptions<F = Fill> {
  /** `nearest` or `bilinear`. */
  interpolation?: GridMode;
  /** What comes to places beyond the image: one number, or one for each channel. Null, the default, is 0. */
  fill?: F;
}

/** The defaults of {@link AugmentOptions}. */
export const AUGMENT_DEFAULTS = { interpolation: 'nearest' as GridMode, fill: null };

/** What all of these share. */
abstract class Augmentation extends Printed implements Transform {
  readonly interpolation: GridMode;
  readonly fill: Fill;

  constructor({ interpolation, fill }: Required<AugmentOptions>) {
    super();
    checkFill(new.target.name, fill);
    this.interpolation = interpolation;
    this.fill = fill;
  }

  /** Applies the step. */
  abstract forward(image: Tensor): Tensor;

  /** The attributes, with those that all share behind a class's own. */
  protected override shown(): Shown {
    const { interpolation, fill, ...own } = this;
    return { ...own, interpolation: enumRepr('InterpolationMode', interpolation), fill };
  }
}

/** Options of {@link AutoAugment}. */
export interface AutoAugmentOptions<F = Fill> extends AugmentOptions<F> {
  /** `imagenet` by default. */
  policy?: AutoAugmentPolicy;
}

/** The arguments of an AutoAugment. @inline */
export type AutoAugmentTail<F = Fill> = Tail<AutoAugmentOptions<F>, ['policy', 'interpolation', 'fill']>;

/** Two operations of a policy that was found for a data set (Cubuk et al. 2019). Bytes only. */
export class AutoAugment extends Augmentation {
  readonly policy: AutoAugmentPolicy;

  constructor(...rest: AutoAugmentTail) {
    const defaults = { policy: 'imagenet' as AutoAugmentPolicy, ...AUGMENT_DEFAULTS };
    const options = readOptions<Required<AutoAugmentOptions>>('AutoAugment', defaults, rest);
    super(options);
    checkPolicy(options.policy);
    this.policy = options.policy;
  }

  override forward(image: Tensor): Tensor {
    return autoAugment(image, dimensions(image), this.policy, this, flavour, drawPolicyAtOnce);
  }

  /** The policy and the fill. */
  protected override shown(): Shown {
    return { policy: enumRepr('AutoAugmentPolicy', this.policy), fill: this.fill };
  }
}

/** The arguments of a RandAugment. @inline */
export type RandAugmentTail<F = Fill> = Tail<
  RandAugmentOptions & AugmentOptions<F>,
  ['numOps', 'magnitude', 'numMagnitudeBins', 'interpolation', 'fill']
>;

/** The defaults of RandAugment. */
export const RAND_AUGMENT_DEFAULTS = { numOps: 2, magnitude: 9, numMagnitudeBins: 31, ...AUGMENT_DEFAULTS };

/** Random operations of one magnitude, one after the other (Cubuk et al. 2020). Bytes only. */
export class RandAugment extends Augmentation implements RandAugmentOptions {
  readonly numOps: number;
  readonly magnitude: number;
  readonly numMagnitudeBins: number;

  constructor(...rest: RandAugmentTail) {
    const options = readOptions<Required<RandAugmentOptions & AugmentOptions>>(
      'RandAugment',
      RAND_AUGMENT_DEFAULTS,
      rest,
    );
    super(options);
    checkRandAugment(options);
    this.numOps = options.numOps;
    this.magnitude = options.magnitude;
    this.numMagnitudeBins = options.numMagnitudeBins;
  }

  override forward(image: Tensor): Tensor {
    return randAugment(image, dimensions(image), this, this, flavour);
  }
}

/** Options of {@link TrivialAugmentWide}. */
export interface TrivialAugmentWideOptions<F = Fill> extends AugmentOptions<F> {
  /** The number of steps of magnitude; 31 by default. */
  numMagnitudeBins?: number;
}

/** The arguments of a TrivialAugmentWide. @inline */
export type TrivialAugmentTail<F = Fill> = Tail<
  TrivialAugmentWideOptions<F>,
  ['numMagnitudeBins', 'interpolation', 'fill']
>;

/** Reads and checks them, but for the fill. */
export function readTrivialAugment<F>(args: readonly unknown[]): Required<TrivialAugmentWideOptions<F | null>> {
  const options = readOptions<Required<TrivialAugmentWideOptions<F | null>>>(
    'TrivialAugmentWide',
    { numMagnitudeBins: 31, ...AUGMENT_DEFAULTS },
    args,
  );
  checkInteger('TrivialAugmentWide', 'numMagnitudeBins', options.numMagnitudeBins, 2, 1e6);
  return options;
}

/** One random operation of random magnitude (Müller and Hutter 2021). Bytes only. */
export class TrivialAugmentWide extends Augmentation {
  readonly numMagnitudeBins: number;

  constructor(...rest: TrivialAugmentTail) {
    const options = readTrivialAugment<Fill>(rest);
    super(options);
    this.numMagnitudeBins = options.numMagnitudeBins;
  }

  override forward(image: Tensor): Tensor {
    return trivialAugmentWide(image, dimensions(image), this.numMagnitudeBins, this, flavour);
  }
}

/** The arguments of an AugMix. @inline */
export type AugMixTail<F = Fill> = Tail<
  AugMixOptions & AugmentOptions<F>,
  ['severity', 'mixtureWidth', 'chainDepth', 'alpha', 'allOps', 'interpolation', 'fill']
>;

/** The defaults of AugMix. */
export const AUG_MIX_DEFAULTS = {
  severity: 3,
  mixtureWidth: 3,
  chainDepth: -1,
  alpha: 1,
  allOps: true,
  interpolation: 'bilinear' as GridMode,
  fill: null,
};

/** The image mixed with chains of operations on it (Hendrycks et al. 2020). Bytes only. */
export class AugMix extends Augmentation implements AugMixOptions {
  readonly severity: number;
  readonly mixtureWidth: number;
  readonly chainDepth: number;
  readonly alpha: number;
  readonly allOps: boolean;

  constructor(...rest: AugMixTail) {
    const options = readOptions<Required<AugMixOptions & AugmentOptions>>('AugMix', AUG_MIX_DEFAULTS, rest);
    super(options);
    checkAugMix(options);
    this.severity = options.severity;
    this.mixtureWidth = options.mixtureWidth;
    this.chainDepth = options.chainDepth;
    this.alpha = options.alpha;
    this.allOps = options.allOps;
  }

  override forward(image: Tensor): Tensor {
    return augMix(image, dimensions(image), this, this, flavour);
  }
}
