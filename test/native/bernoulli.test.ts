import path from 'node:path';
import { type DType, empty, Generator, getRngState, manualSeed, randn, type Tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { runChild } from '../support/child';

async function walk(choice: string): Promise<{ blockwise: boolean; bits: string }> {
  const { code, stdout, stderr } = await runChild(path.join(__dirname, 'bernoulli-walk.ts'), {
    env: { LIBTORCH_NODE_BERNOULLI: choice },
  });
  if (code !== 0) throw new Error(`the walk ended with ${code}\n${stderr}`);
  // Replacing libtorch's kernel is no news for the user.
  expect(stderr).toBe('');
  return JSON.parse(stdout) as { blockwise: boolean; bits: string };
}

describe("the addon's Bernoulli draws", () => {
  it("are libtorch's, which can be switched back on", async () => {
    const library = await walk('library');
    expect(library.blockwise).toBe(false);
    expect((await walk('')).bits).toBe(library.bits);
  });

  it('refuse an impossible probability in libtorch’s words', () => {
    for (const p of [-0.1, 1.1, NaN]) expect(() => empty([500]).bernoulli_(p)).toThrow('to be in [0, 1]');
  });
});

/** Every other row, the transpose, an expanded one: what is not dense is libtorch's. */
const layouts: [code: string, view: (x: Tensor) => Tensor][] = [
  ['x', (x) => x],
  ['x.t()', (x) => x.t()],
  ['x[::2]', (x) => x.slice(0, 0, null, 2)],
  ['x[:, 3:]', (x) => x.slice(1, 3)],
];

describeWithOracle('Bernoulli draws beside Python', (oracle) => {
  it('fill tensors of all sizes, layouts and dtypes, and leave the generator where Python does', async () => {
    const draws = new Draws(21);
    const dtypes: DType[] = ['float32', 'float32', 'float32', 'float64', 'bfloat16', 'bool'];
    const cases = Array.from({ length: 60 }, () => ({
      rows: draws.pick([1, 2, 5, 63, 200]),
      columns: draws.int(4, 90),
      p: draws.pick([0, 1, 0.5, draws.next(), draws.next() / 1000, 1 - draws.next() / 1e6]),
      dtype: draws.pick(dtypes),
      layout: draws.int(0, layouts.length - 1),
      // Words taken singly, so that the pairs begin anywhere in a block.
      skip: draws.int(0, 700),
    }));
    const skip = (count: number): Tensor => empty([count]).uniform_();
    manualSeed(77);
    const ours = cases.map((each) => {
      skip(each.skip);
      const x = empty([each.rows, each.columns], { dtype: each.dtype }).zero_();
      layouts[each.layout]![1](x).bernoulli_(each.p);
      return x;
    });
    const state = getRngState();
    const { theirs, after } = await oracle().run(
      `
torch.manual_seed(77)
theirs = []
for i in range(len(rows)):
    torch.empty(int(skips[i])).uniform_()
    x = torch.zeros(int(rows[i]), int(columns[i]), dtype=getattr(torch, dtypes[i]))
    eval(codes[i]).bernoulli_(float(ps[i]))
    theirs.append(x)
after = torch.get_rng_state()
`,
      {
        inputs: {
          rows: cases.map(({ rows }) => rows),
          columns: cases.map(({ columns }) => columns),
          ps: cases.map(({ p }) => p),
          skips: cases.map((each) => each.skip),
          dtypes: cases.map(({ dtype }) => dtype),
          codes: cases.map(({ layout }) => layouts[layout]![0]),
        },
        outputs: { theirs: 'tensors', after: 'tensor' },
      },
    );
    cases.forEach((each, i) => expectSameBits(ours[i]!, theirs[i]!, JSON.stringify(each)));
    expectSameBits(state, after, 'the state afterwards');
  });

  it('come from a generator of their own, and keep a pending normal number', async () => {
    using generator = new Generator().manualSeed(5);
    randn([1], { generator });
    const ours = [empty([999]).bernoulli_(0.25, { generator }), randn([3], { generator })];
    const { theirs } = await oracle().run(
      `
g = torch.Generator().manual_seed(5)
torch.randn(1, generator=g)
theirs = [torch.empty(999).bernoulli_(0.25, generator=g), torch.randn(3, generator=g)]
`,
      { outputs: { theirs: 'tensors' } },
    );
    ours.forEach((mine, i) => expectSameBits(mine, theirs[i]!));
  });
});
