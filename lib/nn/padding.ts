/** Padding of the last dimensions. */
import { checkNumbers, checkTensor, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { each, readOptions, type Sizes } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { numberRepr, tupleRepr } from './repr';

/** @inline */
interface Padding {
  padding: Sizes;
}

type PadArguments = Arguments<[padding: Sizes], Padding, ['padding']>;
type ConstantPadArguments = Arguments<
  [padding: Sizes, value: number],
  Padding & { value: number },
  ['padding', 'value']
>;

/**
 * What the paddings share: how many elements to add before and after in the last dimension, then in the one before it, and
 * so on; one number stands for all. Negative numbers cut off.
 */
abstract class Pad extends Module {
  readonly padding: readonly number[];

  /** @internal */
  constructor(dims: number, padding: Sizes) {
    super();
    this.padding = each(new.target.name, 'padding', padding, 2 * dims);
  }
}

/** Padding with copies of what is there. */
abstract class CopyPad extends Pad {
  private readonly mode: F.PaddingMode;

  /** @internal */
  constructor(dims: number, mode: F.PaddingMode, args: PadArguments) {
    super(dims, readOptions<Padding>(new.target.name, { padding: required }, args).padding);
    this.mode = mode;
  }

  forward(input: Tensor): Tensor {
    if (this.mode === 'circular') this.checkDims(input);
    return F.pad(input, this.padding, this.mode);
  }

  /** The other modes leave that to the op. */
  private checkDims(input: Tensor): void {
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    const unbatched = this.padding.length / 2 + 1;
    if (input.dim() === unbatched || input.dim() === unbatched + 1) return;
    throw valueError(`expected ${unbatched}D or ${unbatched + 1}D input (got ${input.dim()}D input)`);
  }

  override extraRepr(): string {
    return tupleRepr(this.padding);
  }
}

/** Mirrors [N, C, L] or [C, L] at its ends, without the last element itself (`torch.nn.ReflectionPad1d`). */
export class ReflectionPad1d extends CopyPad {
  /** @param args padding: [left, right], or one number for both */
  constructor(...args: PadArguments) {
    super(1, 'reflect', args);
  }
}

/** Mirrors [N, C, H, W] or [C, H, W] at its edges, without the last element itself (`torch.nn.ReflectionPad2d`). */
export class ReflectionPad2d extends CopyPad {
  /** @param args padding: [left, right, top, bottom], or one number for all */
  constructor(...args: PadArguments) {
    super(2, 'reflect', args);
  }
}

/** Mirrors [N, C, D, H, W] or [C, D, H, W] at its faces, without the last element itself (`torch.nn.ReflectionPad3d`). */
export class ReflectionPad3d extends CopyPad {
  /** @param args padding: [left, right, top, bottom, front, back], or one number for all */
  constructor(...args: PadArguments) {
    super(3, 'reflect', args);
  }
}

/** Repeats the ends of [N, C, L] or [C, L] (`torch.nn.ReplicationPad1d`). */
export class ReplicationPad1d extends CopyPad {
  /** @param args padding: [left, right], or one number for both */
  constructor(...args: PadArguments) {
    super(1, 'replicate', args);
  }
}

/** Repeats the edges of [N, C, H, W] or [C, H, W] (`torch.nn.ReplicationPad2d`). */
export class ReplicationPad2d extends CopyPad {
  /** @param args padding: [left, right, top, bottom], or one number for all */
  constructor(...args: PadArguments) {
    super(2, 'replicate', args);
  }
}

/** Repeats the faces of [N, C, D, H, W] or [C, D, H, W] (`torch.nn.ReplicationPad3d`). */
export class ReplicationPad3d extends CopyPad {
  /** @param args padding: [left, right, top, bottom, front, back], or one number for all */
  constructor(...args: PadArguments) {
    super(3, 'replicate', args);
  }
}

/** Goes on with the other end of [N, C, L] or [C, L] (`torch.nn.CircularPad1d`). */
export class CircularPad1d extends CopyPad {
  /** @param args padding: [left, right], or one number for both */
  constructor(...args: PadArguments) {
    super(1, 'circular', args);
  }
}

/** Goes on with the other edge of [N, C, H, W] or [C, H, W] (`torch.nn.CircularPad2d`). */
export class CircularPad2d extends CopyPad {
  /** @param args padding: [left, right, top, bottom], or one number for all */
  constructor(...args: PadArguments) {
    super(2, 'circular', args);
  }
}

/** Goes on with the other face of [N, C, D, H, W] or [C, D, H, W] (`torch.nn.CircularPad3d`). */
export class CircularPad3d extends CopyPad {
  /** @param args padding: [left, right, top, bottom, front, back], or one number for all */
  constructor(...args: PadArguments) {
    super(3, 'circular', args);
  }
}

/** Padding with one value. */
abstract class ConstantPad extends Pad {
  readonly value: number;

  /** @internal */
  constructor(dims: number, args: ConstantPadArguments) {
    const defaults = { padding: required, value: required };
    const { padding, value } = readOptions<Padding & { value: number }>(new.target.name, defaults, args);
    super(dims, padding);
    checkNumbers(new.target.name, { value });
    this.value = value;
  }

  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, 'constant', this.value);
  }

  override extraRepr(): string {
    return `padding=${tupleRepr(this.padding)}, value=${numberRepr(this.value)}`;
  }
}

/** Puts a value around the last dimension of any tensor (`torch.nn.ConstantPad1d`). */
export class ConstantPad1d extends ConstantPad {
  /** @param args padding: [left, right], or one number for both; `value` */
  constructor(...args: ConstantPadArguments) {
    super(1, args);
  }
}

/** Puts a value around the last two dimensions of any tensor (`torch.nn.ConstantPad2d`). */
export class ConstantPad2d extends ConstantPad {
  /** @param args padding: [left, right, top, bottom], or one number for all; `value` */
  constructor(...args: ConstantPadArguments) {
    super(2, args);
  }
}

/** Puts a value around the last three dimensions of any tensor (`torch.nn.ConstantPad3d`). */
export class ConstantPad3d extends ConstantPad {
  /** @param args padding: [left, right, top, bottom, front, back], or one number for all; `value` */
  constructor(...args: ConstantPadArguments) {
    super(3, args);
  }
}

/** Puts zeros around the last dimension of any tensor (`torch.nn.ZeroPad1d`). */
export class ZeroPad1d extends ConstantPad1d {
  /** @param args padding: [left, right], or one number for both */
  constructor(...args: PadArguments) {
    super(readOptions<Padding>(new.target.name, { padding: required }, args).padding, 0);
  }

  override extraRepr(): string {
    return tupleRepr(this.padding);
  }
}

/** Puts zeros around the last two dimensions of any tensor (`torch.nn.ZeroPad2d`). */
export class ZeroPad2d extends ConstantPad2d {
  /** @param args padding: [left, right, top, bottom], or one number for all */
  constructor(...args: PadArguments) {
    super(readOptions<Padding>(new.target.name, { padding: required }, args).padding, 0);
  }

  override extraRepr(): string {
    return tupleRepr(this.padding);
  }
}

/** Puts zeros around the last three dimensions of any tensor (`torch.nn.ZeroPad3d`). */
export class ZeroPad3d extends ConstantPad3d {
  /** @param args padding: [left, right, top, bottom, front, back], or one number for all */
  constructor(...args: PadArguments) {
    super(readOptions<Padding>(new.target.name, { padding: required }, args).padding, 0);
  }

  override extraRepr(): string {
    return tupleRepr(this.padding);
  }
}
