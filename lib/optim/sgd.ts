import { checkNumbers, keep } from '../engine';
import { binding } from '../engine/gate';
import { readTail, type Tail } from '../tensor/tail';
import type { Tensor } from '../tensor';
import { adopt } from '../tensor/dispatch';
import { Optimizer, valueError, type ParamGroup, type Params } from './optimizer';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. */
  lr?: number;
  /** Share of the last step's direction that is kept; 0 keeps none. */
  momentum?: number;
  /** Share of the gradient that is left out of the momentum. */
  dampening?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
  /** Look ahead by the momentum (Sutskever et al. 2013). */
  nesterov?: boolean;
  /** Climb, not descend. */
  maximize?: boolean;
}

const sgdDefaults: Required<SGDOptions> = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

/** Options of a group; the last three only travel through state dicts, as in {@link AdamGroup}. */
export interface SGDGroup extends Required<SGDOptions> {
  foreach: boolean | null;
  differentiable: boolean;
  fused: boolean | null;
}

/** @inline */
interface SGDState {
  momentumBuffer: Tensor;
}

/** `torch.optim.SGD`, with the bits of Python's for-loop. */
export class SGD extends Optimizer<SGDGroup, SGDState> {
  constructor(
    params: Params<SGDGroup>,
    ...rest: Tail<SGDOptions, ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'maximize']>
  ) {
    super(params, { ...readTail('SGD', sgdDefaults, rest), foreach: null, differentiable: false, fused: null });
  }

  protected override validate({ lr, momentum, dampening, weightDecay, nesterov }: SGDGroup): void {
    checkNumbers('SGD', { lr, momentum, dampening, weightDecay });
    if (!(lr >= 0)) throw valueError(`Invalid learning rate: ${lr}`);
    if (!(momentum >= 0)) throw valueError(`Invalid momentum value: ${momentum}`);
    if (!(weightDecay >= 0)) throw valueError(`Invalid weight_decay value: ${weightDecay}`);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw valueError('Nesterov momentum requires a momentum and zero dampening');
    }
  }

  protected override updateGroup(group: ParamGroup<SGDGroup>): void {
    const params = group.params.filter(({ handle }) => binding.hasGrad(handle));
    if (params.length === 0) return;
    const made = binding.sgdStep({
      params: params.map(({ handle }) => handle),
      momentumBuffers: params.map((param) => this.state.get(param)?.momentumBuffer.handle ?? 0),
      lr: group.lr,
      momentum: group.momentum,
      dampening: group.dampening,
      weightDecay: group.weightDecay,
      nesterov: group.nesterov,
      maximize: group.maximize,
    });
    for (const [index, param] of params.entries()) {
      const buffer = made[index] ?? 0;
      // It outlives the scope of the step that made it.
      if (buffer !== 0) this.state.set(param, { momentumBuffer: keep(adopt<Tensor>(buffer)) });
    }
  }

  protected override packState({ momentumBuffer }: SGDState): Record<string, Tensor> {
    return { momentum_buffer: momentumBuffer };
  }

  protected override unpackState({ momentum_buffer }: Readonly<Record<string, Tensor>>): SGDState {
    if (momentum_buffer === undefined) throw valueError('expected momentum_buffer in the loaded state of SGD');
    return { momentumBuffer: keep(momentum_buffer) };
  }
}
