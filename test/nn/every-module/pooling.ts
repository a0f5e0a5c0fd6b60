import { functional as F } from '../../../lib/nn';
import { rand, randn, type Tensor } from '../../../lib/tensor';
import type { Draws } from '../draws';
import { type Configuration, type Entries, type Entry, image, sizes, type Value } from './entry';

const pooled = (draws: Draws, dims: number): Tensor => image(draws, dims, draws.int(1, 3), 6, 9);

const max =
  (dims: number): Entry =>
  (draws, round): Configuration => ({
    args: [sizes(draws, dims, 2, 3)],
    options: {
      ...(draws.flag() ? { stride: sizes(draws, dims, 1, 3) } : {}),
      padding: sizes(draws, dims, 0, 1),
      dilation: sizes(draws, dims, 1, 2),
      ceilMode: draws.flag(),
      ...(round % 2 === 1 ? { returnIndices: true } : {}),
    },
    inputs: [pooled(draws, dims)],
  });

const avg =
  (dims: number): Entry =>
  (draws): Configuration => ({
    args: [sizes(draws, dims, 2, 3)],
    options: {
      ...(draws.flag() ? { stride: sizes(draws, dims, 1, 3) } : {}),
      padding: sizes(draws, dims, 0, 1),
      ceilMode: draws.flag(),
      countIncludePad: draws.flag(),
      ...(dims > 1 && draws.flag() ? { divisorOverride: draws.int(1, 5) } : {}),
    },
    inputs: [pooled(draws, dims)],
  });

const lp =
  (dims: number): Entry =>
  (draws): Configuration => ({
    // A tuple of one size fails in Python's function.
    args: [draws.pick([1, 2, 3, 1.5]), dims === 1 ? draws.int(2, 3) : sizes(draws, dims, 2, 3)],
    options: { ...(draws.flag() ? { stride: sizes(draws, dims, 1, 3) } : {}), ceilMode: draws.flag() },
    inputs: [pooled(draws, dims)],
  });

const adaptiveSize = (draws: Draws, dims: number): Value =>
  draws.flag()
    ? draws.int(1, 7)
    : Array.from({ length: dims }, () => (dims > 1 && draws.next() < 0.3 ? null : draws.int(1, 7)));

const adaptive =
  (dims: number, indices: boolean): Entry =>
  (draws, round): Configuration => ({
    args: [adaptiveSize(draws, dims)],
    options: indices && round % 2 === 1 ? { returnIndices: true } : {},
    inputs: [pooled(draws, dims)],
  });

const fractional =
  (dims: number): Entry =>
  (draws, round): Configuration => {
    const channels = draws.int(1, 3);
    const x = image(draws, dims, channels, 6, 9, true);
    return {
      args: [sizes(draws, dims, 2, 3)],
      options: {
        ...(draws.flag() ? { outputSize: sizes(draws, dims, 1, 3) } : { outputRatio: draws.pick([0.3, 0.45]) }),
        ...(round % 2 === 1 ? { returnIndices: true } : {}),
        ...(round % 3 === 2 ? { randomSamples: rand([x.size(0), channels, dims]) } : {}),
      },
      renamed: { randomSamples: '_random_samples' },
      inputs: [x],
    };
  };

const unpool =
  (dims: 1 | 2 | 3): Entry =>
  (draws, round): Configuration => {
    const kernel = draws.int(2, 3);
    // Without the size that was pooled, it is taken for one that the kernel divides.
    const whole = randn([2, draws.int(1, 3), ...Array.from({ length: dims }, () => kernel * draws.int(1, 3))]);
    const x = round % 2 === 0 ? pooled(draws, dims) : whole;
    const pool = { 1: F.maxPool1d, 2: F.maxPool2d, 3: F.maxPool3d }[dims];
    const [values, indices] = pool(x, kernel, { returnIndices: true });
    return {
      args: [round % 3 === 0 ? kernel : Array<number>(dims).fill(kernel)],
      options: draws.flag() ? { stride: kernel } : {},
      inputs: round % 2 === 0 ? [values, indices, x.shape.slice(-dims)] : [values, indices],
    };
  };

export const pooling: Entries = {
  MaxPool1d: max(1),
  MaxPool2d: max(2),
  MaxPool3d: max(3),
  AvgPool1d: avg(1),
  AvgPool2d: avg(2),
  AvgPool3d: avg(3),
  LPPool1d: lp(1),
  LPPool2d: lp(2),
  LPPool3d: lp(3),
  AdaptiveAvgPool1d: adaptive(1, false),
  AdaptiveAvgPool2d: adaptive(2, false),
  AdaptiveAvgPool3d: adaptive(3, false),
  AdaptiveMaxPool1d: adaptive(1, true),
  AdaptiveMaxPool2d: adaptive(2, true),
  AdaptiveMaxPool3d: adaptive(3, true),
  FractionalMaxPool2d: fractional(2),
  FractionalMaxPool3d: fractional(3),
  MaxUnpool1d: unpool(1),
  MaxUnpool2d: unpool(2),
  MaxUnpool3d: unpool(3),
};
