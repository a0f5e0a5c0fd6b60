/** The ways in which PyTorch carries out one optimizer: fused, recorded by autograd, on the compute thread. */
import * as optim from '../../lib/optim';
import { memory, scope, sweep } from '../../lib/engine';
import type { Tensor } from '../../lib/tensor';
import { manualSeed, ones, randn, setDefaultDtype, sparseCooTensor, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { type AnyOptimizer, compareTrajectory, drawWalk, leavesOf, mixedShapes, walkHere } from './trajectory';

type Options = Readonly<Record<string, unknown>>;
type OptimizerClass = new (params: readonly Tensor[], options?: Options) => AnyOptimizer;

const classes = Object.entries(optim).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof optim.Optimizer,
) as unknown as [string, OptimizerClass][];

function withOption(option: string): [string, OptimizerClass][] {
  return classes.filter(([, Class]) => option in new Class([zeros([2, 2], { requiresGrad: true })]).defaults);
}

beforeEach(() => manualSeed(41));

describeWithOracle('fused: true', (oracle) => {
  const rows: string[] = [];
  afterAll(() => {
    process.stdout.write(
      `\nfused beside the for-loop, 50 steps: largest difference in units of 2^-23 · |parameter|\n${rows.join('\n')}\n`,
    );
  });

  const options: Readonly<Record<string, readonly Options[]>> = {
    Adam: [{}, { lr: 0.02, weightDecay: 0.1 }, { amsgrad: true, maximize: true }, { betas: [0.5, 0.9], eps: 1e-5 }],
    AdamW: [{}, { lr: 0.02, amsgrad: true }, { maximize: true, weightDecay: 0.1 }],
    Adagrad: [{}, { lrDecay: 0.1, weightDecay: 0.1 }, { maximize: true, initialAccumulatorValue: 0.1 }],
    SGD: [
      {},
      { lr: 0.1, momentum: 0.9, dampening: 0.2 },
      { momentum: 0.8, nesterov: true, maximize: true, weightDecay: 0.1 },
    ],
  };

  it('is an option of those that libtorch has an op for', () => {
    expect(
      withOption('fused')
        .map(([name]) => name)
        .sort(),
    ).toEqual(Object.keys(options).sort());
  });

  const cases = withOption('fused').flatMap(([name, Class]) =>
    (options[name] ?? []).flatMap((each) =>
      // Not the momentum of SGD in bfloat16, where Python's depends on what was in memory before.
      (['float32', 'float64', ...('momentum' in each ? [] : (['bfloat16'] as const))] as const).map(
        (dtype) => [name, JSON.stringify(each), dtype, Class, each] as const,
      ),
    ),
  );

  it.each(cases)('%s %s in %s has the bits of Python’s', async (name, _, dtype, Class, each) => {
    const python = Object.entries(each).map(([option, value]) => {
      const text = Array.isArray(value) ? `(${value.join(', ')})` : value === true ? 'True' : String(value);
      return `${option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}=${text}, `;
    });
    const walk = { steps: 50, dtype, seed: 7, missing: 'momentum' in each ? 0 : 0.15, shapes: mixedShapes };
    await compareTrajectory(oracle(), {
      make: (params) => new Class(params, { ...each, fused: true }),
      python: `optimizer = torch.optim.${name}(params, ${python.join('')}fused=True)`,
      handOver: 20,
      ...walk,
    });
  });

  it.each(cases.filter(([, , dtype]) => dtype === 'float32'))(
    '%s %s in %s stays within 8 units in the last place of the for-loop',
    (name, label, _, Class, each) => {
      const { initial, gradients } = drawWalk({ steps: 50, seed: 9, missing: 0 });
      const visit = (fused: boolean): Tensor[] => {
        const params = leavesOf(initial);
        return walkHere(new Class(params, { ...each, fused }), params, gradients, { from: 0, to: 50 });
      };
      const [loop, fused] = [visit(false), visit(true)];
      // In units of the largest value that the parameter had on its way.
      let worst = 0;
      for (const index of initial.keys()) {
        const walkOf = (all: Tensor[]): Tensor[] => all.filter((_, at) => at % initial.length === index);
        if (initial[index]?.numel() === 0) continue;
        const size = Math.max(...walkOf(loop).map((param) => param.abs().max().item()));
        for (const [step, param] of walkOf(loop).entries()) {
          const difference = param
            .sub(walkOf(fused)[step] as Tensor)
            .abs()
            .max()
            .item();
          worst = Math.max(worst, difference / (2 ** -23 * size));
        }
      }
      rows.push(`${`${name} ${label}`.padEnd(72)}${worst.toFixed(1)}`);
      expect(worst).toBeLessThanOrEqual(8);
    },
  );

  it('refuses what Python refuses', () => {
    const param = ones([3], { requiresGrad: true });
    for (const [, Class] of withOption('fused')) {
      expect(() => new Class([param], { fused: true, foreach: true })).toThrow(
        '`fused` and `foreach` cannot be `True`',
      );
      expect(() => new Class([param], { fused: true, differentiable: true })).toThrow('`fused` does not support');
    }
    const complex = zeros([2], { dtype: 'complex64', requiresGrad: true });
    complex.grad = zeros([2], { dtype: 'complex64' });
    expect(() => new optim.Adam([complex], { fused: true }).step()).toThrow('floating point Tensors');
    const matrix = zeros([3, 2], { requiresGrad: true });
    matrix.grad = sparseCooTensor(zeros([1, 1], { dtype: 'int64' }), ones([1, 2]), [3, 2]);
    for (const [, Class] of withOption('fused')) {
      expect(() => new Class([matrix], { fused: true }).step()).toThrow(/sparse grad/);
    }
  });
});

describeWithOracle('differentiable: true', (oracle) => {
  const runs = withOption('differentiable').flatMap(([name, Class]) =>
    [1, 3].map((steps) => [name, steps, Class] as const),
  );

  it.each(runs)('%s: the gradients of %d steps are those of Python', async (name, count, Class) => {
    const starts = [randn([5]), randn([4, 3])];
    const slopes = Array.from({ length: count }, () => starts.map(({ shape }) => randn([...shape])));
    const weights = starts.map(({ shape }) => randn([...shape]));
    const extra = name === 'SGD' ? { momentum: 0.9, weightDecay: 0.1 } : name === 'Rprop' ? {} : { weightDecay: 0.1 };
    const given = { ...extra, ...(name.startsWith('Adam') && name !== 'Adamax' ? { amsgrad: true } : {}) };
    const python = Object.entries(given).map(([option, value]) => {
      const text = value === true ? 'True' : String(value);
      return `${option === 'weightDecay' ? 'weight_decay' : option}=${text}, `;
    });
    const expected = await oracle().run(
      `
      leaves = [p.requires_grad_() for p in starts]
      slopes = [[g.requires_grad_() for g in step] for step in slopes]
      params = [p.clone() for p in leaves]
      for p in params:
          p.retain_grad()
      optimizer = torch.optim.${name}(params, ${python.join('')}differentiable=True)
      for step in slopes:
          for p, g in zip(params, step):
              p.grad = g
          optimizer.step()
      ends = [p.detach().clone() for p in params]
      loss = sum((p * w).sum() for p, w in zip(params, weights))
      wanted = leaves + [g for step in slopes for g in step]
      # Some of Python's change in a second step what the first one has saved for its gradient.
      gradients, failed = [], False
      try:
          gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
          gradients = [torch.zeros_like(w) if g is None else g for g, w in zip(gradients, wanted)]
      except RuntimeError as error:
          failed = 'modified by an inplace operation' in str(error)
      `,
      { inputs: { starts, slopes, weights }, outputs: { ends: 'tensors', gradients: 'tensors', failed: 'boolean' } },
    );
    const leaves = leavesOf(starts);
    const gradients = slopes.map((step) => leavesOf(step));
    const params = leaves.map((leaf) => leaf.clone());
    const optimizer = new Class(params, { ...given, differentiable: true });
    for (const step of gradients) {
      for (const [index, param] of params.entries()) param.grad = step[index] as Tensor;
      optimizer.step();
    }
    for (const [index, param] of params.entries())
      expectSameBits(param.detach(), expected.ends[index] as Tensor, 'end');
    const loss = params.reduce((sum, param, index) => sum.add(param.mul(weights[index] as Tensor).sum()), zeros([]));
    for (const param of params) param.grad = null;
    if (expected.failed) {
      expect(count).toBe(3);
      expect(() => loss.backward()).toThrow('modified by an inplace operation');
      return;
    }
    loss.backward();
    for (const [index, leaf] of [...leaves, ...gradients.flat()].entries()) {
      expectSameBits(leaf.grad ?? zeros([...leaf.shape]), expected.gradients[index] as Tensor, `gradient ${index}`);
    }
  });

  it('excludes foreach, as in Python', () => {
    const param = ones([3], { requiresGrad: true });
    param.grad = ones([3]);
    for (const [, Class] of withOption('differentiable')) {
      const optimizer = new Class([param], { differentiable: true, foreach: true });
      expect(() => optimizer.step()).toThrow("_foreach ops don't support autograd");
    }
  });
});

describeWithOracle('capturable: true', (oracle) => {
  it.each(withOption('capturable'))('%s refuses it on the CPU, as Python does', async (name, Class) => {
    const { refused } = await oracle().run(
      `
      p = torch.ones(3, requires_grad=True)
      p.grad = torch.ones(3)
      refused = False
      try:
          torch.optim.${name}([p], capturable=True).step()
      except AssertionError as error:
          refused = 'capturable=True' in str(error)
      `,
      { outputs: { refused: 'boolean' } },
    );
    expect(refused).toBe(true);
    const param = ones([3], { requiresGrad: true });
    param.grad = ones([3]);
    expect(() => new Class([param], { capturable: true }).step()).toThrow('capturable: true is for steps captured');
  });
});

describeWithOracle('the default dtype float64', (oracle) => {
  afterEach(() => setDefaultDtype('float32'));

  it.each(['NAdam', 'ASGD', 'Adam'] as const)('makes the counts of %s float64, as in Python', async (name) => {
    setDefaultDtype('float64');
    const Class = optim[name] as unknown as OptimizerClass;
    await compareTrajectory(oracle(), {
      make: (params) => new Class(params, name === 'ASGD' ? { t0: 4 } : {}),
      python: `torch.set_default_dtype(torch.float64); optimizer = torch.optim.${name}(params${name === 'ASGD' ? ', t0=4' : ''})`,
      steps: 20,
    });
  });
});

const stepping = classes.filter(([name]) => name !== 'LBFGS');

/** A gradient that the optimizer takes. */
function gradientFor(name: string, param: Tensor): Tensor {
  if (name !== 'SparseAdam') return randn([...param.shape]);
  return scope(() =>
    sparseCooTensor(zeros([1, 1], { dtype: 'int64' }), randn([1, param.shape[1] as number]), [...param.shape]),
  );
}

describe('steps of every optimizer', () => {
  // Sparse tensors cannot be used there.
  it.each(stepping.filter(([name]) => name !== 'SparseAdam'))(
    '%s steps on the compute thread with the same bits',
    async (name, Class) => {
      const starts = [randn([6, 5]), randn([40, 3])];
      const steps = Array.from({ length: 4 }, () => starts.map((start) => gradientFor(name, start)));
      const [there, here] = [leavesOf(starts), leavesOf(starts)];
      const [asynchronous, synchronous] = [new Class(there), new Class(here)];
      for (const step of steps) {
        for (const [index, gradient] of step.entries()) {
          (there[index] as Tensor).grad = gradient.clone();
          (here[index] as Tensor).grad = gradient.clone();
        }
        await asynchronous.stepAsync();
        synchronous.step();
        for (const [index, param] of there.entries()) {
          expectSameBits(param.detach(), here[index]?.detach() as Tensor, `parameter ${index}`);
        }
      }
    },
  );

  const ways = stepping.flatMap(([name, Class]) =>
    ['', ...['foreach', 'fused'].filter((way) => withOption(way).some(([other]) => other === name))].map(
      (way) => [name, way, Class] as const,
    ),
  );

  it.each(ways)('%s %s leaves nothing behind, in a scope or out of it', (name, way, Class) => {
    const params = leavesOf([randn([64, 32]), randn([16, 8])]);
    const optimizer = new Class(params, way === '' ? {} : { [way]: true, ...(way === 'fused' ? {} : {}) });
    const step = (): void => {
      for (const param of params) {
        const gradient = gradientFor(name, param);
        param.grad = gradient;
        gradient.dispose();
      }
      optimizer.step();
      optimizer.zeroGrad();
    };
    step();
    scope(step);
    sweep();
    const before = memory();
    step();
    scope(step);
    const after = memory();
    expect([after.tensors, after.bytes]).toEqual([before.tensors, before.bytes]);
  });
});
