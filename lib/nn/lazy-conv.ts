/** Convolutions that take the number of their input's channels from the first input. */
import { checkTensor, TorchError, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { Conv1d, Conv2d, Conv3d, type ConvNd, type LazyConvArguments, readConv } from './conv';
import {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type LazyConvTransposeArguments,
  readConvTranspose,
} from './conv-transpose';
import { become, hasUninitialized } from './lazy';
import type { FactoryOptions } from './linear';
import { isLazy, UninitializedParameter } from './uninitialized';

/** Puts parameters without a shape in the place of those that the base class has made. */
function forgetShapes(module: ConvNd, { bias, device, dtype }: FactoryOptions & { bias: boolean }): void {
  module.weight = new UninitializedParameter({ device, dtype });
  if (bias) module.bias = new UninitializedParameter({ device, dtype });
}

/** Learns from an input how many channels there are (`_LazyConvXdMixin.initialize_parameters`). */
function initialize(module: ConvNd, input: Tensor): void {
  const { name } = module.constructor;
  checkTensor(`${name}.forward()`, 'input', input);
  if (!hasUninitialized(module)) return;
  const { kernelSize, outChannels, groups, transposed, weight, bias } = module;
  const unbatched = kernelSize.length + 1;
  if (input.dim() !== unbatched && input.dim() !== unbatched + 1) {
    throw new TorchError(
      `Expected ${unbatched}D (unbatched) or ${unbatched + 1}D (batched) input to ${name}, ` +
        `but got input of size: torch.Size([${input.shape.join(', ')}])`,
    );
  }
  const inChannels = input.size(input.dim() === unbatched ? 0 : 1);
  if (inChannels % groups !== 0) throw valueError('in_channels must be divisible by groups');
  module.inChannels = inChannels;
  const [rows, columns] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
  if (isLazy(weight)) weight.materialize([rows, columns / groups, ...kernelSize]);
  if (isLazy(bias)) bias.materialize([outChannels]);
  module.resetParameters();
}

/**
 * A {@link Conv1d} that takes the number of input channels from its first input, draws its parameters then and becomes a
 * Conv1d (`torch.nn.LazyConv1d`).
 */
export class LazyConv1d extends Conv1d {
  constructor(...args: LazyConvArguments) {
    const options = readConv('LazyConv1d', [0, ...args]);
    super({ ...options, bias: false });
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, Conv1d);
    return super.forward(input);
  }
}

/**
 * A {@link Conv2d} that takes the number of input channels from its first input (`torch.nn.LazyConv2d`), as
 * {@link LazyConv1d} does.
 */
export class LazyConv2d extends Conv2d {
  constructor(...args: LazyConvArguments) {
    const options = readConv('LazyConv2d', [0, ...args]);
    super({ ...options, bias: false });
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, Conv2d);
    return super.forward(input);
  }
}

/**
 * A {@link Conv3d} that takes the number of input channels from its first input (`torch.nn.LazyConv3d`), as
 * {@link LazyConv1d} does.
 */
export class LazyConv3d extends Conv3d {
  constructor(...args: LazyConvArguments) {
    const options = readConv('LazyConv3d', [0, ...args]);
    super({ ...options, bias: false });
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, Conv3d);
    return super.forward(input);
  }
}

/**
 * A {@link ConvTranspose1d} that takes the number of input channels from its first input (`torch.nn.LazyConvTranspose1d`),
 * as {@link LazyConv1d} does.
 */
export class LazyConvTranspose1d extends ConvTranspose1d {
  constructor(...args: LazyConvTransposeArguments) {
    const options = readConvTranspose('LazyConvTranspose1d', [0, ...args]);
    super({ ...options, bias: false });
    forgetShapes(this, options);
  }

  /** Computes the transposed convolution; the first input tells the number of channels. */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    initialize(this, input);
    become(this, ConvTranspose1d);
    return super.forward(input, outputSize);
  }
}

/**
 * A {@link ConvTranspose2d} that takes the number of input channels from its first input (`torch.nn.LazyConvTranspose2d`),
 * as {@link LazyConv1d} does.
 */
export class LazyConvTranspose2d extends ConvTranspose2d {
  constructor(...args: LazyConvTransposeArguments) {
    const options = readConvTranspose('LazyConvTranspose2d', [0, ...args]);
    super({ ...options, bias: false });
    forgetShapes(this, options);
  }

  /** Computes the transposed convolution; the first input tells the number of channels. */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    initialize(this, input);
    become(this, ConvTranspose2d);
    return super.forward(input, outputSize);
  }
}

/**
 * A {@link ConvTranspose3d} that takes the number of input channels from its first input (`torch.nn.LazyConvTranspose3d`),
 * as {@link LazyConv1d} does.
 */
export class LazyConvTranspose3d extends ConvTranspose3d {
  constructor(...args: LazyConvTransposeArguments) {
    const options = readConvTranspose('LazyConvTranspose3d', [0, ...args]);
    super({ ...options, bias: false });
    forgetShapes(this, options);
  }

  /** Computes the transposed convolution; the first input tells the number of channels. */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    initialize(this, input);
    become(this, ConvTranspose3d);
    return super.forward(input, outputSize);
  }
}
