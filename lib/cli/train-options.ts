import { Option, type Command } from 'commander';

import type { Device } from '../tensor';
import { experiments } from '../train/experiments';
import { modelNames, recipes } from '../train/recipes';
import { augmentations, dtypes, lossNames, optimizers, protocols, schedules } from '../train/choices';
import type { SettingsOverrides } from '../train/settings';
import { flagOf } from '../train/spelling';
import type { TypedModelOption } from '../train/typed-options';
import { modelOptionFlag } from './model-options';
import {
  deviceName,
  folder,
  folderName,
  fraction,
  minutesOrName,
  numbers,
  notNegative,
  oneOf,
  positiveNumber,
  share,
  stages,
  wholeNumber,
} from './values';

/** Options of the Vision Transformer that have flags of their own. */
interface VitFlags {
  patchSize?: number;
  embedSize?: number;
  numBlocks?: number;
  numHeads?: number;
  dropout?: number;
}

/** What `--no-…` makes of a setting that a recipe may have. */
const withoutIt = {
  channelsLast: false,
  classWeights: null,
  clipNorm: null,
  ema: null,
  progressive: [],
} as const satisfies SettingsOverrides;

type Removable = keyof typeof withoutIt;

/** Settings as commander hands them over: `--no-ema` is false. */
type SettingsFlags = Omit<SettingsOverrides, 'modelOptions' | 'typedModelOptions' | Removable> & {
  [Name in Removable]?: SettingsOverrides[Name] | false;
};

/** The flags of `train`, as commander hands them over. */
export interface TrainFlags extends SettingsFlags, VitFlags {
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
  modelOption?: readonly TypedModelOption[];
  experiment?: string;
  budget?: string | number;
}

/** Declares the flags. Defaults are not declared here: they come from the recipe, and a resumed run has its own. */
export function defineTrainOptions(command: Command): void {
  const options: [flags: string, help: string, parse?: (text: string) => unknown][] = [
    [
      '--data <dir>',
      'folder with images/ and annotations/; else $OXFORD_PETS_DIR, data/oxford-iiit-pet, a drawn sample',
      folder,
    ],
    ['--download', 'fetch the Oxford-IIIT Pet set first, into --data or data/oxford-iiit-pet'],
    ['--recipe <name>', `the numbers to start from: ${recipeHelp()}`, oneOf([...recipes.keys()])],
    ['--model <name>', `what to train, such as ${modelNames.join(', ')}`, folderName],
    ['--epochs <n>', 'times through the train samples', wholeNumber(0)],
    ['--batch-size <n>', 'images in a training step', wholeNumber(1)],
    ['--optimizer <name>', optimizers.join(', '), oneOf(optimizers)],
    ['--lr <x>', 'learning rate', positiveNumber],
    ['--weight-decay <x>', 'of the optimizer', fraction],
    ['--schedule <name>', `of the learning rate: ${schedules.join(', ')}`, oneOf(schedules)],
    ['--warmup <n>', 'steps in which the learning rate grows; below 1, a share of all', notNegative],
    ['--final-lr-share <x>', 'what the schedule cosine leaves of the learning rate', fraction],
    ['--loss <sum>', `losses and their weights, such as cross-entropy+0.5*dice; there are ${lossNames.join(', ')}`],
    ['--label-smoothing <x>', 'of the cross entropy', fraction],
    ['--class-weights <list>', 'of the cross entropy: pet, background, border, such as 1,1,2', numbers],
    ['--ema <x>', 'decay of a moving average of the weights, which is what is scored', fraction],
    ['--clip-norm <x>', 'the norm that all gradients together are cut down to', positiveNumber],
    ['--augment <name>', `${augmentations.join(', ')} (whole batches)`, oneOf(augmentations)],
    ['--channels-last', "images and convolutions with a pixel's channels side by side in memory"],
    ['--image-size <n>', 'side of the images, pixels', wholeNumber(1, 4096)],
    ['--patch-size <n>', 'side of a patch, pixels; divides the image size', wholeNumber(1, 4096)],
    ['--embed-size <n>', 'width of the tokens', wholeNumber(1, 65536)],
    ['--num-blocks <n>', 'transformer blocks', wholeNumber(1, 1024)],
    ['--num-heads <n>', 'attention heads; divides the embed size', wholeNumber(1, 65536)],
    ['--dropout <x>', 'share of values dropped in training', fraction],
    ['--progressive <list>', 'smaller images first: until which share of the epochs, such as 0.4:64,0.7:96', stages],
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
    ['--data-fraction <x>', 'share of the train samples that is trained on, chosen by the seed', share],
    ['--validate-every <n>', 'epochs from one scoring to the next', wholeNumber(1)],
    ['--save-every <n>', 'epochs from one checkpoint to the next', wholeNumber(1)],
    ['--limit <n>', 'only the first n train samples', wholeNumber(1)],
    ['--test-limit <n>', 'only the first n test samples', wholeNumber(1)],
    ['--out <dir>', 'where the run folders are made (default: runs)', folder],
    ['--name <name>', "the run folder's name after its number (default: the model's)", folderName],
    ['--resume <run>', 'go on with an interrupted run, to the same bits; --epochs may be raised', folder],
    ['--experiment <name>', `many runs and one report: ${experimentHelp()}`, oneOf([...experiments.keys()])],
    [
      '--budget <minutes>',
      'of an experiment: minutes, or the name of a size such as small (default) or full',
      minutesOrName,
    ],
    ['--json', 'one JSON object per line on stdout, and nothing else'],
    ['--quiet', "print nothing but errors and, at the end, the run folder's path"],
  ];
  for (const [flags, help, parse] of options) {
    const option = new Option(flags, help);
    if (parse !== undefined) option.argParser(parse);
    if (flags === '--json') option.conflicts('quiet');
    command.addOption(option);
  }
  for (const name of Object.keys(withoutIt)) {
    const flag = flagOf(name);
    command.addOption(new Option(flag.replace('--', '--no-'), `no ${flag}, whatever the recipe says`));
  }
  command.addOption(modelOptionFlag());
}

/** The settings that the flags ask for. */
export function settingsOf(flags: SettingsFlags): SettingsOverrides {
  const entries: [string, unknown][] = Object.entries(flags);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === false ? withoutIt[name as Removable] : value]),
  );
}

function experimentHelp(): string {
  return [...experiments.values()].map(({ name, summary }) => `${name} (${summary})`).join(', ');
}

function recipeHelp(): string {
  return [...recipes.values()].map(({ name, summary }) => `${name} (${summary})`).join(', ');
}
