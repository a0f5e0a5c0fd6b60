/** Losses of how vectors lie to one another. */
import { ArgumentError, describe, valueError } from '../engine';
import type { Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { readOptions } from './arguments';
import { PairwiseDistance } from './distance';
import * as F from './functional';
import { Loss, mean } from './loss';
import { floatRepr } from './repr';
import { Module } from './module';

/** Options of losses with a margin. */
export interface MarginLossOptions extends F.LossOptions {
  margin?: number;
}

type MarginTail = Tail<MarginLossOptions, ['margin', 'reduction']>;

/** What the losses with a margin share. */
abstract class MarginLoss<Inputs extends readonly unknown[]> extends Loss<Inputs> {
  readonly margin: number;

  /** @internal */
  constructor(defaultMargin: number, rest: readonly unknown[]) {
    const { margin, reduction } = readOptions(new.target.name, { margin: defaultMargin, ...mean }, rest);
    super(reduction);
    this.margin = margin;
  }
}

/** input where the target is 1, max(0, margin − input) where it is −1 (`torch.nn.HingeEmbeddingLoss`). */
export class HingeEmbeddingLoss extends MarginLoss<[input: Tensor, target: Tensor]> {
  constructor(...rest: MarginTail) {
    super(1, rest);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.hingeEmbeddingLoss(input, target, this.margin, this.reduction);
  }
}

/** @inline */
type PairInputs = [input1: Tensor, input2: Tensor, target: Tensor];

/**
 * 1 − cos where the target is 1, max(0, cos − margin) where it is −1 (`torch.nn.CosineEmbeddingLoss`): vectors [N, D] or [D]
 * and targets [N] or [].
 */
export class CosineEmbeddingLoss extends MarginLoss<PairInputs> {
  constructor(...rest: MarginTail) {
    super(0, rest);
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.cosineEmbeddingLoss(input1, input2, target, this.margin, this.reduction);
  }
}

/** max(0, −target·(input1 − input2) + margin), targets 1 and −1 (`torch.nn.MarginRankingLoss`). */
export class MarginRankingLoss extends MarginLoss<PairInputs> {
  constructor(...rest: MarginTail) {
    super(0, rest);
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.marginRankingLoss(input1, input2, target, this.margin, this.reduction);
  }
}

/** @inline */
type TripletInputs = [anchor: Tensor, positive: Tensor, negative: Tensor];

function checkMargin(callee: string, margin: number): void {
  if (margin > 0) return;
  throw valueError(`${callee}: expected margin to be greater than 0, got ${floatRepr(margin)} instead`);
}

/** Options of {@link TripletMarginLoss}. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The order of the norm. */
  p?: number;
  /** Added to the differences. */
  eps?: number;
  /** Take the distance of positive and negative where it is below the anchor's. */
  swap?: boolean;
}

/** max(0, d(anchor, positive) − d(anchor, negative) + margin) for vectors [N, D] or [D] (`torch.nn.TripletMarginLoss`). */
export class TripletMarginLoss extends Loss<TripletInputs> {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;

  constructor(...rest: Tail<TripletMarginLossOptions, ['margin', 'p', 'eps', 'swap', 'reduction']>) {
    const defaults = { margin: 1, p: 2, eps: 1e-6, swap: false, ...mean };
    const { margin, p, eps, swap, reduction } = readOptions('TripletMarginLoss', defaults, rest);
    super(reduction);
    checkMargin('TripletMarginLoss', margin);
    this.margin = margin;
    this.p = p;
    this.eps = eps;
    this.swap = swap;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return F.tripletMarginLoss(anchor, positive, negative, this.margin, this.p, this.eps, this.swap, this.reduction);
  }
}

/** A distance of the vectors of two tensors. @inline */
type Distance = (x1: Tensor, x2: Tensor) => Tensor;

/** Options of {@link TripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceOptions extends MarginLossOptions {
  /** A function or a module; a {@link PairwiseDistance} by default. */
  distanceFunction?: Distance | Module<[x1: Tensor, x2: Tensor]> | null;
  /** Take the distance of positive and negative where it is below the anchor's. */
  swap?: boolean;
}

/** {@link TripletMarginLoss} with any distance (`torch.nn.TripletMarginWithDistanceLoss`), which is a child if it is a module. */
export class TripletMarginWithDistanceLoss extends Loss<TripletInputs> {
  /** A function, or a module, which is a child then. */
  readonly distanceFunction: Distance | Module<[x1: Tensor, x2: Tensor]>;
  readonly margin: number;
  readonly swap: boolean;

  constructor(options: TripletMarginWithDistanceOptions = {}) {
    const { distanceFunction, margin, swap, reduction } = readOptions<Required<TripletMarginWithDistanceOptions>>(
      'TripletMarginWithDistanceLoss',
      { distanceFunction: null, margin: 1, swap: false, ...mean },
      [options],
    );
    super(reduction);
    checkMargin('TripletMarginWithDistanceLoss', margin);
    const distance: unknown = distanceFunction ?? new PairwiseDistance();
    if (typeof distance !== 'function' && !(distance instanceof Module)) {
      throw new ArgumentError(
        `TripletMarginWithDistanceLoss(): expected a function or a module for argument \`distanceFunction\`, received ${describe(distance)}`,
      );
    }
    this.distanceFunction = distance as Distance;
    this.margin = margin;
    this.swap = swap;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction: given, margin, swap, reduction } = this;
    const distanceFunction = given instanceof Module ? (x1: Tensor, x2: Tensor) => given.forward(x1, x2) : given;
    return F.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction });
  }
}
