import { checkNumbers, checkString, checkTensor, valueError } from '../engine';
import { conv1d, conv2d, conv3d, empty, type Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { checkCount, each, readOptions, type Sizes } from './arguments';
import * as F from './functional';
import * as init from './init';
import { hasUninitialized } from './lazy';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { tupleRepr } from './repr';

/** What stands around the input of a convolution: zeros, or what `pad` makes in this mode. */
export type ConvPaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** Options that convolutions and their transposes share; one number stands for all dimensions. */
export interface ConvBaseOptions extends FactoryOptions {
  /** Elements from one place of the kernel to the next. */
  stride?: Sizes;
  /** Elements between the kernel's own. */
  dilation?: Sizes;
  /** Groups of channels, each of which is computed from its own group of the input's. */
  groups?: number;
  /** Add a learned bias. */
  bias?: boolean;
  paddingMode?: ConvPaddingMode;
}

/** Options of {@link Conv1d}, {@link Conv2d} and {@link Conv3d}. */
export interface ConvOptions extends ConvBaseOptions {
  /** Elements added at both ends; `same` keeps the size, for strides of 1; `valid` adds none. */
  padding?: Sizes | 'same' | 'valid';
}

/** What a convolution and its transpose cannot do without. @inline */
export interface ConvShape {
  inChannels: number;
  outChannels: number;
  kernelSize: Sizes;
}

type ConvNames = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'device', 'dtype'];

/** Arguments of {@link Conv1d} and its like. */
export type ConvArguments = Arguments<
  [inChannels: number, outChannels: number, kernelSize: Sizes],
  ConvShape & ConvOptions,
  ['inChannels', 'outChannels', 'kernelSize', ...ConvNames]
>;

/** Arguments of {@link LazyConv1d} and its like, which learn the first one. */
export type LazyConvArguments = Arguments<
  [outChannels: number, kernelSize: Sizes],
  Omit<ConvShape, 'inChannels'> & ConvOptions,
  ['outChannels', 'kernelSize', ...ConvNames]
>;

/** @internal */
export function readConv(callee: string, args: readonly unknown[]): ConvShape & Required<ConvOptions> {
  return readOptions<ConvShape & Required<ConvOptions>>(
    callee,
    {
      inChannels: required,
      outChannels: required,
      kernelSize: required,
      stride: 1,
      padding: 0,
      dilation: 1,
      groups: 1,
      bias: true,
      paddingMode: 'zeros',
      device: null,
      dtype: null,
    },
    args,
    ['stride', 'padding', 'dilation'],
  );
}

const paddingModes: readonly string[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** @internal What the base class of all convolutions is given. */
export interface ConvPlan extends Required<ConvOptions> {
  readonly dims: number;
  readonly transposed: boolean;
  readonly outputPadding: Sizes;
}

/** What convolutions and their transposes share (`torch.nn.modules.conv._ConvNd`). */
export abstract class ConvNd extends Module {
  inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly transposed: boolean;
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly paddingMode: ConvPaddingMode;
  weight: Parameter;
  bias: Parameter | null;

  /** @internal */
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, plan: ConvPlan) {
    super();
    const { dims, groups, padding, paddingMode, transposed, bias, device, dtype } = plan;
    const callee = this.constructor.name;
    checkCount(callee, 'inChannels', inChannels);
    checkCount(callee, 'outChannels', outChannels);
    checkNumbers(callee, { groups });
    if (!Number.isSafeInteger(groups) || groups <= 0) throw valueError('groups must be a positive integer');
    if (inChannels % groups !== 0) throw valueError('in_channels must be divisible by groups');
    if (outChannels % groups !== 0) throw valueError('out_channels must be divisible by groups');
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = each(callee, 'kernelSize', kernelSize, dims);
    this.stride = each(callee, 'stride', plan.stride, dims);
    this.padding = typeof padding === 'string' ? padding : each(callee, 'padding', padding, dims);
    this.dilation = each(callee, 'dilation', plan.dilation, dims);
    this.transposed = transposed;
    this.outputPadding = each(callee, 'outputPadding', plan.outputPadding, dims);
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.checkPadding();
    const [rows, columns] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
    this.weight = new Parameter(empty([rows, columns / groups, ...this.kernelSize], { device, dtype }));
    this.bias = bias ? new Parameter(empty([outChannels], { device, dtype })) : null;
    this.resetParameters();
  }

  private checkPadding(): void {
    const { padding, paddingMode, stride } = this;
    if (typeof padding === 'string') {
      if (!['same', 'valid'].includes(padding)) {
        throw valueError(`Invalid padding string '${padding}', should be one of {'same', 'valid'}`);
      }
      if (padding === 'same' && stride.some((step) => step !== 1)) {
        throw valueError("padding='same' is not supported for strided convolutions");
      }
    }
    checkString(this.constructor.name, 'paddingMode', paddingMode);
    if (!paddingModes.includes(paddingMode)) {
      throw valueError(
        `padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='${paddingMode}'`,
      );
    }
  }

  /** Draws weight and bias anew, evenly from ±1/√(inputs of one output); of a lazy module without a shape, nothing. */
  resetParameters(): void {
    if (hasUninitialized(this)) return;
    init.kaimingUniform_(this.weight, Math.sqrt(5));
    if (this.bias === null) return;
    const { fanIn } = init.calculateFanInAndFanOut(this.weight);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    init.uniform_(this.bias, -bound, bound);
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, paddingMode } = this;
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${tupleRepr(this.kernelSize)}, stride=${tupleRepr(this.stride)}`,
    ];
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (padding.some((size) => size !== 0)) parts.push(`padding=${tupleRepr(padding)}`);
    if (dilation.some((size) => size !== 1)) parts.push(`dilation=${tupleRepr(dilation)}`);
    if (outputPadding.some((size) => size !== 0)) parts.push(`output_padding=${tupleRepr(outputPadding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    return parts.join(', ');
  }
}

type ConvOp = (
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: readonly number[],
  padding: readonly number[] | string,
  dilation: readonly number[],
  groups: number,
) => Tensor;

const convolutions = [conv1d, conv2d, conv3d] as unknown as readonly [ConvOp, ConvOp, ConvOp];

/** What convolutions of 1, 2 and 3 dimensions share. */
abstract class Conv extends ConvNd {
  /** @internal */
  constructor(dims: number, args: readonly unknown[]) {
    const { inChannels, outChannels, kernelSize, ...options } = readConv(new.target.name, args);
    super(inChannels, outChannels, kernelSize, { ...options, dims, transposed: false, outputPadding: 0 });
  }

  /** Elements to add at both ends, from the last dimension to the first, as {@link F.pad} takes them. */
  private paddingAround(): number[] {
    const { padding, dilation, kernelSize } = this;
    const around = kernelSize.map((size, dim) => {
      if (padding === 'valid') return [0, 0];
      if (padding !== 'same') return [padding[dim] ?? 0, padding[dim] ?? 0];
      const total = (dilation[dim] ?? 1) * (size - 1);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
    return around.reverse().flat();
  }

  forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups, paddingMode, kernelSize } = this;
    const convolve = convolutions[kernelSize.length - 1] as ConvOp;
    if (paddingMode === 'zeros') return convolve(input, weight, bias, stride, padding, dilation, groups);
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    const padded = F.pad(input, this.paddingAround(), { mode: paddingMode });
    return convolve(
      padded,
      weight,
      bias,
      stride,
      kernelSize.map(() => 0),
      dilation,
      groups,
    );
  }
}

/**
 * Convolution of signals (`torch.nn.Conv1d`): [N, inChannels, L] or [inChannels, L] to [N, outChannels, Lout].
 *
 * Weight [outChannels, inChannels / groups, kernel] and bias [outChannels] are drawn evenly from
 * ±1/√(inChannels / groups · kernel), the weight first.
 */
export class Conv1d extends Conv {
  constructor(...args: ConvArguments) {
    super(1, args);
  }
}

/**
 * Convolution of images (`torch.nn.Conv2d`): [N, inChannels, H, W] or [inChannels, H, W] to [N, outChannels, Hout, Wout].
 * Parameters as those of {@link Conv1d}.
 *
 * @example
 * ```ts
 * const layer = new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 });
 * console.log(layer); // Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
 * console.log(layer.forward(torch.zeros([4, 3, 16, 16])).shape); // [ 4, 8, 8, 8 ]
 * ```
 */
export class Conv2d extends Conv {
  constructor(...args: ConvArguments) {
    super(2, args);
  }
}

/**
 * Convolution of volumes (`torch.nn.Conv3d`): [N, inChannels, D, H, W] or without N to [N, outChannels, Dout, Hout, Wout].
 * Parameters as those of {@link Conv1d}.
 */
export class Conv3d extends Conv {
  constructor(...args: ConvArguments) {
    super(3, args);
  }
}
