/** Augmentations that choose their operations themselves: of the one image of a sample, which has neither masks nor boxes. */
import { describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import type { Fill } from '../../kernels/arguments';
import {
  augMix,
  type AugMixOptions,
  autoAugment,
  checkAugMix,
  checkPolicy,
  checkRandAugment,
  drawPolicyOneByOne,
  drawsShareForSign,
  type Flavour,
  randAugment,
  type RandAugmentOptions,
  trivialAugmentWide,
} from '../../kernels/augmentation';
import type { GridMode } from '../../kernels/grid';
import { dimensions } from '../../kernels/image';
import type { AutoAugmentPolicy } from '../../kernels/policies';
import {
  AUG_MIX_DEFAULTS,
  type AugMixTail,
  AUGMENT_DEFAULTS,
  type AugmentOptions,
  type AutoAugmentOptions,
  type AutoAugmentTail,
  RAND_AUGMENT_DEFAULTS,
  type RandAugmentTail,
  readTrivialAugment,
  type TrivialAugmentTail,
} from '../../v1/transforms/auto-augment';
import { BoundingBoxes, Image, Mask } from '../../tv-tensors';
import * as functional from '../functional';
import { behindKinds, type ByKind, fillFor, type FillByKind, fillsOf } from '../inputs';
import { ImageTransform } from './color';
import { enumRepr, type Shown } from '../../printing';

const flavour: Flavour = { operations: functional, isOfBytes: false, isNegative: drawsShareForSign };

/** What all of these share. */
abstract class Augmentation extends ImageTransform {
  readonly interpolation: GridMode;
  readonly fill: FillByKind;
  /** By kinds. */
  protected readonly fills: ByKind<Fill>;

  constructor({ interpolation, fill }: Required<AugmentOptions<FillByKind>>) {
    super();
    this.interpolation = interpolation;
    this.fill = fill;
    this.fills = fillsOf(new.target.name, fill);
  }

  protected override checkInputs(inputs: readonly unknown[]): void {
    const { name } = this.constructor;
    const target = inputs.find((input) => input instanceof BoundingBoxes || input instanceof Mask);
    if (target !== undefined)
      throw valueError(`${name}: expected neither masks nor boxes, received ${describe(target)}`);
    const images = this.taken(inputs).filter((isTaken) => isTaken).length;
    if (images !== 1) throw valueError(`${name}: expected one image in the sample, received ${images}`);
  }

  /** Augments the image. */
  protected override transform(image: Tensor): Tensor {
    const { interpolation } = this;
    const output = this.augmented(image, { interpolation, fill: fillFor(this.fills, image) });
    return image instanceof Image && !(output instanceof Image) ? image.like(output) : output;
  }

  /** Augments the image. */
  protected abstract augmented(image: Tensor, how: Required<AugmentOptions>): Tensor;
}

/** Two operations of a policy that was found for a data set (Cubuk et al. 2019). */
export class AutoAugment extends Augmentation {
  readonly policy: AutoAugmentPolicy;

  constructor(...rest: AutoAugmentTail<FillByKind>) {
    const defaults = { policy: 'imagenet' as AutoAugmentPolicy, ...AUGMENT_DEFAULTS };
    const options = readOptions<Required<AutoAugmentOptions<FillByKind>>>('AutoAugment', defaults, behindKinds(rest));
    super(options);
    checkPolicy(options.policy);
    this.policy = options.policy;
  }

  protected override augmented(image: Tensor, how: Required<AugmentOptions>): Tensor {
    return autoAugment(image, dimensions(image), this.policy, how, flavour, drawPolicyOneByOne);
  }

  protected override shown(): Shown {
    return { ...super.shown(), policy: enumRepr('AutoAugmentPolicy', this.policy) };
  }
}

/** Random operations of one magnitude, one after the other (Cubuk et al. 2020). */
export class RandAugment extends Augmentation implements RandAugmentOptions {
  readonly numOps: number;
  readonly magnitude: number;
  readonly numMagnitudeBins: number;

  constructor(...rest: RandAugmentTail<FillByKind>) {
    const options = readOptions<Required<RandAugmentOptions & AugmentOptions<FillByKind>>>(
      'RandAugment',
      RAND_AUGMENT_DEFAULTS,
      behindKinds(rest),
    );
    super(options);
    checkRandAugment(options);
    this.numOps = options.numOps;
    this.magnitude = options.magnitude;
    this.numMagnitudeBins = options.numMagnitudeBins;
  }

  protected override augmented(image: Tensor, how: Required<AugmentOptions>): Tensor {
    return randAugment(image, dimensions(image), this, how, flavour);
  }
}

/** One random operation of random magnitude (Müller and Hutter 2021). */
export class TrivialAugmentWide extends Augmentation {
  readonly numMagnitudeBins: number;

  constructor(...rest: TrivialAugmentTail<FillByKind>) {
    const options = readTrivialAugment<FillByKind>(behindKinds(rest));
    super(options);
    this.numMagnitudeBins = options.numMagnitudeBins;
  }

  protected override augmented(image: Tensor, how: Required<AugmentOptions>): Tensor {
    return trivialAugmentWide(image, dimensions(image), this.numMagnitudeBins, how, flavour);
  }
}

/** The image mixed with chains of operations on it (Hendrycks et al. 2020). */
export class AugMix extends Augmentation implements AugMixOptions {
  readonly severity: number;
  readonly mixtureWidth: number;
  readonly chainDepth: number;
  readonly alpha: number;
  readonly allOps: boolean;

  constructor(...rest: AugMixTail<FillByKind>) {
    const options = readOptions<Required<AugMixOptions & AugmentOptions<FillByKind>>>(
      'AugMix',
      AUG_MIX_DEFAULTS,
      behindKinds(rest),
    );
    super(options);
    checkAugMix(options);
    this.severity = options.severity;
    this.mixtureWidth = options.mixtureWidth;
    this.chainDepth = options.chainDepth;
    this.alpha = options.alpha;
    this.allOps = options.allOps;
  }

  protected override augmented(image: Tensor, how: Required<AugmentOptions>): Tensor {
    // Filled as a plain tensor: it is one by the time that Python's operations see it.
    const plain = image instanceof Image ? image.asTensor() : image;
    return augMix(plain, dimensions(plain), this, { ...how, fill: fillFor(this.fills, plain) }, flavour);
  }
}
