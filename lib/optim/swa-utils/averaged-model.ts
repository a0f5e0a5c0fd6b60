import { noGrad } from '../../autograd';
import { ArgumentError, checkFunction, checkOptions, describe, scope, valueError } from '../../engine';
import { type AnyModule, Buffer, deepcopy, Module } from '../../nn';
import { type Device, tensor, type Tensor } from '../../tensor';
import { byDeviceAndDtype, type Member } from '../foreach';
import { type AverageFunction, getSwaAvgFn, getSwaMultiAvgFn, type MultiAverageFunction } from './averages';

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** Where the averages are; null: where the model is. */
  device?: Device | null;
  /** The average of one parameter; equal shares by default. */
  avgFn?: AverageFunction | null;
  /** The average of lists of parameters, in place of `avgFn`. */
  multiAvgFn?: MultiAverageFunction | null;
  /** Average the buffers, too, where otherwise they are the model's. */
  useBuffers?: boolean;
}

/**
 * A copy of a model whose parameters are averages over those that the model has gone through
 * (`torch.optim.swa_utils.AveragedModel`): equal ones by default (stochastic weight averaging), or exponential ones.
 *
 * @typeParam M the model's class
 *
 * @example
 * ```ts
 * const model = new nn.Linear(1, 1);
 * const average = new optim.swaUtils.AveragedModel(model, { multiAvgFn: optim.swaUtils.getEmaMultiAvgFn(0.75) });
 * for (const weight of [4, 8]) {
 *   torch.noGrad(() => model.weight.fill_(weight));
 *   average.updateParameters(model);
 * }
 * console.log(average.module.parameters()[0]?.item()); // 5
 * ```
 */
export class AveragedModel<M extends AnyModule> extends Module<Parameters<M['forward']>, ReturnType<M['forward']>> {
  readonly module: M;
  /** How many models were averaged. */
  readonly nAveraged: Buffer;
  private readonly avgFn: AverageFunction | null;
  private readonly multiAvgFn: MultiAverageFunction | null;
  private readonly useBuffers: boolean;

  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    checkModule('AveragedModel', model);
    checkOptions('AveragedModel', options, ['device', 'avgFn', 'multiAvgFn', 'useBuffers']);
    const { device = null, avgFn = null, multiAvgFn = null, useBuffers = false } = options;
    if (avgFn !== null && multiAvgFn !== null) {
      throw valueError('Only one of avgFn and multiAvgFn should be provided');
    }
    if (avgFn !== null) checkFunction('AveragedModel', 'avgFn', avgFn);
    if (multiAvgFn !== null) checkFunction('AveragedModel', 'multiAvgFn', multiAvgFn);
    this.module = deepcopy(model);
    if (device !== null) this.module.to({ device });
    this.nAveraged = new Buffer(tensor(0, { dtype: 'int64', ...(device === null ? {} : { device }) }));
    this.avgFn = avgFn;
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = useBuffers;
  }

  /** The averaged model's forward. */
  forward(...inputs: Parameters<M['forward']>): ReturnType<M['forward']> {
    return this.module.forward(...inputs) as ReturnType<M['forward']>;
  }

  /** Takes in a model; the first one is copied. */
  updateParameters(model: AnyModule): void {
    checkModule('updateParameters', model);
    noGrad(() => scope(() => this.update(model)));
  }

  private update(model: AnyModule): void {
    const partsOf = (module: AnyModule): Tensor[] =>
      this.useBuffers ? [...module.parameters(), ...module.buffers()] : module.parameters();
    const current = partsOf(model);
    const pairs = partsOf(this.module).map((average, index): Member<Tensor> => {
      const other = current[index];
      if (other === undefined)
        throw valueError('updateParameters(): expected a model with as many parameters as the averaged one');
      return { param: average.detach(), grad: average, state: other.detach().to({ device: average.device }) };
    });
    if (this.nAveraged.item() === 0) for (const { param, state } of pairs) param.copy_(state);
    else this.average(pairs);
    if (!this.useBuffers) {
      const buffers = model.buffers();
      for (const [index, buffer] of this.module.buffers().entries()) {
        const other = buffers[index];
        if (other !== undefined) buffer.detach().copy_(other.detach());
      }
    }
    this.nAveraged.add_(1);
  }

  /** By lists on a GPU or where that was asked for, else one after the other: each has its bits. */
  private average(pairs: readonly Member<Tensor>[]): void {
    const one = this.avgFn ?? getSwaAvgFn();
    for (const members of byDeviceAndDtype(pairs)) {
      const device = (members[0] as Member<Tensor>).param.device;
      const count = this.nAveraged.to({ device });
      const many = this.multiAvgFn ?? (this.avgFn === null && device.startsWith('cuda') ? getSwaMultiAvgFn() : null);
      if (many !== null) {
        many(
          members.map(({ param }) => param),
          members.map(({ state }) => state),
          count,
        );
      } else {
        for (const { param, state } of members) param.copy_(one(param, state, count));
      }
    }
  }
}

/** Refuses what is no module. */
export function checkModule(name: string, model: unknown): void {
  if (model instanceof Module) return;
  throw new ArgumentError(`${name}(): expected a Module for argument \`model\`, received ${describe(model)}`);
}
