import type { Command } from 'commander';

import type { TrainEvent } from '../train/events';
import type { TrainRequest } from '../train/plan';
import { commandLine } from '../train/command-line';
import type { CliCommand } from './command';
import { UsageError } from '../train/errors';
import { exitCodes } from './exit-codes';
import { runExperimentCommand } from './experiment';
import { applyProcessSettings } from './process-settings';
import { stopOnSignal } from './stop-on-signal';
import { ProgressBar } from './progress-bar';
import { TextReport } from './text-report';
import { defineTrainOptions, settingsOf, type TrainFlags } from './train-options';

const examples = `
Examples:
  node train.js                                     on what is there: the pets, or a drawn sample
  node train.js --download                          fetch the pets, then train the article's model on them
  node train.js --recipe quick --epochs 3 --seed 7
  node train.js --resume runs/001-vit-segmentation
  node train.js --experiment article-questions --budget 60`;

/** `train`: trains a model and leaves a run folder. */
export const trainCommand: CliCommand = {
  name: 'train',

  define(command: Command): void {
    command
      .description('train a model on Oxford-IIIT Pet, or on a drawn sample of its kind')
      .addHelpText('after', examples);
    defineTrainOptions(command);
  },

  async run(command: Command): Promise<number> {
    const { json = false, quiet = false, ...flags } = command.opts<TrainFlags>();
    applyProcessSettings(flags.workers);
    // Loaded here and not above: help and errors of usage need no native library.
    const { isExperimentFolder, planTraining, runTraining } = await import('../train/index.js');
    const { experiment, budget, resume } = flags;
    if (experiment !== undefined || (resume !== undefined && isExperimentFolder(resume))) {
      return runExperimentCommand(flags, { json, quiet });
    }
    if (budget !== undefined) throw new UsageError('--budget means nothing without --experiment');
    const bar = new ProgressBar(process.stdout);
    const say = (line: string): void => {
      if (json || quiet) return;
      bar.clear();
      process.stdout.write(`${line}\n`);
    };

    const plan = await planTraining(requestOf(flags), say);
    const report = new TextReport(plan.notes);
    const stopRequested = stopOnSignal(json || quiet ? () => undefined : say);
    const outcome = await runTraining(plan, {
      stopRequested,
      onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
      onEvent: (event, log) => {
        if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
        for (const line of report.lines(event)) {
          log(line);
          say(line);
        }
        if (!json && !quiet) showProgress(bar, report, event);
      },
    });
    bar.clear();
    if (outcome.kind === 'done') {
      if (quiet) process.stdout.write(`${outcome.run}\n`);
      return exitCodes.done;
    }
    process.stderr.write(`interrupted, and all is saved. To go on:\n  ${commandLine(['--resume', outcome.run])}\n`);
    return exitCodes.interrupted;
  },
};

function requestOf(flags: TrainFlags): TrainRequest {
  const { data, download, recipe, device, threads, out, name, resume, ...settings } = flags;
  const { patchSize, embedSize, numBlocks, numHeads, dropout, modelOption = [], ...others } = settings;
  const named = Object.entries({ patchSize, embedSize, numBlocks, numHeads, dropout });
  const modelOptions = Object.fromEntries(named.filter((entry): entry is [string, number] => entry[1] !== undefined));
  const overrides = { ...settingsOf(others), modelOptions, typedModelOptions: modelOption };
  return { data, download, recipe, device, threads, out, name, resume, overrides };
}

function showProgress(bar: ProgressBar, report: TextReport, event: TrainEvent): void {
  if (event.event !== 'step') return;
  const { done, total } = report.epochProgress(event.step);
  const secondsLeft = report.secondsLeft(event.step);
  if (secondsLeft !== null) bar.update(`epoch ${event.epoch}`, done, total, secondsLeft);
}
