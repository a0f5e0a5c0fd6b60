import { checkNumbers, checkString, keep, TorchError, valueError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { addmm, norm, type Tensor, zerosLike } from '../tensor';
import { ComposedOptimizer } from './composed';
import { decay_, type Member } from './foreach';
import { checkImplementation, checkLr, checkPair } from './options';
import { type NewParamGroup, type ParamGroup, type Params, type RateOf } from './param-groups';
import { mul, scalarOf } from './python-number';

/** How {@link Muon} adapts the rate to the shape of a matrix. */
export type MuonRate = 'original' | 'match_rms_adamw';

/** Options of {@link Muon}. */
export interface MuonOptions<L extends Tensor | number = Tensor | number> {
  /** Learning rate. */
  lr?: L;
  /** Share of the parameter, times the learning rate, that is taken off it. */
  weightDecay?: number;
  /** Share of the last direction that is kept. */
  momentum?: number;
  /** Look ahead by the momentum. */
  nesterov?: boolean;
  /** Coefficients of the polynomial that makes the direction orthogonal. */
  nsCoefficients?: readonly [number, number, number];
  /** Lower bound of the norm by which the direction is divided. */
  eps?: number;
  /** How often the polynomial is applied, less than 100. */
  nsSteps?: number;
  /** `original` (null, the default) or `match_rms_adamw`, with which AdamW's rates can be used. */
  adjustLrFn?: MuonRate | null;
}

const defaults: Required<MuonOptions<number>> = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsCoefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  nsSteps: 5,
  adjustLrFn: null,
};

/** Options of a group. */
export type MuonGroup<L extends Tensor | number = Tensor | number> = Required<MuonOptions<RateOf<L>>>;

/** @inline */
interface MuonState {
  momentumBuffer: Tensor;
}

/**
 * `torch.optim.Muon` (Jordan et al. 2024): momentum whose direction is made orthogonal, for the matrices of hidden layers.
 * Biases, embeddings and the like need another optimizer beside it.
 */
export class Muon<L extends Tensor | number = number> extends ComposedOptimizer<MuonGroup<L>, MuonState> {
  constructor(
    params: Params<MuonGroup<L>>,
    ...rest: Tail<
      MuonOptions<L>,
      ['lr', 'weightDecay', 'momentum', 'nesterov', 'nsCoefficients', 'eps', 'nsSteps', 'adjustLrFn']
    >
  ) {
    super(params, readTail('Muon', defaults, rest));
  }

  override addParamGroup(group: NewParamGroup<MuonGroup<L>>): void {
    super.addParamGroup(group);
    const other = this.paramGroups.at(-1)?.params.find(({ ndim }) => ndim !== 2);
    if (other === undefined) return;
    this.paramGroups.pop();
    throw valueError(
      `Muon only supports 2D parameters whereas we found a parameter with size: [${other.shape.join(', ')}]`,
    );
  }

  protected override validate(options: MuonGroup<L>): void {
    const { lr, weightDecay, momentum, nesterov, nsCoefficients, eps, nsSteps, adjustLrFn } = options;
    checkLr('Muon', lr, 'Learning rate should be >= 0 but is:');
    checkNumbers('Muon', { weightDecay, momentum, eps, nsSteps });
    checkPair('Muon', 'nsCoefficients', nsCoefficients, 3);
    checkImplementation('Muon', { nesterov });
    if (!(momentum >= 0)) throw valueError(`momentum should be >= 0 but is: ${momentum}`);
    if (!(weightDecay >= 0)) throw valueError(`weight decay should be >= 0 but is: ${weightDecay}`);
    if ((nsCoefficients as readonly number[]).length !== 3)
      throw valueError('Coefficients must be a tuple of exactly 3 values');
    if (!(nsSteps < 100)) throw valueError('Number of steps must be less than 100 for computational efficiency');
    if (adjustLrFn === null) return;
    checkString('Muon', 'adjustLrFn', adjustLrFn);
    if (!['original', 'match_rms_adamw'].includes(adjustLrFn)) {
      throw valueError(`Adjust learning rate function ${adjustLrFn} is not supported`);
    }
  }

  protected override requiredState(): readonly (keyof MuonState)[] {
    return ['momentumBuffer'];
  }

  protected override checkGradient(param: Tensor, grad: Tensor): void {
    if (param.isComplex()) throw new TorchError('Muon does not support complex parameters');
    super.checkGradient(param, grad);
  }

  protected override makeState(_param: Tensor, grad: Tensor): MuonState {
    return { momentumBuffer: keep(zerosLike(grad)) };
  }

  protected override updateOne({ param, grad, state }: Member<MuonState>, group: ParamGroup<MuonGroup<L>>): void {
    const { lr, momentum, nesterov } = group;
    state.momentumBuffer.lerp_(grad, 1 - momentum);
    const direction = nesterov ? grad.lerp(state.momentumBuffer, momentum) : state.momentumBuffer;
    const update = orthogonal(direction, group);
    decay_(param, group);
    param.add_(update, { alpha: -scalarOf(mul(lr, shapeFactor(group.adjustLrFn, param))) });
  }

  protected override updateMany(members: readonly Member<MuonState>[], group: ParamGroup<MuonGroup<L>>): void {
    // PyTorch has no foreach form of it; on a GPU, too, it goes one by one.
    for (const member of members) this.updateOne(member, group);
  }
}

/** The nearest orthogonal matrix, roughly: a few steps of Newton and Schulz in bfloat16. */
function orthogonal(matrix: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: MuonGroup): Tensor {
  const isTall = matrix.size(0) > matrix.size(1);
  const given = matrix.to({ dtype: 'bfloat16' });
  let result = isTall ? given.T : given;
  result.div_(norm(result).clamp({ min: eps }));
  for (let step = 0; step < nsSteps; step++) {
    const gram = result.matmul(result.T);
    const polynomial = addmm(gram, gram, gram, { beta: b, alpha: c });
    result = addmm(result, polynomial, result, { beta: a });
  }
  return isTall ? result.T : result;
}

function shapeFactor(rate: MuonRate | null, { shape: [rows = 1, columns = 1] }: Tensor): number {
  if (rate === 'match_rms_adamw') return 0.2 * Math.sqrt(Math.max(rows, columns));
  return Math.sqrt(Math.max(1, rows / columns));
}
