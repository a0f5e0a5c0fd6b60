/**
 * What a training run tells: each event is one line of `--json` and of `metrics.jsonl`. Other tools read these lines,
 * so names stay as they are; new ones may be added.
 */
export type TrainEvent =
  StartEvent | BatchEvent | ResumeEvent | StepEvent | EpochEvent | TestEvent | DoneEvent | InterruptedEvent;

export interface StartEvent {
  event: 'start';
  /** Version of this program. */
  version: string;
  /** Version of the libtorch that is loaded. */
  libtorch: string;
  device: string;
  threads: number;
  seed: number;
  recipe: string;
  model: string;
  parameters: number;
  /** Shapes on the way from a batch of images to its logits. */
  shapes: number[][];
  data: string;
  trainSamples: number;
  /** Samples held out of training to choose the best epoch; 0 under the protocol `article`. */
  validationSamples: number;
  testSamples: number;
  protocol: string;
  epochs: number;
  stepsPerEpoch: number;
  /** SHA-256 of the untrained state, see {@link EpochEvent.stateSha256}. */
  initSha256: string;
  run: string;
}

/** One of the two batches that are looked at before training; their draws belong to the sequence. */
export interface BatchEvent {
  event: 'batch';
  split: 'train' | 'validation' | 'test';
  /** SHA-256 of the float32 images [N, 3, H, W]. */
  imagesSha256: string;
  /** SHA-256 of the int64 classes [N, 1, H, W]. */
  targetsSha256: string;
}

/** The run goes on from a checkpoint: so many epochs are complete, and so many batches of the next one. */
export interface ResumeEvent {
  event: 'resume';
  epochs: number;
  batches: number;
}

export interface StepEvent {
  event: 'step';
  epoch: number;
  /** Steps since the start of the run, from 1. */
  step: number;
  loss: number;
  /** The learning rate that the step was taken with. */
  lr: number;
  /** The loss as Python's `float.hex()` writes it. */
  lossHex: string;
  seconds: number;
}

/** Scores that both protocols have, each also as Python's `float.hex()` writes it; null where a protocol has none. */
export interface Scores {
  pixelAccuracy: number;
  pixelAccuracyHex: string;
  /** Micro Jaccard index without the background. */
  iou: number;
  iouHex: string;
  customIou: number | null;
  customIouHex: string | null;
}

/** Scores of one confusion matrix. */
export interface MatrixScores {
  mIoU: number;
  /** In the order pet, background, border; null where neither truth nor prediction holds the class. */
  perClassIou: (number | null)[];
  perClassAccuracy: (number | null)[];
}

/** Epoch 0 is the report of the untrained model; it has no loss and no speed. An epoch that is not scored has no scores. */
export interface EpochEvent extends Partial<Scores & MatrixScores> {
  event: 'epoch';
  epoch: number;
  /** The learning rate of the epoch's last step; of a schedule by epochs, that of all. */
  lr: number;
  /** Mean of the batch losses, in float64. */
  meanLoss: number | null;
  meanLossHex: string | null;
  /** SHA-256 over each entry of the state dict in order: the key's UTF-8 bytes, then the tensor's little-endian bytes. */
  stateSha256: string;
  /** The same of the moving average, where there is one: what the scores are of. */
  averageSha256?: string;
  imagesPerSecond: number | null;
  /** Time of the training steps, without scores, picture and checkpoint. */
  seconds: number;
  /** Of these seconds, those spent waiting for batches; null in epoch 0. */
  dataSeconds: number | null;
  /** And those spent on what is done to whole batches: augmentation and resizing; null in epoch 0. */
  augmentSeconds: number | null;
  peakRssBytes: number;
  /**
   * This epoch has the best score so far, and `checkpoints/best` holds it. The untrained epoch 0 is the best one only until
   * another is scored.
   */
  best: boolean;
  /** Only in epoch 0: pixel accuracies that make the scores readable. */
  references?: ReferenceLines;
}

/** Pixel accuracies on the images that the epochs are scored on. */
export interface ReferenceLines {
  /** Every pixel is called background. */
  allBackground: number;
  /** Perfect, but the border is never predicted. */
  noBorder: number;
  /** Each patch is given its most frequent class; null for a model without patches. */
  oneClassPerPatch: number | null;
}

export interface TestEvent extends Scores, MatrixScores {
  event: 'test';
  protocol: string;
  samples: number;
  /** The epoch whose state was tested. */
  epoch: number;
  seconds: number;
}

export interface DoneEvent {
  event: 'done';
  /** The run folder; in the last line of an experiment, its own. */
  run: string;
}

/** Ctrl-C: the step was finished and the checkpoint written. */
export interface InterruptedEvent {
  event: 'interrupted';
  run: string;
  epochs: number;
  batches: number;
}
