/** Required arguments of the functions of `torch.nn.init`, `torch.nn.utils` and of `torch.autograd`, by Python's name. */
import * as nn from '../../../lib/nn';
import { empty, ones, randn, tensor, type Tensor } from '../../../lib/tensor';
import type { Sample } from '../../support/keyword-forms';

type Samples = Readonly<Record<string, Sample>>;

const weight: Sample = () => [randn([4, 3])];

export const init: Samples = {
  calculate_gain: () => ['leaky_relu'],
  uniform_: weight,
  normal_: weight,
  trunc_normal_: weight,
  constant_: () => [empty([3]), 2],
  ones_: weight,
  zeros_: weight,
  eye_: weight,
  dirac_: () => [randn([4, 3, 2])],
  xavier_uniform_: weight,
  xavier_normal_: weight,
  kaiming_uniform_: weight,
  kaiming_normal_: weight,
  orthogonal_: weight,
  sparse_: () => [randn([4, 3]), 0.5],
};

const learnt = (): Tensor[] => {
  const parameters = [randn([3], { requiresGrad: true }), randn([2, 2], { requiresGrad: true })];
  for (const parameter of parameters) parameter.pow(2).sum().backward();
  return parameters;
};
const linear = (): nn.Linear => new nn.Linear(3, 2);
const statistics = (): Tensor[] => [ones([2]), ones([2])];

export const utils: Samples = {
  clip_grad_norm_: () => [learnt(), 1],
  clip_grads_with_norm_: () => [learnt(), 1, tensor(2.5)],
  clip_grad_value_: () => [learnt(), 0.5],
  convert_conv2d_weight_memory_format: () => [new nn.Conv2d(3, 2, 2), 'channels_last'],
  convert_conv3d_weight_memory_format: () => [new nn.Conv3d(3, 2, 2), 'channels_last_3d'],
  fuse_conv_bn_eval: () => [new nn.Conv2d(3, 2, 2).eval(), new nn.BatchNorm2d(2).eval()],
  fuse_conv_bn_weights: () => [randn([2, 3, 2]), randn([2]), ...statistics(), 0.1, ...statistics()],
  fuse_linear_bn_eval: () => [linear().eval(), new nn.BatchNorm1d(2).eval()],
  fuse_linear_bn_weights: () => [randn([2, 3]), randn([2]), ...statistics(), 0.1, ...statistics()],
  get_total_norm: () => [[randn([3]), randn([2])]],
  parameters_to_vector: () => [learnt()],
  remove_spectral_norm: () => [nn.utils.spectralNorm(linear())],
  remove_weight_norm: () => [nn.utils.weightNorm(linear())],
  spectral_norm: () => [linear()],
  vector_to_parameters: () => [randn([7]), learnt()],
  weight_norm: () => [linear()],
};

export const rnn: Samples = {
  invert_permutation: () => [tensor([2, 0, 1])],
  pack_padded_sequence: () => [randn([3, 2]), [3, 2]],
  pad_packed_sequence: () => [nn.utils.rnn.packPaddedSequence(randn([3, 2]), [3, 2])],
  pad_sequence: () => [[randn([3]), randn([2])]],
  unpad_sequence: () => [randn([3, 2]), [3, 2]],
  pack_sequence: () => [[randn([3]), randn([2])]],
  unpack_sequence: () => [nn.utils.rnn.packSequence([randn([3]), randn([2])])],
};

export const parametrizations: Samples = {
  orthogonal: () => [linear()],
  spectral_norm: () => [linear()],
  weight_norm: () => [linear()],
};

class Doubled extends nn.Module<[Tensor]> {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
}
const parametrized = (): nn.Module => nn.utils.parametrize.registerParametrization(linear(), 'weight', new Doubled());

export const parametrize: Samples = {
  register_parametrization: () => [linear(), 'weight', new Doubled()],
  is_parametrized: () => [parametrized()],
  remove_parametrizations: () => [parametrized(), 'weight'],
  type_before_parametrizations: () => [parametrized()],
  transfer_parametrizations_and_params: () => [parametrized(), linear()],
};

const mask = (): Tensor =>
  tensor([
    [1, 0, 1],
    [0, 1, 1],
  ]);

export const prune: Samples = {
  CustomFromMask: () => [mask()],
  Identity: () => [],
  L1Unstructured: () => [2],
  LnStructured: () => [1, 2],
  RandomStructured: () => [1],
  RandomUnstructured: () => [2],
  custom_from_mask: () => [linear(), 'weight', mask()],
  identity: () => [linear(), 'weight'],
  is_pruned: () => [linear()],
  l1_unstructured: () => [linear(), 'weight', 2],
  ln_structured: () => [linear(), 'weight', 1, 2, 0],
  random_structured: () => [linear(), 'weight', 1, 0],
  random_unstructured: () => [linear(), 'weight', 2],
  remove: () => [nn.utils.prune.identity(linear(), 'weight'), 'weight'],
};

const cube = (x: Tensor): Tensor => x.pow(3).sum();

export const functional: Samples = {
  vjp: () => [cube, randn([2])],
  jvp: () => [(x: Tensor) => x.pow(3), randn([2]), ones([2])],
  jacobian: () => [cube, randn([2])],
  hessian: () => [cube, randn([2])],
  hvp: () => [cube, randn([2]), ones([2])],
  vhp: () => [cube, randn([2]), ones([2])],
};

const double = (): Tensor => randn([2], { dtype: 'float64', requiresGrad: true });

export const autograd: Samples = {
  backward: () => [double().pow(2).sum()],
  grad: () => {
    const x = double();
    return [x.pow(2).sum(), x];
  },
  gradcheck: () => [cube, double()],
  gradgradcheck: () => [cube, double()],
};
