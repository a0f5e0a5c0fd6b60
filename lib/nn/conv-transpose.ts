import { checkList, checkTensor, valueError } from '../engine';
import { convTranspose1d, convTranspose2d, convTranspose3d, type Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { readOptions, type Sizes } from './arguments';
import { ConvNd, type ConvBaseOptions, type ConvShape } from './conv';

/** Options of {@link ConvTranspose1d}, {@link ConvTranspose2d} and {@link ConvTranspose3d}. */
export interface ConvTransposeOptions extends ConvBaseOptions {
  /** Elements taken from both ends of the result. */
  padding?: Sizes;
  /** Elements added to one end of the result, whose size a stride leaves open. */
  outputPadding?: Sizes;
  /** Only `zeros` is supported. */
  paddingMode?: 'zeros';
}

type ConvTransposeNames = [
  'stride',
  'padding',
  'outputPadding',
  'groups',
  'bias',
  'dilation',
  'paddingMode',
  'device',
  'dtype',
];

/** Arguments of {@link ConvTranspose1d} and its like. */
export type ConvTransposeArguments = Arguments<
  [inChannels: number, outChannels: number, kernelSize: Sizes],
  ConvShape & ConvTransposeOptions,
  ['inChannels', 'outChannels', 'kernelSize', ...ConvTransposeNames]
>;

/** Arguments of {@link LazyConvTranspose1d} and its like, which learn the first one. */
export type LazyConvTransposeArguments = Arguments<
  [outChannels: number, kernelSize: Sizes],
  Omit<ConvShape, 'inChannels'> & ConvTransposeOptions,
  ['outChannels', 'kernelSize', ...ConvTransposeNames]
>;

/** @internal */
export function readConvTranspose(
  callee: string,
  args: readonly unknown[],
): ConvShape & Required<ConvTransposeOptions> {
  return readOptions<ConvShape & Required<ConvTransposeOptions>>(
    callee,
    {
      inChannels: required,
      outChannels: required,
      kernelSize: required,
      stride: 1,
      padding: 0,
      outputPadding: 0,
      groups: 1,
      bias: true,
      dilation: 1,
      paddingMode: 'zeros',
      device: null,
      dtype: null,
    },
    args,
    ['stride', 'padding', 'outputPadding', 'dilation'],
  );
}

const convolutions = [convTranspose1d, convTranspose2d, convTranspose3d] as const;

/** What transposed convolutions of 1, 2 and 3 dimensions share (`torch.nn.modules.conv._ConvTransposeNd`). */
abstract class ConvTranspose extends ConvNd {
  declare readonly padding: readonly number[];

  /** @internal */
  constructor(dims: number, args: readonly unknown[]) {
    const { name } = new.target;
    const { inChannels, outChannels, kernelSize, ...options } = readConvTranspose(name, args);
    if ((options.paddingMode as string) !== 'zeros')
      throw valueError(`Only "zeros" padding mode is supported for ${name}`);
    if (typeof options.padding === 'string') throw valueError(`${name}: expected numbers for \`padding\``);
    super(inChannels, outChannels, kernelSize, { ...options, dims, transposed: true });
  }

  /** What must be added for the result to have the size that is wanted. */
  private paddingFor(input: Tensor, wanted: readonly number[]): number[] {
    const dims = this.kernelSize.length;
    const inner = input.dim() === dims + 2 ? 2 : 1;
    checkList(`${this.constructor.name}.forward`, 'outputSize', wanted);
    const sizes = wanted.length === inner + dims ? wanted.slice(inner) : wanted;
    if (sizes.length !== dims) {
      throw valueError(
        `ConvTranspose${dims}D: for ${input.dim()}D input, output_size must have ${dims} or ${inner + dims} elements (got ${wanted.length})`,
      );
    }
    const least = sizes.map((_, dim) => {
      const [stride = 1, padding = 0, dilation = 1] = [this.stride[dim], this.padding[dim], this.dilation[dim]];
      return (input.size(dim + inner) - 1) * stride - 2 * padding + dilation * ((this.kernelSize[dim] ?? 1) - 1) + 1;
    });
    const most = least.map((size, dim) => size + (this.stride[dim] ?? 1) - 1);
    for (const [dim, size] of sizes.entries()) {
      if (size >= (least[dim] ?? 0) && size <= (most[dim] ?? 0)) continue;
      throw valueError(
        `requested an output size of [${sizes.join(', ')}], but valid sizes range from [${least.join(', ')}] to [${most.join(', ')}] ` +
          `(for an input of [${input.shape.slice(2).join(', ')}])`,
      );
    }
    return sizes.map((size, dim) => size - (least[dim] ?? 0));
  }

  /**
   * Computes the transposed convolution.
   * @param outputSize which of the sizes that the convolution would make the input's; null takes `outputPadding`
   */
  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    const { weight, bias, stride, padding, groups, dilation } = this;
    const outputPadding = outputSize === null ? this.outputPadding : this.paddingFor(input, outputSize);
    const convolve = convolutions[this.kernelSize.length - 1] as typeof convTranspose1d;
    return convolve(input, weight, bias, stride, padding, outputPadding, groups, dilation);
  }
}

/**
 * Transposed convolution of signals, the gradient of `Conv1d` with respect to its input
 * (`torch.nn.ConvTranspose1d`): [N, inChannels, L] or [inChannels, L] to [N, outChannels, Lout].
 *
 * Weight [inChannels, outChannels / groups, kernel] and bias [outChannels] are drawn evenly from
 * ±1/√(outChannels / groups · kernel), the weight first. `forward` takes the size of the result as a second argument, where
 * the stride leaves several possible.
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(...args: ConvTransposeArguments) {
    super(1, args);
  }
}

/**
 * Transposed convolution of images (`torch.nn.ConvTranspose2d`): [N, inChannels, H, W] or without N to
 * [N, outChannels, Hout, Wout]. Parameters and sizes as for {@link ConvTranspose1d}.
 */
export class ConvTranspose2d extends ConvTranspose {
  constructor(...args: ConvTransposeArguments) {
    super(2, args);
  }
}

/**
 * Transposed convolution of volumes (`torch.nn.ConvTranspose3d`): [N, inChannels, D, H, W] or without N to
 * [N, outChannels, Dout, Hout, Wout]. Parameters and sizes as for {@link ConvTranspose1d}.
 */
export class ConvTranspose3d extends ConvTranspose {
  constructor(...args: ConvTransposeArguments) {
    super(3, args);
  }
}
