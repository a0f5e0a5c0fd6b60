/** Pruning beside Python's: random modules, pruned once and again in training, by what PyTorch has and by ways of one's own. */
import { noGrad } from '../../../lib/autograd';
import { isTorchError, scope } from '../../../lib/engine';
import * as nn from '../../../lib/nn';
import * as optim from '../../../lib/optim';
import { getRngState, manualSeed, randint, randn, setRngState, slice, type Tensor } from '../../../lib/tensor';
import { describeWithOracle, expectSameBits, type Oracle } from '../../oracle/oracle';
import { expectSameState } from '../compare-module';
import { Draws } from '../draws';

const { convertConv2dWeightMemoryFormat, prune } = nn.utils;

/** A module, a name of each parameter that is pruned here and in Python, and its forward. */
interface Case {
  module: nn.AnyModule;
  python: string;
  /** Here and there. */
  names: readonly (readonly [string, string])[];
  forward: () => Tensor;
  pythonForward: string;
  x: Tensor;
}

type Layer = new (...args: number[]) => nn.Module;

const both = (...names: readonly string[]): [string, string][] => names.map((name) => [name, name]);

/** A layer that is constructed of numbers alone. */
function layer(name: string, type: unknown, sizes: number[], x: Tensor): Case {
  const module = new (type as Layer)(...sizes);
  return {
    module,
    python: `nn.${name}(${sizes.join(', ')})`,
    names: both('weight', 'bias'),
    forward: () => module.forward(x),
    pythonForward: 'm(x)',
    x,
  };
}

function draw(draws: Draws): Case {
  const [ins, outs] = [draws.int(1, 5), draws.int(1, 5)];
  return draws.pick<() => Case>([
    () => layer('Linear', nn.Linear, [ins, outs], randn([4, ins])),
    () => {
      const dtype = draws.pick(['float64', 'bfloat16', 'float16'] as const);
      const [x, module] = [randn([4, ins], { dtype }), new nn.Linear(ins, outs, { dtype })];
      const python = `nn.Linear(${ins}, ${outs}, dtype=torch.${dtype})`;
      const forward = (): Tensor => module.forward(x);
      return { module, python, names: both('weight', 'bias'), forward, pythonForward: 'm(x)', x };
    },
    () => {
      const x = randn([2, ins, 4, 4]);
      const module = convertConv2dWeightMemoryFormat(new nn.Conv2d(ins, outs, 2), 'channels_last');
      const python = `nn.utils.convert_conv2d_weight_memory_format(nn.Conv2d(${ins}, ${outs}, 2), torch.channels_last)`;
      const forward = (): Tensor => module.forward(x);
      return { module, python, names: both('weight', 'bias'), forward, pythonForward: 'm(x)', x };
    },
    () => layer('Conv1d', nn.Conv1d, [ins, outs, 3], randn([2, ins, 6])),
    () => layer('Conv2d', nn.Conv2d, [ins, outs, 2], randn([2, ins, 4, 4])),
    () => layer('Conv3d', nn.Conv3d, [ins, outs, 2], randn([1, ins, 3, 3, 3])),
    () => layer('ConvTranspose1d', nn.ConvTranspose1d, [ins, outs, 2], randn([2, ins, 4])),
    () => layer('ConvTranspose2d', nn.ConvTranspose2d, [ins, outs, 2], randn([2, ins, 3, 3])),
    () => layer('BatchNorm1d', nn.BatchNorm1d, [ins], randn([4, ins])),
    () => {
      const [x, module] = [randn([3, 2, ins]), new nn.LSTM(ins, outs, { numLayers: 2, bidirectional: true })];
      return {
        module,
        python: `nn.LSTM(${ins}, ${outs}, num_layers=2, bidirectional=True)`,
        names: [
          ['weightIhL0', 'weight_ih_l0'],
          ['weight_hh_l1_reverse', 'weight_hh_l1_reverse'],
          ['biasHhL1', 'bias_hh_l1'],
        ],
        forward: () => module.forward(x)[0],
        pythonForward: 'm(x)[0]',
        x,
      };
    },
    () => {
      const [x, module] = [randn([3, 2, 4]), new nn.MultiheadAttention(4, 2)];
      return {
        module,
        python: 'nn.MultiheadAttention(4, 2)',
        names: [
          ['inProjWeight', 'in_proj_weight'],
          ['in_proj_weight', 'in_proj_weight'],
          ['inProjBias', 'in_proj_bias'],
        ],
        forward: () => module.forward(x, x, x)[0],
        pythonForward: 'm(x, x, x)[0]',
        x,
      };
    },
  ])();
}

class EverySecond extends prune.BasePruningMethod {
  readonly pruningType: nn.utils.prune.PruningType;

  constructor(options: { type: nn.utils.prune.PruningType }) {
    super();
    this.pruningType = options.type;
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const mask = defaultMask.clone({ memoryFormat: 'contiguous_format' });
    mask.view(-1).setAt(slice(null, null, 2), 0);
    return mask;
  }
}

const PYTHON = `
import copy, warnings
warnings.simplefilter('ignore')
from torch.nn.utils import prune
nn = torch.nn
class EverySecond(prune.BasePruningMethod):
    def __init__(self, type): self.PRUNING_TYPE = type
    def compute_mask(self, t, default_mask):
        mask = default_mask.clone(memory_format=torch.contiguous_format)
        mask.view(-1)[::2] = 0
        return mask
def copies(m): return {k: v.clone() for k, v in m.state_dict().items()}
`;

interface Step {
  run: (module: nn.AnyModule) => void;
  python: string;
  /** What Python needs for it, by name. */
  inputs?: Record<string, Tensor>;
}

const amountOf = (draws: Draws, most: number): number =>
  draws.flag() ? draws.int(0, most) : Math.round(draws.next() * 100) / 100;

/** A pruning of a parameter of so many elements, [d0, …]; `label` tells its tensors apart from others'. */
function drawPruning(
  draws: Draws,
  [name, pythonName]: readonly [string, string],
  shape: readonly number[],
  label: string,
): Step {
  const numel = shape.reduce((product, size) => product * size, 1);
  const dim = draws.int(-shape.length, shape.length - 1);
  const amount = amountOf(draws, numel);
  const slices = amountOf(draws, shape.at(dim) ?? 1);
  const n = draws.pick([1, 2, 3, 0.5, 0, Infinity, -Infinity, 'fro', 'nuc'] as const);
  const pythonN = typeof n === 'string' ? `'${n}'` : Number.isFinite(n) ? String(n) : `float('${n > 0 ? '' : '-'}inf')`;
  const [scores, inOptions] = [draws.flag() ? randn(shape) : null, draws.flag()];
  const [importanceScores, pythonScores] = [scores, scores === null ? 'None' : `scores${label}`];
  const inputs = scores === null ? {} : { [`scores${label}`]: scores };
  const args = `m, '${pythonName}'`;
  return draws.pick<() => Step>([
    () => ({ run: (m) => prune.identity(m, name), python: `prune.identity(${args})` }),
    () => ({
      run: (m) =>
        inOptions ? prune.randomUnstructured(m, name, { amount }) : prune.randomUnstructured(m, name, amount),
      python: `prune.random_unstructured(${args}, ${amount})`,
    }),
    () => ({
      run: (m) => prune.l1Unstructured(m, name, amount, importanceScores),
      python: `prune.l1_unstructured(${args}, ${amount}, ${pythonScores})`,
      inputs,
    }),
    () => ({
      run: (m) => prune.L1Unstructured.apply(m, name, amount, { importanceScores }),
      python: `prune.L1Unstructured.apply(${args}, ${amount}, ${pythonScores})`,
      inputs,
    }),
    () => ({
      run: (m) => prune.randomStructured(m, name, slices, dim),
      python: `prune.random_structured(${args}, ${slices}, ${dim})`,
    }),
    () => ({
      run: (m) => prune.lnStructured(m, name, { amount: slices, n, dim, importanceScores }),
      python: `prune.ln_structured(${args}, ${slices}, ${pythonN}, ${dim}, ${pythonScores})`,
      inputs,
    }),
    () => ({
      run: (m) => prune.LnStructured.apply(m, name, { amount: slices, n, dim, importanceScores }),
      python: `prune.LnStructured.apply(${args}, ${slices}, ${pythonN}, ${dim}, ${pythonScores})`,
      inputs,
    }),
    () => {
      const mask = randint(0, 2, shape, { dtype: draws.pick(['bool', 'int64', 'float64'] as const) });
      return {
        run: (m) => prune.customFromMask(m, name, mask),
        python: `prune.custom_from_mask(${args}, mask${label})`,
        inputs: { [`mask${label}`]: mask },
      };
    },
    () => {
      const type = draws.pick(['unstructured', 'global'] as const);
      return {
        run: (m) => EverySecond.apply(m, name, { type }),
        python: `EverySecond.apply(${args}, type='${type}')`,
      };
    },
  ])();
}

const shapeOf = (module: nn.AnyModule, name: string): readonly number[] =>
  (Reflect.get(module, module.propertyOf(name) ?? name) as Tensor).shape;

/** Prunes and trains in turns, on both sides, and compares all that can be seen. */
async function comparePruning(oracle: Oracle, draws: Draws, about: (text: string) => void): Promise<void> {
  const seed = draws.int(0, 1e6);
  manualSeed(seed);
  const drawn = draw(draws);
  const { module, python, names, forward, pythonForward, x } = drawn;
  const initial = Object.fromEntries([...module.stateDict()].map(([key, value]) => [key, value.clone()]));
  const shapes = names.map(([name]) => shapeOf(module, name));
  // The momentum of half precision has other last bits than Python's; it is not what is compared here.
  const momentum = python.includes('float16') ? 0 : 0.9;
  const optimizer = new optim.SGD(module.parameters(), { lr: 0.1, momentum });
  const inputs: Record<string, Tensor> = {};
  const source: string[] = [];
  const outputs: Tensor[] = [];
  const scoped = draws.flag();
  let refused = '';
  let pruned = 0;
  // What is drawn for the test is drawn before, for both sides share the generator's state from here.
  const steps = Array.from({ length: draws.int(1, 4) }, (_, index) => {
    const place = draws.int(0, names.length - 1);
    return drawPruning(draws, names[place] as readonly [string, string], shapes[place] as number[], String(index));
  });
  const twinMask = randint(0, 2, shapes[0] as number[]);
  manualSeed(seed);
  for (const step of steps) {
    Object.assign(inputs, step.inputs);
    const before = getRngState();
    try {
      step.run(module);
    } catch (error) {
      expect(isTorchError(error)).toBe(true);
      refused = step.python;
      setRngState(before);
      break;
    }
    pruned += 1;
    source.push(step.python);
    if (draws.flag()) continue;
    source.push('train()');
    const train = (): void => {
      optimizer.zeroGrad();
      const y = forward();
      outputs.push(y.detach().clone());
      y.square().sum().backward();
      optimizer.step();
    };
    if (scoped) outputs.push(...scope(() => (train(), outputs.splice(-1))));
    else train();
  }
  const generator = getRngState();
  about([python, ...source, `refused: ${refused}`].join('\n'));
  const trained = new Map([...module.stateDict()].map(([key, value]) => [key, value.clone()]));
  const gradients = module.namedParameters();

  const expected = await oracle.run(
    `
    ${PYTHON.trim().replaceAll('\n', '\n    ')}
    m = ${python}
    m.load_state_dict(initial)
    optimizer = torch.optim.SGD(m.parameters(), lr=0.1, momentum=${momentum})
    outputs = []
    def train():
        optimizer.zero_grad()
        y = ${pythonForward}
        outputs.append(y.detach().clone())
        y.square().sum().backward()
        optimizer.step()
    torch.manual_seed(seed)
    ${source.join('\n    ')}
    generator = torch.get_rng_state()
    trained, printed, is_pruned = copies(m), str(m), prune.is_pruned(m)
    values = [getattr(m, name).detach().clone() for name in names]
    gradients = {k: p.grad for k, p in m.named_parameters() if p.grad is not None}
    m.eval()
    with torch.no_grad(): evaluated = ${pythonForward}
    twin = copy.deepcopy(m)
    m, twin = twin, m
    prune.custom_from_mask(m, names[0], twin_mask)
    again = copies(m)
    m, twin = twin, m
    kept = copies(m)
    m, twin, refused = copy.deepcopy(m), m, False
    try: ${refused === '' ? 'raise ValueError()' : refused}
    except Exception: refused = True
    m = twin
    m.load_state_dict(given)
    with torch.no_grad(): loaded = ${pythonForward}
    removed_names = []
    for name in names:
        try: prune.remove(m, name); removed_names.append(name)
        except ValueError: pass
    removed, left, is_left = copies(m), str(m), prune.is_pruned(m)
    with torch.no_grad(): after = ${pythonForward}
    m.train()
    m(*([x] * ${python.startsWith('nn.MultiheadAttention') ? 3 : 1}))
    optimizer.step()
    stepped = copies(m)
    `,
    {
      inputs: {
        ...inputs,
        seed,
        x,
        initial,
        twin_mask: twinMask,
        names: names.map(([, name]) => name),
        given: Object.fromEntries(trained),
      },
      outputs: {
        outputs: 'tensors',
        generator: 'tensor',
        trained: 'tensorDict',
        printed: 'string',
        is_pruned: 'boolean',
        values: 'tensors',
        gradients: 'tensorDict',
        evaluated: 'tensor',
        again: 'tensorDict',
        kept: 'tensorDict',
        loaded: 'tensor',
        removed_names: 'strings',
        removed: 'tensorDict',
        left: 'string',
        is_left: 'boolean',
        after: 'tensor',
        stepped: 'tensorDict',
        refused: 'boolean',
      },
    },
  );
  expectSameBits(generator, expected.generator, 'generator');
  expect(outputs.length).toBe(expected.outputs.length);
  for (const [index, output] of outputs.entries())
    expectSameBits(output, expected.outputs[index] as Tensor, `y ${index}`);
  expectSameState(trained, expected.trained, 'trained');
  expect([module.toString(), prune.isPruned(module)]).toEqual([expected.printed, expected.is_pruned]);
  expect(prune.isPruned(module)).toBe(pruned > 0);
  for (const [index, [name]] of names.entries()) {
    const property = Object.keys(module).find((each) => each === name || module.nameOf(each) === name) as string;
    expectSameBits((Reflect.get(module, property) as Tensor).detach(), expected.values[index] as Tensor, name);
  }
  const withGradients = gradients.filter(([, { grad }]) => grad !== null);
  expect(withGradients.map(([name]) => name)).toEqual(Object.keys(expected.gradients));
  for (const [name, { grad }] of withGradients)
    expectSameBits(grad as Tensor, expected.gradients[name] as Tensor, `gradient of ${name}`);

  module.eval();
  const evaluated = noGrad(() => forward());
  expectSameBits(evaluated, expected.evaluated, 'evaluated');
  expectSameBits(evaluated, expected.loaded, 'what Python computes of our state dict');
  const twin = nn.deepcopy(module);
  expect([twin.toString(), prune.isPruned(twin)]).toEqual([expected.printed, pruned > 0]);
  prune.customFromMask(twin, names[0]?.[0] ?? '', twinMask);
  expectSameState(twin.stateDict(), expected.again, 'the copy, pruned again');
  expectSameState(module.stateDict(), expected.kept, 'of which it is a copy');
  module.loadStateDict(expected.trained);
  const removed = names.filter(([name]) => {
    try {
      return prune.remove(module, name) === module;
    } catch (error) {
      expect(String(error)).toMatch('has to be pruned before pruning can be removed');
      return false;
    }
  });
  expect(removed.map(([, name]) => name)).toEqual(expected.removed_names);
  expectSameState(module.stateDict(), expected.removed, 'removed');
  expect([module.toString(), prune.isPruned(module)]).toEqual([expected.left, expected.is_left]);
  expectSameBits(
    noGrad(() => forward()),
    expected.after,
    'after removal',
  );
  module.train();
  forward();
  optimizer.step();
  expectSameState(module.stateDict(), expected.stepped, 'the optimizer goes on');
  expect(expected.refused).toBe(true);
}

describeWithOracle('nn.utils.prune', (oracle) => {
  it.each([0, 1, 2, 3])('prunes and trains in turns as Python does (%d)', async (part) => {
    for (let round = 0; round < 60; round++) {
      const draws = new Draws(1000 * part + round);
      let tried = '';
      try {
        await comparePruning(oracle(), draws, (text) => (tried = text));
      } catch (error) {
        if (error instanceof Error) error.message = `part ${part}, round ${round}: ${tried}\n${error.message}`;
        throw error;
      }
    }
  });
});
