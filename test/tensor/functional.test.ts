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
  ['torch.svd_lowrank(a, 2)', ({ a }) => torch.svdLowrank(a, 2)],
  ['torch.svd_lowrank(batch, q=2, niter=0)', ({ batch }) => torch.svdLowrank(batch, { q: 2, niter: 0 })],
  ['torch.svd_lowrank(a, 2, 1, a[0] * 0.5)', ({ a }) => torch.svdLowrank(a, 2, 1, a.select(0, 0).mul(0.5))],
  ['torch.svd_lowrank(a.relu().to_sparse().detach(), 2)', ({ a }) => torch.svdLowrank(a.relu().toSparse().detach(), 2)],
  ['torch.pca_lowrank(a)', ({ a }) => torch.pcaLowrank(a)],
  ['torch.pca_lowrank(batch, 2, False, 1)', ({ batch }) => torch.pcaLowrank(batch, 2, false, 1)],
  ['torch.pca_lowrank(a.relu().detach().to_sparse(), 2)', ({ a }) => torch.pcaLowrank(a.relu().detach().toSparse(), 2)],
  ['torch.pca_lowrank(a, 100)', ({ a }) => torch.pcaLowrank(a, 100)],
  ['torch.asarray(a)', ({ a }) => torch.asarray(a)],
  ['torch.asarray(a, dtype=torch.float64)', ({ a }) => torch.asarray(a, { dtype: 'float64' })],
  ['torch.asarray(a, copy=True, requires_grad=True)', ({ a }) => torch.asarray(a, { copy: true, requiresGrad: true })],
  ['torch.asarray(a, dtype=torch.float64, copy=False)', ({ a }) => torch.asarray(a, { dtype: 'float64', copy: false })],
  ['torch.asarray(a.detach(), requires_grad=True)', ({ a }) => torch.asarray(a.detach(), { requiresGrad: true })],
  ['torch.asarray(a, requires_grad=False)', ({ a }) => torch.asarray(a, { requiresGrad: false })],
  ['torch.asarray([1, 2.5])', () => torch.asarray([1, 2.5])],
  ['ints.new_tensor([1, 2])', ({ ints }) => ints.newTensor([1, 2])],
  ['a.new_tensor(3)', ({ a }) => a.newTensor(3)],
  ['a.new_tensor(v)', ({ a, v }) => a.newTensor(v)],
  ['a.new_full((2, 2), 3)', ({ a }) => a.newFull([2, 2], 3)],
  ['a.H', ({ a }) => a.H],
  ['batch.mH', ({ batch }) => batch.mH],
  ['torch.complex(a, a * 2).H', ({ a }) => torch.complex(a, a.mul(2)).H],
  ['torch.complex(a, a * 2).real', ({ a }) => torch.complex(a, a.mul(2)).real],
  ['torch.complex(a, a * 2).imag', ({ a }) => torch.complex(a, a.mul(2)).imag],
  ['a.real', ({ a }) => a.real],
  ['a.imag', ({ a }) => a.imag],
  ['a.itemsize', ({ a }) => a.itemsize],
  ['a.double().nbytes', ({ a }) => a.double().nbytes],
  ['a.unbind()[1].output_nr', ({ a }) => (a.unbind()[1] as Tensor).outputNr],
  ['a.retains_grad', ({ a }) => a.retainsGrad],
  [
    '[a.is_cpu, a.is_cuda, a.is_meta, a.is_sparse, a.is_sparse_csr, a.is_mkldnn]',
    ({ a }) => [a.isCpu, a.isCuda, a.isMeta, a.isSparse, a.isSparseCsr, a.isMkldnn],
  ],
  [
    '[a.to_sparse_coo().is_sparse, a.detach().to_sparse_csr().is_sparse_csr]',
    ({ a }) => [a.toSparseCoo().isSparse, a.detach().toSparseCsr().isSparseCsr],
  ],
  [
    '[a.nelement(), a.ndimension(), a.storage_offset(), a[1:].storage_offset()]',
    ({ a }) => [a.nelement(), a.ndimension(), a.storageOffset(), a.narrow(0, 1, 1).storageOffset()],
  ],
  ['a[1:].data_ptr() - a.data_ptr()', ({ a }) => a.narrow(0, 1, 1).dataPtr() - a.dataPtr()],
  ['torch.empty(0).data_ptr()', () => torch.empty([0]).dataPtr()],
  ['a.cfloat()', ({ a }) => a.cfloat()],
  ['a.cdouble()', ({ a }) => a.cdouble()],
  ['a.char()', ({ a }) => a.char()],
  [
    '[a.type(), ints.type(), flags.type(), a.to_sparse().type()]',
    ({ a, ints, flags }) => [a.type(), ints.type(), flags.type(), a.toSparse().type()],
  ],
  ['ints.type(torch.float16)', ({ ints }) => ints.type('float16')],
  ['ints.type_as(a)', ({ ints, a }) => ints.typeAs(a)],
  ['a.detach().apply_(lambda x: x * 2)', ({ a }) => a.detach().apply_((x) => Number(x) * 2)],
  ['ints.apply_(lambda x: x + 3)', ({ ints }) => ints.apply_((x) => Number(x) + 3)],
  [
    'a.detach().map_(v.detach(), lambda x, y: x + y * 2)',
    ({ a, v }) => a.detach().map_(v.detach(), (x, y) => Number(x) + Number(y) * 2),
  ],
  [
    'a.detach().map2_(v.detach(), s.detach(), lambda x, y, z: x + y * z)',
    ({ a, v, s }) => a.detach().map2_(v.detach(), s.detach(), (x, y, z) => Number(x) + Number(y) * Number(z)),
  ],
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

describe('attributes', () => {
  it('write through to complex tensors', () => {
    const z = torch.complex(torch.ones([2]), torch.zeros([2]));
    z.imag = torch.tensor([2.5, 3.5]);
    z.real = torch.tensor([-1.5, 0.5]);
    expect(z.tolist()).toEqual([
      { re: -1.5, im: 2.5 },
      { re: 0.5, im: 3.5 },
    ]);
    const x = torch.ones([2]);
    expect(x.real).toBe(x);
  });

  it('refuse what is not theirs', () => {
    const x = torch.ones([2]);
    expect(() => x.apply_(1 as never)).toThrow(/apply_\(\): expected a function, received 1/);
    expect(() => torch.zeros([2], { device: 'meta' }).apply_((v) => v)).toThrow(/expected tensors on the CPU/);
    expect(() => x.type('torch.FloatTensor' as 'float32')).toThrow(/type\(\): expected a dtype/);
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
