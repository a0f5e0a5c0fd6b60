/** Whether model, images, batches and schedule go together: asked before there is a run folder. */
import { isTorchError } from '../engine';
import { summary } from '../models';
import { UsageError } from './errors';
import type { Experiment } from './experiment';

/**
 * The shapes of a batch on its way through the model. All sizes of images are tried, so that a model that cannot take one says so
 * before there is a run.
 * @throws {UsageError} in the model's words
 */
export function shapesOf(experiment: Experiment): number[][] {
  const { settings, model } = experiment;
  const [ofImages = []] = sidesOf(experiment).map((side) => {
    try {
      return model.journey(settings.batchSize, side).map((step) => [...step.shape]);
    } catch (error) {
      if (!isTorchError(error) || error.code === 'TORCH_OUT_OF_MEMORY') throw error;
      throw new UsageError(`images of ${side}x${side} do not fit the model ${settings.model}: ${error.message}`);
    }
  });
  return ofImages;
}

/**
 * A batch norm that is left with one number for each channel has nothing to take a variance of, and refuses it: that would
 * come up in the last step of an epoch.
 * @throws {UsageError} where the last batch has one image, and the model makes it one pixel before a batch norm
 */
export function checkLastBatch(experiment: Experiment): void {
  const { batchSize, model: name } = experiment.settings;
  const samples = experiment.loaders.train.dataset.length;
  if (batchSize > 1 && samples % batchSize !== 1) return;
  for (const side of sidesOf(experiment)) {
    const { layers } = summary(experiment.model, [1, 3, side, side]);
    const narrow = layers.find(({ module, inputShape }) => /^BatchNorm/.test(module) && isOnePixel(inputShape));
    if (narrow === undefined) continue;
    throw new UsageError(
      `--batch-size ${batchSize} leaves one image for the last batch of ${samples} samples, which is too few for the batch ` +
        `norm ${narrow.path} of ${name}: of an image of ${side}x${side} it sees one pixel; ${adviceFor(samples, batchSize)}`,
    );
  }
}

function adviceFor(samples: number, batchSize: number): string {
  if (samples === 1) return 'expected more samples';
  let other = batchSize + 1;
  while (samples % other === 1) other++;
  return `expected another --batch-size, such as ${other}`;
}

/** @throws {UsageError} for a warm-up that would not end */
export function checkWarmup({ settings: { warmup, epochs }, loaders }: Experiment): void {
  const steps = epochs * loaders.train.length;
  if (warmup < 1 || warmup < steps) return;
  throw new UsageError(
    `--warmup ${warmup} is not less than the ${steps} steps of this run: ${epochs} epochs of ${loaders.train.length}`,
  );
}

/** Every side that the images of the run have. */
function sidesOf({ settings: { imageSize, progressive } }: Experiment): number[] {
  return [imageSize, ...progressive.map((stage) => stage.imageSize)];
}

/** Of [1, C, H, W] or [1, C]. */
function isOnePixel(shape: readonly number[] | null): boolean {
  return shape !== null && shape.every((size, dimension) => dimension === 1 || size === 1);
}
