/**
 * Every function of torchvision's v2 on random arguments, on plain tensors, images, masks and boxes, beside Python's: the
 * kinds of the outputs and their bits. One without an entry fails.
 */
import { manualSeed, rand, type Tensor } from '../../lib/tensor';
import { tvTensors, v2 } from '../../lib/vision';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { compare, seedOf, Table } from './every-transform/compare';
import { images, snakeCase, type Spelling, spelt } from './every-transform/configuration';
import { boxesFor, maskFor } from './every-transform/samples';
import { type Subject, v2Functional } from './every-transform/v2-functional';

const ROUNDS = 6;

/** What it takes is no tensor: transforms.test.ts has it. */
const ELSEWHERE = ['pilToTensor'];

type AnyFunction = (input: unknown, ...args: unknown[]) => unknown;
const functions = Object.entries(v2.functional) as unknown as [string, AnyFunction][];

const spelling: Spelling = {
  option: (name, value) =>
    /format/i.test(name) && typeof value === 'string' ? `tv_tensors.BoundingBoxFormat.${value}` : null,
  key: (name) => JSON.stringify(name),
};

/** What a function is called with, of an image, a mask and boxes. */
const subjects: Record<Subject, { ours: (x: Tensor, m: Tensor, b: Tensor) => unknown; python: string }> = {
  plain: { ours: (x) => x, python: 'x' },
  image: { ours: (x) => new tvTensors.Image(x), python: 'tv_tensors.Image(x)' },
  mask: { ours: (_, m) => new tvTensors.Mask(m), python: 'tv_tensors.Mask(m)' },
  boxes: {
    ours: (x, _, b) =>
      new tvTensors.BoundingBoxes(b, { format: 'XYXY', canvasSize: x.shape.slice(-2) as [number, number] }),
    python: "tv_tensors.BoundingBoxes(b, format='XYXY', canvas_size=tuple(x.shape[-2:]))",
  },
  numbers: { ours: (_, __, b) => b, python: 'b' },
};

it('every exported function has an entry, and every entry a function', () => {
  const names = functions.map(([name]) => name).filter((name) => !ELSEWHERE.includes(name));
  expect(names.sort()).toEqual(Object.keys(v2Functional).sort());
});

describeWithOracle('functions of v2', (oracle) => {
  const table = new Table('function of v2');

  it.each(functions.filter(([name]) => name in v2Functional))('%s', async (name, call) => {
    const draws = new Draws(seedOf(`v2 ${name}`));
    await table.row(name, ROUNDS, async (round, note) => {
      manualSeed(draws.int(0, 1e6));
      const configuration = v2Functional[name]!(draws, round);
      const tensors = new Map<Tensor, string>();
      const { python, ours } = spelt(configuration, tensors, spelling);
      const args = python.replace(/^"(u?int\d+|float\d+)"/, 'torch.$1');
      const function_ = name === 'isPureTensor' ? 'is_pure_tensor' : snakeCase(name);
      const xs = configuration.images ?? images(draws);
      for (const subject of configuration.subjects ?? (['plain', 'image'] as const)) {
        const { ours: make, python: made } = subjects[subject];
        const source = `F2.${function_}(${made}, ${args})`;
        note(source);
        await compare(oracle(), {
          ours: (x, m, b) => call(make(x, m, b), ...ours),
          python: source,
          inputs: xs.map((x) => [x, maskFor(draws, x), boxesFor(draws, x)]),
          tensors,
          seed: 1,
          times: 1,
        });
      }
    });
  });

  it('resizes channels that lie side by side as Python does, which has another path for them', async () => {
    const x = rand([31, 27, 3]).mul(255).to('uint8');
    const { y } = await oracle().run(
      `
      import_torchvision()
      import torchvision.transforms.v2.functional as F2
      y = [F2.resize(x.permute(2, 0, 1), [a, b]) for a, b in ((13, 17), (40, 50), (31, 9))]
      `,
      { inputs: { x }, outputs: { y: 'tensors' } },
    );
    const sizes = [[13, 17], [40, 50], [31, 9]] as const; // prettier-ignore
    sizes.forEach((size, k) => expectSameBits(v2.functional.resize(x.permute([2, 0, 1]), size), y[k]!));
  });
});
