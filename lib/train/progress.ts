import type { LoaderState } from '../data';

/** What a run has done so far; between two steps this and the tensors are all that a checkpoint needs. */
export interface Progress {
  /** Complete epochs; epoch 0, the untrained report, does not count. */
  epochs: number;
  /** Optimizer steps since the start of the run. */
  steps: number;
  /** Batch losses of the unfinished epoch, and the seconds spent on it. */
  losses: number[];
  seconds: number;
  /** Of these seconds, those spent waiting for batches, and on what is done to them before the step. */
  dataSeconds: number;
  augmentSeconds: number;
  /** The learning rate of the last step; null before the first. */
  lr: number | null;
  /** Where the loader stands in the unfinished epoch; null between epochs. */
  loader: LoaderState | null;
  best: { epoch: number; score: number } | null;
}

export function noProgress(): Progress {
  return {
    epochs: 0,
    steps: 0,
    losses: [],
    seconds: 0,
    dataSeconds: 0,
    augmentSeconds: 0,
    lr: null,
    loader: null,
    best: null,
  };
}
