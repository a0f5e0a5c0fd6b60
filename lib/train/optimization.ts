/** The optimizer of a run and the schedule of its learning rate, by their settings. */
import type { Parameter } from '../nn';
import { Adam, AdamW, lrScheduler, type LRScheduler, SGD } from '../optim';
import { UsageError } from './errors';
import type { TrainSettings } from './settings';

/** One of the optimizers that a run may have. */
export type RunOptimizer = Adam | SGD;

type OptimizerSettings = Pick<TrainSettings, 'optimizer' | 'lr' | 'weightDecay' | 'betas' | 'momentum'>;
type ScheduleSettings = Pick<
  TrainSettings,
  'schedule' | 'lr' | 'stepSize' | 'gamma' | 'warmup' | 'finalLrShare' | 'polyPower' | 'epochs'
>;

export function makeOptimizer(
  parameters: Parameter[],
  { optimizer, lr, weightDecay, betas: [first, second], momentum }: OptimizerSettings,
): RunOptimizer {
  const betas: [number, number] = [first, second];
  if (optimizer === 'sgd') return new SGD(parameters, { lr, weightDecay, momentum });
  return new (optimizer === 'adamw' ? AdamW : Adam)(parameters, { lr, weightDecay, betas });
}

/** When the schedule of a run moves on. */
export function movesPerStep({ schedule }: Pick<TrainSettings, 'schedule'>): boolean {
  return schedule !== 'step';
}

/**
 * The schedule: `step` between epochs; the others after each of `epochs · stepsPerEpoch` steps, after a warm-up of equal
 * rises from lr / (steps + 1).
 */
export function makeSchedule(optimizer: RunOptimizer, settings: ScheduleSettings, stepsPerEpoch: number): LRScheduler {
  const { schedule, stepSize, gamma, warmup, lr, finalLrShare, polyPower, epochs } = settings;
  if (schedule === 'step') return new lrScheduler.StepLR(optimizer, { stepSize, gamma });
  const steps = Math.max(1, epochs * stepsPerEpoch);
  const rising = Math.min(steps - 1, warmup < 1 ? Math.round(warmup * steps) : warmup);
  const falling = steps - rising;
  const warmUp =
    rising > 0 ? new lrScheduler.LinearLR(optimizer, { startFactor: 1 / (rising + 1), totalIters: rising }) : null;
  const main = {
    constant: () => new lrScheduler.ConstantLR(optimizer, { factor: 1, totalIters: 0 }),
    cosine: () => new lrScheduler.CosineAnnealingLR(optimizer, { tMax: falling, etaMin: lr * finalLrShare }),
    poly: () => new lrScheduler.PolynomialLR(optimizer, { totalIters: falling, power: polyPower }),
  }[schedule]();
  return warmUp === null ? main : new lrScheduler.SequentialLR(optimizer, [warmUp, main], [rising]);
}

/** @throws {UsageError} for numbers that the schedule has no use for, where somebody would think that it had */
export function checkSchedule({ schedule, warmup, finalLrShare }: ScheduleSettings): void {
  if (schedule === 'step' && warmup > 0) {
    throw new UsageError('--warmup means nothing to --schedule step: expected constant, cosine or poly');
  }
  if (schedule !== 'cosine' && finalLrShare > 0) {
    throw new UsageError(`--final-lr-share means nothing to --schedule ${schedule}: expected cosine`);
  }
  if (!Number.isInteger(warmup) && warmup >= 1) {
    throw new UsageError(`--warmup ${warmup} is neither a whole number of steps nor a share of them below 1`);
  }
}
