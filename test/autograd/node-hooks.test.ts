import { histogram, manualSeed, type NodeGradients, ones, randn, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

const nodeOf = ({ gradFn }: Tensor) => {
  if (gradFn === null) throw new Error('a leaf');
  return gradFn;
};

/** Everything doubled that is there. */
const doubled = (gradients: NodeGradients): (Tensor | null)[] => gradients.map((gradient) => gradient?.mul(2) ?? null);

describeWithOracle('hooks on nodes', (oracle) => {
  beforeEach(() => manualSeed(5));

  it('run in Python’s order and change its gradients', async () => {
    for (let round = 0; round < 3; round += 1) {
      const x = randn([2 + round, 3]).requiresGrad_();
      const w = randn([3]).requiresGrad_();
      const calls: string[] = [];
      const note =
        (name: string, change: (gradients: NodeGradients) => (Tensor | null)[] | null) =>
        (first: NodeGradients, second?: NodeGradients): (Tensor | null)[] | null => {
          const shown = [first, second ?? []].map((list) =>
            list.map((gradient) => (gradient === null ? 'none' : 'some')),
          );
          calls.push(`${name} ${shown.map((list) => list.join(',')).join(' ')}`);
          return change(first);
        };
      const keep = (): null => null;
      const product = x.mul(w);
      const node = nodeOf(product);
      const scaled = product.mul(3);
      node.registerHook(note('post1', doubled));
      node.registerPrehook(note('pre1', keep));
      const removed = node.registerHook(note('removed', doubled));
      node.registerHook(note('post2', keep));
      node.registerPrehook(note('pre2', doubled));
      nodeOf(scaled).registerHook(note('scaled', keep));
      product.registerHook((gradient) => {
        calls.push('tensor');
        return gradient.add(1);
      });
      nodeOf(scaled).nextFunctions[0]?.[0]?.registerPrehook(note('again', keep));
      removed.remove();
      scaled.sum().backward();
      const python = await oracle().run(
        `
        x, w = x.requires_grad_(), w.requires_grad_()
        calls = []
        def note(name, change):
            def hook(*lists):
                shown = [','.join('none' if g is None else 'some' for g in l) for l in (list(lists) + [()])[:2]]
                calls.append(name + ' ' + ' '.join(shown))
                return change(lists[0])
            return hook
        doubled = lambda l: tuple(None if g is None else g * 2 for g in l)
        keep = lambda l: None
        product = x * w
        node = product.grad_fn
        scaled = product * 3
        node.register_hook(note('post1', doubled))
        node.register_prehook(note('pre1', keep))
        removed = node.register_hook(note('removed', doubled))
        node.register_hook(note('post2', keep))
        node.register_prehook(note('pre2', doubled))
        scaled.grad_fn.register_hook(note('scaled', keep))
        def tensor_hook(g):
            calls.append('tensor')
            return g + 1
        product.register_hook(tensor_hook)
        scaled.grad_fn.next_functions[0][0].register_prehook(note('again', keep))
        removed.remove()
        scaled.sum().backward()
        gx, gw = x.grad, w.grad
        `,
        {
          inputs: { x: x.detach(), w: w.detach() },
          outputs: { calls: 'strings', gx: 'tensor', gw: 'tensor' },
        },
      );
      expect(calls).toEqual(python.calls);
      expectSameBits(x.grad as Tensor, python.gx, 'x.grad');
      expectSameBits(w.grad as Tensor, python.gw, 'w.grad');
    }
  });

  it('are refused what Python refuses', async () => {
    const { changed } = await oracle().run(
      `
      x = torch.ones(2, requires_grad=True)
      y = x * 2
      y.grad_fn.register_hook(lambda gi, go: (gi[0][:1],) + gi[1:])
      try:
          y.sum().backward()
      except RuntimeError as error:
          changed = str(error)
      `,
      { outputs: { changed: 'string' } },
    );
    const run = (hook: (gradients: NodeGradients) => unknown, pre = false): (() => void) => {
      const y = ones([2], { requiresGrad: true }).mul(2);
      if (pre) nodeOf(y).registerPrehook(hook as () => null);
      else nodeOf(y).registerHook(hook as () => null);
      return () => {
        y.sum().backward();
      };
    };
    expect(changed).toMatch(/has changed the size of value/);
    const narrow = (gradients: NodeGradients): unknown[] => [gradients[0]?.narrow(0, 0, 1), ...gradients.slice(1)];
    expect(run(narrow)).toThrow(/has changed the size of value/);
    expect(run(narrow, true)).toThrow(/has changed the size of value/);
    expect(run((gradients) => [...gradients, ...gradients])).toThrow(
      /registerHook\(\): expected the hook to return nothing or a list of 2 tensors and nulls/,
    );
    expect(run((gradients) => gradients[0], true)).toThrow(/registerPrehook\(\): expected the hook to return nothing/);
    expect(() => nodeOf(ones([1], { requiresGrad: true }).mul(1)).registerHook(3 as never)).toThrow(
      /expected a function/,
    );
  });

  it('know a node without a derivative by Python’s names', async () => {
    const x = ones([3], { requiresGrad: true });
    const [counts] = histogram(x, 2);
    const { name, shown } = await oracle().run(
      `
      counts = torch.histogram(torch.ones(3, requires_grad=True), 2)[0]
      name, shown = counts.grad_fn.name(), repr(counts)
      `,
      { outputs: { name: 'string', shown: 'string' } },
    );
    expect([counts.gradFn?.name, String(counts), String(counts.gradFn)]).toEqual([name, shown, '<NotImplemented>']);
  });
});
