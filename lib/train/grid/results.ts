/** What the runs of an experiment have come to, read from their folders. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { EpochEvent, TestEvent, TrainEvent } from '../events';
import { readJson, readJsonLines } from '../json-file';
import type { Cell } from './cells';
import type { ModelMeasures } from './measure';
import { median } from './statistics';

export interface CellResult {
  readonly cell: Cell;
  readonly test: TestEvent;
  /** Of an epoch's steps, the median over the epochs. */
  readonly epochSeconds: number;
  readonly measures: ModelMeasures | null;
}

/** The run folder of a cell in the experiment's folder; null where it was not begun. */
export function folderOf(experiment: string, cell: Cell): string | null {
  const name = readdirSync(experiment).find((entry) => /^\d+-/.test(entry) && entry.replace(/^\d+-/, '') === cell.id);
  return name === undefined ? null : join(experiment, name);
}

/** A run is done when it has been tested. */
export function isDone(run: string): boolean {
  return existsSync(join(run, 'test.json'));
}

/** What the model of a run costs stands in a file of its own: the run itself knows nothing of it. */
export const measuresFile = 'measures.json';

export function isMeasured(run: string): boolean {
  return existsSync(join(run, measuresFile));
}

/** The result of a cell; null where it is not done. */
export function resultOf(experiment: string, cell: Cell): CellResult | null {
  const run = folderOf(experiment, cell);
  if (run === null || !isDone(run)) return null;
  const epochs = readJsonLines<TrainEvent>(join(run, 'metrics.jsonl')).filter(
    (event): event is EpochEvent => event.event === 'epoch' && event.epoch > 0,
  );
  return {
    cell,
    test: readJson<TestEvent>(join(run, 'test.json'), ['pixelAccuracy', 'mIoU', 'perClassIou']),
    epochSeconds: median(epochs.map(({ seconds }) => seconds)),
    measures: isMeasured(run)
      ? readJson<ModelMeasures>(join(run, measuresFile), ['parameters', 'macs', 'msPerImage'])
      : null,
  };
}
