import { noGrad } from '../autograd';
import { ArgumentError, checkNumbers, checkObject, cuda, describe, keep, valueError } from '../engine';
import { type AnyOptimizer, Optimizer } from '../optim';
import { callOp, full, ones, Tensor, type Device, type DType } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';

/** Options of {@link GradScaler}. */
export interface GradScalerOptions {
  /** The kind of device of the losses. */
  device?: 'cpu' | 'cuda';
  /** The first scale. */
  initScale?: number;
  /** What the scale is multiplied by after `growthInterval` steps in a row without infinite gradients. */
  growthFactor?: number;
  /** What the scale is multiplied by after a step with infinite gradients, which was left out. */
  backoffFactor?: number;
  /** Steps before the scale grows. */
  growthInterval?: number;
  /** False for a scaler that does nothing. */
  enabled?: boolean;
}

/** State of a scaler under Python's names; empty for one that is not enabled. */
export interface GradScalerStateDict {
  scale: number;
  growth_factor: number;
  backoff_factor: number;
  growth_interval: number;
  _growth_tracker: number;
}

/** What happened to the gradients of an optimizer since the last update. */
interface OptimizerProgress {
  stage: 'ready' | 'unscaled' | 'stepped';
  /** By device: 1 where a gradient was infinite or NaN. */
  foundInf: Map<Device, Tensor>;
}

/**
 * Multiplies the loss, so that small gradients do not become zero in float16, and divides the gradients before the
 * optimizer's step; a step with infinite gradients is left out, and the scale lowered. `torch.amp.GradScaler`.
 *
 * @example
 * ```ts
 * const model = new torch.nn.Linear(4, 2);
 * const optimizer = new torch.optim.SGD(model.parameters(), 0.1);
 * const scaler = new torch.amp.GradScaler('cpu', 1024);
 * const loss = torch.autocast('cpu', { dtype: 'float16' }, () => model.forward(torch.ones([3, 4])).sum());
 * scaler.scale(loss).backward();
 * scaler.step(optimizer);
 * scaler.update();
 * console.log(scaler.getScale()); // 1024
 * ```
 */
export class GradScaler {
  readonly #enabled: boolean;
  readonly #device: 'cpu' | 'cuda';
  #initScale: number;
  #growthFactor: number;
  #backoffFactor: number;
  #growthInterval: number;
  #initGrowthTracker = 0;
  /** float32 and int32 without dimensions, from the first loss on. */
  #tensors: { scale: Tensor; growthTracker: Tensor } | null = null;
  #progress = new Map<AnyOptimizer, OptimizerProgress>();

  /**
   * @throws ArgumentError for a growth factor of 1 or below, or a backoff factor of 1 or above
   */
  constructor(
    ...rest: Tail<
      GradScalerOptions,
      ['device', 'initScale', 'growthFactor', 'backoffFactor', 'growthInterval', 'enabled']
    >
  ) {
    const options = readTail<Required<GradScalerOptions>>(
      'GradScaler',
      {
        device: 'cuda',
        initScale: 2 ** 16,
        growthFactor: 2,
        backoffFactor: 0.5,
        growthInterval: 2000,
        enabled: true,
      },
      rest,
    );
    const { device, initScale, growthFactor, backoffFactor, growthInterval, enabled } = options;
    checkNumbers('GradScaler', { initScale, growthFactor, backoffFactor, growthInterval });
    if (!['cpu', 'cuda'].includes(device)) {
      throw new ArgumentError(`GradScaler: expected cpu or cuda for argument \`device\`, received ${describe(device)}`);
    }
    if (device === 'cuda' && enabled && !cuda.isAvailable()) {
      process.emitWarning('GradScaler is enabled, but CUDA is not available. Disabling.');
    }
    this.#device = device;
    this.#enabled = enabled && (device === 'cpu' || cuda.isAvailable());
    if (this.#enabled && growthFactor <= 1) throw valueError('The growth factor must be > 1.0.');
    if (this.#enabled && backoffFactor >= 1) throw valueError('The backoff factor must be < 1.0.');
    this.#initScale = initScale;
    this.#growthFactor = growthFactor;
    this.#backoffFactor = backoffFactor;
    this.#growthInterval = growthInterval;
  }

  /** Multiplies a loss, or each of a list (also of lists), by the scale; autograd goes through it. */
  scale(outputs: Tensor): Tensor;
  scale<L extends readonly unknown[]>(outputs: L): L;
  scale(outputs: unknown): unknown {
    if (!this.#enabled) return outputs;
    if (outputs instanceof Tensor) {
      this.#tensors ??= this.#makeTensors(outputs.device);
      return outputs.mul(this.#tensors.scale.to({ device: outputs.device, nonBlocking: true }));
    }
    if (Array.isArray(outputs)) return outputs.map((output: Tensor): unknown => this.scale(output));
    throw valueError(`outputs must be a Tensor or a list of Tensors, received ${describe(outputs)}`);
  }

  /**
   * Divides the gradients of an optimizer's parameters by the scale, to clip or look at them before {@link step}, which
   * does it otherwise. At most once between two updates.
   */
  unscale_(optimizer: AnyOptimizer): void {
    checkOptimizer('unscale_', optimizer);
    if (!this.#enabled) return;
    const { scale } = this.#require('unscale_');
    const progress = this.#progressOf(optimizer);
    if (progress.stage === 'unscaled') {
      throw valueError('unscale_() has already been called on this optimizer since the last update().');
    }
    if (progress.stage === 'stepped') throw valueError('unscale_() is being called after step().');
    // In float64, as the division in float32 may be inexact.
    this.#divide(optimizer, progress, scale.double().reciprocal().float());
    progress.stage = 'unscaled';
  }

  /**
   * The optimizer's step, unless a gradient is infinite or NaN. Gradients that {@link unscale_} has not divided are
   * divided before, or by the step itself where all its groups are `fused`.
   */
  step(optimizer: AnyOptimizer): void {
    checkOptimizer('step', optimizer);
    if (!this.#enabled) {
      optimizer.step();
      return;
    }
    const { scale } = this.#require('step');
    const progress = this.#progressOf(optimizer);
    if (progress.stage === 'stepped') throw valueError('step() has already been called since the last update().');
    const gradScale = progress.stage === 'ready' && optimizer.takesScaledGradients() ? scale : null;
    if (gradScale !== null) this.#divide(optimizer, progress, ones([], { device: scale.device }));
    else if (progress.stage === 'ready') this.unscale_(optimizer);
    if (progress.foundInf.size === 0) throw valueError('No inf checks were recorded for this optimizer.');
    if (optimizer.takesScaledGradients()) stepScaled(optimizer, gradScale, totalOf(progress, scale.device));
    else if ([...progress.foundInf.values()].every((found) => found.item() === 0)) optimizer.step();
    progress.stage = 'stepped';
  }

  /**
   * Sets the scale for the next iteration: lower if a step was left out, higher after enough that were not.
   *
   * @param newScale - a scale to go on with instead: a number, or a tensor of one element on the scaler's kind of device
   */
  update(newScale: number | Tensor | null = null): void {
    if (!this.#enabled) return;
    const { scale, growthTracker } = this.#require('update');
    noGrad(() => {
      if (newScale === null) this.#adapt(scale, growthTracker);
      else if (newScale instanceof Tensor) scale.copy_(this.#checkScale(newScale));
      else {
        checkNumbers('update', { newScale });
        scale.fill_(newScale);
      }
    });
    this.#progress = new Map();
  }

  /** The scale now; 1 where the scaler is not enabled. */
  getScale(): number {
    if (!this.#enabled) return 1;
    return this.#tensors === null ? this.#initScale : this.#tensors.scale.item();
  }

  /** See {@link GradScalerOptions.growthFactor}. */
  getGrowthFactor(): number {
    return this.#growthFactor;
  }

  /** See {@link GradScalerOptions.growthFactor}. */
  setGrowthFactor(newFactor: number): void {
    checkNumbers('setGrowthFactor', { newFactor });
    this.#growthFactor = newFactor;
  }

  /** See {@link GradScalerOptions.backoffFactor}. */
  getBackoffFactor(): number {
    return this.#backoffFactor;
  }

  /** See {@link GradScalerOptions.backoffFactor}. */
  setBackoffFactor(newFactor: number): void {
    checkNumbers('setBackoffFactor', { newFactor });
    this.#backoffFactor = newFactor;
  }

  /** See {@link GradScalerOptions.growthInterval}. */
  getGrowthInterval(): number {
    return this.#growthInterval;
  }

  /** See {@link GradScalerOptions.growthInterval}. */
  setGrowthInterval(newInterval: number): void {
    checkNumbers('setGrowthInterval', { newInterval });
    this.#growthInterval = newInterval;
  }

  /** The scaler does something. */
  isEnabled(): boolean {
    return this.#enabled;
  }

  /** What Python's scaler would save; to be taken after {@link update}. */
  stateDict(): GradScalerStateDict | Record<string, never> {
    if (!this.#enabled) return {};
    return {
      scale: this.getScale(),
      growth_factor: this.#growthFactor,
      backoff_factor: this.#backoffFactor,
      growth_interval: this.#growthInterval,
      _growth_tracker: this.#tensors === null ? this.#initGrowthTracker : this.#tensors.growthTracker.item(),
    };
  }

  /** Goes on from a state that was saved here or in Python. Does nothing where the scaler is not enabled. */
  loadStateDict(stateDict: GradScalerStateDict | Record<string, never>): void {
    if (!this.#enabled) return;
    checkObject('loadStateDict', 'stateDict', stateDict);
    if (Object.keys(stateDict).length === 0) {
      throw valueError('The source state dict is empty, possibly because it was saved from a disabled GradScaler.');
    }
    const { scale, growth_factor, backoff_factor, growth_interval, _growth_tracker } = stateDict as GradScalerStateDict;
    checkNumbers('loadStateDict', { scale, growth_factor, backoff_factor, growth_interval, _growth_tracker });
    this.#initScale = scale;
    this.#growthFactor = growth_factor;
    this.#backoffFactor = backoff_factor;
    this.#growthInterval = growth_interval;
    this.#initGrowthTracker = _growth_tracker;
    this.#tensors?.scale.fill_(scale);
    this.#tensors?.growthTracker.fill_(_growth_tracker);
  }

  #makeTensors(device: Device): { scale: Tensor; growthTracker: Tensor } {
    // They outlive the scope of the step that made them.
    return {
      scale: keep(full([], this.#initScale, { dtype: 'float32', device })),
      growthTracker: keep(full([], this.#initGrowthTracker, { dtype: 'int32', device })),
    };
  }

  #require(name: string): { scale: Tensor; growthTracker: Tensor } {
    if (this.#tensors !== null) return this.#tensors;
    throw valueError(`Attempted ${name} but the scale is not set: scaler.scale(loss) was not called before.`);
  }

  #progressOf(optimizer: AnyOptimizer): OptimizerProgress {
    let progress = this.#progress.get(optimizer);
    if (progress === undefined) {
      progress = { stage: 'ready', foundInf: new Map<Device, Tensor>() };
      this.#progress.set(optimizer, progress);
    }
    return progress;
  }

  #divide(optimizer: AnyOptimizer, progress: OptimizerProgress, inverse: Tensor): void {
    noGrad(() => {
      const foundInf = full([], 0, { dtype: 'float32', device: inverse.device });
      progress.foundInf = unscaleGradients(optimizer, inverse, foundInf);
    });
  }

  #adapt(scale: Tensor, growthTracker: Tensor): void {
    const found = [...this.#progress.values()].flatMap(({ foundInf }) =>
      [...foundInf.values()].map((each) => each.to({ device: scale.device, nonBlocking: true })),
    );
    const [first, ...others] = found;
    if (first === undefined) throw valueError('No inf checks were recorded prior to update.');
    for (const other of others) first.add_(other);
    callOp('aten::_amp_update_scale_', [
      ...[scale, growthTracker, first],
      ...[this.#growthFactor, this.#backoffFactor, this.#growthInterval],
    ]);
  }

  #checkScale(newScale: Tensor): Tensor {
    const fits = newScale.device.split(':')[0] === this.#device && newScale.numel() === 1 && !newScale.requiresGrad;
    if (fits) return newScale;
    throw valueError(
      `newScale should be a number or a ${this.#device} tensor of one element that requires no gradient, received ${describe(newScale)}`,
    );
  }
}

/** How many devices had infinite gradients. */
function totalOf({ foundInf }: OptimizerProgress, device: Device): Tensor {
  const [first, ...others] = [...foundInf.values()].map((found) => found.to({ device, nonBlocking: true }));
  return others.reduce((sum, other) => sum.add(other), first as Tensor);
}

/** A step whose fused ops divide the gradients, and leave everything as it is where one is infinite. */
function stepScaled(optimizer: AnyOptimizer, gradScale: Tensor | null, foundInf: Tensor): void {
  optimizer.gradientScaling = { gradScale, foundInf };
  try {
    optimizer.step();
  } finally {
    optimizer.gradientScaling = null;
  }
}

/** Divides all gradients by the scale; `foundInf` and its copies on other devices become 1 where one is infinite or NaN. */
function unscaleGradients(optimizer: AnyOptimizer, inverse: Tensor, foundInf: Tensor): Map<Device, Tensor> {
  const lists = new Map<Device, Map<DType, Tensor[]>>();
  for (const { grad } of optimizer.paramGroups.flatMap(({ params }) => params)) {
    if (grad === null) continue;
    if (grad.dtype === 'float16') throw valueError('Attempting to unscale FP16 gradients.');
    const values: Tensor = grad.isSparse ? callOp('aten::_values', [grad]) : grad;
    const byDtype = lists.get(values.device) ?? new Map<DType, Tensor[]>();
    lists.set(values.device, byDtype);
    byDtype.set(values.dtype, [...(byDtype.get(values.dtype) ?? []), values]);
  }
  const found = new Map<Device, Tensor>();
  for (const [device, byDtype] of lists) {
    const here = keep(foundInf.to({ device, nonBlocking: true, copy: true }));
    found.set(device, here);
    for (const gradients of byDtype.values()) {
      callOp('aten::_amp_foreach_non_finite_check_and_unscale_', [gradients, here, inverse.to({ device })]);
    }
  }
  return found;
}

function checkOptimizer(name: string, optimizer: unknown): void {
  if (optimizer instanceof Optimizer) return;
  throw new ArgumentError(
    `${name}(): expected an Optimizer for argument \`optimizer\`, received ${describe(optimizer)}`,
  );
}
