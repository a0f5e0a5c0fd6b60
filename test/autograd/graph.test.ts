import { signaturesOf } from '../../lib/tensor/resolve';
import type { GraphNode } from '../../lib/tensor';
import { callOp, ones, randn, type Tensor, tensor } from '../../lib/tensor';
import { binding, DisposedError, scope } from '../../lib/engine';
import { camelCase } from '../../lib/tensor/signature';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

interface Shown {
  name: string;
  next: (Shown | null)[];
}

/** The whole graph of small tensors, for a comparison. */
function show(node: GraphNode | null): Shown | null {
  return node === null ? null : { name: node.name, next: node.nextFunctions.map(([next]) => show(next)) };
}

const SHOW = `
def show(node):
    return None if node is None else {'name': node.name(), 'next': [show(n) for n, _ in node.next_functions]}
`;

/** Public ops that have both a Tensor and a Scalar overload: those where a number could go either way. */
function opsWithNumbers(): string[] {
  const overloads = new Map<string, Set<string>>();
  for (const full of binding.opNames()) {
    const [, name = '', overload = ''] = /^aten::([a-z]\w*?)(?:\.(\w+))?$/.exec(full) ?? [];
    overloads.set(name, (overloads.get(name) ?? new Set()).add(overload));
  }
  // Python's norm is a function of its own, which calls another op.
  overloads.delete('norm');
  return [...overloads].filter(([, found]) => [...found].some((name) => /Scalar/.test(name))).map(([name]) => name);
}

describeWithOracle('the graph', (oracle) => {
  it('has the nodes of Python', async () => {
    const [x, w] = [randn([2, 3]).requiresGrad_(), randn([3, 2]).requiresGrad_()];
    const graphs = [
      x.matmul(w).relu().sum(),
      x.mul(2).add(1).div(3).sub(0.5).unbind(0)[1]!,
      x.expand([4, 2, 3]).add(w.t()).sigmoid().at(0),
      x.mul(3).add_(2).mul_(x),
    ].map((y) => show(y.gradFn));
    const python = await oracle().run(
      `${SHOW.replaceAll('\n', '\n      ')}
      x, w = x.requires_grad_(), w.requires_grad_()
      graphs = [show(y.grad_fn) for y in (
          (x @ w).relu().sum(),
          ((x * 2 + 1) / 3 - 0.5).unbind(0)[1],
          (x.expand(4, 2, 3) + w.t()).sigmoid()[0],
          (x * 3).add_(2).mul_(x),
      )]
      `,
      { inputs: { x: x.detach(), w: w.detach() }, outputs: { graphs: 'value' } },
    );
    expect(graphs).toEqual(python.graphs);
  });

  it('has the nodes and the bits of Python wherever a number stands for a tensor', async () => {
    const x = tensor([0.5, 1.25, 2.75]);
    const names = opsWithNumbers();
    expect(names.length).toBeGreaterThan(30);
    const python = await oracle().run(
      `${SHOW.replaceAll('\n', '\n      ')}
      results = {}
      for name in names:
          for number in (2, 0.75):
              leaf = x.clone().requires_grad_()
              value = leaf * 1
              try:
                  y = getattr(value, name)(number)
                  results[f'{name} {number}'] = {'graph': show(y.grad_fn), 'y': y}
              except Exception:
                  pass
      `,
      { inputs: { x, names }, outputs: { results: 'value' } },
    );
    const results = python.results as unknown as Record<string, { graph: Shown | null; y: Tensor }>;
    let compared = 0;
    for (const name of names) {
      for (const number of [2, 0.75]) {
        const theirs = results[`${name} ${number}`];
        const value = x.clone().requiresGrad_().mul(1);
        const method = (value as unknown as Record<string, unknown>)[camelCase(name)];
        if (theirs === undefined || typeof method !== 'function') continue;
        const y = (method as (number: number) => Tensor).call(value, number);
        expect([name, number, show(y.gradFn)]).toEqual([name, number, theirs.graph]);
        expectSameBits(y.detach(), theirs.y, name);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  it('promotes dtypes by numbers as Python', async () => {
    const dtypes = ['uint8', 'int64', 'bool', 'float16', 'float32', 'float64', 'complex64'] as const;
    const numbers = [2, 0.5, -3];
    const ours = dtypes.flatMap((dtype) =>
      numbers.flatMap((number) => {
        const x = ones([2]).to(dtype);
        const results = [x.add(number), x.mul(number), x.div(number), ...(dtype === 'bool' ? [] : [x.sub(number)])];
        return results.map((y) => `${y.dtype} ${JSON.stringify(y.tolist())}`);
      }),
    );
    const { theirs } = await oracle().run(
      `
      theirs = []
      for dtype in dtypes:
          for n in numbers:
              x = torch.ones(2).to(getattr(torch, dtype))
              theirs += [x + n, x * n, x / n] + ([] if dtype == 'bool' else [x - n])
      `,
      { inputs: { dtypes: [...dtypes], numbers }, outputs: { theirs: 'tensors' } },
    );
    expect(ours).toEqual(theirs.map((y) => `${y.dtype} ${JSON.stringify(y.tolist())}`));
  });
});

describe('a node', () => {
  it('is one object, reached by whatever way', () => {
    const x = ones([2], { requiresGrad: true });
    const y = x.exp();
    const z = y.mul(y);
    expect(y.gradFn).toBe(y.gradFn);
    expect(z.gradFn?.nextFunctions.map(([node]) => node)).toEqual([y.gradFn, y.gradFn]);
    expect(z.gradFn?.nextFunctions[0]?.[0]).toBe(y.gradFn);
    expect(y.gradFn?.nextFunctions[0]?.[0]?.name).toBe('torch::autograd::AccumulateGrad');
    expect([x.gradFn, String(y.gradFn)]).toEqual([null, '<ExpBackward0>']);
  });

  it('keeps the tensor it was got from, but not the graph beyond its scope', () => {
    const x = ones([2], { requiresGrad: true });
    const node = x.exp().mul(2).gradFn;
    settle();
    expect(node?.nextFunctions[0]?.[0]?.name).toBe('ExpBackward0');
    let ended: GraphNode | null = null;
    scope(() => void (ended = x.exp().gradFn));
    expect(() => ended?.name).toThrow(DisposedError);
  });

  it('stays cheap: numbers of dead nodes are dropped', () => {
    const x = ones([2], { requiresGrad: true });
    for (let i = 0; i < 3000; i += 1) scope(() => expect(x.exp().gradFn?.name).toBe('ExpBackward0'));
  });
});

describe('an overload that is called by its full name', () => {
  it('is that one, and no other', () => {
    const x = ones([2], { requiresGrad: true });
    expect(callOp<Tensor>('aten::mul.Scalar', [x, 2]).gradFn?.name).toBe('MulBackward1');
    expect(signaturesOf('mul', true).length).toBeGreaterThan(1);
    expect(x.mul(2).gradFn?.name).toBe('MulBackward0');
  });
});
