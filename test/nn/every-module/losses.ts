import * as nn from '../../../lib/nn';
import { rand, randint, randn, tensor, type Tensor } from '../../../lib/tensor';
import type { Draws } from '../draws';
import { type Configuration, type Entries, type Entry, reductions, type Value } from './entry';

/** Every loss takes every reduction in turn. */
const reduction = (round: number): { reduction: string } => ({ reduction: reductions[round % 3] as string });

/** A loss of two tensors of one shape. */
const pair =
  (
    options: (draws: Draws) => Readonly<Record<string, Value>> = () => ({}),
    target: (shape: readonly number[], draws: Draws) => Tensor = (shape) => randn(shape),
    input: (shape: readonly number[]) => Tensor = (shape) => randn(shape),
    differentiate: readonly number[] = [0],
  ): Entry =>
  (draws, round): Configuration => {
    const shape = Array.from({ length: draws.int(1, 3) }, () => draws.int(1, 6));
    return {
      options: { ...reduction(round), ...(round < 2 ? {} : options(draws)) },
      inputs: [input(shape), target(shape, draws)],
      differentiate,
    };
  };

const signs = (shape: readonly number[]): Tensor => randn(shape).sign();
const counts = (shape: readonly number[]): Tensor => randint(0, 5, shape).float();
const probabilities = (shape: readonly number[]): Tensor => rand(shape).mul(0.98).add(0.01);

const weight = (draws: Draws, size: number): { weight?: Tensor } => (draws.flag() ? { weight: rand([size]) } : {});

/** [N, C, ...] with classes [N, ...]. */
const classes = (draws: Draws): { count: number; logits: Tensor; target: Tensor } => {
  const [batch, count] = [draws.int(1, 5), draws.int(2, 6)];
  const spatial = draws.pick([[], [draws.int(1, 4)], [draws.int(1, 4), draws.int(1, 4)]]);
  return { count, logits: randn([batch, count, ...spatial]), target: randint(0, count, [batch, ...spatial]) };
};

const vectors = (draws: Draws, many: number): Tensor[] => {
  const shape = [draws.int(1, 5), draws.int(2, 8)];
  return Array.from({ length: many }, () => randn(shape));
};

/** Two sets of vectors, and 1 or −1 for each pair. */
const marked = (margin: number): Entry =>
  function (draws, round) {
    const [a, b] = vectors(draws, 2) as [Tensor, Tensor];
    return {
      options: { ...reduction(round), ...(draws.flag() ? { margin } : {}) },
      inputs: [a, b, signs([a.size(0)])],
      differentiate: [0, 1],
    };
  };

export const losses: Entries = {
  L1Loss: pair(undefined, undefined, undefined, [0, 1]),
  MSELoss: pair(undefined, undefined, undefined, [0, 1]),
  SmoothL1Loss: pair((draws) => ({ beta: draws.pick([0, 0.5, 1.5]) })),
  HuberLoss: pair((draws) => ({ delta: draws.pick([0.5, 1.5]) })),
  SoftMarginLoss: pair(undefined, signs),
  PoissonNLLLoss: pair((draws) => ({ logInput: draws.flag(), full: draws.flag(), eps: 1e-6 }), counts, probabilities),
  KLDivLoss: (draws, round) => {
    const shape = [draws.int(1, 4), draws.int(2, 6)];
    const logTarget = draws.flag();
    const target = randn(shape);
    return {
      options: { reduction: [...reductions, 'batchmean'][round % 4] as string, logTarget },
      inputs: [randn(shape).logSoftmax(1), logTarget ? target.logSoftmax(1) : target.softmax(1)],
    };
  },
  GaussianNLLLoss: (draws, round) => {
    const shape = [draws.int(1, 4), draws.int(2, 6)];
    const variance = draws.pick<Value>([rand(shape), rand([shape[0]!]), rand([shape[0]!, 1]), 0.5]);
    return {
      options: { ...reduction(round), full: draws.flag(), ...(draws.flag() ? { eps: 0.1 } : {}) },
      inputs: [randn(shape), randn(shape), variance],
    };
  },
  BCELoss: (draws, round) => {
    const shape = [draws.int(1, 4), draws.int(2, 6)];
    const options = { ...reduction(round), ...weight(draws, shape[1]!) };
    return { options, inputs: [probabilities(shape), rand(shape)], differentiate: [0] };
  },
  BCEWithLogitsLoss: (draws, round) => {
    const shape = [draws.int(1, 4), draws.int(2, 6)];
    const posWeight = draws.flag() ? { posWeight: rand([shape[1]!]) } : {};
    return {
      options: { ...reduction(round), ...weight(draws, shape[1]!), ...posWeight },
      inputs: [randn(shape), rand(shape)],
    };
  },
  HingeEmbeddingLoss: pair((draws) => ({ margin: draws.pick([0.5, 1.5]) }), signs),
  CosineEmbeddingLoss: marked(0.25),
  MarginRankingLoss: (draws, round) => {
    const size = draws.int(1, 8);
    return {
      options: { ...reduction(round), ...(draws.flag() ? { margin: 0.5 } : {}) },
      inputs: [randn([size]), randn([size]), signs([size])],
      differentiate: [0, 1],
    };
  },
  TripletMarginLoss: (draws, round) => ({
    options: { ...reduction(round), margin: draws.pick([0.5, 1.5]), p: draws.pick([1.5, 2.5]), swap: draws.flag() },
    inputs: vectors(draws, 3),
  }),
  TripletMarginWithDistanceLoss: (draws, round) => {
    const options = { ...reduction(round), margin: 0.75, swap: draws.flag() } as nn.TripletMarginWithDistanceOptions;
    const given = `reduction='${options.reduction!}', margin=0.75, swap=${options.swap ? 'True' : 'False'}`;
    const own = round % 2 === 1;
    const distanceFunction = own
      ? (x: Tensor, y: Tensor) => x.sub(y).abs().sum(-1)
      : new nn.PairwiseDistance({ p: 1.5 });
    const python = own ? 'lambda x, y: (x - y).abs().sum(-1)' : 'torch.nn.PairwiseDistance(p=1.5)';
    return {
      make: () => new nn.TripletMarginWithDistanceLoss({ ...options, ...(round === 0 ? {} : { distanceFunction }) }),
      python: `torch.nn.TripletMarginWithDistanceLoss(${given}${round === 0 ? '' : `, distance_function=${python}`})`,
      inputs: vectors(draws, 3),
    };
  },
  NLLLoss: (draws, round) => {
    const { count, logits, target } = classes(draws);
    return {
      options: { ...reduction(round), ...weight(draws, count), ...(draws.flag() ? { ignoreIndex: 1 } : {}) },
      inputs: [logits.logSoftmax(1), target],
    };
  },
  CrossEntropyLoss: (draws, round) => {
    const { count, logits, target } = classes(draws);
    const soft = round % 2 === 1;
    return {
      options: {
        ...reduction(round),
        ...weight(draws, count),
        ...(!soft && draws.flag() ? { ignoreIndex: 1 } : {}),
        ...(draws.flag() ? { labelSmoothing: 0.1 } : {}),
      },
      inputs: [logits, soft ? randn(logits.shape).softmax(1) : target],
      differentiate: [0],
    };
  },
  LinearCrossEntropyLoss: (draws, round) => {
    const [batch, features, count] = [draws.int(1, 5), draws.int(1, 6), draws.int(2, 6)];
    const outFeatures = draws.pick([[], [draws.int(1, 3)]]);
    return {
      args: [features, count],
      options: {
        ...reduction(round),
        ...weight(draws, count),
        bias: draws.flag(),
        outFeatures,
        ...(draws.flag() ? { labelSmoothing: 0.1 } : {}),
        ...(draws.flag() ? { ignoreIndex: 1 } : {}),
      },
      inputs: [randn([batch, features]), randint(0, count, [batch, ...outFeatures])],
    };
  },
  MultiLabelMarginLoss: (draws, round) => {
    const [batch, count] = [draws.int(1, 4), draws.int(2, 6)];
    const rows = Array.from({ length: batch }, () => {
      const wanted = Array.from({ length: count }, (_, label) => label).filter(() => draws.flag());
      return [...wanted, ...Array<number>(count).fill(-1)].slice(0, count);
    });
    return { options: reduction(round), inputs: [randn([batch, count]), tensor(rows)] };
  },
  MultiLabelSoftMarginLoss: (draws, round) => {
    const shape = [draws.int(1, 4), draws.int(2, 6)];
    return {
      options: { ...reduction(round), ...weight(draws, shape[1]!) },
      inputs: [randn(shape), randint(0, 2, shape)],
    };
  },
  MultiMarginLoss: (draws, round) => {
    const [batch, count] = [draws.int(1, 4), draws.int(2, 6)];
    return {
      options: { ...reduction(round), ...weight(draws, count), p: draws.int(1, 2), margin: draws.pick([0.5, 1.5]) },
      inputs: [randn([batch, count]), randint(0, count, [batch])],
    };
  },
  CTCLoss: (draws, round) => {
    const [batch, count, length] = [draws.int(1, 3), draws.int(3, 6), draws.int(6, 10)];
    const longest = draws.int(2, 4);
    const inputLengths = Array.from({ length: batch }, () =>
      draws.int(longest * 2 + 1 > length ? length : longest * 2, length),
    );
    const targetLengths = Array.from({ length: batch }, () => draws.int(1, longest));
    const lists = draws.flag();
    return {
      options: { ...reduction(round), zeroInfinity: draws.flag(), ...(round >= 3 ? { blank: 0 } : {}) },
      inputs: [
        randn([length, batch, count]).logSoftmax(2),
        randint(1, count, [batch, longest]),
        lists ? inputLengths : tensor(inputLengths),
        lists ? targetLengths : tensor(targetLengths),
      ],
    };
  },
};
