/** What of an iteration over an iterable data set is not as with indices. */

import { TorchError } from '../engine';
import { tellWarning } from '../engine/warnings';
import type { LoaderParts } from './data-loader-iterator';
import { type AnyDataset, isIterableDataset } from './dataset';

/** Where such an iteration stands cannot be written down. */
export function refuseIterable(dataset: AnyDataset<unknown>): void {
  if (!isIterableDataset(dataset)) return;
  throw new TorchError('an iteration over an iterable data set has no state: where that stands, only itself knows');
}

/** More batches came than the loader's length said when somebody asked for it. */
export function warnBeyondLength({ dataset, toldLength }: LoaderParts, batches: number, numWorkers: number): void {
  if (toldLength === undefined || batches <= toldLength || !isIterableDataset(dataset)) return;
  const workers =
    ' Each worker iterates over the whole of its copy of the data set: by getWorkerInfo() it can take a part.';
  tellWarning(
    `the length of the loader of an iterable data set was ${toldLength} when it was asked for, but ${batches} batches have ` +
      `come.${numWorkers > 0 ? workers : ''}`,
  );
}
