/**
 * Every transform of torchvision's v2 on random configurations and samples, beside Python's: the kinds of the outputs, their
 * bits, and the generator's state afterwards. Samples are plain tensors, images, images with masks and with boxes, alone and
 * in lists and objects. A class without an entry fails.
 */
import { manualSeed, type Tensor } from '../../lib/tensor';
import { v2 } from '../../lib/vision';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';
import { compare, seedOf, Table } from './every-transform/compare';
import { images, spelt, v2Spelling } from './every-transform/configuration';
import { boxesFor, maskFor, samples } from './every-transform/samples';
import { v2 as entries } from './every-transform/v2';

const ROUNDS = 6;

/** Classes to derive from, and one that takes no tensor. */
const ELSEWHERE = ['Transform', 'RandomApplyTransform', 'ImageTransform', 'RandomImageTransform', 'PILToTensor'];

type TransformClass = new (...args: unknown[]) => v2.Transform;

const classes = Object.entries(v2 as Record<string, unknown>).filter(
  (entry): entry is [string, TransformClass] =>
    typeof entry[1] === 'function' && 'forward' in ((entry[1].prototype as object | undefined) ?? {}),
);

it('every exported transform has an entry, and every entry a class', () => {
  const names = classes.map(([name]) => name).filter((name) => !ELSEWHERE.includes(name));
  expect(names.sort()).toEqual(Object.keys(entries).sort());
});

describeWithOracle('transforms of v2', (oracle) => {
  const table = new Table('transform of v2');

  it.each(classes.filter(([name]) => name in entries))('%s', async (name, type) => {
    const draws = new Draws(seedOf(`v2 ${name}`));
    await table.row(name, ROUNDS, async (round, note) => {
      manualSeed(draws.int(0, 1e6));
      const configuration = entries[name]!(draws, round);
      const { sample } = configuration;
      const tensors = new Map<Tensor, string>();
      const { python, ours } = spelt(configuration, tensors, v2Spelling);
      const source = configuration.python ?? `T2.${name}(${python})`;
      const transform = (configuration.make?.() ?? new type(...ours)) as v2.Transform;
      const xs = configuration.images ?? images(draws);
      const seed = draws.int(0, 1e6);
      if (sample !== undefined) {
        note(source);
        const labels = sampleLabels(sample.ours(xs[0]!));
        await compare(oracle(), {
          ours: (x) => transform.forward(...sample.ours(x)),
          python: `t(${sample.python})`,
          before: `t = ${source}`,
          inputs: xs.map((x) => [x]),
          tensors: new Map([...tensors, [labels, 'labels']]),
          seed,
        });
        return;
      }
      for (const kind of configuration.samples ?? Object.keys(samples)) {
        const { ours: make, python: made } = samples[kind]!;
        note(`${source} on ${kind}`);
        await compare(oracle(), {
          ours: (x, m, b) => transform.forward(...make(x, m, b)),
          python: `t(${made})`,
          before: `t = ${source}`,
          inputs: xs.map((x) => [x, maskFor(draws, x), boxesFor(draws, x)]),
          tensors,
          seed,
          times: 2,
        });
      }
    });
  });
});

/** The labels of a sample of MixUp's: its second part. */
function sampleLabels(sample: unknown[]): Tensor {
  const [first, second] = sample;
  return (second ?? (first as { labels: Tensor }).labels) as Tensor;
}
