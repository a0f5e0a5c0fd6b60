/**
 * Every module class of lib/nn on random configurations, beside Python's: initial parameters, the generator's state after
 * construction, forward in training, backward, the generator's state and the state dict afterwards, forward in evaluation and
 * how it is printed, bit for bit (compare-module.ts); then what a fresh one says of a state dict with a key too few and one
 * too many, and what its parameters are when they are reset; and that a copy of it computes the same. A class without an entry fails the test.
 */
import * as nn from '../../lib/nn';
import { isLazy } from '../../lib/nn/uninitialized';
import { getRngState, manualSeed, ones, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits, type Oracle } from '../oracle/oracle';
import { compareCopy } from './compare-copy';
import { compareModule, expectSameState, type ModuleComparison } from './compare-module';
import { Draws } from './draws';
import { activations } from './every-module/activations';
import { convolutions } from './every-module/convolutions';
import { comparisonOf, type Entries, type Entry } from './every-module/entry';
import { losses } from './every-module/losses';
import { dropouts, norms } from './every-module/norms';
import { others } from './every-module/others';
import { pooling } from './every-module/pooling';
import { recurrent } from './every-module/recurrent';
import { shapes } from './every-module/shapes';
import { transformers } from './every-module/transformers';

const entries: Entries = {
  ...activations,
  ...convolutions,
  ...pooling,
  ...shapes,
  ...norms,
  ...dropouts,
  ...losses,
  ...recurrent,
  ...transformers,
  ...others,
};

/** Configurations of each module; the last ones are computed in float64. */
const ROUNDS = 6;
const WIDE_FROM = 4;

type ModuleClass = new (...args: never[]) => nn.AnyModule;

const isModule = (value: unknown): value is ModuleClass =>
  typeof value === 'function' && value.prototype instanceof nn.Module;
const classes = Object.entries(nn as Record<string, unknown>).filter((entry): entry is [string, ModuleClass] =>
  isModule(entry[1]),
);

it('every exported module class has an entry, and every entry a class', () => {
  const names = classes.map(([name]) => name);
  expect(names.filter((name) => !(name in entries))).toEqual([]);
  expect(Object.keys(entries).filter((name) => !names.includes(name))).toEqual([]);
});

/** Loads a state dict without its first key and with another one into a fresh module on both sides, then resets that. */
async function compareStates(
  oracle: Oracle,
  { make, python, inputs }: ModuleComparison<nn.AnyModule>,
  state: nn.StateDict,
): Promise<void> {
  const given = { ...Object.fromEntries([...state].slice(1)), nonsense: ones([1]) };
  const { message, missing, unexpected, loaded, resets, reset, generator } = await oracle.run(
    `
    module = ${python}
    lazy = torch.nn.parameter.is_lazy
    try:
        module.load_state_dict(given)
    except RuntimeError as error:
        message = str(error)
    keys = module.load_state_dict(given, strict=False)
    missing, unexpected = keys.missing_keys, keys.unexpected_keys
    copies = lambda: {k: v.clone() for k, v in module.state_dict().items() if not lazy(v)}
    loaded = {k: v for k, v in copies().items() if k in given}
    reset_parameters = getattr(module, 'reset_parameters', getattr(module, '_reset_parameters', None))
    resets = reset_parameters is not None
    torch.manual_seed(5)
    if resets: reset_parameters()
    reset, generator = copies(), torch.get_rng_state()
    `,
    {
      inputs: { ...inputs, given },
      outputs: {
        message: 'string',
        missing: 'strings',
        unexpected: 'strings',
        loaded: 'tensorDict',
        resets: 'boolean',
        reset: 'tensorDict',
        generator: 'tensor',
      },
    },
  );
  const module = make();
  expect(() => module.loadStateDict(given)).toThrow(message);
  expect(module.loadStateDict(given, { strict: false })).toEqual({ missingKeys: missing, unexpectedKeys: unexpected });
  const known = (): [string, Tensor][] => [...module.stateDict()].filter(([, tensor]) => !isLazy(tensor));
  expectSameState(new Map(known().filter(([key]) => key in given)), loaded, 'loaded');
  expect('resetParameters' in module).toBe(resets);
  manualSeed(5);
  if (resets) (module as unknown as { resetParameters(): void }).resetParameters();
  expectSameState(new Map(known()), reset, 'reset');
  expectSameBits(getRngState(), generator, 'generator after the reset');
}

/** Distinct for each module, the same in every run. */
const seedOf = (name: string): number => Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) | 0, 7);

describeWithOracle('modules', (oracle) => {
  const table: string[] = [];

  afterAll(() => {
    process.stdout.write(`\n| module | configurations | result |\n| --- | --- | --- |\n${table.join('\n')}\n`);
  });

  /** As in PyTorch a copy of such a layer computes with ReLU: test/nn/transformer.test.ts. */
  const computesOtherwise = (module: nn.AnyModule): boolean =>
    module instanceof nn.TransformerDecoderLayer && module.activation instanceof nn.Module;

  it.each(classes.filter(([name]) => name in entries))('%s', async (name, type) => {
    const draws = new Draws(seedOf(name));
    let round = 0;
    let python = '';
    try {
      for (; round < ROUNDS; round++) {
        manualSeed(draws.int(0, 1e6));
        const configuration = (entries[name] as Entry)(draws, round);
        const comparison = comparisonOf(name, type, configuration, round >= WIDE_FROM);
        python = `${comparison.python}: ${comparison.pythonForward}`;
        const module = await compareModule(oracle(), { ...comparison, seed: draws.int(0, 1e6) });
        if (round === 0) await compareStates(oracle(), comparison, module.stateDict());
        if (!computesOtherwise(module)) compareCopy(module, comparison.forward);
      }
      table.push(`| ${name} | ${ROUNDS} | equal bits |`);
    } catch (error) {
      table.push(`| ${name} | ${round} of ${ROUNDS} | differs in ${python} |`);
      if (error instanceof Error) error.message = `round ${round}, ${python}\n${error.message}`;
      throw error;
    }
  });
});
