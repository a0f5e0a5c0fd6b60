/**
 * Every transform of torchvision's v1 on random configurations, beside Python's: outputs and the generator's state
 * afterwards, bit for bit, on bytes and floats, grey and in colour, alone and in batches. A class without an entry fails.
 */
import { manualSeed, type Tensor } from '../../lib/tensor';
import * as vision from '../../lib/vision';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';
import { compare, seedOf, Table } from './every-transform/compare';
import { images, spelt, v1Spelling } from './every-transform/configuration';
import { v1 } from './every-transform/v1';

const ROUNDS = 6;

/** Classes that no table can have: what they take is no tensor, or they are of no use by themselves. */
const ELSEWHERE = ['ToTensor', 'PILToTensor', 'AtRandom', 'BatchAugmentation'];

type TransformClass = new (...args: unknown[]) => vision.Transform<unknown, unknown>;

const classes = Object.entries(vision as Record<string, unknown>).filter(
  (entry): entry is [string, TransformClass] =>
    typeof entry[1] === 'function' && 'forward' in ((entry[1].prototype as object | undefined) ?? {}),
);

it('every exported transform has an entry, and every entry a class', () => {
  const names = classes.map(([name]) => name).filter((name) => !ELSEWHERE.includes(name));
  expect(names.sort()).toEqual(Object.keys(v1).sort());
});

describeWithOracle('transforms of v1', (oracle) => {
  const table = new Table('transform');

  it.each(classes.filter(([name]) => name in v1))('%s', async (name, type) => {
    const draws = new Draws(seedOf(name));
    await table.row(name, ROUNDS, async (round, note) => {
      manualSeed(draws.int(0, 1e6));
      const configuration = v1[name]!(draws, round);
      const tensors = new Map<Tensor, string>();
      const { python, ours } = spelt(configuration, tensors, v1Spelling);
      const source = configuration.python ?? `T.${name}(${python})`;
      note(source);
      const transform = (configuration.make?.() ?? new type(...ours)) as vision.Transform<Tensor, unknown>;
      await compare(oracle(), {
        ours: (x) => transform.forward(x),
        python: 't(x)',
        before: `t = ${source}`,
        inputs: (configuration.images ?? images(draws)).map((x) => [x]),
        tensors,
        seed: draws.int(0, 1e6),
      });
    });
  });
});
