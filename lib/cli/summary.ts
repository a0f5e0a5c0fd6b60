import type { Command } from 'commander';

import type { ModelSummary, OptionValue } from '../models';
import { UsageError } from '../train/errors';
import { didYouMean } from '../train/spelling';
import { readModelOptions, type TypedModelOption, unknownModelOption } from '../train/typed-options';
import type { CliCommand } from './command';
import { exitCodes } from './exit-codes';
import { modelOptionFlag } from './model-options';
import { applyProcessSettings } from './process-settings';
import { wholeNumber } from './values';

/** The flags of `summary`, as commander hands them over. */
interface SummaryFlags {
  imageSize?: number;
  batchSize: number;
  depth: number;
  modelOption?: readonly TypedModelOption[];
  json?: boolean;
}

/** Side of the images of the article, for models that take any. */
const usualImageSize = 128;

const examples = `
Examples:
  node train.js summary segnet
  node train.js summary unet --model-option width=16 --image-size 256 --depth 1
  node train.js summary vit-segmentation --model-option patch-size=8 --model-option head=mlp`;

/** `summary`: prints what a model consists of. */
export const summaryCommand: CliCommand = {
  name: 'summary',

  define(command: Command): void {
    command
      .description('print the layers of a model with their shapes, parameters and multiply-accumulates')
      .argument('<model>', 'its name')
      .option('--image-size <n>', `side of the images, pixels (default: ${usualImageSize})`, wholeNumber(1, 4096))
      .option('--batch-size <n>', 'images in the batch', wholeNumber(1, 4096), 1)
      .option('--depth <n>', 'how deep the table goes', wholeNumber(1), 3)
      .addOption(modelOptionFlag())
      .option('--json', 'one JSON object, and nothing else')
      .addHelpText('after', examples);
  },

  async run(command: Command): Promise<number> {
    const [model = ''] = command.args;
    const summary = await summarize(model, command.opts<SummaryFlags>());
    process.stdout.write(command.opts<SummaryFlags>().json ? `${JSON.stringify(summary)}\n` : `${String(summary)}\n`);
    return exitCodes.done;
  },
};

async function summarize(
  name: string,
  { imageSize, batchSize, depth, modelOption = [] }: SummaryFlags,
): Promise<ModelSummary> {
  applyProcessSettings();
  // Loaded here and not above: help and errors of usage need no native library.
  const [{ isTorchError }, models] = await Promise.all([import('../engine/index.js'), import('../models/index.js')]);
  if (!models.isModelName(name)) {
    const guess = didYouMean(name, models.names()) || `, expected one of ${models.names().join(', ')}`;
    throw new UsageError(`there is no model ${name}${guess}`);
  }
  const defaults = models.defaultsOf(name);
  const options: Record<string, OptionValue> = readModelOptions(defaults, modelOption, (unknown) =>
    unknownModelOption(name, unknown, Object.keys(defaults)),
  );
  // A model that is made for one size of images has it among its options.
  if ('imageSize' in defaults && imageSize !== undefined) options['imageSize'] ??= imageSize;
  const side = options['imageSize'] ?? imageSize ?? defaults['imageSize'] ?? usualImageSize;
  const channels = options['inChannels'] ?? defaults['inChannels'] ?? 3;
  try {
    const model = models.create(name, options);
    return models.summary(model, [batchSize, Number(channels), Number(side), Number(side)], { depth });
  } catch (error) {
    // Sizes that cannot go together: the user's, and no bug.
    if (isTorchError(error) && error.code !== 'TORCH_OUT_OF_MEMORY') throw new UsageError(error.message);
    throw error;
  }
}
