/** Every op that draws random numbers, as it is called here and in Python; see sampling.test.ts. */

import * as torch from '../../lib/tensor';
import type { DType, Generator, Tensor } from '../../lib/tensor';

/** What one comparison draws: elements of `dtype`, in row-major order or transposed. */
export interface Setting {
  readonly dtype: DType;
  /** Numbers between 0 and 1 of that dtype and layout; Python has the same as `p`. */
  readonly p: Tensor;
  /** Empty where the default generator is to be used. */
  readonly options: { generator: Generator };
}

export interface Sampler {
  /** Floats of which it draws or takes parameters, or all dtypes that it fills. */
  readonly dtypes: 'real' | 'float' | 'double' | 'any';
  readonly ours: (setting: Setting) => Tensor;
  /** Of `p` (fresh), `dtype`, and `o`, which is `{'generator': g}` or empty. */
  readonly python: string;
}

const fresh = ({ p }: Setting): Tensor => p.clone();
const options = ({ dtype, options: given }: Setting): { dtype: DType; generator: Generator } => ({ dtype, ...given });
const internal = (name: string, args: unknown[], { options: given }: Setting): Tensor =>
  torch.callOp<Tensor>(name, Object.hasOwn(given, 'generator') ? [...args, given.generator] : args);

/** By the name of the overload that takes the generator. */
export const SAMPLERS: Readonly<Record<string, Sampler>> = {
  _sample_dirichlet: {
    dtypes: 'real',
    ours: (s) => internal('aten::_sample_dirichlet', [s.p.add(0.5)], s),
    python: 'torch._sample_dirichlet(p + 0.5, **o)',
  },
  _standard_gamma: {
    dtypes: 'real',
    ours: (s) => internal('aten::_standard_gamma', [s.p.add(0.5)], s),
    python: 'torch._standard_gamma(p + 0.5, **o)',
  },
  bernoulli: { dtypes: 'real', ours: (s) => torch.bernoulli(s.p, s.options), python: 'torch.bernoulli(p, **o)' },
  'bernoulli.p': {
    dtypes: 'any',
    ours: (s) => torch.bernoulli(s.p, 0.3, s.options),
    python: 'torch.bernoulli(p, 0.3, **o)',
  },
  'bernoulli_.Tensor': {
    dtypes: 'any',
    ours: (s) => fresh(s).bernoulli_(s.p.to('float32').mul(0.7).clamp(0, 1), s.options),
    python: 'p.clone().bernoulli_((p.float() * 0.7).clamp(0, 1), **o)',
  },
  'bernoulli_.float': {
    dtypes: 'any',
    ours: (s) => fresh(s).bernoulli_(0.8, s.options),
    python: 'p.clone().bernoulli_(0.8, **o)',
  },
  binomial: {
    dtypes: 'float',
    ours: (s) => torch.binomial(s.p.mul(60).round(), s.p, s.options),
    python: 'torch.binomial((p * 60).round(), p, **o)',
  },
  cauchy: {
    dtypes: 'real',
    ours: (s) => s.p.cauchy(1, 2, s.options),
    python: 'torch.ops.aten.cauchy(p, 1, 2, **o)',
  },
  cauchy_: {
    dtypes: 'real',
    ours: (s) => fresh(s).cauchy_(-1, 0.5, s.options),
    python: 'p.clone().cauchy_(-1, 0.5, **o)',
  },
  exponential: {
    dtypes: 'real',
    ours: (s) => s.p.exponential(2, s.options),
    python: 'torch.ops.aten.exponential(p, 2, **o)',
  },
  exponential_: {
    dtypes: 'real',
    ours: (s) => fresh(s).exponential_(1.5, s.options),
    python: 'p.clone().exponential_(1.5, **o)',
  },
  geometric: {
    dtypes: 'any',
    ours: (s) => s.p.geometric(0.3, s.options),
    python: 'torch.ops.aten.geometric(p, 0.3, **o)',
  },
  geometric_: {
    dtypes: 'any',
    ours: (s) => fresh(s).geometric_(0.2, s.options),
    python: 'p.clone().geometric_(0.2, **o)',
  },
  log_normal: {
    dtypes: 'real',
    ours: (s) => s.p.logNormal(0.5, 0.25, s.options),
    python: 'torch.ops.aten.log_normal(p, 0.5, 0.25, **o)',
  },
  log_normal_: {
    dtypes: 'real',
    ours: (s) => fresh(s).logNormal_({ mean: 0, std: 0.5, ...s.options }),
    python: 'p.clone().log_normal_(mean=0, std=0.5, **o)',
  },
  multinomial: {
    dtypes: 'real',
    ours: (s) => {
      const without = torch.multinomial(s.p.add(0.1), 3, s.options);
      return torch.stack([without, torch.multinomial(s.p.add(0.1), 3, true, s.options)]);
    },
    python: 'torch.stack([torch.multinomial(p + 0.1, 3, **o), torch.multinomial(p + 0.1, 3, True, **o)])',
  },
  'normal.Tensor_Tensor': {
    dtypes: 'real',
    ours: (s) => torch.normal(s.p, s.p, s.options),
    python: 'torch.normal(p, p, **o)',
  },
  'normal.Tensor_float': {
    dtypes: 'real',
    ours: (s) => torch.normal(s.p, 2.5, s.options),
    python: 'torch.normal(p, 2.5, **o)',
  },
  'normal.float_Tensor': {
    dtypes: 'real',
    ours: (s) => torch.normal(1.5, s.p, s.options),
    python: 'torch.normal(1.5, p, **o)',
  },
  'normal.float_float': {
    dtypes: 'real',
    ours: (s) => torch.normal(1.5, 2, [4, 5], options(s)),
    python: 'torch.normal(1.5, 2.0, (4, 5), dtype=dtype, **o)',
  },
  normal_: { dtypes: 'real', ours: (s) => fresh(s).normal_(1, 3, s.options), python: 'p.clone().normal_(1, 3, **o)' },
  normal_functional: {
    dtypes: 'real',
    ours: (s) => torch.normalFunctional(s.p, 1, 3, s.options),
    python: 'torch.ops.aten.normal_functional(p, 1, 3, **o)',
  },
  poisson: { dtypes: 'real', ours: (s) => torch.poisson(s.p.mul(20), s.options), python: 'torch.poisson(p * 20, **o)' },
  'rand.generator': {
    dtypes: 'real',
    ours: (s) => torch.rand([5, 7], options(s)),
    python: 'torch.rand(5, 7, dtype=dtype, **o)',
  },
  'rand_like.generator': {
    dtypes: 'real',
    ours: (s) => torch.randLike(s.p, s.options),
    python: 'torch.rand_like(p, **o)',
  },
  'randint.generator': {
    dtypes: 'any',
    ours: (s) => torch.randint(2, [5, 7], options(s)),
    python: 'torch.randint(2, (5, 7), dtype=dtype, **o)',
  },
  'randint.low_generator': {
    dtypes: 'any',
    ours: (s) => torch.randint(1, 2, [9], options(s)).add(torch.randint(0, 2, [9], options(s))),
    python: 'torch.randint(1, 2, (9,), dtype=dtype, **o) + torch.randint(0, 2, (9,), dtype=dtype, **o)',
  },
  'randint_like.Tensor_generator': {
    dtypes: 'real',
    ours: (s) => torch.randintLike(s.p, torch.tensor(100), s.options),
    python: 'torch.ops.aten.randint_like.Tensor_generator(p, torch.tensor(100), **({"generator": None} | o))',
  },
  'randint_like.generator': {
    dtypes: 'real',
    ours: (s) => torch.randintLike(s.p, 100, s.options),
    python: 'torch.randint_like(p, 100, **o)',
  },
  'randint_like.low_generator_dtype': {
    dtypes: 'real',
    ours: (s) => torch.randintLike(s.p, -50, 50, s.options),
    python: 'torch.randint_like(p, -50, 50, **o)',
  },
  'randn.generator': {
    dtypes: 'real',
    ours: (s) => torch.cat([torch.randn([3], options(s)), torch.randn([5, 7], options(s)).flatten()]),
    python: 'torch.cat([torch.randn(3, dtype=dtype, **o), torch.randn(5, 7, dtype=dtype, **o).flatten()])',
  },
  'randn_like.generator': {
    dtypes: 'real',
    ours: (s) => torch.randnLike(s.p, s.options),
    python: 'torch.randn_like(p, **o)',
  },
  random: { dtypes: 'any', ours: (s) => s.p.random(s.options), python: 'torch.ops.aten.random(p, **o)' },
  'random.from': {
    dtypes: 'any',
    ours: (s) => torch.callOp<Tensor>('aten::random.from', [s.p, 0, 2, s.options.generator]),
    python: 'torch.ops.aten.random(p, 0, 2, **o)',
  },
  'random.to': { dtypes: 'any', ours: (s) => s.p.random(2, s.options), python: 'torch.ops.aten.random.to(p, 2, **o)' },
  random_: { dtypes: 'any', ours: (s) => fresh(s).random_(s.options), python: 'p.clone().random_(**o)' },
  'random_.from': {
    dtypes: 'any',
    ours: (s) => fresh(s).random_(0, 2, s.options),
    python: 'p.clone().random_(0, 2, **o)',
  },
  'random_.to': { dtypes: 'any', ours: (s) => fresh(s).random_(2, s.options), python: 'p.clone().random_(2, **o)' },
  'randperm.generator': {
    dtypes: 'any',
    ours: (s) => torch.randperm(s.dtype === 'bool' ? 2 : 50, options(s)),
    python: 'torch.randperm(2 if dtype == torch.bool else 50, dtype=dtype, **o)',
  },
  rrelu: {
    dtypes: 'real',
    ours: (s) => torch.rrelu(s.p.sub(0.5), 0.1, 0.4, true, s.options),
    python: 'torch.rrelu(p - 0.5, 0.1, 0.4, True, **o)',
  },
  rrelu_: {
    dtypes: 'real',
    ours: (s) => torch.rrelu_(s.p.sub(0.5), 0.1, 0.4, true, s.options),
    python: 'torch.rrelu_(p - 0.5, 0.1, 0.4, True, **o)',
  },
  rrelu_with_noise: {
    dtypes: 'real',
    ours: (s) => s.p.sub(0.5).rreluWithNoise(torch.zerosLike(s.p), 0.1, 0.4, true, s.options),
    python: 'torch.ops.aten.rrelu_with_noise(p - 0.5, torch.zeros_like(p), 0.1, 0.4, True, **o)',
  },
  rrelu_with_noise_: {
    dtypes: 'real',
    ours: (s) => s.p.sub(0.5).rreluWithNoise_(torch.zerosLike(s.p), 0.1, 0.4, true, s.options),
    python: 'torch.ops.aten.rrelu_with_noise_(p - 0.5, torch.zeros_like(p), 0.1, 0.4, True, **o)',
  },
  rrelu_with_noise_functional: {
    dtypes: 'real',
    ours: (s) =>
      torch.stack(torch.rreluWithNoiseFunctional(s.p.sub(0.5), torch.zerosLike(s.p), 0.1, 0.4, true, s.options)),
    python:
      'torch.stack(torch.ops.aten.rrelu_with_noise_functional(p - 0.5, torch.zeros_like(p), 0.1, 0.4, True, **o))',
  },
  uniform: {
    dtypes: 'real',
    ours: (s) => s.p.uniform(-1, 2, s.options),
    python: 'torch.ops.aten.uniform(p, -1, 2, **o)',
  },
  uniform_: {
    dtypes: 'real',
    ours: (s) => fresh(s).uniform_(-2, 3, s.options),
    python: 'p.clone().uniform_(-2, 3, **o)',
  },
};
