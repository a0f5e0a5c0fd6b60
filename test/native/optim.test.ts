import path from 'node:path';
import { optim } from '../../lib';
import { binding } from '../../lib/engine/gate';
import { randn, type Tensor } from '../../lib/tensor';
import { runChild } from '../support/child';

interface Walk {
  path: string;
  bits: string;
}

async function walk(env: Record<string, string>): Promise<Walk> {
  const { code, stdout, stderr } = await runChild(path.join(__dirname, 'adam-walk.ts'), { env });
  if (code !== 0) throw new Error(`the walk ended with ${code}\n${stderr}`);
  return JSON.parse(stdout) as Walk;
}

describe('the one-pass Adam', () => {
  it('has the bits of the ops, on one thread and on two, and can be switched off', async () => {
    const ops = await walk({ LIBTORCH_NODE_ADAM: 'for-loop', OMP_NUM_THREADS: '1' });
    expect(ops.path).toBe('for-loop');
    for (const threads of ['1', '2']) {
      const fused = await walk({ LIBTORCH_NODE_ADAM: '', OMP_NUM_THREADS: threads });
      expect(fused).toEqual({ path: 'exact-fused', bits: ops.bits });
    }
  }, 120_000);

  it("follows libtorch's kernels where they contract nothing", async () => {
    const [ops, fused] = [
      await walk({ LIBTORCH_NODE_ADAM: 'for-loop', ATEN_CPU_CAPABILITY: 'default' }),
      await walk({ LIBTORCH_NODE_ADAM: '', ATEN_CPU_CAPABILITY: 'default' }),
    ];
    expect(fused).toEqual({ path: 'exact-fused', bits: ops.bits });
  }, 120_000);
});

describe('a step counts as a change in place', () => {
  const makers: [name: string, make: (params: Tensor[]) => { step(): unknown }][] = [
    ['Adam', (params) => new optim.Adam(params)],
    ['Adam with amsgrad', (params) => new optim.Adam(params, { amsgrad: true })],
    ['SGD', (params) => new optim.SGD(params, { lr: 0.1 })],
  ];

  it.each(makers)('%s: a graph that saved the old parameter refuses to run backward', (_, make) => {
    const weight = randn([3], { requiresGrad: true });
    const loss = weight.mul(weight).sum();
    weight.grad = randn([3]);
    make([weight]).step();
    expect(() => loss.backward()).toThrow('modified by an inplace operation');
  });
});

describe('the seam of the optimizers', () => {
  const adam = {
    params: [] as number[],
    expAvgs: [] as number[],
    expAvgSqs: [] as number[],
    maxExpAvgSqs: [] as number[],
    steps: [] as number[],
    lr: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    decoupledWeightDecay: false,
    amsgrad: false,
    maximize: false,
    foreach: false,
  };

  it('names what does not fit', () => {
    const weight = randn([2], { requiresGrad: true });
    expect(() => binding.adamStep({ ...adam, params: [weight.handle] })).toThrow(
      'expected 1 elements for argument `expAvgs`, one for each parameter, received 0',
    );
    expect(() => binding.adamStep({ ...adam, lr: 'fast' as unknown as number })).toThrow(
      'expected a number for argument `lr`, received',
    );
  });

  it('refuses a sparse gradient in the words of Python', () => {
    const weight = randn([2, 2], { requiresGrad: true });
    weight.grad = randn([2, 2]).toSparse();
    expect(() => new optim.Adam([weight]).step()).toThrow(
      'Adam does not support sparse gradients, please consider SparseAdam instead',
    );
  });
});
