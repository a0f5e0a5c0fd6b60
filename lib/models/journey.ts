/** A tensor's way through a model, as a list of steps. */
import type { Module } from '../nn';
import { traceCalls, type ModuleCall } from './trace';

/** One step of a tensor's way through the model. */
export interface JourneyStep {
  readonly step: string;
  readonly module: string;
  readonly shape: readonly number[];
}

/**
 * The way of a batch through the model, a step for each call of a module that is directly inside. It is computed once with
 * a batch of one: all that stands between these modules has the batch as its first dimension.
 */
export function journeyOf(model: Module, [batchSize = 1, ...sizes]: readonly number[]): JourneyStep[] {
  const ofBatch = (shape: readonly number[]): number[] => [batchSize, ...shape.slice(1)];
  const calls = traceCalls('journey', model, [1, ...sizes]);
  const steps = calls.filter(({ path, outputShape }) => path !== '' && !path.includes('.') && outputShape !== null);
  const scores = calls[0]?.outputShape ?? [];
  const last = steps.at(-1)?.outputShape ?? [];
  return [
    { step: 'input', module: '', shape: [batchSize, ...sizes] },
    ...steps.map(({ path, module, outputShape }: ModuleCall) => ({
      step: path,
      module: module.constructor.name,
      shape: ofBatch(outputShape ?? []),
    })),
    // What forward itself does behind the last module.
    ...(String(scores) === String(last) ? [] : [{ step: 'output', module: '', shape: ofBatch(scores) }]),
  ];
}
