import { setImmediate } from 'node:timers/promises';

import { floatHex, stateSha256 } from '../serialize';
import { frombytes, getRngState, setRngState, type Tensor } from '../tensor';
import { DataError } from '../vision';
import { readBestModel, writeCheckpoint, type Checkpoint } from './checkpoint';
import { toDevice, type Batch, type BatchLoader } from './data';
import type { EpochEvent, MatrixScores, Scores, TestEvent, TrainEvent } from './events';
import type { Experiment } from './experiment';
import { packOptimizer, unpackOptimizer } from './optimizer-state';
import { MaskPictures } from './pictures';
import { noProgress, type Progress } from './progress';
import type { RunFolder } from './run-folder';
import { mean, meanScores, referenceLines, scoreBatch, SplitCounts, splitScores, type BatchScores } from './scores';
import { trainStep } from './train-step';

/** Set to ask the loop to stop after its step. */
export interface StopRequest {
  readonly requested: boolean;
}

/** What the loop tells and where it leaves things. */
export interface LoopSurroundings {
  readonly run: RunFolder;
  readonly stop: StopRequest;
  emit(event: TrainEvent): void;
}

/** Thrown inside the loop when {@link StopRequest} is seen, after everything is in a state that can be saved. */
class Interruption extends Error {}

/**
 * The training of one experiment from its first batch to its last picture, in the order of the canonical program: fixed
 * batch, scores of the untrained model, then per epoch the steps, the scores and the schedule, then the test.
 */
export class TrainLoop {
  private progress: Progress = noProgress();
  private fixed!: Batch;
  private fixedImagesSha256 = '';
  private readonly pictures: MaskPictures;

  constructor(
    private readonly experiment: Experiment,
    private readonly surroundings: LoopSurroundings,
  ) {
    this.pictures = new MaskPictures(surroundings.run.pictures);
  }

  /**
   * Runs to the end, or to where it is asked to stop.
   * @param from the checkpoint to go on from; null begins
   */
  async run(from: Checkpoint | null): Promise<'done' | 'interrupted'> {
    const { settings, scheduler } = this.experiment;
    await this.lookAtData();
    if (from === null) await this.reportUntrained();
    else this.restore(from);
    try {
      while (this.progress.epochs < settings.epochs) {
        const lr = scheduler.getLastLr()[0] ?? settings.lr;
        await this.trainEpoch();
        const scored = await this.score();
        scheduler.step();
        await this.completeEpoch(lr, scored);
      }
      await this.test();
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      if (this.progress.loader !== null) this.checkpoint({ best: false });
      return 'interrupted';
    }
    await this.pictures.writeGif(settings.epochs);
    return 'done';
  }
}
