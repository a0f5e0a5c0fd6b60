/**
 * Every transform prints as Python's. Whether a list was a list or a tuple in Python cannot be known here, and so brackets
 * count as parentheses. Nor can it be known of a whole number that was given whether Python was given an int: `2.0` counts as
 * `2` where a configuration gives options. Defaults, and what Python makes floats of, must have their point.
 */
import { inspect } from 'node:util';

import { manualSeed, type Tensor } from '../../lib/tensor';
import * as vision from '../../lib/vision';
import { Draws } from '../nn/draws';
import { describeWithOracle, type Oracle } from '../oracle/oracle';
import { imports, seedOf } from './every-transform/compare';
import { type Entries, spelt, type Spelling, v1Spelling, v2Spelling } from './every-transform/configuration';
import { v1 } from './every-transform/v1';
import { v2 } from './every-transform/v2';

const ROUNDS = 6;

const T = vision;
const T2 = vision.v2;

/** A transform here, and Python's expression for it. */
type Pair = readonly [ours: unknown, python: string];

/** Parentheses for all brackets, and no comma behind the one element of a tuple. */
const leveled = (text: string): string => text.replaceAll('[', '(').replaceAll(']', ')').replaceAll(',)', ')');
const pointless = (text: string): string => text.replace(/(\d)\.0\b/g, '$1');
/** Python keeps how the name of a format was written. */
const inCapitals = (text: string): string => text.replace(/(?<=format=)\w+/g, (format) => format.toUpperCase());

async function pythonTexts(
  oracle: Oracle,
  sources: readonly string[],
  tensors: ReadonlyMap<Tensor, string>,
): Promise<string[]> {
  const { texts } = await oracle.run(`${imports}\ntexts = [repr(eval(source)) for source in sources]\n`, {
    inputs: { sources: [...sources], ...Object.fromEntries([...tensors].map(([tensor, name]) => [name, tensor])) },
    outputs: { texts: 'strings' },
  });
  return texts;
}

async function expectTexts(
  oracle: Oracle,
  pairs: readonly Pair[],
  tensors: ReadonlyMap<Tensor, string>,
  told: (text: string) => string,
): Promise<void> {
  const texts = await pythonTexts(
    oracle,
    pairs.map(([, python]) => python),
    tensors,
  );
  const under = (k: number, text: string): string => `${pairs[k]![1]}\n${told(text)}`;
  expect(pairs.map(([ours], k) => under(k, String(ours)))).toEqual(texts.map((text, k) => under(k, text)));
}

interface Space {
  readonly name: string;
  readonly prefix: string;
  readonly classes: object;
  readonly entries: Entries;
  readonly spelling: Spelling;
}

const spaces: readonly Space[] = [
  { name: 'v1', prefix: 'T', classes: vision, entries: v1, spelling: v1Spelling },
  { name: 'v2', prefix: 'T2', classes: vision.v2, entries: v2, spelling: v2Spelling },
];

describeWithOracle('text of transforms', (oracle) => {
  it.each(spaces)('every transform of $name', async ({ prefix, classes, entries, spelling }) => {
    const tensors = new Map<Tensor, string>();
    const [bare, whole]: [Pair[], Pair[]] = [[], []];
    for (const [name, entry] of Object.entries(entries)) {
      const draws = new Draws(seedOf(`text ${name}`));
      for (let round = 0; round < ROUNDS; round += 1) {
        manualSeed(round);
        const configuration = entry(draws, round);
        const type = (classes as Record<string, new (...args: unknown[]) => unknown>)[name]!;
        const pair = ({ args = [], options = {} }: typeof configuration): Pair => {
          const { python, ours } = spelt({ args, options }, tensors, spelling);
          return [new type(...ours), `${prefix}.${name}(${python})`];
        };
        if (configuration.make !== undefined) bare.push([configuration.make(), configuration.python!]);
        else {
          whole.push(pair(configuration));
          if (round === 0) bare.push(pair({ args: configuration.args ?? [] }));
        }
      }
    }
    await expectTexts(oracle(), bare, tensors, (text) => inCapitals(leveled(text)));
    await expectTexts(oracle(), whole, tensors, (text) => pointless(inCapitals(leveled(text))));
  });

  it('containers in containers, which Python does not indent alike', async () => {
    const pairs: readonly Pair[] = [
      [new T.Compose([]), 'T.Compose([])'],
      [new T.ToTensor(), 'T.ToTensor()'],
      [new T.PILToTensor(), 'T.PILToTensor()'],
      [new T2.PILToTensor(), 'T2.PILToTensor()'],
      [
        new T.Compose([new T.RandomApply([new T.Pad(1), new T.RandomOrder([new T.Pad([1, 2])])]), new T.ToTensor()]),
        'T.Compose([T.RandomApply([T.Pad(1), T.RandomOrder([T.Pad([1, 2])])]), T.ToTensor()])',
      ],
      [
        new T.RandomChoice([new T.RandomChoice([new T.Pad(1)]), new T.Pad(2)], [0.25, 0.5]),
        'T.RandomChoice([T.RandomChoice([T.Pad(1)]), T.Pad(2)], [0.25, 0.5])',
      ],
      [new T2.Compose([new T2.Compose([new T2.Pad(1)])]), 'T2.Compose([T2.Compose([T2.Pad(1)])])'],
      [
        new T2.Compose([
          new T2.RandomApply([new T2.Pad(1), new T2.RandomOrder([new T2.Pad([1, 2])])]),
          new T2.ToImage(),
        ]),
        'T2.Compose([T2.RandomApply([T2.Pad(1), T2.RandomOrder([T2.Pad([1, 2])])]), T2.ToImage()])',
      ],
      [
        new T2.RandomChoice([new T2.Compose([new T2.Pad(1), new T2.Pad(2)]), new T2.RandomOrder([new T2.Pad(2)])]),
        'T2.RandomChoice([T2.Compose([T2.Pad(1), T2.Pad(2)]), T2.RandomOrder([T2.Pad(2)])])',
      ],
    ];
    await expectTexts(oracle(), pairs, new Map(), leveled);
  });
});

describe('text of transforms', () => {
  it('is what console.log writes', () => {
    const compose = new T.Compose([new T.Resize([3, 4]), new T.RandomHorizontalFlip()]);
    const text = `Compose(
    Resize(size=[3, 4], interpolation=bilinear, max_size=None, antialias=True)
    RandomHorizontalFlip(p=0.5)
)`;
    expect([String(compose), inspect(compose)]).toEqual([text, text]);
    expect(inspect({ flip: new T2.RandomVerticalFlip() })).toBe('{ flip: RandomVerticalFlip(p=0.5) }');
  });

  it('of a transform of one’s own has its attributes, or its name', () => {
    class Darken extends T2.Transform {
      readonly mostDark = 0.5;
      readonly _hidden = 1;
      readonly none = null;
      readonly call = (): void => undefined;
      protected override transform(input: unknown): unknown {
        return input;
      }
    }
    class Own {
      forward(image: Tensor): Tensor {
        return image;
      }
    }
    expect(String(new Darken())).toBe('Darken(most_dark=0.5)');
    expect(String(new T.Compose([new Own()]))).toBe('Compose(\n    Own()\n)');
    expect(String(new T2.RandomOrder([new Own(), new Darken()]))).toBe(
      'RandomOrder(transforms=[Own(), Darken(most_dark=0.5)])',
    );
  });
});
