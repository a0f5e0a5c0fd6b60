/** The names that settings choose among. Free of imports, for the help text needs them without the native library. */

/** `article` keeps the notebook's way of scoring, flaws included; `clean` mends it (see docs/training.md). */
export const protocols = ['article', 'clean'] as const;
export type Protocol = (typeof protocols)[number];

/** What a forward pass computes in: `bfloat16` by autocast, where the weights stay float32. */
export const dtypes = ['float32', 'bfloat16'] as const;
export type Precision = (typeof dtypes)[number];

export const optimizers = ['adam', 'adamw', 'sgd'] as const;
export type OptimizerName = (typeof optimizers)[number];

/** `step` changes the learning rate between epochs, the others after each optimizer step. */
export const schedules = ['step', 'constant', 'cosine', 'poly'] as const;
export type ScheduleName = (typeof schedules)[number];

/** `article`: each sample by itself, a flip and contrast. `strong`: whole batches, affine maps and all colours. */
export const augmentations = ['none', 'article', 'strong'] as const;
export type AugmentationName = (typeof augmentations)[number];

/** What a loss is a sum of. */
export const lossNames = ['cross-entropy', 'dice', 'jaccard', 'iou', 'focal', 'lovasz'] as const;
export type LossName = (typeof lossNames)[number];

/** The settings that are one of some names. */
export const namedSettings: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['protocol', protocols],
  ['dtype', dtypes],
  ['optimizer', optimizers],
  ['schedule', schedules],
  ['augment', augmentations],
]);

/** Trained at `imageSize` while less than this share of the epochs is done. */
export interface ProgressiveStage {
  readonly untilEpochShare: number;
  readonly imageSize: number;
}
