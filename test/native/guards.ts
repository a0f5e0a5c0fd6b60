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
  'median along an expanded dimension': () => randn([3, 1]).expand(3, 5).median(-1),
  'nanmedian along an expanded dimension': () => torch.nanmedian(randn([1]).expand(4), 0, true),
  'bins below one': () => torch.chooseQparamsOptimized(ones([8]), 8, -5, 0.5, 8),
  'a ratio above one': () => torch.chooseQparamsOptimized(ones([8]), 8, 200, 1000, 8),
  'no groups': () => torch.nativeGroupNorm(ones([2, 2, 2], { device: 'meta' }), null, null, 2, 2, 2, 0, 1e-5),
  'functional copy': () => callOp('aten::copy', [ones([2, 3]).toSparseCsr(), ones([2, 3])]),
  'replication padding': () => callOp('aten::replication_pad2d', [image(), [2n ** 63n - 1n, 0, 0, 0]]),
  'functional copy of a compressed tensor': () =>
    callOp('aten::copy', [ones([2, 3]).toSparse(), ones([2, 3]).toSparseCsr()]),
  'pivots of another batch': () => torch.luUnpack(ones([2, 4, 3, 3]), ones([3], { dtype: 'int32' })),
  'fewer cell states': () =>
    callOp('aten::lstm.input', [
      ones([2, 3, 4]),
      [ones([2, 3, 4]), ones([1, 3, 4])],
      [],
      true,
      2,
      0,
      false,
      true,
      true,
    ]),
  'a step that is cut to 0': () => torch.range(0, 5, 0.5, { dtype: 'int64' }),
  'the least integer by -1': () => torch.arange(0n, -(2n ** 63n), -1),
  'pooling window': () => torch.maxPool1d(ones([3, 3]), 2 ** 32),
  'statistics of other channels': () => torch.batchNormUpdateStats(ones([1, 2, 3, 3]), zeros([0]), null, 0.1),
  'weights of other channels': () => torch.nativeBatchNorm(image(), ones([3]), null, null, null, true, 0.1, 1e-5),
  'no statistics in evaluation': () => torch.nativeBatchNorm(image(), null, null, null, null, false, 0.1, 1e-5),
  'zeros of oneDNN in bfloat16': () =>
    ones([1, 1]).newZeros([2, 255], { dtype: 'bfloat16', layout: '_mkldnn' } as object),
  'the greatest integer and above': () => callOp('aten::random_.from', [ones([2]).half(), 2n ** 63n - 1n, null]),
  'foreach copy from a list of another length': () => callOp('aten::_foreach_copy', [[], [ones([2])]]),
  'foreach copy to a sparse tensor': () => callOp('aten::_foreach_copy', [[ones([2, 2]).toSparse()], [ones([2, 2])]]),
  'foreach without scalars': () =>
    callOp('aten::_foreach_addcmul_.ScalarList', [[ones([2])], [ones([2])], [ones([2])], []]),
  'sizes of a slow convolution': () =>
    callOp('aten::_slow_conv2d_backward.output_mask', [
      ...[image(), image(), image(), [], [1, 1], [0, 0]],
      [true, true, true],
    ]),
  'gates too narrow for a GRU': () =>
    callOp('aten::_thnn_differentiable_gru_cell_backward', [
      ...[ones([3, 2]), ones([3, 2]), ones([3, 2]), ones([3, 2])],
      ...[ones([6]), ones([6])],
    ]),
  'gates too narrow for an LSTM': () =>
    callOp('aten::_thnn_differentiable_lstm_cell_backward', [
      ...[ones([2, 3]), null, ones([2, 3]), ones([2, 3])],
      ...[null, null, ones([2, 3]), ones([2, 3])],
    ]),
  'output size of fractional pooling': () =>
    callOp('aten::fractional_max_pool2d_backward', [image(), image(), [2, 2], [], ones([1, 1, 4, 4]).long()]),
  'paddings in backward': () => callOp('aten::reflection_pad2d_backward', [image(), image(), []]),
  'degree of a shifted polynomial': () =>
    torch.specialShiftedChebyshevPolynomialW(full([1], 5e-324, { dtype: 'float64' }), 2 ** 53),
  'degree of a polynomial': () => torch.specialLegendrePolynomialP(ones([2]), 2 ** 53),
  'degrees of polynomials': () => torch.specialHermitePolynomialH(ones([2]), full([2], 2 ** 40, { dtype: 'int64' })),
};

const TAKEN: Record<string, () => unknown> = {
  'median across an expanded dimension': () => randn([3, 1]).expand(3, 5).median(0),
  'median along a dimension of one element': () => randn([3]).expand(1, 3).median(0),
  'pivots of the batch': () => torch.luUnpack(...torch.lu(randn([2, 4, 3, 3]))),
  'a range of integers': () => torch.range(0, 5, 2, { dtype: 'int64' }),
  'a step of zero in int32': () => torch.arange(0.5, 2.5, 0.5, { dtype: 'int32' }),
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
  'batch norm': () => torch.nativeBatchNorm(image(), ones([1]), null, null, null, true, 0.1, 1e-5),
  'batch norm statistics': () => torch.batchNormUpdateStats(image(), zeros([1]), ones([1]), 0.1),
  'random from': () => callOp('aten::random_.from', [ones([2]), 5, 9]),
  'foreach copy': () => callOp('aten::_foreach_copy', [[ones([2])], [zeros([2])]]),
  'foreach with scalars': () =>
    callOp('aten::_foreach_addcmul_.ScalarList', [[ones([2])], [ones([2])], [ones([2])], [2]]),
  'paddings in backward': () => callOp('aten::reflection_pad2d_backward', [ones([1, 1, 6, 6]), image(), [1, 1, 1, 1]]),
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
