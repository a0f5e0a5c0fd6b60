import type { Draws } from '../draws';
import { type Configuration, type Entries, type Entry, image, sizes, type Value } from './entry';

interface Plan {
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Value;
}

const plan = (draws: Draws, dims: number): Plan => {
  const groups = draws.pick([1, 1, 2, 3]);
  const [inChannels, outChannels] = [groups * draws.int(1, 3), groups * draws.int(1, 3)];
  return { groups, inChannels, outChannels, kernelSize: sizes(draws, dims, 1, 3) };
};

/** Options as a program would give them: those that are the defaults are left out now and then. */
function convOptions(draws: Draws, dims: number, round: number): Record<string, Value> {
  const [same, valid] = [round % 4 === 1, round % 4 === 3];
  return {
    ...(same || draws.flag() ? {} : { stride: sizes(draws, dims, 1, 2) }),
    padding: same ? 'same' : valid ? 'valid' : sizes(draws, dims, 0, 2),
    ...(draws.flag() ? { dilation: sizes(draws, dims, 1, 2) } : {}),
    ...(draws.flag() ? { bias: draws.flag() } : {}),
    paddingMode: draws.pick(['zeros', 'zeros', 'reflect', 'replicate', 'circular']),
  };
}

const conv =
  (dims: number, lazy: boolean): Entry =>
  (draws, round): Configuration => {
    const { groups, inChannels, outChannels, kernelSize } = plan(draws, dims);
    return {
      args: [...(lazy ? [] : [inChannels]), outChannels, kernelSize],
      options: { ...convOptions(draws, dims, round), groups },
      inputs: [image(draws, dims, inChannels, 6, dims === 3 ? 7 : 9)],
    };
  };

const transposed =
  (dims: number, lazy: boolean): Entry =>
  (draws, round): Configuration => {
    const { groups, inChannels, outChannels } = plan(draws, dims);
    const [kernel, stride, padding, dilation] = [draws.int(2, 3), draws.int(1, 3), draws.int(0, 1), draws.int(1, 2)];
    const x = image(draws, dims, inChannels, 3, 5);
    const wanted = x.shape
      .slice(-dims)
      .map((size) => (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + draws.int(0, stride - 1));
    const channels = x.ndim === dims + 2 ? [x.size(0), outChannels] : [outChannels];
    const outputSize = draws.flag() ? wanted : [...channels, ...wanted];
    const least = Math.max(stride, dilation) - 1;
    return {
      args: [...(lazy ? [] : [inChannels]), outChannels, kernel],
      options: {
        stride,
        padding,
        groups,
        dilation,
        bias: draws.flag(),
        ...(round % 2 === 0 ? { outputPadding: sizes(draws, dims, 0, least) } : {}),
      },
      inputs: round % 2 === 0 ? [x] : [x, outputSize],
    };
  };

export const convolutions: Entries = {
  Conv1d: conv(1, false),
  Conv2d: conv(2, false),
  Conv3d: conv(3, false),
  LazyConv1d: conv(1, true),
  LazyConv2d: conv(2, true),
  LazyConv3d: conv(3, true),
  ConvTranspose1d: transposed(1, false),
  ConvTranspose2d: transposed(2, false),
  ConvTranspose3d: transposed(3, false),
  LazyConvTranspose1d: transposed(1, true),
  LazyConvTranspose2d: transposed(2, true),
  LazyConvTranspose3d: transposed(3, true),
};
