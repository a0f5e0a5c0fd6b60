import { randn } from '../../../lib/tensor';
import type { Draws } from '../draws';
import { anyShape, type Configuration, type Entries, type Entry, image, type Value } from './entry';

const normOptions = (draws: Draws, momenta: readonly (number | null)[]): Record<string, Value> => ({
  ...(draws.flag() ? { eps: draws.pick([1e-3, 1e-6]) } : {}),
  ...(draws.flag() ? { momentum: draws.pick(momenta) } : {}),
  ...(draws.flag() ? { affine: draws.flag() } : {}),
  ...(draws.flag() ? { trackRunningStats: draws.flag() } : {}),
  ...(draws.flag() ? { bias: draws.flag() } : {}),
});

const batch =
  (dims: number, lazy: boolean): Entry =>
  (draws): Configuration => {
    const channels = draws.int(1, 4);
    return {
      args: lazy ? [] : [channels],
      options: normOptions(draws, [0.3, null]),
      inputs: [image(draws, dims === 1 && draws.flag() ? 0 : dims, channels, 2, 6, true)].map((x) =>
        x.size(0) === 1 ? randn([2, ...x.shape.slice(1)]) : x,
      ),
    };
  };

const instance =
  (dims: number, lazy: boolean): Entry =>
  (draws): Configuration => {
    const channels = draws.int(1, 4);
    return {
      args: lazy ? [] : [channels],
      options: normOptions(draws, [0.3, 0.7]),
      // The lazy form takes the channels from dimension 1.
      inputs: [image(draws, dims, channels, 2, 6, lazy || draws.flag())],
    };
  };

const family = (name: string, entry: (dims: number, lazy: boolean) => Entry): Entries =>
  Object.fromEntries(
    [1, 2, 3].flatMap((dims) => [
      [`${name}${dims}d`, entry(dims, false)],
      [`Lazy${name}${dims}d`, entry(dims, true)],
    ]),
  );

const response: Entry = (draws) => ({
  args: [draws.int(2, 5)],
  options: draws.flag() ? { alpha: draws.pick([0.01, 0.5]), beta: draws.pick([0.5, 1.5]), k: 2.5 } : {},
  inputs: [image(draws, 2, draws.int(1, 7), 2, 5, true)],
});

export const norms: Entries = {
  ...family('BatchNorm', batch),
  ...family('InstanceNorm', instance),
  LayerNorm: (draws) => {
    const shape = draws.pick([[draws.int(2, 64)], [draws.int(2, 6), draws.int(2, 9)]]);
    return {
      args: [shape.length === 1 && draws.flag() ? shape[0]! : shape],
      options: { eps: 1e-6, elementwiseAffine: draws.flag(), bias: draws.flag() },
      inputs: [randn([draws.int(1, 5), ...shape])],
    };
  },
  RMSNorm: (draws, round) => {
    const shape = draws.pick([[draws.int(2, 64)], [draws.int(2, 6), draws.int(2, 9)]]);
    return {
      args: [shape],
      options: round === 0 ? {} : { eps: draws.pick([null, 1e-3]), elementwiseAffine: draws.flag() },
      inputs: [randn([draws.int(1, 5), ...shape])],
    };
  },
  GroupNorm: (draws) => {
    const groups = draws.int(1, 3);
    const channels = groups * draws.int(1, 3);
    return {
      args: [groups, channels],
      options: { affine: draws.flag(), bias: draws.flag(), ...(draws.flag() ? { eps: 1e-3 } : {}) },
      inputs: [image(draws, draws.int(0, 2), channels, 2, 6, true)].map((x) =>
        x.ndim === 2 ? randn([x.size(0), channels, 3]) : x,
      ),
    };
  },
  LocalResponseNorm: (draws, round) =>
    round % 2 === 0 ? response(draws, round) : { args: [2], inputs: [image(draws, 1, 4, 2, 5, true)] },
  CrossMapLRN2d: response,
};

const dropout = (draws: Draws): { p: number } => ({ p: draws.pick([0.2, 0.5, 0.9]) });

const dropping =
  (inputOf: (draws: Draws) => ReturnType<typeof anyShape>): Entry =>
  (draws, round) => ({
    options: { ...dropout(draws), ...(round % 2 === 1 ? { inplace: true } : {}) },
    inputs: [inputOf(draws)],
  });

export const dropouts: Entries = {
  Dropout: dropping(anyShape),
  Dropout1d: dropping((draws) => image(draws, 1, draws.int(1, 6))),
  Dropout2d: dropping((draws) => image(draws, 2, draws.int(1, 6), 2, 5, true)),
  Dropout3d: dropping((draws) => image(draws, 3, draws.int(1, 6), 2, 4)),
  AlphaDropout: dropping(anyShape),
  FeatureAlphaDropout: dropping((draws) => image(draws, 2, draws.int(1, 6), 2, 5, true)),
};
