import { autocast } from '../amp';
import type { TrainSettings } from './settings';

/** Runs a forward pass, loss included, in the run's precision; the backward pass follows its dtypes. */
export function inPrecision<T>({ dtype, device }: Pick<TrainSettings, 'dtype' | 'device'>, forward: () => T): T {
  if (dtype === 'float32') return forward();
  return autocast(device.startsWith('cuda') ? 'cuda' : 'cpu', { dtype }, forward);
}
