import * as torch from '../../lib/tensor';
import { memory, scope } from '../../lib/engine';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

const { callOp, manualSeed, randn, tensor } = torch;

/** One call, and how Python writes it, with x [3, 4], y [3, 4], m [4, 5], i (int64, [3, 1]) and b (bool, [3, 4]). */
type Call = readonly [
  string,
  (t: { x: torch.Tensor; y: torch.Tensor; m: torch.Tensor; i: torch.Tensor; b: torch.Tensor }) => unknown,
];

const CALLS: readonly Call[] = [
  ['x.add(y)', ({ x, y }) => x.add(y)],
  ['x.add(2)', ({ x }) => x.add(2)],
  ['x.add(y, alpha=0.3)', ({ x, y }) => x.add(y, { alpha: 0.3 })],
  ['torch.add(x, 1.5)', ({ x }) => torch.add(x, 1.5)],
  ['x.div(y, rounding_mode="floor")', ({ x, y }) => x.div(y, { roundingMode: 'floor' })],
  ['x.pow(2)', ({ x }) => x.pow(2)],
  ['torch.pow(2, x)', ({ x }) => torch.pow(2, x)],
  ['x.sum()', ({ x }) => x.sum()],
  ['x.sum(1)', ({ x }) => x.sum(1)],
  ['x.sum((0, 1), True)', ({ x }) => x.sum([0, 1], true)],
  ['x.sum(dim=1, keepdim=True)', ({ x }) => x.sum({ dim: 1, keepdim: true })],
  ['x.sum(1, keepdim=True, dtype=torch.float64)', ({ x }) => x.sum(1, { keepdim: true, dtype: 'float64' })],
  ['x.mean((-2, -1))', ({ x }) => x.mean([-2, -1])],
  ['x.std(1, correction=0)', ({ x }) => x.std({ dim: 1, correction: 0 })],
  ['x.var()', ({ x }) => x.var()],
  ['torch.var(x, 1)', ({ x }) => torch.var(x, 1)],
  ['x.max()', ({ x }) => x.max()],
  ['x.max(1)', ({ x }) => x.max(1)],
  ['x.max(y)', ({ x, y }) => x.max(y)],
  ['x.argmax(dim=1)', ({ x }) => x.argmax({ dim: 1 })],
  ['x.sort(1, descending=True)', ({ x }) => x.sort(1, { descending: true })],
  ['x.sort(stable=True, dim=0)', ({ x }) => x.sort({ stable: true, dim: 0 })],
  ['x.topk(2)', ({ x }) => x.topk(2)],
  ['x.split(2, 1)', ({ x }) => x.split(2, 1)],
  ['x.split([1, 3], 1)', ({ x }) => x.split([1, 3], 1)],
  ['x.chunk(2, dim=1)', ({ x }) => x.chunk(2, { dim: 1 })],
  ['x.unbind()', ({ x }) => x.unbind()],
  ['x.view(2, 6)', ({ x }) => x.view(2, 6)],
  ['x.view(-1)', ({ x }) => x.view(-1)],
  ['x.view(torch.int32)', ({ x }) => x.view('int32')],
  ['x.reshape([4, 3])', ({ x }) => x.reshape([4, 3])],
  ['x.permute(1, 0)', ({ x }) => x.permute(1, 0)],
  ['x.transpose(0, 1)', ({ x }) => x.transpose(0, 1)],
  ['x.flip(0, 1)', ({ x }) => x.flip(0, 1)],
  ['x.unflatten(1, (2, 2))', ({ x }) => x.unflatten(1, [2, 2])],
  ['x.flatten()', ({ x }) => x.flatten()],
  ['x.clamp(min=0)', ({ x }) => x.clamp({ min: 0 })],
  ['x.clamp(-0.5, 0.5)', ({ x }) => x.clamp(-0.5, 0.5)],
  ['x.clamp(None, y)', ({ x, y }) => x.clamp(null, y)],
  ['x.softmax(-1)', ({ x }) => x.softmax(-1)],
  ['x.where(b, y)', ({ x, y, b }) => x.where(b, y)],
  ['torch.where(b, x, 0)', ({ x, b }) => torch.where(b, x, 0)],
  ['torch.where(b)', ({ b }) => torch.where(b)],
  ['x.masked_fill(b, 7)', ({ x, b }) => x.maskedFill(b, 7)],
  ['x.gather(1, i)', ({ x, i }) => x.gather(1, i)],
  ['x.index_select(1, i.view(-1))', ({ x, i }) => x.indexSelect(1, i.view(-1))],
  ['x.matmul(m)', ({ x, m }) => x.matmul(m)],
  ['torch.addmm(torch.ones(3, 5), x, m, beta=0.5)', ({ x, m }) => torch.addmm(torch.ones([3, 5]), x, m, { beta: 0.5 })],
  ['torch.cat([x, y], 1)', ({ x, y }) => torch.cat([x, y], 1)],
  ['torch.stack((x, y), dim=-1)', ({ x, y }) => torch.stack([x, y], { dim: -1 })],
  ['torch.einsum("ij,kj->ik", [x, y])', ({ x, y }) => torch.einsum('ij,kj->ik', [x, y])],
  ['torch.nn.functional.linear(x, y)', ({ x, y }) => torch.linear(x, y)],
  [
    'torch.nn.functional.conv2d(x.view(1, 1, 3, 4), y.view(3, 1, 2, 2), None, 1, padding=1)',
    ({ x, y }) => torch.conv2d(x.view(1, 1, 3, 4), y.view(3, 1, 2, 2), null, 1, { padding: 1 }),
  ],
  ['torch.norm(x)', ({ x }) => torch.norm(x)],
  ['x.logsumexp(1)', ({ x }) => x.logsumexp(1)],
  ['x.eq(y).any(1)', ({ x, y }) => x.eq(y).any(1)],
  ['x.repeat(2, 1)', ({ x }) => x.repeat(2, 1)],
  ['x.expand(2, 3, 4)', ({ x }) => x.expand(2, 3, 4)],
  ['x.squeeze().unsqueeze(0)', ({ x }) => x.squeeze().unsqueeze(0)],
  ['x.roll(1, 0)', ({ x }) => x.roll(1, 0)],
  ['x.cumsum(1)', ({ x }) => x.cumsum(1)],
  ['x.lerp(y, 0.25)', ({ x, y }) => x.lerp(y, 0.25)],
  ['x.addcmul(x, y, value=0.5)', ({ x, y }) => x.addcmul(x, y, { value: 0.5 })],
  ['x.T', ({ x }) => x.T],
  ['x.mT', ({ x }) => x.mT],
  ['x.to(torch.int32)', ({ x }) => x.to('int32')],
  ['x.quantile(0.5)', ({ x }) => x.quantile(0.5)],
  [
    'torch.bucketize(x, torch.tensor([-1., 0., 1.]))',
    ({ x }) => torch.bucketize(x, tensor([-1, 0, 1], { dtype: 'float32' })),
  ],
  ['x.mul(-0.0)', ({ x }) => x.mul(-0)],
  ['x.is_floating_point()', ({ x }) => x.isFloatingPoint()],
  ['x.equal(y)', ({ x, y }) => x.equal(y)],
  ['x.norm().item()', ({ x }) => x.norm().item()],
  ['x.size(-1)', ({ x }) => x.size(-1)],
  ['x.t().stride()', ({ x }) => x.t().stride()],
];

function compare(ours: unknown, theirs: unknown, label: string): void {
  if (ours instanceof torch.Tensor) expectSameBits(ours, theirs as torch.Tensor, label);
  else if (Array.isArray(ours)) {
    expect([label, ours.length]).toEqual([label, (theirs as unknown[]).length]);
    ours.forEach((item, index) => compare(item, (theirs as unknown[])[index], `${label}[${index}]`));
  } else expect([label, ours]).toEqual([label, theirs]);
}

describeWithOracle('the door of the ops', (oracle) => {
  it('chooses the overload that Python chooses', async () => {
    manualSeed(1);
    const i = torch.randint(0, 4, [3, 1]);
    const inputs = { x: randn([3, 4]), y: randn([3, 4]), m: randn([4, 5]), i, b: randn([3, 4]).gt(0) };
    const { theirs } = await oracle().run(
      `
      def plain(v):
          return [plain(e) for e in v] if isinstance(v, (tuple, list)) else v
      theirs = [plain(eval(source)) for source in sources]
      `,
      { inputs: { ...inputs, sources: CALLS.map(([source]) => source) }, outputs: { theirs: 'value' } },
    );
    // Twice: the second time each call finds its plan.
    for (const round of [1, 2]) {
      for (const [index, [source, call]] of CALLS.entries()) {
        compare(call(inputs), (theirs as unknown[])[index], `${source}, round ${round}`);
      }
    }
  });
});

describe('results', () => {
  it('is the very tensor that an op wrote to', () => {
    const x = torch.zeros([2, 2]);
    expect(x.add_(1)).toBe(x);
    expect(x.add_(1, { alpha: 3 })).toBe(x);
    expect(x.zero_().fill_(2).mul_(x)).toBe(x);
    expect(x.tolist()).toEqual([
      [4, 4],
      [4, 4],
    ]);
    expect(callOp('aten::lerp_.Scalar', [x, torch.ones([2, 2]), 0.5])).toBe(x);
    expect(x.tolist()).toEqual([
      [2.5, 2.5],
      [2.5, 2.5],
    ]);
  });

  it('is what was given as `out`', () => {
    const [out, values, indices] = [torch.empty([0]), torch.empty([0]), torch.empty([0], { dtype: 'int64' })];
    expect(torch.add(torch.ones([2]), torch.ones([2]), { out })).toBe(out);
    expect(out.tolist()).toEqual([2, 2]);
    const sorted = torch.sort(tensor([3, 1, 2], { dtype: 'float32' }), { out: [values, indices] });
    expect([sorted[0] === values, sorted[1] === indices, sorted.length]).toEqual([true, true, 2]);
    expect([values.tolist(), indices.tolist()]).toEqual([
      [1, 2, 3],
      [1, 2, 0],
    ]);
  });

  it('leaves no tensor behind but the result', () => {
    const x = torch.ones([2]);
    const before = memory().tensors;
    for (let i = 0; i < 20; i += 1) {
      x.add_(1);
      x.clamp_({ min: 0 });
      torch.add(x, x, { out: x });
      scope(() => void x.max(0));
      scope(() => void x.at(torch.slice(0, 1), null));
      x.setAt([[0]], 1);
    }
    expect(memory().tensors).toBe(before);
  });
});

describe('calls that no overload takes', () => {
  const x = torch.ones([2, 3]);
  // What a JavaScript caller may write, in spite of the types.
  const loose = x as unknown as Record<string, (...args: unknown[]) => unknown>;

  it.each<[string, unknown[], RegExp]>([
    [
      'add',
      ['abc'],
      /^add\(\): no overload takes \('abc'\) on Tensor\[2, 3\] float32; expected one of:\n {2}add\(other: /,
    ],
    ['add', [], /no overload takes \(\)/],
    ['sum', [1.5], /no overload takes \(1.5\)/],
    ['sum', [{ dimm: 1 }], /sum\(.*keepdim/s],
    ['reshape', [true], /argument `shape`/],
    ['relu', [1], /takes 1 positional arguments, received 2/],
    ['softmax', [0, { dim: 1 }], /no overload takes/],
    ['add', [new Map()], /Map/],
    ['add', [1, 2, 3, 4], /no overload/],
  ])('%s(%p)', (name, args, message) => {
    expect(() => loose[name]?.(...args)).toThrow(message);
    expect(() => loose[name]?.(...args)).toThrow(TypeError);
  });

  it('are not taken for the call before, which had arguments', () => {
    const bare = torch.neg as unknown as (...args: unknown[]) => unknown;
    bare(torch.ones([2]));
    expect(() => bare()).toThrow(/neg\(\): no overload takes \(\)/);
    expect(() => bare(undefined)).toThrow(/neg\(\): no overload takes/);
  });

  it('says what was called when libtorch refuses', () => {
    expect(() => x.add(torch.ones([4]))).toThrow(
      /must match the size.*\n {2}in add\(Tensor\[2, 3\] float32, Tensor\[4\] float32\)/,
    );
    expect(() => x.sum(5)).toThrow(RangeError);
    expect(() => torch.cat([x, torch.ones([1])])).toThrow(/in cat\(\[Tensor\[2, 3\] float32, Tensor\[1\] float32\]\)/);
  });

  it('names an op that there is not', () => {
    expect(() => callOp('aten::no_such_op', [])).toThrow(/has no op `aten::no_such_op`/);
  });
});
