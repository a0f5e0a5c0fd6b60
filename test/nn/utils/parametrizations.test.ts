/** Weights that are normalised or orthogonal, as parametrizations and as the older hooks, beside Python's in training. */
import * as nn from '../../../lib/nn';
import * as optim from '../../../lib/optim';
import { getRngState, manualSeed, randn, type Tensor } from '../../../lib/tensor';
import { describeWithOracle, expectSameBits, type Oracle } from '../../oracle/oracle';
import { expectSameState } from '../compare-module';
import { Draws } from '../draws';

const { parametrizations, parametrize, removeSpectralNorm, removeWeightNorm, spectralNorm, weightNorm } = nn.utils;

interface Case {
  layer: nn.Module & { weight: Tensor };
  python: string;
  x: Tensor;
}

/** A layer of a random kind and size, and an input for it. */
function draw(draws: Draws): Case {
  const [ins, outs] = [draws.int(1, 6), draws.int(1, 6)];
  return draws.pick<() => Case>([
    () => ({ layer: new nn.Linear(ins, outs), python: `nn.Linear(${ins}, ${outs})`, x: randn([4, ins]) }),
    () => ({ layer: new nn.Conv1d(ins, outs, 3), python: `nn.Conv1d(${ins}, ${outs}, 3)`, x: randn([2, ins, 8]) }),
    () => ({ layer: new nn.Conv2d(ins, outs, 2), python: `nn.Conv2d(${ins}, ${outs}, 2)`, x: randn([2, ins, 4, 4]) }),
    () => ({
      layer: new nn.ConvTranspose2d(ins, outs, 2),
      python: `nn.ConvTranspose2d(${ins}, ${outs}, 2)`,
      x: randn([2, ins, 3, 3]),
    }),
  ])();
}

interface Form {
  apply: (module: Case['layer']) => unknown;
  python: string;
  /** Makes an ordinary layer of it again. */
  remove: (module: Case['layer']) => unknown;
  pythonRemove: string;
  /** It can be copied in Python. */
  copied: boolean;
}

/**
 * Trains both for five steps, from one seed, and compares all that can be seen: how it prints, keys and values of the state
 * dict, the generator, outputs, gradients, the weight; that a state dict goes both ways; what is left when it is removed.
 */
async function compareTraining(oracle: Oracle, draws: Draws, form: Form): Promise<void> {
  const seed = draws.int(0, 1e6);
  manualSeed(seed);
  const { layer, python, x } = draw(draws);
  form.apply(layer);
  const generator = getRngState();
  const initial = new Map([...layer.stateDict()].map(([key, value]) => [key, value.clone()]));
  const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1, momentum: 0.9 });
  const outputs: Tensor[] = [];
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad();
    const y = layer.forward(x);
    outputs.push(y.detach());
    y.square().sum().backward();
    optimizer.step();
  }
  const gradients = layer.namedParameters();
  const expected = await oracle.run(
    `
    import copy, warnings
    warnings.simplefilter('ignore')
    nn = torch.nn
    P, U, parametrize = nn.utils.parametrizations, nn.utils, nn.utils.parametrize
    def make():
        m = ${python}
        ${form.python}
        return m
    torch.manual_seed(seed)
    m = ${python}
    torch.randn_like(x)
    ${form.python}
    generator = torch.get_rng_state()
    copies = lambda m: {k: v.clone() for k, v in m.state_dict().items()}
    initial, printed = copies(m), str(m)
    optimizer = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
    outputs = []
    for _ in range(5):
        optimizer.zero_grad()
        y = m(x)
        outputs.append(y.detach())
        y.square().sum().backward()
        optimizer.step()
    gradients = {k: p.grad for k, p in m.named_parameters()}
    trained = copies(m)
    other = make()
    other.load_state_dict(given)
    other.eval()
    loaded = other(x).detach()
    m.eval()
    evaluated = m(x).detach()
    ${form.pythonRemove}
    removed, left = copies(m), str(m)
    after = m(x).detach()
    `,
    {
      inputs: { seed, x, given: Object.fromEntries(layer.stateDict()) },
      outputs: {
        generator: 'tensor',
        initial: 'tensorDict',
        printed: 'string',
        outputs: 'tensors',
        gradients: 'tensorDict',
        trained: 'tensorDict',
        loaded: 'tensor',
        evaluated: 'tensor',
        removed: 'tensorDict',
        left: 'string',
        after: 'tensor',
      },
    },
  );
  expectSameBits(generator, expected.generator, 'generator');
  expect(layer.toString()).toBe(expected.printed);
  expectSameState(initial, expected.initial, 'initial');
  for (const [index, output] of outputs.entries())
    expectSameBits(output, expected.outputs[index] as Tensor, `y ${index}`);
  expect(gradients.map(([name]) => name)).toEqual(Object.keys(expected.gradients));
  for (const [name, { grad }] of gradients) {
    expectSameBits(grad as Tensor, expected.gradients[name] as Tensor, `gradient of ${name}`);
  }
  expectSameState(layer.stateDict(), expected.trained, 'trained');
  layer.eval();
  const evaluated = layer.forward(x).detach();
  expectSameBits(evaluated, expected.evaluated, 'evaluated');
  expectSameBits(evaluated, expected.loaded, 'what Python computes of our state dict');
  if (form.copied) {
    const copy = nn.deepcopy(layer);
    expect(copy.toString()).toBe(expected.printed);
    for (const parameter of copy.parameters()) parameter.data.mul_(2);
    copy.loadStateDict(expected.trained);
    expectSameBits(copy.forward(x).detach(), expected.evaluated, 'a copy');
    form.remove(copy);
    expectSameBits(copy.forward(x).detach(), expected.after, 'a copy, when removed');
  }
  form.remove(layer);
  expectSameState(layer.stateDict(), expected.removed, 'removed');
  expect(layer.toString()).toBe(expected.left);
  expectSameBits(layer.forward(x).detach(), expected.after, 'after removal');
  expect(layer.weight).toBeInstanceOf(nn.Parameter);
}

const unparametrized = {
  remove: (module: Case['layer']) => parametrize.removeParametrizations(module, 'weight'),
  pythonRemove: "parametrize.remove_parametrizations(m, 'weight')",
  copied: true,
};

const forms: Readonly<Record<string, (draws: Draws) => Form>> = {
  'parametrizations.weightNorm': (draws) => {
    const dim = draws.pick([0, 1, -1, null]);
    return {
      apply: (module) => parametrizations.weightNorm(module, { dim }),
      python: `P.weight_norm(m, dim=${dim ?? 'None'})`,
      ...unparametrized,
    };
  },
  'parametrizations.spectralNorm': (draws) => {
    const [count, dim] = [draws.int(1, 3), draws.pick([0, 1, -1, null])];
    return {
      apply: (module) => parametrizations.spectralNorm(module, 'weight', count, { dim }),
      python: `P.spectral_norm(m, n_power_iterations=${count}, dim=${dim ?? 'None'})`,
      ...unparametrized,
    };
  },
  'parametrizations.orthogonal': (draws) => {
    const map = draws.pick(['matrix_exp', 'cayley', 'householder', null] as const);
    const useTrivialization = draws.flag();
    return {
      apply: (module) => parametrizations.orthogonal(module, 'weight', map, { useTrivialization }),
      python: `P.orthogonal(m, orthogonal_map=${map === null ? 'None' : `'${map}'`}, use_trivialization=${useTrivialization ? 'True' : 'False'})`,
      ...unparametrized,
    };
  },
  weightNorm: (draws) => {
    const dim = draws.pick([0, 1, null]);
    return {
      apply: (module) => weightNorm(module, 'weight', dim),
      python: `U.weight_norm(m, 'weight', ${dim ?? 'None'})`,
      remove: (module) => removeWeightNorm(module),
      pythonRemove: 'U.remove_weight_norm(m)',
      copied: false,
    };
  },
  spectralNorm: (draws) => {
    const [count, dim] = [draws.int(1, 3), draws.pick([0, 1, null])];
    return {
      apply: (module) => spectralNorm(module, { nPowerIterations: count, dim }),
      python: `U.spectral_norm(m, n_power_iterations=${count}, dim=${dim ?? 'None'})`,
      remove: (module) => removeSpectralNorm(module),
      pythonRemove: 'U.remove_spectral_norm(m)',
      copied: false,
    };
  },
};

describeWithOracle('nn.utils', (oracle) => {
  it.each(Object.keys(forms))('%s', async (name) => {
    for (let round = 0; round < 12; round++) {
      const draws = new Draws(1000 * name.length + round);
      const form = (forms[name] as (draws: Draws) => Form)(draws);
      try {
        await compareTraining(oracle(), draws, form);
      } catch (error) {
        if (error instanceof Error) error.message = `round ${round}, ${form.python}\n${error.message}`;
        throw error;
      }
    }
  });

  it('loads what the older forms have saved', async () => {
    const x = randn([2, 5]);
    const { weights, spectral, weighted, y } = await oracle().run(
      `
      import warnings
      warnings.simplefilter('ignore')
      nn, U = torch.nn, torch.nn.utils
      old = nn.Sequential(U.weight_norm(nn.Linear(5, 3)))
      weights = dict(old.state_dict())
      weighted = old(x).detach()
      spectral = U.spectral_norm(nn.Linear(5, 3))
      for _ in range(20): spectral(x)
      # As PyTorch 1.0 saved it.
      state = spectral.state_dict()
      state['weight'] = spectral.weight.detach()
      del state['weight_v']
      state = {k: v.clone() for k, v in state.items()}
      other = U.spectral_norm(nn.Linear(5, 3))
      other.load_state_dict(state)
      spectral, y = state, other.eval()(x).detach()
      `,
      {
        inputs: { x },
        outputs: { weights: 'tensorDict', weighted: 'tensor', spectral: 'tensorDict', y: 'tensor' },
      },
    );
    const model = new nn.Sequential(parametrizations.weightNorm(new nn.Linear(5, 3)));
    expect(model.loadStateDict(weights)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expectSameBits(model.forward(x).detach(), weighted);
    expect(Object.keys(weights)).toContain('0.weight_g');
    const layer = spectralNorm(new nn.Linear(5, 3));
    layer.loadStateDict(spectral);
    expectSameBits(layer.eval().forward(x).detach(), y);
    removeSpectralNorm(layer);
    expect(() => layer.loadStateDict(spectral)).toThrow('Unexpected key(s)');
  });

  it('makes complex, wide, tall and many matrices orthogonal, and takes over others', async () => {
    const draws = new Draws(5);
    for (let round = 0; round < 10; round++) {
      const complex = draws.flag();
      const shape = [...(draws.flag() ? [draws.int(1, 3)] : []), draws.int(1, 5), draws.int(1, 5)];
      const [weight, next] = [0, 1].map(() => randn(shape, { dtype: complex ? 'complex64' : 'float32' })) as [
        Tensor,
        Tensor,
      ];
      manualSeed(round);
      const { first, second, base } = await oracle().run(
        `
        torch.manual_seed(round)
        m = torch.nn.ParameterDict({'w': weight.clone()})
        torch.nn.utils.parametrizations.orthogonal(m, 'w')
        first = m.w.detach().clone()
        m.w = next
        second = m.w.detach().clone()
        base = m.parametrizations.w[0].base
        `,
        { inputs: { round, weight, next }, outputs: ['first', 'second', 'base'] },
      );
      class Holder extends nn.Module {
        w: Tensor = new nn.Parameter(weight.clone());

        forward(x: Tensor): Tensor {
          return x.matmul(this.w);
        }
      }
      const holder = parametrizations.orthogonal(new Holder(), 'w');
      expectSameBits(holder.w.detach(), first, 'first');
      holder.w = next;
      expectSameBits(holder.w.detach(), second, 'second');
      expectSameBits(holder.stateDict().get('parametrizations.w.0.base') as Tensor, base, 'base');
    }
  });
});

describe('nn.utils', () => {
  it('refuse what cannot be normalised', () => {
    const layer = new nn.Linear(3, 2);
    expect(() => parametrizations.spectralNorm(layer, { nPowerIterations: 0 })).toThrow('an integer from 1');
    expect(() => parametrizations.spectralNorm(layer, { dim: 2 })).toThrow('in range of [-2, 1] but got 2');
    expect(() => parametrizations.spectralNorm(layer, 'none')).toThrow("has no parameter or buffer with name 'none'");
    expect(() => parametrizations.orthogonal(layer, 'bias')).toThrow('Got a tensor of 1 dimensions');
    expect(() => parametrizations.orthogonal(layer, 'weight', 'qr' as never)).toThrow('Got: qr');
    expect(() =>
      parametrizations.orthogonal(new nn.Linear(2, 2, { dtype: 'complex64' }), 'weight', 'householder'),
    ).toThrow('does not support complex');
    expect(() => removeWeightNorm(layer)).toThrow("weightNorm of 'weight' not found");
    expect(() => removeSpectralNorm(weightNorm(layer))).toThrow("spectralNorm of 'weight' not found");
    expect(() => weightNorm(layer)).toThrow('Cannot register two weightNorm hooks on the same parameter weight');
    expect(() => weightNorm(new nn.LazyLinear(2))).toThrow("can't have uninitialized parameters");
    expect(() => nn.deepcopy(layer)).toThrow('graph leaves');
    expect(() => parametrizations.weightNorm(3 as never)).toThrow('expected a Module');
  });

  it('are kept by vectors, whose spectral norm is their norm', () => {
    class Vector extends nn.Module {
      w: Tensor = new nn.Parameter(randn([4]));

      forward(x: Tensor): Tensor {
        return x.mul(this.w);
      }
    }
    const vector = parametrizations.spectralNorm(new Vector(), 'w');
    expect(vector.w.square().sum().item()).toBeCloseTo(1, 5);
    expect([...vector.stateDict().keys()]).toEqual(['parametrizations.w.original']);
  });
});
