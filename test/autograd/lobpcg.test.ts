import * as torch from '../../lib';
import { lobpcg, type Tensor } from '../../lib';
import { differences, type Call } from '../ops/calls';
import { Choices } from '../ops/random';
import { describeWithOracle } from '../oracle/oracle';

type Inputs = Record<'A' | 'B' | 'X' | 'K' | 'batch' | 'start', Tensor>;

/** Symmetric, with eigenvalues above 0. */
const positive = (shape: readonly number[]): Tensor => {
  const draw = torch.randn(shape, { dtype: 'float64' });
  return draw.matmul(draw.mT).add(torch.eye(shape.at(-1) ?? 0, { dtype: 'float64' }));
};

function inputs(seed: number): Inputs {
  torch.manualSeed(seed);
  const m = new Choices(seed).int(9, 14);
  return {
    A: positive([m, m]),
    B: positive([m, m]),
    X: torch.randn([m, 3], { dtype: 'float64' }),
    K: torch.eye(m, { dtype: 'float64' }).mul(0.5),
    batch: positive([2, m, m]),
    start: torch.randn([2, m, 2], { dtype: 'float64' }),
  };
}

const CALLS: Call<Inputs>[] = [
  ['torch.lobpcg(A)', ({ A }) => lobpcg(A)],
  ['torch.lobpcg(A.detach(), 2)', ({ A }) => lobpcg(A.detach(), 2)],
  ['torch.lobpcg(A, 2, largest=False)', ({ A }) => lobpcg(A, 2, { largest: false })],
  ['torch.lobpcg(A, 3, X=X.detach())', ({ A, X }) => lobpcg(A, 3, { X: X.detach() })],
  ['torch.lobpcg(A.detach(), 3, B.detach())', ({ A, B }) => lobpcg(A.detach(), 3, B.detach())],
  ['torch.lobpcg(A, 2, B)', ({ A, B }) => lobpcg(A, 2, B)],
  [
    "torch.lobpcg(A.detach(), 2, method='basic', niter=4)",
    ({ A }) => lobpcg(A.detach(), 2, { method: 'basic', niter: 4 }),
  ],
  [
    "torch.lobpcg(A.detach(), 2, B.detach(), method='basic', niter=3, largest=False)",
    ({ A, B }) => lobpcg(A.detach(), 2, B.detach(), { method: 'basic', niter: 3, largest: false }),
  ],
  [
    'torch.lobpcg(A.detach(), 1, n=3, iK=K.detach(), niter=5)',
    ({ A, K }) => lobpcg(A.detach(), 1, { n: 3, iK: K.detach(), niter: 5 }),
  ],
  ['torch.lobpcg(A.detach(), 2, tol=1e-3)', ({ A }) => lobpcg(A.detach(), 2, { tol: 1e-3 })],
  [
    "torch.lobpcg(A.detach(), 2, ortho_bparams={'ortho_use_drop': True})",
    ({ A }) => lobpcg(A.detach(), 2, { orthoBparams: { orthoUseDrop: true } }),
  ],
  ['torch.lobpcg(batch, 2)', ({ batch }) => lobpcg(batch, 2)],
  [
    'torch.lobpcg(batch.detach(), X=start.detach())',
    ({ batch, start }) => lobpcg(batch.detach(), { X: start.detach() }),
  ],
  ['torch.lobpcg(A.detach().to_sparse(), 2)', ({ A }) => lobpcg(A.detach().toSparse(), 2)],
  ['torch.lobpcg(A.detach().float(), 2)', ({ A }) => lobpcg(A.detach().float(), 2)],
  ['torch.lobpcg(A.detach(), 8)', ({ A }) => lobpcg(A.detach(), 8)],
  ['torch.lobpcg(A.detach()[:-1], 1)', ({ A }) => lobpcg(A.detach().narrow(0, 0, 8), 1)],
];

describeWithOracle('lobpcg', (oracle) => {
  it('has the bits and the gradients of Python', async () => {
    for (const seed of [1, 2, 3]) {
      const { different, values } = await differences(oracle(), inputs(seed), CALLS);
      expect(different).toEqual([]);
      expect(values).toBeGreaterThan(CALLS.length * 0.7);
    }
  });
});

describe('lobpcg', () => {
  it('finds what eigh finds, and shows its progress', () => {
    const { A } = inputs(4);
    const steps: number[] = [];
    const [E] = lobpcg(A, 2, {
      tracker: (worker) => {
        steps.push(worker.istep);
        if (worker.istep === 40) worker.forceStop = true;
      },
    });
    const [all] = torch.linalg.eigh(A);
    expect(
      E.sub(all.flip([0]).narrow(0, 0, 2))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
    expect(steps).toEqual(Array.from(steps, (_, index) => index + 1));
    expect(() => lobpcg(A, 1, { method: 'other' as 'ortho' })).toThrow(
      /expected ortho or basic for `method`, received 'other'/,
    );
  });
});
