/** What an experiment found, in Markdown and as a table. */
import type { ExperimentDefinition, Level, Question } from '../experiments/definition';
import { variantOf } from './cells';
import type { CellResult } from './results';
import { clearDifference, type Sample, sampleOf, shownSample } from './statistics';

export interface ReportInput {
  readonly definition: ExperimentDefinition;
  /** What stands above: command, data, size. */
  readonly heading: readonly string[];
  readonly results: readonly CellResult[];
  /** Runs in all. */
  readonly planned: number;
  readonly chart: string | null;
}

const border = 2;

/** The report so far; levels whose runs are not done are left out. */
export function reportText({ definition, heading, results, planned, chart }: ReportInput): string {
  const parts = [
    `# ${definition.name}: ${definition.summary}`,
    heading.join('\n'),
    `${results.length} of ${planned} runs are done. Scores are of the test split, protocol clean: mean ± standard deviation over ` +
      'the seeds. A difference is clear where a t test says so at 5 %.',
    ...definition.questions.map((question) => sectionOf(question, results)),
    ...(definition.measuresModels ? [modelTable(results)] : []),
    ...(chart === null ? [] : [`![accuracy and time](${chart})`]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A row for each run that is done. */
export function resultsTable(results: readonly CellResult[]): string {
  const header = 'run,variant,seed,pixelAccuracy,mIoU,borderIoU,epoch,epochSeconds,parameters,macs,msPerImage';
  const rows = results.map(({ cell, test, epochSeconds, measures }) =>
    [
      cell.id,
      cell.variant,
      cell.seed,
      test.pixelAccuracy,
      test.mIoU,
      test.perClassIou[border] ?? '',
      test.epoch,
      epochSeconds,
      measures?.parameters ?? '',
      measures?.macs ?? '',
      measures?.msPerImage ?? '',
    ].join(','),
  );
  return `${[header, ...rows].join('\n')}\n`;
}

function sectionOf(question: Question, results: readonly CellResult[]): string {
  const rows = question.levels.map((level) => {
    const runs = runsOf(question, level, results);
    if (runs.length === 0) return [level.label, '0', '-', '-', '-'];
    const score = (pick: (result: CellResult) => number | null): string =>
      shownSample(sampleOf(runs.map((run) => pick(run) ?? NaN)));
    return [
      level.label,
      String(runs.length),
      score(({ test }) => test.pixelAccuracy),
      score(({ test }) => test.mIoU),
      score(({ test }) => test.perClassIou[border] ?? null),
    ];
  });
  const table = markdownTable([question.factor, 'seeds', 'pixel accuracy', 'mIoU', 'border IoU'], rows);
  const answer = answerOf(question, results);
  return [`## ${question.title}`, table, ...(answer === null ? [] : [answer])].join('\n\n');
}

/** By mIoU. */
function answerOf(question: Question, results: readonly CellResult[]): string | null {
  const { yesIf } = question;
  if (yesIf === null) return null;
  const sampleOfLevel = (label: string): Sample | null => {
    const level = question.levels.find((each) => each.label === label);
    const runs = level === undefined ? [] : runsOf(question, level, results);
    return runs.length === 0 ? null : sampleOf(runs.map(({ test }) => test.mIoU));
  };
  const [better, than] = [sampleOfLevel(yesIf.better), sampleOfLevel(yesIf.than)];
  if (better === null || than === null) return '**Not known yet**: runs are missing.';
  const difference = better.mean - than.mean;
  const least = clearDifference(better, than);
  const fact = `\`${yesIf.better}\` has ${signed(difference)} mIoU against \`${yesIf.than}\``;
  if (least === null) return `**Not settled**: ${fact}, but with one seed the spread is not known.`;
  const detail = `${fact}; chance alone gives up to ${least.toFixed(4)}`;
  if (Math.abs(difference) <= least) return `**No clear difference**: ${detail}.`;
  return difference > 0 ? `**Yes**: ${detail}.` : `**No, on the contrary**: ${detail}.`;
}

function modelTable(results: readonly CellResult[]): string {
  const variants = [...new Set(results.map(({ cell }) => cell.variant))];
  const rows = variants.map((variant) => {
    const runs = results.filter(({ cell }) => cell.variant === variant);
    const measures = runs.map((run) => run.measures).find((each) => each !== null);
    return [
      variant.replace(/^model-/, ''),
      measures?.parameters.toLocaleString('en-GB') ?? '-',
      measures === undefined ? '-' : `${(measures.macs / 1e9).toFixed(2)} G`,
      sampleOf(runs.map(({ epochSeconds }) => epochSeconds)).mean.toFixed(1),
      measures?.msPerImage.toFixed(1) ?? '-',
    ];
  });
  return markdownTable(['model', 'parameters', 'MACs', 'seconds per epoch', 'ms per image'], rows);
}

function runsOf({ factor }: Question, level: Level, results: readonly CellResult[]): CellResult[] {
  const variant = variantOf(factor, level);
  return results.filter(({ cell }) => cell.variant === variant);
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}
