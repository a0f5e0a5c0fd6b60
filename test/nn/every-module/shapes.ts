import { randn } from '../../../lib/tensor';
import type { Draws } from '../draws';
import { anyShape, type Configuration, type Entries, type Entry, image, type Value } from './entry';

const around = (draws: Draws, dims: number, low: number, high: number): Value =>
  draws.flag() ? draws.int(Math.max(0, low), high) : Array.from({ length: 2 * dims }, () => draws.int(low, high));

const pad =
  (dims: number, low: number, value: boolean): Entry =>
  (draws): Configuration => ({
    args: [around(draws, dims, low, 3), ...(value ? [draws.pick([2, 1.5, -0.5])] : [])],
    inputs: [image(draws, dims, draws.int(1, 3), 5, 7)],
  });

const pads = (name: string, low: number, value = false): Entries =>
  Object.fromEntries([1, 2, 3].map((dims) => [`${name}Pad${dims}d`, pad(dims, low, value)]));

const factor = (draws: Draws, dims: number): Value =>
  draws.flag() ? draws.pick([2, 1.5, 0.6]) : Array.from({ length: dims }, () => draws.pick([2.5, 1.5, 0.6]));

const size = (draws: Draws, dims: number): Value =>
  draws.flag() ? draws.int(2, 9) : Array.from({ length: dims }, () => draws.int(2, 9));

const linearModes = ['linear', 'bilinear', 'trilinear'] as const;

const upsample2d: Entry = (draws) => ({
  options: draws.flag() ? { size: size(draws, 2) } : { scaleFactor: factor(draws, 2) },
  inputs: [image(draws, 2, draws.int(1, 3), 3, 6, true)],
});

export const shapes: Entries = {
  ...pads('Reflection', 0),
  ...pads('Replication', 0),
  ...pads('Circular', -1),
  ...pads('Constant', -1, true),
  ...pads('Zero', -1),
  Identity: (draws) => ({ inputs: [anyShape(draws)] }),
  Flatten: (draws, round) => ({
    args: round === 0 ? [] : [draws.int(0, 1), draws.int(-2, -1)],
    inputs: [randn([2, 3, 4])],
  }),
  Unflatten: (draws) => ({
    args: [
      draws.pick([1, -2]),
      draws.pick([
        [2, 3],
        [6, -1],
        [3, 1, 2],
      ]),
    ],
    inputs: [randn([2, 6, 4])],
  }),
  PixelShuffle: (draws) => {
    const r = draws.int(1, 3);
    return { args: [r], inputs: [image(draws, 2, r * r * draws.int(1, 3), 1, 4)] };
  },
  PixelUnshuffle: (draws) => {
    const r = draws.int(1, 3);
    return { args: [r], inputs: [randn([draws.int(1, 2), draws.int(1, 3), r * draws.int(1, 4), r * draws.int(1, 4)])] };
  },
  ChannelShuffle: (draws) => {
    const groups = draws.int(1, 3);
    return { args: [groups], inputs: [image(draws, 2, groups * draws.int(1, 3), 1, 4, true)] };
  },
  Upsample: (draws, round) => {
    const dims = draws.int(1, 3);
    const mode = draws.pick([
      'nearest',
      'nearest-exact',
      'area',
      linearModes[dims - 1]!,
      ...(dims === 2 ? ['bicubic'] : []),
    ]);
    const bySize = round % 2 === 0;
    return {
      options: {
        ...(bySize ? { size: size(draws, dims) } : { scaleFactor: factor(draws, dims) }),
        mode,
        ...(mode.endsWith('linear') || mode === 'bicubic' ? { alignCorners: draws.flag() } : {}),
        ...(bySize ? {} : { recomputeScaleFactor: draws.flag() }),
      },
      inputs: [image(draws, dims, draws.int(1, 3), 3, 6, true)],
    };
  },
  UpsamplingNearest2d: upsample2d,
  UpsamplingBilinear2d: upsample2d,
  Unfold: (draws) => ({
    args: [draws.int(1, 3)],
    options: { dilation: draws.int(1, 2), padding: draws.pick<Value>([0, [1, 2]]), stride: draws.int(1, 2) },
    inputs: [image(draws, 2, draws.int(1, 3), 6, 9)],
  }),
  Fold: (draws) => {
    const [kernel, channels] = [draws.int(2, 3), draws.int(1, 3)];
    const blocks = (size: number): number => Math.floor((size - kernel) / kernel) + 1;
    const [height, width] = [draws.int(6, 9), draws.int(6, 9)];
    return {
      args: [[height, width], kernel],
      options: { stride: kernel },
      inputs: [randn([2, channels * kernel * kernel, blocks(height) * blocks(width)])],
    };
  },
};
