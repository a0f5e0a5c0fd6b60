import { randn, type Tensor } from '../../../lib/tensor';
import type { Draws } from '../draws';
import { anyShape, type Configuration, type Entries, type Value } from './entry';

/** An activation of any shape with some options, `inplace` in every second configuration where there is one. */
const elementwise =
  (options: (draws: Draws) => Readonly<Record<string, Value>> = () => ({}), inplace = false) =>
  (draws: Draws, round: number): Configuration => ({
    options: { ...(round === 0 ? {} : options(draws)), ...(inplace && round % 2 === 1 ? { inplace: true } : {}) },
    inputs: [anyShape(draws)],
  });

const alpha = (draws: Draws): { alpha: number } => ({ alpha: draws.pick([0.3, 1.7]) });
const lambd = (draws: Draws): { lambd: number } => ({ lambd: draws.pick([0.1, 0.75]) });

const along = (draws: Draws, round: number): Configuration => {
  const x = anyShape(draws);
  return { options: round === 0 ? {} : { dim: draws.int(-x.ndim, x.ndim - 1) }, inputs: [x] };
};

const doubled = (x: Tensor, dim: number): Tensor => randn(x.shape.map((size, at) => (at === dim ? 2 * size : size)));

export const activations: Entries = {
  ReLU: elementwise(undefined, true),
  ReLU6: elementwise(undefined, true),
  SELU: elementwise(undefined, true),
  SiLU: elementwise(undefined, true),
  Mish: elementwise(undefined, true),
  Hardswish: elementwise(undefined, true),
  Hardsigmoid: elementwise(undefined, true),
  Sigmoid: elementwise(),
  LogSigmoid: elementwise(),
  Tanh: elementwise(),
  Tanhshrink: elementwise(),
  Softsign: elementwise(),
  ELU: elementwise(alpha, true),
  CELU: elementwise(alpha, true),
  Hardshrink: elementwise(lambd),
  Softshrink: elementwise(lambd),
  Softplus: elementwise((draws) => ({ beta: draws.pick([0.5, 2.5]), threshold: 1.5 })),
  GELU: elementwise((draws) => ({ approximate: draws.pick(['none', 'tanh']) })),
  LeakyReLU: elementwise((draws) => ({ negativeSlope: draws.pick([0.2, 0.3]) }), true),
  RReLU: elementwise((draws) => ({ lower: draws.pick([0.05, 0.1]), upper: 0.4 }), true),
  Hardtanh: elementwise((draws) => ({ minVal: -0.5, maxVal: draws.pick([0.25, 1.5]) }), true),
  Threshold: (draws, round) => ({
    args: [draws.pick([0, 0.1, -0.5]), draws.pick([20, 0.5])],
    options: round % 2 === 1 ? { inplace: true } : {},
    inputs: [anyShape(draws)],
  }),
  PReLU: (draws, round) => {
    const channels = draws.int(2, 5);
    if (round % 2 === 0) return { options: { init: 0.3 }, inputs: [anyShape(draws)] };
    return { args: [channels], inputs: [randn([draws.int(1, 3), channels, draws.int(1, 6)])] };
  },
  Softmax: along,
  Softmin: along,
  LogSoftmax: along,
  Softmax2d: (draws) => ({
    inputs: [randn([...(draws.flag() ? [2] : []), draws.int(1, 5), draws.int(1, 6), draws.int(1, 6)])],
  }),
  GLU: (draws, round) => {
    const x = anyShape(draws);
    const dim = round === 0 ? -1 : draws.int(-x.ndim, x.ndim - 1);
    return { options: round === 0 ? {} : { dim }, inputs: [doubled(x, (dim + x.ndim) % x.ndim)] };
  },
};
