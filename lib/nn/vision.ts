/** Rearranging and resizing of images and their like. */
import { ArgumentError, describe } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required, type Tail } from '../tensor/tail';
import { checkCount, readOptions, type Sizes } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { floatRepr, optionalRepr, sizeRepr, tupleRepr } from './repr';

/** Channels to pixels: [*, C·r², H, W] to [*, C, H·r, W·r], r = upscaleFactor (`torch.nn.PixelShuffle`). */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(...args: Arguments<[upscaleFactor: number], { upscaleFactor: number }, ['upscaleFactor']>) {
    super();
    const { upscaleFactor } = readOptions<{ upscaleFactor: number }>('PixelShuffle', { upscaleFactor: required }, args);
    checkCount('PixelShuffle', 'upscaleFactor', upscaleFactor, 1);
    this.upscaleFactor = upscaleFactor;
  }

  forward(input: Tensor): Tensor {
    return F.pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/** Pixels to channels: [*, C, H·r, W·r] to [*, C·r², H, W], r = downscaleFactor (`torch.nn.PixelUnshuffle`). */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(...args: Arguments<[downscaleFactor: number], { downscaleFactor: number }, ['downscaleFactor']>) {
    super();
    const { downscaleFactor } = readOptions<{ downscaleFactor: number }>(
      'PixelUnshuffle',
      { downscaleFactor: required },
      args,
    );
    checkCount('PixelUnshuffle', 'downscaleFactor', downscaleFactor, 1);
    this.downscaleFactor = downscaleFactor;
  }

  forward(input: Tensor): Tensor {
    return F.pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/** Interleaves groups of the channels of [N, C, *] (`torch.nn.ChannelShuffle`). */
export class ChannelShuffle extends Module {
  readonly groups: number;

  constructor(...args: Arguments<[groups: number], { groups: number }, ['groups']>) {
    super();
    const { groups } = readOptions<{ groups: number }>('ChannelShuffle', { groups: required }, args);
    checkCount('ChannelShuffle', 'groups', groups, 1);
    this.groups = groups;
  }

  forward(input: Tensor): Tensor {
    return F.channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

/** Options of {@link Upsample}: `size` or `scaleFactor` is needed. */
export type UpsampleOptions = Omit<F.InterpolateOptions, 'antialias'>;

/** Null, a number, or a list of numbers. */
function checkedSizes(callee: string, name: string, given: unknown): Sizes | null {
  if (given === null || typeof given === 'number') return given;
  if (Array.isArray(given) && given.every((size) => typeof size === 'number')) return [...given];
  throw new ArgumentError(
    `${callee}(): expected a number, a list of numbers or null for argument \`${name}\`, received ${describe(given)}`,
  );
}

/**
 * Resizes [N, C, L], [N, C, H, W] or [N, C, D, H, W] to `size` or by `scaleFactor` (`torch.nn.Upsample`); the modes are those
 * of `nn.functional.interpolate`.
 */
export class Upsample extends Module {
  readonly size: Sizes | null;
  readonly scaleFactor: Sizes | null;
  readonly mode: F.InterpolationMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(...rest: Tail<UpsampleOptions, ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor']>) {
    super();
    const { name } = new.target;
    const options = readOptions<Required<UpsampleOptions>>(
      name,
      { size: null, scaleFactor: null, mode: 'nearest', alignCorners: null, recomputeScaleFactor: null },
      rest,
    );
    this.size = checkedSizes(name, 'size', options.size);
    this.scaleFactor = checkedSizes(name, 'scaleFactor', options.scaleFactor);
    this.mode = options.mode;
    this.alignCorners = options.alignCorners;
    this.recomputeScaleFactor = options.recomputeScaleFactor;
  }

  forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return F.interpolate(input, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode } = this;
    if (scaleFactor === null) return `size=${optionalRepr(size, sizeRepr)}, mode='${mode}'`;
    const factors = typeof scaleFactor === 'number' ? floatRepr(scaleFactor) : tupleRepr(scaleFactor.map(floatRepr));
    return `scale_factor=${factors}, mode='${mode}'`;
  }
}

/** Arguments of the two old forms of {@link Upsample}. */
type Upsample2dTail = Tail<Pick<UpsampleOptions, 'size' | 'scaleFactor'>, ['size', 'scaleFactor']>;

const sizesOf = (callee: string, rest: readonly unknown[]): Required<Pick<UpsampleOptions, 'size' | 'scaleFactor'>> =>
  readOptions(callee, { size: null, scaleFactor: null }, rest);

/** {@link Upsample} of images in the mode `nearest` (`torch.nn.UpsamplingNearest2d`, deprecated there). */
export class UpsamplingNearest2d extends Upsample {
  constructor(...rest: Upsample2dTail) {
    super({ ...sizesOf('UpsamplingNearest2d', rest), mode: 'nearest' });
  }
}

/** {@link Upsample} of images in the mode `bilinear` with corners aligned (`torch.nn.UpsamplingBilinear2d`, deprecated there). */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...rest: Upsample2dTail) {
    super({ ...sizesOf('UpsamplingBilinear2d', rest), mode: 'bilinear', alignCorners: true });
  }
}
