import { Option, type Command } from 'commander';

import type { Device } from '../tensor';
import { modelNames, recipes } from '../train/recipes';
import { dtypes, protocols, type SettingsOverrides } from '../train/settings';
import { deviceName, folderName, fraction, oneOf, positiveNumber, wholeNumber } from './values';

/** The flags of `train`, as commander hands them over. */
export interface TrainFlags extends SettingsOverrides {
  data?: string;
  download?: boolean;
  recipe?: string;
  device?: Device;
  threads?: number;
  out?: string;
  name?: string;
  resume?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Declares the flags. Defaults are not declared here: they come from the recipe, and a resumed run has its own. */
export function defineTrainOptions(command: Command): void {
  const options: [flags: string, help: string, parse?: (text: string) => unknown][] = [
    [
      '--data <dir>',
      'folder with images/ and annotations/; else $OXFORD_PETS_DIR, data/oxford-iiit-pet, a drawn sample',
    ],
    ['--download', 'fetch the Oxford-IIIT Pet set first, into --data or data/oxford-iiit-pet'],
    ['--recipe <name>', `the numbers to start from: ${recipeHelp()}`, oneOf([...recipes.keys()])],
    ['--model <name>', `what to train: ${modelNames.join(', ')}`, oneOf(modelNames)],
    ['--epochs <n>', 'times through the train samples', wholeNumber(0)],
    ['--batch-size <n>', 'images in a training step', wholeNumber(1)],
    ['--lr <x>', "Adam's learning rate", positiveNumber],
    ['--image-size <n>', 'side of the images, pixels', wholeNumber(1, 4096)],
    ['--patch-size <n>', 'side of a patch, pixels; divides the image size', wholeNumber(1, 4096)],
    ['--embed-size <n>', 'width of the tokens', wholeNumber(1, 65536)],
    ['--num-blocks <n>', 'transformer blocks', wholeNumber(1, 1024)],
    ['--num-heads <n>', 'attention heads; divides the embed size', wholeNumber(1, 65536)],
    ['--dropout <x>', 'share of values dropped in training', fraction],
    ['--seed <n>', 'of all random numbers (default 0)', wholeNumber(0)],
    ['--device <name>', 'cpu, cuda or cuda:i (default: a GPU where there is one)', deviceName],
    ['--dtype <name>', 'what is computed in: float32, or bfloat16 by autocast', oneOf(dtypes)],
    ['--threads <n>', "threads inside one op (default: libtorch's own)", wholeNumber(1, 1024)],
    [
      '--workers <n>',
      'threads that make the batches, each with its own random numbers (default 0: none)',
      wholeNumber(0, 1024),
    ],
    ['--protocol <name>', 'how to score: article, as the notebook does, or clean', oneOf(protocols)],
    ['--limit <n>', 'only the first n train samples', wholeNumber(1)],
    ['--test-limit <n>', 'only the first n test samples', wholeNumber(1)],
    ['--out <dir>', 'where the run folders are made (default: runs)'],
    ['--name <name>', "the run folder's name after its number (default: the model's)", folderName],
    ['--resume <run>', 'go on with an interrupted run, to the same bits; --epochs may be raised'],
    ['--json', 'one JSON object per line on stdout, and nothing else'],
    ['--quiet', "print nothing but errors and, at the end, the run folder's path"],
  ];
  for (const [flags, help, parse] of options) {
    const option = new Option(flags, help);
    if (parse !== undefined) option.argParser(parse);
    if (flags === '--json') option.conflicts('quiet');
    command.addOption(option);
  }
}

function recipeHelp(): string {
  return [...recipes.values()].map(({ name, summary }) => `${name} (${summary})`).join(', ');
}
