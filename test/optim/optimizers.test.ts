/**
 * Every optimizer of torch.optim by its options: 50 steps beside Python, handed over in the middle both ways. The list of
 * optimizers is the module's own: one without a case here fails, and so does an option that no case sets.
 */
import * as optim from '../../lib/optim';
import { type DType, manualSeed, Tensor, tensor } from '../../lib/tensor';
import { snakeCase } from '../../lib/nn/names';
import { describeWithOracle } from '../oracle/oracle';
import { type AnyOptimizer, compareTrajectory, drawWalk, leavesOf, mixedShapes, walkHere } from './trajectory';

type Options = Readonly<Record<string, unknown>>;
type OptimizerClass = new (params: Tensor[], options?: Options) => AnyOptimizer;

/** What the options of a case need of the walk. */
interface Needs {
  shapes?: readonly (readonly number[])[];
  sparse?: number;
  missing?: number;
  dtype?: DType;
}

const matrices = [
  [33, 5],
  [4, 64],
  [65, 33],
  [1, 3],
  [8, 8],
] as const;
const withoutEmpty = mixedShapes.filter((shape) => !shape.includes(0));
const sparse: Needs = { sparse: 0.5 };
const onlySparse: Needs = { shapes: matrices, sparse: 1 };
const complex: Needs = { dtype: 'complex64', shapes: [[7], [33, 5], []] };

/** Cases by the optimizer's name; every one also runs with foreach where Python has that. */
const cases: Readonly<Record<string, readonly (readonly [Options, Needs?])[]>> = {
  Adadelta: [
    [{}],
    [{ lr: 0.5, rho: 0.8, eps: 1e-5, weightDecay: 0.1 }],
    [{ maximize: true }],
    [{ maximize: true, weightDecay: 0.03 }],
    [{ weightDecay: 0.1 }, complex],
    [{}, { dtype: 'float64' }],
  ],
  Adafactor: [
    [{}, { shapes: withoutEmpty }],
    [{ lr: 0.1, beta2Decay: -0.5, weightDecay: 0.1 }, { shapes: withoutEmpty }],
    [{ eps: [1e-6, 1e-2], d: 2.5, maximize: true }, { shapes: withoutEmpty }],
    [{ weightDecay: 0.01 }, { shapes: withoutEmpty, dtype: 'float64' }],
  ],
  Adagrad: [
    [{}],
    [{}, sparse],
    [{ lr: 0.3, lrDecay: 0.01, eps: 1e-6 }, sparse],
    [{ initialAccumulatorValue: 0.5, maximize: true }, sparse],
    [{ weightDecay: 0.1, lrDecay: 0.2 }],
    [{ weightDecay: 0.1, maximize: true }],
    [{ initialAccumulatorValue: 0.1, weightDecay: 0.1 }, complex],
    [{}, { dtype: 'float64' }],
  ],
  Adam: [
    [{}],
    [{ lr: 4e-4, betas: [0.8, 0.95], eps: 1e-6 }],
    [{ weightDecay: 0.1, lr: 0.01 }],
    [{ amsgrad: true, maximize: true, weightDecay: 0.2 }],
    [{ decoupledWeightDecay: true, weightDecay: 0.05 }],
    [{ amsgrad: true, weightDecay: 0.1 }, complex],
    [{}, { dtype: 'float64' }],
    [{ weightDecay: 0.1 }, { dtype: 'bfloat16' }],
  ],
  AdamW: [
    [{}],
    [{ lr: 0.05, betas: [0.5, 0.9], eps: 1e-5, weightDecay: 0.2 }],
    [{ amsgrad: true, maximize: true }],
    [{ amsgrad: true }, complex],
  ],
  Adamax: [
    [{}],
    [{ lr: 0.05, betas: [0.8, 0.95], eps: 1e-5 }],
    [{ weightDecay: 0.1 }],
    [{ maximize: true }],
    [{ maximize: true, weightDecay: 0.1 }],
    [{ weightDecay: 0.1 }, complex],
    [{}, { dtype: 'float64' }],
  ],
  ASGD: [
    [{}],
    [{ lr: 0.1, lambd: 1e-2, alpha: 0.6, t0: 7 }],
    [{ weightDecay: 0.1, t0: 3 }],
    [{ maximize: true, t0: 3 }],
    [{ maximize: true, weightDecay: 0.1, t0: 0 }],
    [{ weightDecay: 0.1, t0: 5 }, complex],
    [{ t0: 5 }, { dtype: 'float64' }],
  ],
  Muon: [
    [{}, { shapes: matrices }],
    [{ lr: 0.1, weightDecay: 0.2, momentum: 0.8, nesterov: false }, { shapes: matrices }],
    [{ nsCoefficients: [3, -4, 2], eps: 1e-5, nsSteps: 3, adjustLrFn: 'match_rms_adamw' }, { shapes: matrices }],
    [{ adjustLrFn: 'original' }, { shapes: matrices, dtype: 'float64' }],
    [{ nesterov: false }, { shapes: matrices, dtype: 'bfloat16' }],
  ],
  NAdam: [
    [{}],
    [{ lr: 0.05, betas: [0.8, 0.95], eps: 1e-5, momentumDecay: 0.1 }],
    [{ weightDecay: 0.1 }],
    [{ weightDecay: 0.1, decoupledWeightDecay: true }],
    [{ maximize: true, weightDecay: 0.1 }],
    [{ weightDecay: 0.1 }, complex],
    [{}, { dtype: 'float64' }],
  ],
  RAdam: [
    [{}],
    [{ lr: 0.05, betas: [0.8, 0.95], eps: 1e-5 }],
    [{ betas: [0.9, 0.5] }],
    [{ weightDecay: 0.1 }],
    [{ weightDecay: 0.1, decoupledWeightDecay: true }],
    [{ maximize: true, weightDecay: 0.1 }],
    [{ weightDecay: 0.1 }, complex],
    [{}, { dtype: 'float64' }],
  ],
  RMSprop: [
    [{}],
    [{ lr: 0.05, alpha: 0.9, eps: 1e-5 }],
    [{ momentum: 0.9 }],
    [{ centered: true }],
    [{ centered: true, momentum: 0.5, weightDecay: 0.1, maximize: true }],
    [{ centered: true, momentum: 0.5, weightDecay: 0.1 }, complex],
    [{ momentum: 0.9 }, { dtype: 'float64' }],
  ],
  Rprop: [
    [{}],
    [{ lr: 0.1, etas: [0.4, 1.3], stepSizes: [1e-3, 0.5] }],
    [{ maximize: true }],
    [{}, complex],
    [{}, { dtype: 'float64' }],
  ],
  SGD: [
    [{}],
    [{ lr: 0.1, momentum: 0.9 }],
    [{ lr: 0.1, momentum: 0.8, dampening: 0.3 }],
    [{ lr: 0.05, momentum: 0.9, nesterov: true }],
    [{ lr: 0.05, weightDecay: 0.1, maximize: true }],
    [{ lr: 0.02, momentum: 0.7, weightDecay: 0.01, nesterov: true, maximize: true }],
    [{ lr: 0.1 }, sparse],
    [{ lr: 0.1, maximize: true }, sparse],
    [{ lr: 0.1, momentum: 0.9, dampening: 0.2 }, onlySparse],
    [{ lr: 0.1, momentum: 0.9, nesterov: true }, onlySparse],
    [{ momentum: 0.9, weightDecay: 0.1 }, complex],
    [{ momentum: 0.9 }, { dtype: 'float64' }],
  ],
  SparseAdam: [
    [{}, onlySparse],
    [{ lr: 0.05, betas: [0.8, 0.95], eps: 1e-5 }, onlySparse],
    [{ maximize: true }, onlySparse],
    [{}, { ...onlySparse, dtype: 'float64' }],
  ],
};

/** LBFGS calls its closure: test/optim/lbfgs.test.ts. */
const elsewhere = ['LBFGS'];

const classes = Object.entries(optim).filter(
  ([name, value]) =>
    typeof value === 'function' && value.prototype instanceof optim.Optimizer && !elsewhere.includes(name),
) as unknown as [string, OptimizerClass][];

/** Options as Python writes them; numbers in pairs as floats, which is what Python asks for there. */
export function pythonOptions(options: Options): string {
  const literal = (value: unknown, inPair = false): string => {
    if (value === null) return 'None';
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    if (typeof value === 'string') return `'${value}'`;
    if (value instanceof Tensor) return `torch.tensor(${JSON.stringify(value.tolist())}, dtype=torch.${value.dtype})`;
    if (Array.isArray(value)) return `(${value.map((each) => literal(each, true)).join(', ')},)`;
    return inPair && Number.isInteger(value) ? `${value as number}.0` : `${value as number}`;
  };
  return Object.entries(options)
    .map(([name, value]) => `, ${snakeCase(name)}=${literal(value)}`)
    .join('');
}

/** Options whose tensors are others than those given: a walk changes them. */
function copied(options: Options): Options {
  const copy = (value: unknown): unknown => {
    if (value instanceof Tensor) return value.clone();
    return Array.isArray(value) ? value.map(copy) : value;
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, copy(value)]));
}

function defaultsOf(Class: OptimizerClass): Options {
  return new Class(leavesOf(drawWalk({ steps: 0, shapes: [[2, 2]] }).initial)).defaults;
}

/** Cases of float32 in 16 bits as well, where a number that is no tensor counts in more bits than a tensor's element. */
function inHalves(needs: Needs): Needs[] {
  if (needs.dtype !== undefined || needs.sparse !== undefined) return [needs];
  return [needs, { ...needs, dtype: 'bfloat16' }, { ...needs, dtype: 'float16' }];
}

describe('the cases of optimizers', () => {
  it('there are some of every optimizer', () => {
    expect(classes.map(([name]) => name).sort()).toEqual(Object.keys(cases).sort());
    expect(classes.length).toBeGreaterThan(12);
  });

  it.each(classes)('%s: every option is set by one', (name, Class) => {
    const set = new Set((cases[name] ?? []).flatMap(([options]) => Object.keys(options)));
    // Those have tests of their own, over all optimizers that have them.
    for (const option of ['foreach', 'fused', 'differentiable', 'capturable']) set.add(option);
    const lacking = Object.keys(defaultsOf(Class)).filter((option) => option !== 'lr' && !set.has(option));
    expect(name === 'AdamW' ? lacking.filter((option) => option !== 'decoupledWeightDecay') : lacking).toEqual([]);
  });
});

describeWithOracle('every optimizer beside Python', (oracle) => {
  const rows: string[][] = [];
  beforeEach(() => manualSeed(31));
  afterAll(() => {
    const counts = new Map<string, [cases: number, tensors: number]>();
    for (const [what = '', tensors = ''] of rows) {
      const [count, sum] = counts.get(what) ?? [0, 0];
      counts.set(what, [count + 1, sum + Number(tensors)]);
    }
    const lines = [...counts].map(
      ([what, [count, sum]]) => `${what.padEnd(24)}${String(count).padStart(6)}${String(sum).padStart(16)}`,
    );
    process.stdout.write(
      `\n${'50 steps of'.padEnd(24)}${'cases'.padStart(6)}${'equal tensors'.padStart(16)}\n${lines.join('\n')}\n`,
    );
  });

  const all = classes.flatMap(([name, Class]) => {
    const { foreach } = defaultsOf(Class) as { foreach?: null };
    const ways = foreach === undefined ? [{}] : [{}, { foreach: true }];
    return (cases[name] ?? []).flatMap(([options, needs = {}]) =>
      ways.flatMap((way) =>
        inHalves(needs).map(
          (each) =>
            [
              `${name}${pythonOptions({ ...options, ...way })} ${each.dtype ?? ''}${each.sparse !== undefined ? 'sparse' : ''}`,
              name,
              Class,
              { ...options, ...way },
              each,
            ] as const,
        ),
      ),
    );
  });

  it.each(all)('%s', async (_, name, Class, options, needs) => {
    const compared = await compareTrajectory(oracle(), {
      make: (params) => new Class(params, options),
      python: `optimizer = torch.optim.${name}(params${pythonOptions(options)})`,
      steps: 50,
      handOver: 23,
      ...needs,
    });
    rows.push([`${name}${'foreach' in options ? ', foreach' : ''}`, String(compared)]);
  });
});

describeWithOracle('hyperparameters that are tensors', (oracle) => {
  beforeEach(() => manualSeed(37));

  const [rate, beta1, beta2] = [0.0371, 0.83, 0.957];
  /** Of each dtype and shape that Python takes. */
  const rates = [
    tensor(rate, { dtype: 'float32' }),
    tensor([rate], { dtype: 'float64' }),
    tensor([[rate]], { dtype: 'bfloat16' }),
  ];
  const pairs = [
    [tensor(beta1, { dtype: 'float32' }), tensor(beta2, { dtype: 'float32' })],
    [tensor([beta1], { dtype: 'float64' }), tensor([[beta2]], { dtype: 'float64' })],
  ];

  const all = classes.flatMap(([name, Class]) => {
    const defaults = defaultsOf(Class);
    const isAdam = name === 'Adam' || name === 'AdamW';
    const ways = [{}, ...(isAdam || !('foreach' in defaults) ? [] : [{ foreach: true }])];
    const fused = 'fused' in defaults ? [{ fused: true }] : [];
    return (cases[name] ?? []).flatMap(([options, needs = {}], index) => {
      const lr = rates[index % rates.length] as Tensor;
      const given: Options[] = ways.map((way) => ({ ...options, ...way, lr }));
      // The fused ops take neither complex numbers nor sparse ones, and momentum from the first gradient on.
      const isPlain = needs.dtype === undefined && needs.sparse === undefined && !('momentum' in options);
      if (isPlain) given.push(...fused.map((way) => ({ ...options, ...way, lr })));
      if (isAdam) {
        const betas = pairs[index % pairs.length];
        given.push({ ...options, betas }, { ...options, lr, betas });
        if (isPlain) given.push({ ...options, betas, fused: true });
      }
      return given.map(
        (each) => [`${name}${pythonOptions(each)} ${needs.dtype ?? ''}`, name, Class, each, needs] as const,
      );
    });
  });

  it.each(all)('%s', async (_, name, Class, options, needs) => {
    await compareTrajectory(oracle(), {
      make: (params) => new Class(params, copied(options)),
      python: `optimizer = torch.optim.${name}(params${pythonOptions(options)})`,
      steps: 20,
      handOver: 9,
      afterStep: (optimizer) => {
        for (const { lr } of optimizer.paramGroups) if (lr instanceof Tensor) lr.mul_(0.97);
      },
      pythonAfterStep: "[g['lr'].mul_(0.97) for g in optimizer.param_groups if isinstance(g['lr'], torch.Tensor)]",
      ...needs,
    });
  });
});

export { walkHere };
