import type { ModelName } from '../models';

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
  /** Side of the square images, in pixels. */
  readonly imageSize: number;
  /** Side of a patch, in pixels; divides `imageSize`. */
  readonly patchSize: number;
  readonly embedSize: number;
  readonly numBlocks: number;
  /** Attention heads; divides `embedSize`. */
  readonly numHeads: number;
  readonly dropout: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Images that are scored and drawn after each epoch, and the batch of the final test. */
  readonly testBatchSize: number;
  /** Adam's learning rate; its other numbers are PyTorch's defaults. */
  readonly lr: number;
  /** StepLR: every `stepSize` epochs the learning rate is multiplied by `gamma`. */
  readonly stepSize: number;
  readonly gamma: number;
}

const articleVit: Recipe = {
  name: 'article-vit',
  summary: "the article's Vision Transformer, 86 million parameters, 50 epochs at 128x128",
  numbers: {
    model: 'vit-segmentation',
    imageSize: 128,
    patchSize: 16,
    embedSize: 768,
    numBlocks: 12,
    numHeads: 8,
    dropout: 0.2,
    epochs: 50,
    batchSize: 64,
    testBatchSize: 21,
    lr: 4e-4,
    stepSize: 12,
    gamma: 0.8,
  },
};

const quick: Recipe = {
  name: 'quick',
  summary: 'the same model made small, for a minute on a CPU',
  numbers: {
    model: 'vit-segmentation',
    imageSize: 64,
    patchSize: 8,
    embedSize: 128,
    numBlocks: 4,
    numHeads: 4,
    dropout: 0.1,
    epochs: 12,
    batchSize: 16,
    testBatchSize: 21,
    lr: 1e-3,
    stepSize: 4,
    gamma: 0.6,
  },
};

export const recipes: ReadonlyMap<string, Recipe> = new Map([articleVit, quick].map((recipe) => [recipe.name, recipe]));

/** The models that a recipe trains. */
export const modelNames: readonly ModelName[] = [
  ...new Set([...recipes.values()].map((recipe) => recipe.numbers.model)),
];
