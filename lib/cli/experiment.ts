import { commandLine } from '../train/command-line';
import { UsageError } from '../train/errors';
import type { DoneEvent } from '../train/events';
import { flagOf } from '../train/spelling';
import { exitCodes } from './exit-codes';
import { stopOnSignal } from './stop-on-signal';
import { TextReport } from './text-report';
import type { TrainFlags } from './train-options';

/** What an experiment takes besides its name; the rest is its own. */
const known: readonly (keyof TrainFlags)[] = ['experiment', 'budget', 'data', 'download', 'device', 'threads', 'out'];

/** `--experiment`, or `--resume` with the folder of one: many runs, one report. */
export async function runExperimentCommand(
  flags: TrainFlags,
  { json, quiet }: { json: boolean; quiet: boolean },
): Promise<number> {
  const taken = flags.resume === undefined ? known : (['resume', 'data'] as const);
  const other = Object.keys(flags).find((flag) => !taken.includes(flag as never));
  if (other !== undefined) {
    const what = flags.resume === undefined ? '--experiment' : '--resume with the folder of an experiment';
    throw new UsageError(`${flagOf(other)} means nothing together with ${what}`);
  }
  const { runExperiment } = await import('../train/index.js');
  const say = (line: string): void => {
    if (!json && !quiet) process.stdout.write(`${line}\n`);
  };
  let report = new TextReport([]);
  const outcome = await runExperiment(
    flags,
    {
      stopRequested: stopOnSignal(say),
      onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
      onEvent: (event, log) => {
        if (event.event === 'start') report = new TextReport([]);
        for (const line of report.lines(event)) log(line);
        if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
      },
    },
    say,
  );
  if (outcome.kind === 'done') {
    if (quiet) process.stdout.write(`${outcome.folder}\n`);
    const event: DoneEvent = { event: 'done', run: outcome.folder };
    if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
    return exitCodes.done;
  }
  process.stderr.write(`interrupted, and all is saved. To go on:\n  ${commandLine(['--resume', outcome.folder])}\n`);
  return exitCodes.interrupted;
}
