/** Every function of torchvision's v1 on random arguments, beside Python's, bit for bit. One without an entry fails. */
import { manualSeed, type Tensor } from '../../lib/tensor';
import { functional } from '../../lib/vision';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';
import { compare, seedOf, Table } from './every-transform/compare';
import { images, snakeCase, type Spelling, spelt } from './every-transform/configuration';
import { v1Functional } from './every-transform/v1-functional';

const ROUNDS = 6;

/** What they take is no tensor: transforms.test.ts has them. */
const ELSEWHERE = ['toTensor', 'pilToTensor'];

type ImageFunction = (image: Tensor, ...args: unknown[]) => unknown;
const functions = Object.entries(functional) as unknown as [string, ImageFunction][];

const spelling: Spelling = {
  option: (name, value) =>
    name === 'interpolation' && typeof value === 'string' ? `InterpolationMode('${value}')` : null,
  key: (name) => JSON.stringify(name),
};

it('every exported function has an entry, and every entry a function', () => {
  const names = functions.map(([name]) => name).filter((name) => !ELSEWHERE.includes(name));
  expect(names.sort()).toEqual(Object.keys(v1Functional).sort());
});

describeWithOracle('functions of v1', (oracle) => {
  const table = new Table('function');

  it.each(functions.filter(([name]) => name in v1Functional))('%s', async (name, call) => {
    const draws = new Draws(seedOf(name));
    await table.row(name, ROUNDS, async (round, note) => {
      manualSeed(draws.int(0, 1e6));
      const configuration = v1Functional[name]!(draws, round);
      const tensors = new Map<Tensor, string>();
      const { python, ours } = spelt(configuration, tensors, spelling);
      const source = `F.${snakeCase(name)}(x, ${python.replace(/^"(u?int\d+|float\d+)"/, 'torch.$1')})`;
      note(source);
      await compare(oracle(), {
        ours: (x) => call(x, ...ours),
        python: source,
        inputs: (configuration.images ?? images(draws)).map((x) => [x]),
        tensors,
        seed: 1,
        times: 1,
      });
    });
  });
});
