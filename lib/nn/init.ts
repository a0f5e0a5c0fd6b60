/**
 * Initial values of parameters (`torch.nn.init`). Bounds and deviations are computed in float64 in the order in which
 * Python computes them, and with the C library's power function: another order gives other bits.
 */
import { noGrad } from '../autograd';
import { checkNumbers, checkTensor, describe, libm, valueError } from '../engine';
import { emptyLike, linalg, randperm, tensor as makeTensor, where, type Generator, type Tensor } from '../tensor';
import { type Arguments, readTail, required, type Tail } from '../tensor/tail';

/** The count of inputs or of outputs of a weight, by which its scale is chosen. */
export type FanMode = 'fan_in' | 'fan_out';

/** Names of the functions that {@link calculateGain} knows, as Python spells them. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

/**
 * The factor that keeps the variance through a non-linear function.
 * @param param the negative slope of `leaky_relu`, 0.01 if not given
 */
export function calculateGain(nonlinearity: Nonlinearity, ...rest: Tail<{ param?: number | null }, ['param']>): number {
  const { param } = readTail<{ param: number | null }>('nn.init.calculateGain', { param: null }, rest);
  switch (nonlinearity) {
    case 'linear':
    case 'conv1d':
    case 'conv2d':
    case 'conv3d':
    case 'conv_transpose1d':
    case 'conv_transpose2d':
    case 'conv_transpose3d':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + libm.pow(param ?? 0.01, 2)));
    case 'selu':
      return 3 / 4;
    default:
      throw valueError(`Unsupported nonlinearity ${describe(nonlinearity)}`);
  }
}

/** @inline */
interface Drawn {
  /** Where the numbers come from; the device's own by default. */
  generator?: Generator | null;
}

const anyGenerator: Required<Drawn> = { generator: null };

/** @inline */
interface Gain extends Drawn {
  /** Factor of the deviation. */
  gain?: number;
}

type GainTail = Tail<Gain, ['gain', 'generator']>;

function readGain(callee: string, rest: GainTail): Required<Gain> {
  const options = readTail<Required<Gain>>(callee, { gain: 1, ...anyGenerator }, rest);
  checkNumbers(callee, { gain: options.gain });
  return options;
}

/** Fills with numbers drawn evenly from [a, b). */
export function uniform_(
  tensor: Tensor,
  ...rest: Tail<Drawn & { a?: number; b?: number }, ['a', 'b', 'generator']>
): Tensor {
  checkTensor('nn.init.uniform_()', 'tensor', tensor);
  const { a, b, generator } = readTail('nn.init.uniform_', { a: 0, b: 1, ...anyGenerator }, rest);
  return noGrad(() => tensor.uniform_(a, b, { generator }));
}

/** Fills with numbers drawn from the normal distribution. */
export function normal_(
  tensor: Tensor,
  ...rest: Tail<Drawn & { mean?: number; std?: number }, ['mean', 'std', 'generator']>
): Tensor {
  checkTensor('nn.init.normal_()', 'tensor', tensor);
  const { mean, std, generator } = readTail('nn.init.normal_', { mean: 0, std: 1, ...anyGenerator }, rest);
  return noGrad(() => tensor.normal_(mean, std, { generator }));
}

/** Fills with one value. */
export function constant_(tensor: Tensor, ...rest: Arguments<[val: number], { val: number }, ['val']>): Tensor {
  checkTensor('nn.init.constant_()', 'tensor', tensor);
  const { val } = readTail<{ val: number }>('nn.init.constant_', { val: required }, rest);
  return noGrad(() => tensor.fill_(val));
}

/** Fills with ones. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/** Fills with zeros. */
export function zeros_(tensor: Tensor): Tensor {
  checkTensor('nn.init.zeros_()', 'tensor', tensor);
  return noGrad(() => tensor.zero_());
}

/** Fills a matrix with ones on the diagonal and zeros elsewhere. */
export function eye_(tensor: Tensor): Tensor {
  checkTensor('nn.init.eye_()', 'tensor', tensor);
  if (tensor.dim() !== 2) throw valueError(`Only tensors with 2 dimensions are supported, received ${shapeOf(tensor)}`);
  return noGrad(() => tensor.zero_().fillDiagonal_(1));
}

/**
 * Makes a kernel [out, in, ...] of 1, 2 or 3 spatial dimensions one that passes as many channels on as it can: ones in its
 * middle, zeros elsewhere.
 * @param groups of channels, each passed on by itself; 1 by default
 */
export function dirac_(tensor: Tensor, ...rest: Tail<{ groups?: number }, ['groups']>): Tensor {
  checkTensor('nn.init.dirac_()', 'tensor', tensor);
  const { groups } = readTail('nn.init.dirac_', { groups: 1 }, rest);
  const [outputs = 0, , ...kernel] = tensor.shape;
  if (kernel.length < 1 || kernel.length > 3) {
    throw valueError(`Only tensors with 3, 4, or 5 dimensions are supported, received ${shapeOf(tensor)}`);
  }
  if (!Number.isSafeInteger(groups) || groups < 1 || outputs % groups !== 0) {
    throw valueError(`dim 0 must be divisible by groups, received ${shapeOf(tensor)} and ${describe(groups)}`);
  }
  const perGroup = outputs / groups;
  return noGrad(() => {
    tensor.zero_();
    const middle = kernel.reduce((view, size) => view.select(2, Math.floor(size / 2)), tensor);
    for (let group = 0; group < groups; group++) {
      middle.narrow(0, group * perGroup, perGroup).fillDiagonal_(1);
    }
    return tensor;
  });
}

/**
 * Fills with a (semi-)orthogonal matrix times `gain`, Saxe et al. (2013); dimensions behind the first count as one.
 */
export function orthogonal_(tensor: Tensor, ...rest: GainTail): Tensor {
  checkTensor('nn.init.orthogonal_()', 'tensor', tensor);
  const { gain, generator } = readGain('nn.init.orthogonal_', rest);
  if (tensor.dim() < 2) {
    throw valueError(`Only tensors with 2 or more dimensions are supported, received ${shapeOf(tensor)}`);
  }
  if (tensor.numel() === 0) return tensor;
  const rows = tensor.size(0);
  const columns = tensor.numel() / rows;
  return noGrad(() => {
    const drawn = tensor.newEmpty([rows, columns]).normal_(0, 1, { generator });
    const [q, r] = linalg.qr(rows < columns ? drawn.t() : drawn);
    // The decomposition is unique, and q even among the orthogonal matrices, once the diagonal of r is positive.
    const even = q.mul_(r.diagonal().sign());
    tensor.copy_((rows < columns ? even.t() : even).reshape(tensor.shape));
    return tensor.mul_(gain);
  });
}

/**
 * Fills a matrix with normal numbers, then sets a share of each column to zero, Martens (2010).
 * @param sparsity that share, 0 to 1
 * @param std the normal numbers' deviation, 0.01 by default
 */
export function sparse_(
  tensor: Tensor,
  ...rest: Arguments<[sparsity: number], Drawn & { sparsity: number; std?: number }, ['sparsity', 'std', 'generator']>
): Tensor {
  checkTensor('nn.init.sparse_()', 'tensor', tensor);
  const { sparsity, std, generator } = readTail<Required<Drawn> & { sparsity: number; std: number }>(
    'nn.init.sparse_',
    { sparsity: required, std: 0.01, ...anyGenerator },
    rest,
  );
  checkNumbers('nn.init.sparse_', { sparsity, std });
  if (tensor.dim() !== 2) throw valueError(`Only tensors with 2 dimensions are supported, received ${shapeOf(tensor)}`);
  const [rows = 0, columns = 0] = tensor.shape;
  const zeros = Math.min(Math.max(Math.ceil(sparsity * rows), 0), rows);
  return noGrad(() => {
    tensor.normal_(0, std, { generator });
    // The rows come from the default generator, as in Python, whatever was given.
    for (let column = 0; column < columns; column++) {
      tensor.select(1, column).indexFill_(0, randperm(rows).narrow(0, 0, zeros).to(tensor.device), 0);
    }
    return tensor;
  });
}

/** Glorot and Bengio (2010): even numbers within ±gain·√(6 / (fan in + fan out)). */
export function xavierUniform_(tensor: Tensor, ...rest: GainTail): Tensor {
  const { gain, generator } = readGain('nn.init.xavierUniform_', rest);
  const { fanIn, fanOut } = calculateFanInAndFanOut(tensor);
  const std = gain * Math.sqrt(2 / (fanIn + fanOut));
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, generator);
}

/** Glorot and Bengio (2010): normal numbers of deviation gain·√(2 / (fan in + fan out)). */
export function xavierNormal_(tensor: Tensor, ...rest: GainTail): Tensor {
  const { gain, generator } = readGain('nn.init.xavierNormal_', rest);
  const { fanIn, fanOut } = calculateFanInAndFanOut(tensor);
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), generator);
}

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions extends Drawn {
  /** The negative slope of the rectifier after this layer, for `leaky_relu`. */
  a?: number;
  /** Keeps the variance forwards (`fan_in`) or backwards (`fan_out`). */
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}

type KaimingTail = Tail<KaimingOptions, ['a', 'mode', 'nonlinearity', 'generator']>;

function readKaiming(callee: string, rest: KaimingTail): Required<KaimingOptions> {
  const defaults: Required<KaimingOptions> = { a: 0, mode: 'fan_in', nonlinearity: 'leaky_relu', generator: null };
  return readTail(callee, defaults, rest);
}

/** He et al. (2015): even numbers within ±gain·√(3 / fan). */
export function kaimingUniform_(tensor: Tensor, ...rest: KaimingTail): Tensor {
  checkTensor('nn.init.kaimingUniform_()', 'tensor', tensor);
  const { a, mode, nonlinearity, generator } = readKaiming('nn.init.kaimingUniform_', rest);
  if (tensor.shape.includes(0)) return tensor;
  const bound = Math.sqrt(3) * kaimingDeviation(tensor, a, mode, nonlinearity);
  return uniform_(tensor, -bound, bound, generator);
}

/** He et al. (2015): normal numbers of deviation gain / √fan. */
export function kaimingNormal_(tensor: Tensor, ...rest: KaimingTail): Tensor {
  checkTensor('nn.init.kaimingNormal_()', 'tensor', tensor);
  const { a, mode, nonlinearity, generator } = readKaiming('nn.init.kaimingNormal_', rest);
  if (tensor.shape.includes(0)) return tensor;
  return normal_(tensor, 0, kaimingDeviation(tensor, a, mode, nonlinearity), generator);
}

function kaimingDeviation(tensor: Tensor, a: number, mode: FanMode, nonlinearity: Nonlinearity): number {
  const { fanIn, fanOut } = calculateFanInAndFanOut(tensor);
  const fan = new Map<string, number>([
    ['fan_in', fanIn],
    ['fan_out', fanOut],
  ]).get(mode);
  if (fan === undefined)
    throw valueError(`Mode ${describe(mode)} not supported, please use one of ['fan_in', 'fan_out']`);
  return calculateGain(nonlinearity, a) / Math.sqrt(fan);
}

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions extends Drawn {
  mean?: number;
  std?: number;
  /** The least number. */
  a?: number;
  /** The largest number. */
  b?: number;
}

/**
 * Fills with normal numbers, drawing again what falls outside [a, b].
 *
 * Which numbers are drawn depends on how much of the distribution lies inside: above 30 % Python redraws normal numbers,
 * else it accepts even ones by their density. Both ways fill the whole tensor anew in each round, which decides the
 * generator's state afterwards.
 */
export function truncNormal_(
  tensor: Tensor,
  ...rest: Tail<TruncNormalOptions, ['mean', 'std', 'a', 'b', 'generator']>
): Tensor {
  checkTensor('nn.init.truncNormal_()', 'tensor', tensor);
  const defaults = { mean: 0, std: 1, a: -2, b: 2, ...anyGenerator };
  const { mean, std, a, b, generator } = readTail<Required<TruncNormalOptions>>('nn.init.truncNormal_', defaults, rest);
  checkNumbers('nn.init.truncNormal_', { mean, std, a, b });
  return noGrad(() => {
    const inside = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
    return inside > 0.3
      ? redrawNormal(tensor, mean, std, a, b, generator)
      : acceptUniform(tensor, mean, std, a, b, generator);
  });
}

function redrawNormal(
  tensor: Tensor,
  mean: number,
  std: number,
  a: number,
  b: number,
  generator: Generator | null,
): Tensor {
  const [low, high] = [a, b].map((bound) => makeTensor(bound, { dtype: tensor.dtype, device: 'cpu' }).item()) as [
    number,
    number,
  ];
  let result = tensor.normal_(mean, std, { generator });
  for (;;) {
    const outside = result.lt(low).bitwiseOr(result.gt(high));
    if (!outside.any().item()) break;
    result = where(outside, emptyLike(result).normal_(mean, std, { generator }), result);
  }
  return result === tensor ? tensor : tensor.copy_(result);
}

function acceptUniform(
  tensor: Tensor,
  mean: number,
  std: number,
  a: number,
  b: number,
  generator: Generator | null,
): Tensor {
  const mode = Math.max(a, Math.min(mean, b));
  const logPeak = -0.5 * libm.pow((mode - mean) / std, 2);
  const rejected = (candidates: Tensor): Tensor => {
    const logDensity = candidates.clone().sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(logPeak);
    return emptyLike(tensor).uniform_(0, 1, { generator }).log_().gt(logDensity);
  };
  let result = tensor.uniform_(a, b, { generator });
  let pending = rejected(result);
  while (pending.any().item()) {
    const candidates = emptyLike(tensor).uniform_(a, b, { generator });
    result = where(pending, candidates, result);
    pending = pending.bitwiseAnd(rejected(candidates));
  }
  return result === tensor ? tensor : tensor.copy_(result);
}

/** Share of the standard normal distribution below x; only compared with a threshold, so its last bit does not matter. */
function normalCdf(x: number): number {
  return (
    (1 +
      makeTensor(x / Math.sqrt(2), { dtype: 'float64', device: 'cpu' })
        .erf()
        .item()) /
    2
  );
}

/** Inputs and outputs of one element of a weight [out, in, ...kernel]. */
export function calculateFanInAndFanOut(tensor: Tensor): { fanIn: number; fanOut: number } {
  checkTensor('nn.init.calculateFanInAndFanOut()', 'tensor', tensor);
  const [outputs, inputs, ...kernel] = tensor.shape;
  if (outputs === undefined || inputs === undefined) {
    throw valueError(
      `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, received ${shapeOf(tensor)}`,
    );
  }
  const receptiveField = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: inputs * receptiveField, fanOut: outputs * receptiveField };
}

function shapeOf(tensor: Tensor): string {
  return `shape [${tensor.shape.join(', ')}]`;
}
