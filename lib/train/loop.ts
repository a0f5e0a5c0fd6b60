import { setImmediate } from 'node:timers/promises';

import { peakRssBytes, scope } from '../engine';
import { floatHex, stateSha256 } from '../serialize';
import { frombytes, getRngState, setRngState, type Tensor } from '../tensor';
import { DataError } from '../vision';
import { readBestModel, writeCheckpoint, type Checkpoint } from './checkpoint';
import { firstBatch, sha256, toDevice, type Batch } from './data';
import type { EpochEvent, MatrixScores, Scores, TestEvent, TrainEvent } from './events';
import type { Experiment } from './experiment';
import { packOptimizer, unpackOptimizer } from './optimizer-state';
import { EpochPictures } from './pictures';
import { noProgress, type Progress } from './progress';
import type { RunFolder } from './run-folder';
import { mean, meanScores, referenceLines, scoreBatch, SplitCounts, splitScores, type BatchScores } from './scores';
import { trainStep } from './train-step';

/** True once the loop is to stop after its step. */
export type StopRequested = () => boolean;

/** Where the loop leaves things, whom it tells, and who may stop it. */
export interface LoopSurroundings {
  readonly run: RunFolder;
  readonly stopRequested: StopRequested;
  readonly emit: (event: TrainEvent) => void;
}

/** Scores of an epoch and the classes [N, 1, H, W] that it predicts for the fixed batch. */
interface Scored {
  readonly scores: Scores & Partial<MatrixScores>;
  readonly predicted: Tensor;
}

/**
 * The training of one experiment from its first batch to its last picture, in the order of the canonical program: fixed
 * batch, scores of the untrained model, then per epoch the steps, the scores and the schedule, then the test.
 */
export class TrainLoop {
  private progress: Progress = noProgress();
  private readonly pictures: EpochPictures;

  private constructor(
    private readonly experiment: Experiment,
    private readonly surroundings: LoopSurroundings,
    /** The images that every epoch is scored on and drawn with. */
    private readonly fixed: Batch,
    private readonly fixedImagesSha256: string,
  ) {
    this.pictures = new EpochPictures(surroundings.run.pictures, fixed);
  }

  /** Looks at the first batches, draws included, and reports the untrained model. */
  static async begin(experiment: Experiment, surroundings: LoopSurroundings): Promise<TrainLoop> {
    const loop = await TrainLoop.open(experiment, surroundings, surroundings.emit);
    await loop.reportUntrained();
    return loop;
  }

  /** Goes on from a checkpoint of the same experiment. */
  static async resume(experiment: Experiment, surroundings: LoopSurroundings, from: Checkpoint): Promise<TrainLoop> {
    const loop = await TrainLoop.open(experiment, surroundings, () => undefined);
    loop.restore(from);
    return loop;
  }

  private static async open(
    experiment: Experiment,
    surroundings: LoopSurroundings,
    emit: (event: TrainEvent) => void,
  ): Promise<TrainLoop> {
    const { loaders, settings } = experiment;
    const emitBatch = (split: 'train' | 'validation' | 'test', [images, targets]: Batch): string => {
      const imagesSha256 = sha256(images);
      emit({ event: 'batch', split, imagesSha256, targetsSha256: sha256(targets) });
      return imagesSha256;
    };
    // The notebook looks at a train batch before it trains; its draws belong to the sequence.
    const looked = await firstBatch(loaders.train);
    emitBatch('train', looked);
    for (const tensor of looked) tensor.dispose();
    const fixed = await firstBatch(loaders.validation ?? loaders.test);
    const fixedImagesSha256 = emitBatch(loaders.validation === null ? 'test' : 'validation', fixed);
    return new TrainLoop(experiment, surroundings, toDevice(fixed, settings.device), fixedImagesSha256);
  }

  /** Complete epochs, and batches of the one after. */
  get position(): { epochs: number; batches: number } {
    return { epochs: this.progress.epochs, batches: this.progress.loader?.position ?? 0 };
  }

  /** Runs to the end, or to where it is asked to stop; the checkpoint is written then. */
  async run(): Promise<'done' | 'interrupted'> {
    const { scheduler, settings } = this.experiment;
    while (this.progress.epochs < settings.epochs) {
      const lr = scheduler.getLastLr()[0] ?? settings.lr;
      if (!(await this.trainEpoch())) return this.interrupt();
      const scored = await this.scoreEpoch();
      if (scored === null) return this.interrupt();
      scheduler.step();
      await this.completeEpoch(lr, scored);
    }
    if (!(await this.test())) return this.interrupt();
    await this.pictures.writeGif(settings.epochs);
    return 'done';
  }

  /** The steps of an epoch, or what a checkpoint left of it. False if it was asked to stop. */
  private async trainEpoch(): Promise<boolean> {
    const { experiment, progress, surroundings } = this;
    if (surroundings.stopRequested()) return false;
    const batches = experiment.loaders.train.iterate(progress.loader === null ? {} : { resume: progress.loader });
    experiment.model.train();
    let began = performance.now();
    for await (const loaded of batches) {
      const stepBegan = performance.now();
      const batch = toDevice(loaded, experiment.settings.device);
      const loss = trainStep(experiment, batch);
      for (const tensor of batch) tensor.dispose();
      const ended = performance.now();

      progress.steps += 1;
      progress.losses.push(loss);
      progress.seconds += (ended - began) / 1000;
      progress.loader = batches.state();
      began = ended;
      surroundings.emit({
        event: 'step',
        epoch: progress.epochs + 1,
        step: progress.steps,
        loss,
        lossHex: floatHex(loss),
        seconds: (ended - stepBegan) / 1000,
      });
      // Signals, timers and the collector's finalizers get their turn only between two macrotasks.
      await setImmediate();
      if (surroundings.stopRequested()) return false;
    }
    return true;
  }

  /** Null if it was asked to stop. */
  private async scoreEpoch(): Promise<Scored | null> {
    const { experiment, fixed } = this;
    const { scores, predicted } = scoreBatch(experiment, fixed, new SplitCounts());
    if (experiment.loaders.validation === null) return { scores: meanScores([scores]), predicted };
    const scored = await this.scoreSplit(experiment.loaders.validation);
    if (scored === null) {
      predicted.dispose();
      return null;
    }
    return { scores: splitScores(scored.counts), predicted };
  }

  private async scoreSplit(loader: Experiment['loaders']['test']): Promise<SplitScored | null> {
    const counts = new SplitCounts();
    const batches: BatchScores[] = [];
    for await (const loaded of loader) {
      const batch = toDevice(loaded, this.experiment.settings.device);
      const { scores, predicted } = scoreBatch(this.experiment, batch, counts);
      for (const tensor of [...batch, predicted]) tensor.dispose();
      batches.push(scores);
      await setImmediate();
      if (this.surroundings.stopRequested()) return null;
    }
    return { counts, batches };
  }

  private async reportUntrained(): Promise<void> {
    const { experiment, fixed } = this;
    const scored = await this.scoreEpoch();
    // Nothing is lost by stopping here: to go on is to begin.
    if (scored === null) return;
    await this.pictures.write(0, scored.predicted);
    const references = referenceLines(fixed[1], experiment.settings.patchSize);
    this.report({ ...this.epochEvent(0, experiment.settings.lr, scored), references });
  }

  private async completeEpoch(lr: number, scored: Scored): Promise<void> {
    const { progress } = this;
    progress.epochs += 1;
    await this.pictures.write(progress.epochs, scored.predicted);
    const event = this.epochEvent(progress.epochs, lr, scored);
    progress.losses = [];
    progress.seconds = 0;
    progress.loader = null;
    this.report(event);
  }

  /** Tells the end of an epoch and saves it. */
  private report(event: EpochEvent): void {
    this.surroundings.emit(event);
    this.checkpoint(event.stateSha256, { best: event.best });
  }

  private epochEvent(epoch: number, lr: number, { scores, predicted }: Scored): EpochEvent {
    const { experiment, progress } = this;
    const { losses, seconds } = progress;
    predicted.dispose();
    const score = scores.mIoU ?? scores.pixelAccuracy;
    const best = progress.best === null || score > progress.best.score;
    if (best) progress.best = { epoch, score };
    const meanLoss = losses.length === 0 ? null : mean(losses);
    return {
      event: 'epoch',
      epoch,
      lr,
      meanLoss,
      meanLossHex: meanLoss === null ? null : floatHex(meanLoss),
      ...scores,
      stateSha256: this.stateSha256(),
      imagesPerSecond: losses.length === 0 ? null : experiment.loaders.train.dataset.length / seconds,
      seconds,
      peakRssBytes: peakRssBytes(),
      best,
    };
  }

  /** False if it was asked to stop. */
  private async test(): Promise<boolean> {
    const { experiment, progress, surroundings } = this;
    const { protocol } = experiment.settings;
    const began = performance.now();
    const epoch = protocol === 'clean' ? this.takeBest() : progress.epochs;
    const scored = await this.scoreSplit(experiment.loaders.test);
    if (scored === null) return false;
    const bySplit = splitScores(scored.counts);
    const event: TestEvent = {
      event: 'test',
      protocol,
      ...bySplit,
      ...(protocol === 'article' ? meanScores(scored.batches) : {}),
      samples: experiment.loaders.test.dataset.length,
      epoch,
      seconds: (performance.now() - began) / 1000,
    };
    surroundings.run.writeJson('test.json', event);
    surroundings.emit(event);
    return true;
  }

  /** Puts the best epoch's weights into the model; returns the epoch. */
  private takeBest(): number {
    const { experiment, progress, surroundings } = this;
    scope(() => experiment.model.loadStateDict(readBestModel(surroundings.run.checkpoints)));
    return progress.best?.epoch ?? progress.epochs;
  }

  private interrupt(): 'interrupted' {
    // Between two epochs the checkpoint of the last one is all there is to save.
    if (this.progress.loader !== null) this.checkpoint(this.stateSha256(), { best: false });
    return 'interrupted';
  }

  private stateSha256(): string {
    return scope(() => stateSha256(this.experiment.model.stateDict()));
  }

  private checkpoint(stateSha256: string, { best }: { best: boolean }): void {
    const { experiment, fixedImagesSha256, progress, surroundings } = this;
    scope(() => {
      const { tensors, options } = packOptimizer(experiment.optimizer.stateDict());
      const state: Checkpoint['state'] = {
        format: 1,
        ...progress,
        random: Buffer.from(getRngState().toBytes()).toString('base64'),
        logs: surroundings.run.position(),
        optimizer: options,
        scheduler: experiment.scheduler.stateDict(),
        stateSha256,
        fixedImagesSha256,
      };
      const contents = { state, model: experiment.model.stateDict(), optimizer: tensors };
      writeCheckpoint(surroundings.run.checkpoints, contents, { best });
    });
  }

  private restore({ state, model, optimizer }: Checkpoint): void {
    const { experiment, surroundings } = this;
    const folder = surroundings.run.checkpoints;
    if (state.fixedImagesSha256 !== this.fixedImagesSha256) {
      throw new DataError(
        `${experiment.settings.data.directory} is not the data that this run was trained on: its first test images differ`,
      );
    }
    try {
      experiment.model.loadStateDict(model);
      experiment.optimizer.loadStateDict(unpackOptimizer(optimizer, state.optimizer));
      experiment.scheduler.loadStateDict(state.scheduler);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DataError(`the checkpoint in ${folder} does not fit this run: ${why}`, { cause });
    }
    if (this.stateSha256() !== state.stateSha256) {
      throw new DataError(`the checkpoint in ${folder} is damaged: the weights are not those that were saved`);
    }
    const { epochs, steps, losses, seconds, loader, best } = state;
    this.progress = { epochs, steps, losses: [...losses], seconds, loader, best };
    // The scheduler warns where it comes before the first step of an optimizer; this one has stepped, elsewhere.
    experiment.optimizer.stepped = steps > 0;
    for (const tensor of [...model.values(), ...optimizer.values()]) tensor.dispose();
    scope(() => {
      const random = Buffer.from(state.random, 'base64');
      setRngState(frombytes(random, 'uint8', [random.length]));
    });
  }
}

interface SplitScored {
  readonly counts: SplitCounts;
  readonly batches: readonly BatchScores[];
}
