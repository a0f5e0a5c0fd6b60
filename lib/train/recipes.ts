import type { ModelName, OptionValue } from '../models';
import type { AugmentationName, OptimizerName, Precision, ProgressiveStage, Protocol, ScheduleName } from './choices';

/**
 * The recipes: every number that an experiment needs, in one table. A flag of the command line replaces one number;
 * adding an experiment means adding one entry here.
 */
export interface Recipe {
  readonly name: string;
  /** One line for the help text. */
  readonly summary: string;
  readonly numbers: RecipeNumbers;
}

export interface RecipeNumbers {
  readonly model: ModelName;
  /** What the model is told of itself, but for the side of the images; what is missing are the model's own defaults. */
  readonly modelOptions: Readonly<Record<string, OptionValue>>;
  /** Side of the square images, in pixels. */
  readonly imageSize: number;
  /** Smaller images for the first part of the epochs, for models that take any size. */
  readonly progressive: readonly ProgressiveStage[];
  readonly augment: AugmentationName;
  /** Share of the train samples that is trained on, chosen by the seed. */
  readonly dataFraction: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Images that are scored and drawn after each epoch, and the batch of the final test. */
  readonly testBatchSize: number;
  readonly optimizer: OptimizerName;
  readonly lr: number;
  /** Adam: added to the gradient; AdamW: taken off the weights. */
  readonly weightDecay: number;
  /** Adam's and AdamW's. */
  readonly betas: readonly [number, number];
  /** SGD's. */
  readonly momentum: number;
  readonly schedule: ScheduleName;
  /** `step`: every `stepSize` epochs the learning rate is multiplied by `gamma`. */
  readonly stepSize: number;
  readonly gamma: number;
  /** Optimizer steps in which the learning rate grows from nearly 0; below 1 a share of all. Not for `step`. */
  readonly warmup: number;
  /** `cosine`: what is left of the learning rate at the end. */
  readonly finalLrShare: number;
  /** `poly`: the power of what is left of the steps. */
  readonly polyPower: number;
  /** Names of losses, each with a weight before it or none: `cross-entropy`, `cross-entropy+0.5*dice`. */
  readonly loss: string;
  /** Of the cross entropy. */
  readonly labelSmoothing: number;
  /** Of the cross entropy: a weight for each class; null weighs all alike. */
  readonly classWeights: readonly number[] | null;
  /** Decay of the moving average of the weights, which is scored and kept as best in their place; null keeps none. */
  readonly ema: number | null;
  /** The norm that all gradients together are cut down to; null leaves them. */
  readonly clipNorm: number | null;
  /** Images and convolutions in the order of memory that has a pixel's channels side by side. Decides bits. */
  readonly channelsLast: boolean;
  readonly dtype: Precision;
  readonly protocol: Protocol;
  /** Epochs from one scoring to the next, and from one checkpoint to the next; the last one has both. */
  readonly validateEvery: number;
  readonly saveEvery: number;
}

/**
 * What a recipe does that says nothing else: the article's way. Runs of the first releases, whose config.json names fewer
 * numbers, did this, too: other values here would give them other bits when they go on.
 */
export const usual = {
  progressive: [],
  augment: 'article',
  dataFraction: 1,
  testBatchSize: 21,
  optimizer: 'adam',
  weightDecay: 0,
  betas: [0.9, 0.999],
  momentum: 0.9,
  schedule: 'step',
  stepSize: 12,
  gamma: 0.8,
  warmup: 0,
  finalLrShare: 0,
  polyPower: 0.9,
  loss: 'cross-entropy',
  labelSmoothing: 0,
  classWeights: null,
  ema: null,
  clipNorm: null,
  channelsLast: false,
  dtype: 'float32',
  protocol: 'article',
  validateEvery: 1,
  saveEvery: 1,
} as const satisfies Partial<RecipeNumbers>;

const articleVit: Recipe = {
  name: 'article-vit',
  summary: "the article's Vision Transformer, 86 million parameters, 50 epochs at 128x128",
  numbers: {
    ...usual,
    model: 'vit-segmentation',
    modelOptions: { patchSize: 16, embedSize: 768, numBlocks: 12, numHeads: 8, dropout: 0.2 },
    imageSize: 128,
    epochs: 50,
    batchSize: 64,
    lr: 4e-4,
    stepSize: 12,
    gamma: 0.8,
  },
};

const quick: Recipe = {
  name: 'quick',
  summary: 'the same model made small, for a minute on a CPU',
  numbers: {
    ...usual,
    model: 'vit-segmentation',
    modelOptions: { patchSize: 8, embedSize: 128, numBlocks: 4, numHeads: 4, dropout: 0.1 },
    imageSize: 64,
    epochs: 12,
    batchSize: 16,
    lr: 1e-3,
    stepSize: 4,
    gamma: 0.6,
  },
};

const articleSegNet: Recipe = {
  name: 'article-segnet',
  summary: "the series' SegNet, 15 million parameters, 20 epochs at 128x128",
  numbers: {
    ...usual,
    model: 'segnet',
    modelOptions: {},
    imageSize: 128,
    epochs: 20,
    batchSize: 64,
    lr: 1e-3,
    stepSize: 7,
    gamma: 0.7,
  },
};

const articleDsc: Recipe = {
  name: 'article-dsc',
  summary: 'the same with separable convolutions, 1.7 million parameters',
  numbers: {
    ...usual,
    model: 'segnet-dsc',
    modelOptions: {},
    imageSize: 128,
    epochs: 20,
    batchSize: 64,
    lr: 1e-3,
    schedule: 'constant',
  },
};

/** What both recipes that are not the article's have in common. */
const modern = {
  ...usual,
  model: 'unet',
  imageSize: 128,
  testBatchSize: 64,
  augment: 'strong',
  optimizer: 'adamw',
  schedule: 'cosine',
  warmup: 0.05,
  channelsLast: true,
  dtype: 'bfloat16',
  protocol: 'clean',
} as const;

const fastCpu: Recipe = {
  name: 'fast-cpu',
  summary: 'a U-Net of width 16 at half the size, in bfloat16, for 20 minutes on two cores',
  numbers: {
    ...modern,
    modelOptions: { width: 16, stemStride: 2 },
    progressive: [{ untilEpochShare: 0.6, imageSize: 96 }],
    epochs: 60,
    batchSize: 32,
    lr: 3e-3,
    weightDecay: 0.02,
    warmup: 0.1,
    ema: 0.998,
    validateEvery: 5,
    saveEvery: 5,
  },
};

const bestScratch: Recipe = {
  name: 'best-scratch',
  summary: 'a U-Net of width 32 at half the size, in bfloat16, for two hours on two cores',
  numbers: {
    ...modern,
    modelOptions: { width: 32, stemStride: 2 },
    progressive: [{ untilEpochShare: 0.5, imageSize: 96 }],
    epochs: 100,
    batchSize: 32,
    lr: 2e-3,
    weightDecay: 0.05,
    ema: 0.999,
    validateEvery: 5,
    saveEvery: 2,
  },
};

const table: readonly Recipe[] = [articleVit, quick, articleSegNet, articleDsc, fastCpu, bestScratch];

export const recipes: ReadonlyMap<string, Recipe> = new Map(table.map((recipe) => [recipe.name, recipe]));

/** The models that a recipe trains. */
export const modelNames: readonly ModelName[] = [
  ...new Set([...recipes.values()].map((recipe) => recipe.numbers.model)),
];
