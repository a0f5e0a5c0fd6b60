/** Runs a transform on both sides and compares outputs and the generator's state afterwards, bit for bit. */
import { getRngState, manualSeed, Tensor } from '../../../lib/tensor';
import { pythonRandom, tvTensors } from '../../../lib/vision';
import { expectSameBits, type Oracle } from '../../oracle/oracle';

/** What the sources of comparisons call. */
export const imports = `
import_torchvision()
import random
import torchvision.transforms as T
import torchvision.transforms.functional as F
import torchvision.transforms.v2 as T2
import torchvision.transforms.v2.functional as F2
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode

def leaves(y):
    if isinstance(y, (list, tuple)): return [leaf for part in y for leaf in leaves(part)]
    if isinstance(y, dict): return [leaf for part in y.values() for leaf in leaves(part)]
    return [y]

def told(y):
    if not isinstance(y, torch.Tensor): return str(y).lower()
    if not isinstance(y, tv_tensors.BoundingBoxes): return type(y).__name__
    return f'BoundingBoxes {y.format.value} {list(y.canvas_size)} {y.clamping_mode}'
`;

export interface Comparison {
  /** One run; called \`times\` times with copies of every input. */
  ours: (...inputs: Tensor[]) => unknown;
  /** Python's expression for it, of \`x\`, \`m\` and \`b\`. */
  python: string;
  /** Python's statements before. */
  before?: string;
  /** What it is called with: an image, a mask, boxes. */
  inputs: readonly (readonly Tensor[])[];
  tensors: ReadonlyMap<Tensor, string>;
  seed: number;
  times?: number;
}

/** The parts of nested lists and objects, in order. */
function leaves(value: unknown): unknown[] {
  if (value instanceof Tensor || typeof value !== 'object' || value === null) return [value];
  return (Array.isArray(value) ? (value as unknown[]) : Object.values(value)).flatMap(leaves);
}

/** What a part is, as both sides tell it. */
function told(part: unknown): string {
  if (!(part instanceof Tensor)) return part === null ? 'none' : JSON.stringify(part).replaceAll('"', '');
  if (!(part instanceof tvTensors.BoundingBoxes)) return part.constructor.name;
  const { format, canvasSize, clampingMode } = part;
  return `BoundingBoxes ${format} [${canvasSize.join(', ')}] ${clampingMode ?? 'None'}`;
}

export async function compare(oracle: Oracle, comparison: Comparison): Promise<void> {
  const { ours, python, before = '', inputs, tensors, seed, times = 3 } = comparison;
  manualSeed(seed);
  pythonRandom.seed(seed);
  const parts: unknown[] = [];
  for (let time = 0; time < times; time += 1) {
    for (const given of inputs) parts.push(...leaves(ours(...given.map((tensor) => tensor.clone()))));
  }
  const state = getRngState();
  const expected = await oracle.run(
    `${imports}
${before}
torch.manual_seed(seed)
random.seed(seed)
call = lambda x, m=None, b=None: ${python}
parts = [leaf for _ in range(times) for given in inputs for leaf in leaves(call(*[t.clone() for t in given]))]
kinds = [told(part) for part in parts]
outputs = [part.as_subclass(torch.Tensor) for part in parts if isinstance(part, torch.Tensor)]
state = torch.get_rng_state()
`,
    {
      inputs: {
        inputs: inputs.map((given) => [...given]),
        seed,
        times,
        ...Object.fromEntries([...tensors].map(([t, name]) => [name, t])),
      },
      outputs: { outputs: 'tensors', kinds: 'strings', state: 'tensor' },
    },
  );
  expect(parts.map(told)).toEqual(expected.kinds);
  const outputs = parts.filter((part) => part instanceof Tensor);
  expect(outputs.length).toBe(expected.outputs.length);
  expect(parts.length).toBeGreaterThan(0);
  outputs.forEach((output, k) => expectSameBits(output, expected.outputs[k]!, `output ${k}`));
  expectSameBits(state, expected.state, 'generator afterwards');
}

/** Distinct for each name, the same in every run. */
export const seedOf = (name: string): number =>
  Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) | 0, 7) >>> 0;

/** The rows of a table of results, written when the tests of a file are done. */
export class Table {
  private readonly rows: string[] = [];

  constructor(title: string) {
    afterAll(() => {
      const head = `\n| ${title} | configurations | result |\n| --- | --- | --- |\n`;
      process.stdout.write(`${head}${this.rows.join('\n')}\n`);
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
