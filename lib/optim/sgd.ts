import { checkNumbers, keep, TorchError, valueError } from '../engine';
import { binding } from '../engine/gate';
import { readTail, type Tail } from '../tensor/tail';
import { type Tensor, zerosLike } from '../tensor';
import { adopt } from '../tensor/dispatch';
import { checkChoices, directionOf, type ImplementationOptions, usesForeach } from './composed';
import { byDeviceAndDtype, type Member } from './foreach';
import { checkFused, fused_, type GradientScaling } from './fused';
import { Optimizer } from './optimizer';
import { checkImplementation, checkLr, checkRates } from './options';
import { type ParamGroup, type Params, type RateOf } from './param-groups';
import { scalarOf, valueOf } from './python-number';

/** Options of {@link SGD}. */
export interface SGDOptions<L extends Tensor | number = Tensor | number> extends Omit<
  ImplementationOptions,
  'capturable'
> {
  /** Learning rate. */
  lr?: L;
  /** Share of the last step's direction that is kept; 0 keeps none. */
  momentum?: number;
  /** Share of the gradient that is left out of the momentum. */
  dampening?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
  /** Look ahead by the momentum (Sutskever et al. 2013). */
  nesterov?: boolean;
  /** Step by libtorch's fused op, whose bits are not the for-loop's. */
  fused?: boolean | null;
}

const sgdDefaults: Required<SGDOptions<number>> = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
  foreach: null,
  differentiable: false,
  fused: null,
};

/** Options of a group. */
export type SGDGroup<L extends Tensor | number = Tensor | number> = Required<SGDOptions<RateOf<L>>>;

/** @inline */
interface SGDState {
  momentumBuffer?: Tensor;
}

/** `torch.optim.SGD`, with the bits of Python's for-loop; `foreach` and `fused` have the bits of theirs. */
export class SGD<L extends Tensor | number = number> extends Optimizer<SGDGroup<L>, SGDState> {
  constructor(
    params: Params<SGDGroup<L>>,
    ...rest: Tail<
      SGDOptions<L>,
      ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'maximize', 'foreach', 'differentiable', 'fused']
    >
  ) {
    super(params, readTail('SGD', sgdDefaults, rest));
  }

  protected override validate(options: SGDGroup<L>): void {
    const { lr, momentum, dampening, weightDecay, nesterov, foreach, fused, maximize, differentiable } = options;
    checkLr('SGD', lr);
    checkRates('SGD', {
      momentum: ['momentum value', momentum],
      weightDecay: ['weight_decay value', weightDecay],
    });
    checkNumbers('SGD', { dampening });
    checkImplementation('SGD', { foreach, fused, maximize, differentiable, nesterov });
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw valueError('Nesterov momentum requires a momentum and zero dampening');
    }
  }

  /** Python, too, writes no buffer where there is no momentum. */
  protected override requiredState(): readonly (keyof SGDState)[] {
    return [];
  }

  protected override updateGroup(group: ParamGroup<SGDGroup<L>>): void {
    const params = group.params.filter(({ handle }) => binding.hasGrad(handle));
    if (params.length === 0) return;
    const members = params.map((param): Stepping => ({ param, state: this.state.get(param) ?? {} }));
    checkChoices(group, members);
    if (group.fused === true) updateFused(withGradients(members), group, this.gradientScaling);
    else if (group.differentiable || (isTrained(group) && !usesForeach(group, members))) {
      for (const member of withGradients(members)) updateRecorded(member, group);
    } else updateNatively(members, group);
    // Parameters without momentum stay without an entry, as in Python.
    for (const { param, state } of members) if (state.momentumBuffer !== undefined) this.state.set(param, state);
  }
}

type Stepping = Omit<Member<SGDState>, 'grad'>;

/** The learning rate has a gradient itself; Python's for-loop then takes another op, without autograd too. */
function isTrained({ lr }: SGDGroup): boolean {
  return typeof lr !== 'number' && lr.requiresGrad;
}

/** As one native call, by the way that PyTorch takes. */
function updateNatively(members: readonly Stepping[], group: ParamGroup<SGDGroup>): void {
  const made = binding.sgdStep({
    params: members.map(({ param }) => param.handle),
    momentumBuffers: members.map(({ state }) => state.momentumBuffer?.handle ?? 0),
    lr: valueOf(group.lr),
    momentum: group.momentum,
    dampening: group.dampening,
    weightDecay: group.weightDecay,
    nesterov: group.nesterov,
    maximize: group.maximize,
    foreach: usesForeach(group, members),
  });
  for (const [index, { state }] of members.entries()) {
    const buffer = made[index] ?? 0;
    // It outlives the scope of the step that made it.
    if (buffer !== 0) state.momentumBuffer = keep(adopt<Tensor>(buffer));
  }
}

function withGradients(members: readonly Stepping[]): Member<SGDState>[] {
  return members.map((member) => ({ ...member, grad: member.param.grad as Tensor }));
}

function updateFused(
  all: readonly Member<SGDState>[],
  group: ParamGroup<SGDGroup>,
  scaling: GradientScaling | null,
): void {
  checkFused(all);
  if (all.some(({ grad }) => grad.isSparse)) throw new TorchError('`_fused_sgd` does not support sparse gradients');
  const { weightDecay, momentum, lr, dampening, nesterov, maximize } = group;
  // Zeros, where Python leaves the buffers as they are: libtorch's op reads them in bfloat16 and float16, at the first step
  // too, and Python's then begin with whatever was in that memory.
  const step = (members: readonly Member<SGDState>[], isFirst: boolean): void => {
    for (const { grad, state } of members) if (isFirst) state.momentumBuffer = keep(zerosLike(grad));
    const buffers = momentum === 0 ? [] : members.map(({ state }) => state.momentumBuffer as Tensor);
    const lists = [members.map(({ param }) => param), members.map(({ grad }) => grad), buffers];
    fused_('sgd', [...lists, weightDecay, momentum, lr, dampening, nesterov, maximize, isFirst], scaling);
  };
  for (const members of byDeviceAndDtype(all)) {
    // A buffer is made at a parameter's first step with momentum, which the op must know of.
    const isFirst = ({ state }: Member<SGDState>): boolean => momentum !== 0 && state.momentumBuffer === undefined;
    const [first, later] = [members.filter(isFirst), members.filter((member) => !isFirst(member))];
    if (first.length > 0) step(first, true);
    if (later.length > 0) step(later, false);
  }
}

/** One parameter's step by ops that autograd can follow. */
function updateRecorded(member: Member<SGDState>, group: ParamGroup<SGDGroup>): void {
  const { lr, momentum, dampening, nesterov } = group;
  const { param, state } = member;
  let grad = directionOf(member, group);
  if (momentum !== 0) {
    if (state.momentumBuffer === undefined) state.momentumBuffer = keep(grad.detach().clone());
    else state.momentumBuffer.mul_(momentum).add_(grad, { alpha: 1 - dampening });
    grad = nesterov ? grad.add(state.momentumBuffer, { alpha: momentum }) : state.momentumBuffer;
  }
  if (typeof lr !== 'number' && lr.requiresGrad) param.addcmul_(grad, lr, { value: -1 });
  else param.add_(grad, { alpha: -scalarOf(lr) });
}
