/** Child of guards.test.ts: tries each guard with arguments on both sides of it. */
import * as torch from '../../lib';

const { callOp, full, ones, randn, zeros } = torch;
const square = (value: number): torch.Tensor => full([3, 3], value, { dtype: 'float32' });
const image = (): torch.Tensor => ones([1, 1, 4, 4]);
const quantized = (): torch.Tensor => callOp('aten::quantize_per_tensor', [zeros([2, 3]), 0.1, 3, 'quint8']);

const REFUSED: Record<string, () => unknown> = {
  'cat of nothing': () => callOp('aten::cat.out', [[], 0, quantized()]),
  'concatenate of nothing': () => torch.concatenate([], { out: quantized() }),
  'eigvals of NaN': () => torch.linalgEigvals(square(NaN)),
  'eigvals of infinity': () => square(Infinity).linalgEigvals(),
  'matrix power': () => randn([2, 2]).matrixPower(-(2n ** 63n)),
  'bins below one': () => torch.chooseQparamsOptimized(ones([8]), 8, -5, 0.5, 8),
  'a ratio above one': () => torch.chooseQparamsOptimized(ones([8]), 8, 200, 1000, 8),
  'no groups': () => torch.nativeGroupNorm(ones([2, 2, 2], { device: 'meta' }), null, null, 2, 2, 2, 0, 1e-5),
  'functional copy': () => callOp('aten::copy', [ones([2, 3]).toSparseCsr(), ones([2, 3])]),
  'replication padding': () => callOp('aten::replication_pad2d', [image(), [2n ** 63n - 1n, 0, 0, 0]]),
  'pooling window': () => torch.maxPool1d(ones([3, 3]), 2 ** 32),
  'degree of a polynomial': () => torch.specialLegendrePolynomialP(ones([2]), 2 ** 53),
  'degrees of polynomials': () => torch.specialHermitePolynomialH(ones([2]), full([2], 2 ** 40, { dtype: 'int64' })),
};

const TAKEN: Record<string, () => unknown> = {
  'cat of two': () => torch.cat([ones([2]), ones([2])], { out: zeros([4]) }),
  eigvals: () => torch.linalgEigvals(randn([3, 3])),
  'negative matrix power': () => torch.eye(2).matrixPower(-3),
  'group norm': () => torch.nativeGroupNorm(ones([2, 2, 2]), null, null, 2, 2, 2, 1, 1e-5),
  'choose qparams': () => torch.chooseQparamsOptimized(randn([64]), 64, 20, 0.16, 8),
  'copy into a compressed tensor': () =>
    ones([2, 3])
      .toSparseCsr()
      .copy_(ones([2, 3]).toSparseCsr()),
  'replication padding': () => torch.replicationPad2d(image(), [1, 1, 1, 1]),
  pooling: () => torch.maxPool1d(ones([3, 3]), 2),
  polynomial: () => torch.specialLegendrePolynomialP(ones([2]), 5),
};

const outcome = (call: () => unknown): string => {
  try {
    call();
    return 'taken';
  } catch (error) {
    return String(error).split('\n')[0] ?? '';
  }
};
const outcomes = (calls: Record<string, () => unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, outcome(call)]));

process.stdout.write(JSON.stringify({ refused: outcomes(REFUSED), taken: outcomes(TAKEN) }));
