/** A training that has left the numbers behind ends, before its weights take the place of good ones. */
import type { Tensor } from '../tensor';
import { DivergenceError } from './errors';

/** Where in its training a run is. */
export interface Place {
  readonly epoch: number;
  readonly step: number;
  /** The run's folder. */
  readonly run: string;
  /** The learning rate that it was asked to train with. */
  readonly lr: number;
}

/** @throws {DivergenceError} for a loss that is NaN or infinite */
export function checkLoss(loss: number, place: Place): void {
  if (!Number.isFinite(loss))
    throw diverged(`the loss of step ${place.step}, in epoch ${place.epoch}, is ${loss}`, place);
}

/** @throws {DivergenceError} for a state that holds what is NaN or infinite */
export function checkState(state: ReadonlyMap<string, Tensor>, place: Place): void {
  for (const [name, tensor] of state) {
    // NaN and the infinities come through a sum, and it needs no second tensor of the size of the first.
    if (Number.isFinite(tensor.sum().item())) continue;
    throw diverged(`after step ${place.step}, in epoch ${place.epoch}, ${name} holds what is NaN or infinite`, place);
  }
}

function diverged(fault: string, { run, lr }: Place): DivergenceError {
  return new DivergenceError(
    `${fault}: the training has diverged; ${run} keeps its last checkpoint from before; ` +
      `a learning rate below ${lr} (--lr), --warmup or --clip-norm may help a new run`,
  );
}
