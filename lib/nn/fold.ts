import type { Tensor } from '../tensor';
import { type Arguments, readTail, required } from '../tensor/tail';
import * as F from './functional';
import { Module } from './module';
import { sizeRepr } from './repr';

/** Options of {@link Unfold} and {@link Fold}: one number stands for both directions. */
export interface UnfoldOptions {
  /** Distance between the elements of a block. */
  dilation?: F.Size2d;
  /** Zeros around the image. */
  padding?: F.Size2d;
  /** Distance between blocks. */
  stride?: F.Size2d;
}

/** @inline */
interface UnfoldArguments extends UnfoldOptions {
  kernelSize: F.Size2d;
}

/** @inline */
interface FoldArguments extends UnfoldArguments {
  outputSize: F.Size2d;
}

const defaults: Required<UnfoldArguments> = { kernelSize: required, dilation: 1, padding: 0, stride: 1 };

/**
 * Cuts an image into blocks, each a column (`torch.nn.Unfold`): [N, C, H, W] to [N, C·kernel, blocks], channel by channel
 * inside a block, blocks row by row. An image without N gives columns without N.
 */
export class Unfold extends Module {
  readonly dilation: F.Size2d;
  readonly padding: F.Size2d;
  readonly stride: F.Size2d;

  readonly kernelSize: F.Size2d;

  constructor(
    ...args: Arguments<[kernelSize: F.Size2d], UnfoldArguments, ['kernelSize', 'dilation', 'padding', 'stride']>
  ) {
    super();
    const { kernelSize, dilation, padding, stride } = readTail('Unfold', defaults, args);
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  forward(input: Tensor): Tensor {
    return F.unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `kernel_size=${sizeRepr(this.kernelSize)}, ${slidingRepr(this)}`;
  }
}

/**
 * Puts blocks back into an image and adds where they overlap (`torch.nn.Fold`): [N, C·kernel, blocks] to [N, C, H, W] with
 * outputSize = H, W.
 */
export class Fold extends Module {
  readonly dilation: F.Size2d;
  readonly padding: F.Size2d;
  readonly stride: F.Size2d;

  readonly outputSize: F.Size2d;
  readonly kernelSize: F.Size2d;

  constructor(
    ...args: Arguments<
      [outputSize: F.Size2d, kernelSize: F.Size2d],
      FoldArguments,
      ['outputSize', 'kernelSize', 'dilation', 'padding', 'stride']
    >
  ) {
    super();
    const { outputSize, kernelSize, dilation, padding, stride } = readTail<Required<FoldArguments>>(
      'Fold',
      { outputSize: required, ...defaults },
      args,
    );
    this.outputSize = outputSize;
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  forward(input: Tensor): Tensor {
    return F.fold(input, this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `output_size=${sizeRepr(this.outputSize)}, kernel_size=${sizeRepr(this.kernelSize)}, ${slidingRepr(this)}`;
  }
}

function slidingRepr({ dilation, padding, stride }: Required<UnfoldOptions>): string {
  return `dilation=${sizeRepr(dilation)}, padding=${sizeRepr(padding)}, stride=${sizeRepr(stride)}`;
}
