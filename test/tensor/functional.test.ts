import * as torch from '../../lib';
import { type Tensor } from '../../lib';
import { differences, type Call } from '../ops/calls';
import { Choices } from '../ops/random';
import { describeWithOracle } from '../oracle/oracle';

type Inputs = Record<'a' | 'b' | 'v' | 'w' | 's' | 'square' | 'ints' | 'batch' | 'signal' | 'flags', Tensor>;

function inputs(seed: number): Inputs {
  const choose = new Choices(seed);
  const [m, n, k] = [choose.int(2, 5), choose.int(2, 5), choose.int(2, 5)];
  torch.manualSeed(seed);
  return {
    a: torch.randn([m, n]),
    b: torch.randn([n, k]),
    v: torch.randn([n]),
    w: torch.randn([m]),
    s: torch.randn([]),
    square: torch.randn([n, n]),
    ints: torch.randint(0, 4, [m, n]),
    batch: torch.randn([3, m, n]),
    signal: torch.randn([2, 40]),
    flags: torch.randn([m, n]).gt(0),
  };
}

const CALLS: Call<Inputs>[] = [
  ['torch.atleast_1d(s)', ({ s }) => torch.atleast1d(s)],
  ['torch.atleast_2d(s, v)', ({ s, v }) => torch.atleast2d(s, v)],
  ['torch.atleast_3d([v, a])', ({ v, a }) => torch.atleast3d([v, a])],
  ['torch.block_diag(a, v, s)', ({ a, v, s }) => torch.blockDiag(a, v, s)],
  ['torch.broadcast_tensors(a, v, s)', ({ a, v, s }) => torch.broadcastTensors(a, v, s)],
  ['torch.broadcast_shapes((2,), (3, 1), (1, 1, 1))', () => torch.broadcastShapes([2], [3, 1], [1, 1, 1])],
  ['torch.broadcast_shapes(2, (3, 1), (0, 1, 1))', () => torch.broadcastShapes(2, [3, 1], [0, 1, 1])],
  ['torch.broadcast_shapes((2,), (3,))', () => torch.broadcastShapes([2], [3])],
  ['torch.broadcast_shapes((), ())', () => torch.broadcastShapes([], [])],
  ['torch.cartesian_prod(v, w)', ({ v, w }) => torch.cartesianProd(v, w)],
  ['torch.cartesian_prod(v)', ({ v }) => torch.cartesianProd(v)],
  ['torch.combinations(v, 2, with_replacement=True)', ({ v }) => torch.combinations(v, 2, { withReplacement: true })],
  ['torch.meshgrid(v, w)', ({ v, w }) => torch.meshgrid(v, w)],
  ["torch.meshgrid([v, w], indexing='xy')", ({ v, w }) => torch.meshgrid([v, w], { indexing: 'xy' })],
  ["torch.einsum('ij,jk->ik', a, b)", ({ a, b }) => torch.einsum('ij,jk->ik', a, b)],
  ["torch.einsum('ij,jk', [a, b])", ({ a, b }) => torch.einsum('ij,jk', [a, b])],
  [
    "torch.einsum('bij,jk,k->bi', batch, b, b[0])",
    ({ batch, b }) => torch.einsum('bij,jk,k->bi', batch, b, b.select(0, 0)),
  ],
  ["torch.einsum('...ij->...ji', batch)", ({ batch }) => torch.einsum('...ij->...ji', batch)],
  ['torch.einsum(a, [0, 1], b, [1, 2], [2, 0])', ({ a, b }) => torch.einsum(a, [0, 1], b, [1, 2], [2, 0])],
  ['torch.einsum(batch, [..., 0, 1], v, [1])', ({ batch, v }) => torch.einsum(batch, ['...', 0, 1], v, [1])],
  ['torch.einsum(a, [0, 52])', ({ a }) => torch.einsum(a, [0, 52])],
  ["torch.einsum('ij->ij')", () => torch.einsum('ij->ij')],
  ['torch.tensordot(a, b, 1)', ({ a, b }) => torch.tensordot(a, b, 1)],
  ['torch.tensordot(a, a)', ({ a }) => torch.tensordot(a, a)],
  [
    'torch.tensordot(batch, a, ([1, 2], [0, 1]))',
    ({ batch, a }) =>
      torch.tensordot(batch, a, [
        [1, 2],
        [0, 1],
      ]),
  ],
  ['torch.tensordot(a, b, torch.tensor([[1], [0]]))', ({ a, b }) => torch.tensordot(a, b, torch.tensor([[1], [0]]))],
  ['torch.tensordot(a, b, 3)', ({ a, b }) => torch.tensordot(a, b, 3)],
  ['torch.cdist(a, a)', ({ a }) => torch.cdist(a, a)],
  [
    "torch.cdist(a, a, 1.5, 'donot_use_mm_for_euclid_dist')",
    ({ a }) => torch.cdist(a, a, 1.5, 'donot_use_mm_for_euclid_dist'),
  ],
  [
    "torch.cdist(a, a, compute_mode='use_mm_for_euclid_dist')",
    ({ a }) => torch.cdist(a, a, { computeMode: 'use_mm_for_euclid_dist' }),
  ],
  ['torch.norm(a)', ({ a }) => torch.norm(a)],
  ['torch.norm(a, 1)', ({ a }) => torch.norm(a, 1)],
  ['a.norm()', ({ a }) => a.norm()],
  ['a.norm(3, 1, True)', ({ a }) => a.norm(3, 1, true)],
  ["a.norm('nuc')", ({ a }) => a.norm('nuc')],
  ["torch.norm(batch, 'fro', (0, 2))", ({ batch }) => torch.norm(batch, 'fro', [0, 2])],
  ["torch.norm(batch, 'fro', (0, 1, 2))", ({ batch }) => torch.norm(batch, 'fro', [0, 1, 2])],
  ['torch.norm(a, float("inf"), dtype=torch.float64)', ({ a }) => torch.norm(a, Infinity, { dtype: 'float64' })],
  ['torch.split(batch, 2)', ({ batch }) => torch.split(batch, 2)],
  ['batch.split([1, 2])', ({ batch }) => batch.split([1, 2])],
  ['batch.split(2, -1)', ({ batch }) => batch.split(2, -1)],
  ['batch.split([1, 1])', ({ batch }) => batch.split([1, 1])],
  ['torch.chunk(batch, 2)', ({ batch }) => torch.chunk(batch, 2)],
  ['torch.tensor_split(batch, 2)', ({ batch }) => torch.tensorSplit(batch, 2)],
  ['torch.tensor_split(batch, (1, 2))', ({ batch }) => torch.tensorSplit(batch, [1, 2])],
  ['torch.tensor_split(batch, torch.tensor([1]), 0)', ({ batch }) => torch.tensorSplit(batch, torch.tensor([1]), 0)],
  ['torch.unique(ints)', ({ ints }) => torch.unique(ints)],
  ['ints.unique(return_inverse=True)', ({ ints }) => ints.unique({ returnInverse: true })],
  ['ints.unique(return_counts=True)', ({ ints }) => ints.unique({ returnCounts: true })],
  [
    'ints.unique(return_inverse=True, return_counts=True, dim=1)',
    ({ ints }) => ints.unique({ returnInverse: true, returnCounts: true, dim: 1 }),
  ],
  ['torch.unique_consecutive(ints)', ({ ints }) => torch.uniqueConsecutive(ints)],
  [
    'ints.unique_consecutive(return_inverse=True, return_counts=True)',
    ({ ints }) => ints.uniqueConsecutive({ returnInverse: true, returnCounts: true }),
  ],
  ['ints.unique_consecutive(dim=0)', ({ ints }) => ints.uniqueConsecutive({ dim: 0 })],
  ['torch.unravel_index(ints, (2, 3))', ({ ints }) => torch.unravelIndex(ints, [2, 3])],
  ['torch.unravel_index(ints, 7)', ({ ints }) => torch.unravelIndex(ints, 7)],
  ['torch.unravel_index(a, (2, 3))', ({ a }) => torch.unravelIndex(a, [2, 3])],
  ['torch.lu(square)', ({ square }) => torch.lu(square)],
  ['square.lu(get_infos=True)', ({ square }) => square.lu({ getInfos: true })],
  ['torch.lu_unpack(*torch.lu(square))', ({ square }) => torch.luUnpack(...torch.lu(square))],
  [
    'torch.stft(signal, 16, return_complex=True).abs()',
    ({ signal }) => torch.stft(signal, 16, { returnComplex: true }).abs(),
  ],
  [
    'torch.stft(signal, 16, 4, window=torch.hann_window(16), center=False, return_complex=True).abs()',
    ({ signal }) =>
      torch.stft(signal, 16, 4, { window: torch.hannWindow(16), center: false, returnComplex: true }).abs(),
  ],
  [
    'torch.istft(torch.stft(signal, 16, window=torch.hann_window(16), return_complex=True), 16, window=torch.hann_window(16))',
    ({ signal }) =>
      torch.istft(torch.stft(signal, 16, { window: torch.hannWindow(16), returnComplex: true }), 16, {
        window: torch.hannWindow(16),
      }),
  ],
  ['torch.where(flags, a, 2)', ({ flags, a }) => torch.where(flags, a, 2)],
  ['torch.where(flags, 1.5, a)', ({ flags, a }) => torch.where(flags, 1.5, a)],
  ['torch.where(flags, 1.5, 2)', ({ flags }) => torch.where(flags, 1.5, 2)],
  ['torch.where(flags)', ({ flags }) => torch.where(flags)],
  ['torch.allclose(a, a + 1e-9)', ({ a }) => torch.allclose(a, a.add(1e-9))],
  ['torch.isclose(a, a + 1e-6, atol=1e-3)', ({ a }) => torch.isclose(a, a.add(1e-6), { atol: 1e-3 })],
  ['torch.equal(a, a)', ({ a }) => torch.equal(a, a)],
  ['torch.promote_types(torch.int64, torch.float16)', () => torch.promoteTypes('int64', 'float16')],
  ['torch.result_type(ints, 1.5)', ({ ints }) => torch.resultType(ints, 1.5)],
  ['torch.can_cast(torch.float32, torch.int64)', () => torch.canCast('float32', 'int64')],
  ['torch.chain_matmul(a, b)', ({ a, b }) => torch.chainMatmul(a, b)],
  ['torch.linalg.norm(a)', ({ a }) => torch.linalg.norm(a)],
  ["torch.linalg.norm(a, 'nuc')", ({ a }) => torch.linalg.norm(a, 'nuc')],
  ['torch.linalg.svd(a, full_matrices=False)', ({ a }) => torch.linalg.svd(a, { fullMatrices: false })],
  ['torch.fft.rfft(v).abs()', ({ v }) => torch.fft.rfft(v).abs()],
  ['torch.special.expit(a)', ({ a }) => torch.special.expit(a)],
];

describeWithOracle('what Python defines in Python', (oracle) => {
  it('has the bits of Python', async () => {
    for (const seed of [1, 2, 3]) {
      const { different, values } = await differences(oracle(), inputs(seed), CALLS);
      expect(different).toEqual([]);
      expect(values).toBeGreaterThan(CALLS.length * 0.8);
    }
  });
});

describe('namespaces', () => {
  it('hold the ops themselves', () => {
    expect([torch.linalg.norm, torch.fft.fft, torch.special.expit]).toEqual([
      torch.linalgNorm,
      torch.fftFft,
      torch.specialExpit,
    ]);
    expect(Object.keys(torch.linalg)).not.toContain('Powsum');
  });
});
