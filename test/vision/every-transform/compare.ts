/** Runs a transform on both sides and compares outputs and the generator's state afterwards, bit for bit. */
import { getRngState, manualSeed, Tensor } from '../../../lib/tensor';
import { pythonRandom } from '../../../lib/vision';
import { expectSameBits, type Oracle } from '../../oracle/oracle';

export const imports = `
import_torchvision()
import random
import torchvision.transforms as T
import torchvision.transforms.functional as F
from torchvision.transforms import InterpolationMode
`;

export interface Comparison {
  /** Makes the outputs of one run; called \`times\` times with every input. */
  ours: (input: Tensor) => unknown;
  /** Python's expression for \`ours\`, of \`x\`. */
  python: string;
  /** Python's statements before. */
  before?: string;
  images: readonly Tensor[];
  tensors: ReadonlyMap<Tensor, string>;
  seed: number;
  times?: number;
}

/** Tensors in lists, in order. */
function flat(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(flat) : [];
}

export async function compare(oracle: Oracle, comparison: Comparison): Promise<void> {
  const { ours, python, before = '', images, tensors, seed, times = 3 } = comparison;
  manualSeed(seed);
  pythonRandom.seed(seed);
  const outputs: Tensor[] = [];
  for (let time = 0; time < times; time += 1) {
    for (const image of images) outputs.push(...flat(ours(image.clone())));
  }
  const state = getRngState();
  const expected = await oracle.run(
    `${imports}
${before}
def flat(y):
    return [y] if isinstance(y, torch.Tensor) else [z for part in y for z in flat(part)] if isinstance(y, (list, tuple)) else []
torch.manual_seed(seed)
random.seed(seed)
call = lambda x: ${python}
outputs = [z for _ in range(times) for x in images for z in flat(call(x.clone()))]
state = torch.get_rng_state()
`,
    {
      inputs: { images: [...images], seed, times, ...Object.fromEntries([...tensors].map(([t, name]) => [name, t])) },
      outputs: { outputs: 'tensors', state: 'tensor' },
    },
  );
  expect(outputs.length).toBe(expected.outputs.length);
  expect(outputs.length).toBeGreaterThan(0);
  outputs.forEach((output, k) => expectSameBits(output, expected.outputs[k]!, `output ${k}`));
  expectSameBits(state, expected.state, 'generator afterwards');
}

/** Distinct for each name, the same in every run. */
export const seedOf = (name: string): number =>
  Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) | 0, 7) >>> 0;

/** The rows of a table of results, written when the tests of a file are done. */
export class Table {
  private readonly rows: string[] = [];

  constructor(private readonly title: string) {
    afterAll(() => {
      process.stdout.write(
        `\n| ${this.title} | configurations | result |\n| --- | --- | --- |\n${this.rows.join('\n')}\n`,
      );
    });
  }

  /** Runs the rounds of one row. */
  async row(
    name: string,
    rounds: number,
    run: (round: number, note: (text: string) => void) => Promise<void>,
  ): Promise<void> {
    let [round, what] = [0, ''];
    try {
      for (; round < rounds; round += 1) await run(round, (text) => (what = text));
      this.rows.push(`| ${name} | ${rounds} | equal bits |`);
    } catch (error) {
      this.rows.push(`| ${name} | ${round} of ${rounds} | differs: ${what} |`);
      if (error instanceof Error) error.message = `round ${round}, ${what}\n${error.message}`;
      throw error;
    }
  }
}
