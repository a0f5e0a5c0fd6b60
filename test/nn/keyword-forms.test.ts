/**
 * The promise of docs/coming-from-pytorch.md: any tail of the arguments may go into one object under their names. Names,
 * order and defaults come from Python. Each form of a call gives what the call gives with what is required alone.
 */
import * as autograd from '../../lib/autograd';
import * as nn from '../../lib/nn';
import * as schedulers from '../../lib/optim/schedulers';
import { camelCase } from '../../lib/tensor/signature';
import { describeWithOracle } from '../oracle/oracle';
import { signaturesOf } from '../oracle/signatures';
import { type Callable, type Sample, wrongForms } from '../support/keyword-forms';
import { functional } from './keyword-forms/functional';
import { modules, schedules } from './keyword-forms/modules';
import * as others from './keyword-forms/others';

/** Python's arguments that have no meaning here. */
const leftOut = new Set([
  // Deprecated, `reduction` is in their place.
  'size_average',
  'reduce',
  // Deprecated, `minVal` and `maxVal` are in their place.
  'min_value',
  'max_value',
  // Deprecated, `gradOutputs` is in its place; has no effect.
  'grad_variables',
  'only_inputs',
  // Of the warning that `dim` should be given, which is not optional here.
  '_stacklevel',
  // Needs vmap.
  'is_grads_batched',
  'check_batched_grad',
  'check_batched_forward_grad',
  // Forward mode and other checks of gradcheck that are not here.
  'check_forward_ad',
  'check_backward_ad',
  'check_fwd_over_rev',
  'check_rev_over_rev',
  'check_grad_dtypes',
  'gen_non_contig_grad_outputs',
  'masked',
  // How a function that is written in Python computes by chunks, which ours does not.
  'options',
  // Has no effect.
  'gumbel_softmax.eps',
]);

const renamed: Readonly<Record<string, string>> = { var: 'variance', T_max: 'tMax', T_0: 't0', T_mult: 'tMult' };

interface Space {
  readonly module: string;
  readonly ours: object;
  readonly samples: Readonly<Record<string, Sample>>;
  /** Callables that have no such forms, and why. */
  readonly without: Readonly<Record<string, string>>;
  /** How many of a function's first arguments are what it works on, and not given by name; one where it is not said, none of a class. */
  readonly byPlace?: Readonly<Record<string, number>>;
}

const helper = "a helper of Python's own code";
const block = 'a `with` block, which takes a function here';
const replaced = 'deprecated in Python';

const container = 'a container';
const base = 'a base class';

const spaces: readonly Space[] = [
  {
    module: 'torch.nn',
    ours: nn,
    samples: modules,
    without: {
      Buffer: 'a tensor',
      Parameter: 'a tensor',
      UninitializedBuffer: 'a tensor',
      UninitializedParameter: 'a tensor',
      ModuleDict: container,
      ModuleList: container,
      ParameterDict: container,
      ParameterList: container,
      RNNBase: base,
      RNNCellBase: base,
      DataParallel: 'of several GPUs',
      SyncBatchNorm: 'of several processes',
      LinearCrossEntropyOptions: 'of computing by chunks',
      factory_kwargs: helper,
    },
  },
  {
    module: 'torch.optim.lr_scheduler',
    ours: schedulers,
    samples: schedules,
    without: { LRScheduler: base, Counter: helper, Optimizer: base, bisect_right: helper, wraps: helper, ref: helper },
    // The optimizer, or the schedules that one is made of.
    byPlace: Object.fromEntries(Object.keys(schedules).map((name) => [name, 1])),
  },
  {
    module: 'torch.nn.functional',
    ours: nn.functional,
    samples: functional,
    without: {
      assert_int_or_pair: helper,
      boolean_dispatch: helper,
      multi_head_attention_forward: 'takes all of its arguments by name',
      scaled_mm: 'has no kernel for numbers that could be compared',
      scaled_grouped_mm: 'has no kernel for the CPU',
      upsample: replaced,
      upsample_bilinear: replaced,
      upsample_nearest: replaced,
    },
  },
  { module: 'torch.nn.init', ours: nn.init, samples: others.init, without: {} },
  {
    module: 'torch.nn.utils',
    ours: nn.utils,
    samples: others.utils,
    without: { clip_grad_norm: replaced },
    byPlace: {
      fuse_conv_bn_eval: 2,
      fuse_conv_bn_weights: 7,
      fuse_linear_bn_eval: 2,
      fuse_linear_bn_weights: 7,
      vector_to_parameters: 2,
    },
  },
  { module: 'torch.nn.utils.rnn', ours: nn.utils.rnn, samples: others.rnn, without: {} },
  {
    module: 'torch.nn.utils.parametrizations',
    ours: nn.utils.parametrizations,
    samples: others.parametrizations,
    without: {},
  },
  {
    module: 'torch.nn.utils.parametrize',
    ours: nn.utils.parametrize,
    samples: others.parametrize,
    without: { cached: 'takes a function', ParametrizationList: 'is made by registerParametrization' },
    byPlace: { transfer_parametrizations_and_params: 2 },
  },
  {
    module: 'torch.nn.utils.prune',
    ours: nn.utils.prune,
    samples: others.prune,
    without: { BasePruningMethod: 'is abstract' },
  },
  {
    module: 'torch.autograd',
    ours: autograd,
    samples: others.autograd,
    without: {
      detect_anomaly: block,
      enable_grad: block,
      inference_mode: block,
      no_grad: block,
      set_grad_enabled: block,
      set_detect_anomaly: 'changes a setting',
      set_multithreading_enabled: 'a setting that is not here',
      enforce_grad_layout_policy: 'a setting that is not here',
    },
    byPlace: { grad: 2, gradcheck: 2, gradgradcheck: 2 },
  },
  {
    module: 'torch.autograd.functional',
    ours: autograd.functional,
    samples: others.functional,
    without: {},
    byPlace: { vjp: 2, jvp: 2, jacobian: 2, hessian: 2, hvp: 2, vhp: 2 },
  },
];

/** A function, or a class whose instances are compared. */
function callable(name: string, value: unknown, byPlace: number | undefined): Callable {
  const call = value as ((...args: unknown[]) => unknown) & (new (...args: unknown[]) => unknown);
  const isClass = /^class\b/.test(Function.prototype.toString.call(value));
  return {
    name,
    byPlace: byPlace ?? (isClass ? 0 : 1),
    call: isClass ? (...args) => new call(...args) : (...args) => call(...args),
  };
}

describeWithOracle('forms of a call', (oracle) => {
  it.each(spaces)('$module', async ({ module, ours, samples, without, byPlace = {} }) => {
    const { signatures } = await signaturesOf(oracle(), [module]);
    const wrong: string[] = [];
    for (const [python, parameters] of Object.entries(signatures)) {
      if (python in without) continue;
      const sample = samples[python];
      const value = (ours as Record<string, unknown>)[camelCase(python)];
      if (sample === undefined || value === undefined) {
        wrong.push(`${python} has no sample, or is not there`);
        continue;
      }
      const known = parameters.filter(({ name }) => !leftOut.has(`${python}.${name}`));
      wrong.push(
        ...wrongForms(callable(camelCase(python), value, byPlace[python]), known, sample, { leftOut, renamed }),
      );
    }
    expect(wrong.join('\n')).toBe('');
  });
});
