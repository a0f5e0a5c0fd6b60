import { autocast } from '../amp';
import type { Tensor } from '../tensor';
import type { TrainSettings } from './settings';

/** Runs a forward pass, loss included, in the run's precision; the backward pass follows its dtypes. */
export function inPrecision<T>({ dtype, device }: Pick<TrainSettings, 'dtype' | 'device'>, forward: () => T): T {
  if (dtype === 'float32') return forward();
  return autocast(device.startsWith('cuda') ? 'cuda' : 'cpu', { dtype }, forward);
}

/** Images [N, C, H, W] in the run's order of memory. */
export function laidOut({ channelsLast }: Pick<TrainSettings, 'channelsLast'>, images: Tensor): Tensor {
  return channelsLast ? images.contiguous({ memoryFormat: 'channels_last' }) : images;
}
