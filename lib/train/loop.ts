import { setImmediate } from 'node:timers/promises';

import { peakRssBytes, scope } from '../engine';
import { floatHex, stateSha256 } from '../serialize';
import type { Tensor } from '../tensor';
import { DataError } from '../vision';
import { readBestModel, writeCheckpoint, type Checkpoint } from './checkpoint';
import { firstBatch, sha256, toDevice, type Batch } from './data';
import { checkLoss, checkState, type Place } from './divergence';
import type { EpochEvent, MatrixScores, Scores, TestEvent, TrainEvent } from './events';
import type { Experiment } from './experiment';
import { movesPerStep } from './optimization';
import { packOptimizer, unpackOptimizer } from './optimizer-state';
import { EpochPictures } from './pictures';
import { noProgress, type Progress } from './progress';
import { readRandom, restoreRandom } from './random-states';
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
  /** Something happened since the last checkpoint. */
  private unsaved = false;
  private readonly pictures: EpochPictures;

  private constructor(
    private readonly experiment: Experiment,
    private readonly surroundings: LoopSurroundings,
    /** The images that every epoch is scored on and drawn with. */
    private readonly fixed: Batch,
    private readonly fixedImagesSha256: string,
    private readonly trainImagesSha256: string,
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
    const trainImagesSha256 = emitBatch('train', looked);
    for (const tensor of looked) tensor.dispose();
    const fixed = await firstBatch(loaders.validation ?? loaders.test);
    const fixedImagesSha256 = emitBatch(loaders.validation === null ? 'test' : 'validation', fixed);
    return new TrainLoop(
      experiment,
      surroundings,
      toDevice(fixed, settings.device),
      fixedImagesSha256,
      trainImagesSha256,
    );
  }

  /** Where the training stands, or will so many steps later, for a message. */
  private place(later: number): Place {
    const { settings, loaders } = this.experiment;
    const step = this.progress.steps + later;
    return { step, epoch: Math.ceil(step / loaders.train.length), run: this.surroundings.run.path, lr: settings.lr };
  }

  /** Complete epochs, and batches of the one after. */
  get position(): { epochs: number; batches: number } {
    return { epochs: this.progress.epochs, batches: this.progress.loader?.position ?? 0 };
  }

  /** Runs to the end, or to where it is asked to stop; the checkpoint is written then. */
  async run(): Promise<'done' | 'interrupted'> {
    const { scheduler, settings } = this.experiment;
    while (this.progress.epochs < settings.epochs) {
      if (!(await this.trainEpoch())) return this.interrupt();
      const isScored = this.isDue(settings.validateEvery);
      const scored = isScored ? await this.scoreEpoch() : null;
      if (isScored && scored === null) return this.interrupt();
      if (!movesPerStep(settings)) scheduler.step();
      await this.completeEpoch(scored);
    }
    if (!(await this.test())) return this.interrupt();
    await this.pictures.writeGif(settings.epochs);
    return 'done';
  }

  /** The steps of an epoch, or what a checkpoint left of it. False if it was asked to stop. */
  private async trainEpoch(): Promise<boolean> {
    const { experiment, progress, surroundings } = this;
    const { scheduler, settings, transform } = experiment;
    if (surroundings.stopRequested()) return false;
    const batches = experiment.loaders.train.iterate(progress.loader === null ? {} : { resume: progress.loader });
    experiment.model.train();
    let began = performance.now();
    let asked = began;
    for await (const loaded of batches) {
      const onDevice = toDevice(loaded, settings.device);
      const stepBegan = performance.now();
      const batch = transform === null ? onDevice : transform(onDevice, progress.epochs);
      const augmented = performance.now();
      const lr = scheduler.getLastLr()[0] ?? settings.lr;
      const loss = trainStep(experiment, batch);
      checkLoss(loss, this.place(1));
      if (movesPerStep(settings)) scheduler.step();
      for (const tensor of batch) tensor.dispose();
      const ended = performance.now();

      this.unsaved = true;
      progress.steps += 1;
      progress.lr = lr;
      progress.losses.push(loss);
      progress.seconds += (ended - began) / 1000;
      progress.dataSeconds += (stepBegan - asked) / 1000;
      progress.augmentSeconds += (augmented - stepBegan) / 1000;
      progress.loader = batches.state();
      began = ended;
      surroundings.emit({
        event: 'step',
        epoch: progress.epochs + 1,
        step: progress.steps,
        loss,
        lr,
        lossHex: floatHex(loss),
        seconds: (ended - stepBegan) / 1000,
      });
      // Signals, timers and the collector's finalizers get their turn only between two macrotasks.
      await setImmediate();
      if (surroundings.stopRequested()) return false;
      asked = performance.now();
    }
    return true;
  }

  /** Null if it was asked to stop. */
  private async scoreEpoch(): Promise<Scored | null> {
    const { experiment, fixed } = this;
    const { scores, predicted } = this.scoreBatch(fixed, new SplitCounts());
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
      const { scores, predicted } = this.scoreBatch(batch, counts);
      for (const tensor of [...batch, predicted]) tensor.dispose();
      batches.push(scores);
      await setImmediate();
      if (this.surroundings.stopRequested()) return null;
    }
    return { counts, batches };
  }

  private scoreBatch(batch: Batch, counts: SplitCounts): ReturnType<typeof scoreBatch> {
    const { scored, settings } = this.experiment;
    return scoreBatch({ model: scored, settings }, batch, counts);
  }

  private async reportUntrained(): Promise<void> {
    const { experiment, fixed } = this;
    const scored = await this.scoreEpoch();
    // Nothing is lost by stopping here: to go on is to begin.
    if (scored === null) return;
    await this.pictures.write(0, scored.predicted);
    const { patchSize } = experiment.settings.modelOptions;
    const references = referenceLines(fixed[1], typeof patchSize === 'number' ? patchSize : null);
    this.report({ ...this.epochEvent(0, scored), references }, true);
  }

  /** What happens every so many epochs happens in the one that is being trained, or is the last. */
  private isDue(every: number): boolean {
    const epoch = this.progress.epochs + 1;
    return epoch % every === 0 || epoch === this.experiment.settings.epochs;
  }

  private async completeEpoch(scored: Scored | null): Promise<void> {
    const { experiment, progress } = this;
    const isSaved = this.isDue(experiment.settings.saveEvery);
    progress.epochs += 1;
    if (scored !== null) await this.pictures.write(progress.epochs, scored.predicted);
    const event = this.epochEvent(progress.epochs, scored);
    progress.losses = [];
    progress.seconds = progress.dataSeconds = progress.augmentSeconds = 0;
    progress.loader = null;
    this.report(event, isSaved);
  }

  /** Tells the end of an epoch and saves it, if it is its turn, or if it is the best one. */
  private report(event: EpochEvent, isSaved: boolean): void {
    this.surroundings.emit(event);
    this.unsaved = true;
    if (isSaved || event.best) this.checkpoint(event, { best: event.best });
  }

  /** True for the best epoch so far, which is noted. The untrained one is it only while no other has been scored. */
  private isBest(epoch: number, { mIoU, pixelAccuracy }: Scored['scores']): boolean {
    const { progress } = this;
    const score = mIoU ?? pixelAccuracy;
    const best = progress.best === null || progress.best.epoch === 0 || score > progress.best.score;
    if (best) progress.best = { epoch, score };
    return best;
  }

  private epochEvent(epoch: number, scored: Scored | null): EpochEvent {
    const { experiment, progress } = this;
    const { losses, seconds } = progress;
    scored?.predicted.dispose();
    const best = scored !== null && this.isBest(epoch, scored.scores);
    const isTrained = losses.length > 0;
    const meanLoss = isTrained ? mean(losses) : null;
    return {
      event: 'epoch',
      epoch,
      lr: progress.lr ?? experiment.scheduler.getLastLr()[0] ?? experiment.settings.lr,
      meanLoss,
      meanLossHex: meanLoss === null ? null : floatHex(meanLoss),
      ...scored?.scores,
      ...this.hashes(),
      imagesPerSecond: isTrained ? experiment.loaders.train.dataset.length / seconds : null,
      seconds,
      dataSeconds: isTrained ? progress.dataSeconds : null,
      augmentSeconds: isTrained ? progress.augmentSeconds : null,
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
    scope(() => experiment.scored.loadStateDict(readBestModel(surroundings.run.checkpoints)));
    return progress.best?.epoch ?? progress.epochs;
  }

  private interrupt(): 'interrupted' {
    // In the test there is nothing to save, and the model may be another epoch's.
    if (this.unsaved) this.checkpoint(this.hashes(), { best: false });
    return 'interrupted';
  }

  /** Of the model, and of its average if there is one. */
  private hashes(): Hashes {
    const { average, model } = this.experiment;
    return scope(() => ({
      stateSha256: stateSha256(model.stateDict()),
      ...(average === null ? {} : { averageSha256: stateSha256(average.module.stateDict()) }),
    }));
  }

  private checkpoint({ stateSha256, averageSha256 }: Hashes, { best }: { best: boolean }): void {
    const { experiment, fixedImagesSha256, trainImagesSha256, progress, surroundings } = this;
    scope(() => {
      // A loss is of the weights before its step: that it was a number says nothing of what the step has made of them.
      const model = experiment.model.stateDict();
      checkState(model, this.place(0));
      const { tensors, options } = packOptimizer(experiment.optimizer.stateDict());
      const state: Checkpoint['state'] = {
        format: 1,
        ...progress,
        ...readRandom(experiment.settings.device),
        logs: surroundings.run.position(),
        optimizer: options,
        scheduler: experiment.scheduler.stateDict(),
        stateSha256,
        ...(averageSha256 === undefined ? {} : { averageSha256 }),
        fixedImagesSha256,
        trainImagesSha256,
        trainSamples: experiment.loaders.train.dataset.length,
      };
      const average = experiment.average?.module.stateDict() ?? null;
      const contents = { state, model, optimizer: tensors, average };
      writeCheckpoint(surroundings.run.checkpoints, contents, { best });
    });
    this.unsaved = false;
  }

  /** In what the data is not that of a checkpoint; null where it is. */
  private otherData({ fixedImagesSha256, trainImagesSha256, trainSamples }: Checkpoint['state']): string | null {
    const { length } = this.experiment.loaders.train.dataset;
    if (trainSamples !== undefined && trainSamples !== length) {
      return `it has ${length} samples to train on, not ${trainSamples}`;
    }
    if (trainImagesSha256 !== undefined && trainImagesSha256 !== this.trainImagesSha256) {
      return 'its first train images differ';
    }
    return fixedImagesSha256 === this.fixedImagesSha256 ? null : 'its first test images differ';
  }

  private restore({ state, model, optimizer, average }: Checkpoint): void {
    const { experiment, surroundings } = this;
    const folder = surroundings.run.checkpoints;
    const difference = this.otherData(state);
    if (difference !== null) {
      throw new DataError(
        `${experiment.settings.data.directory} is not the data that this run was trained on: ${difference}`,
      );
    }
    try {
      experiment.model.loadStateDict(model);
      experiment.optimizer.loadStateDict(unpackOptimizer(optimizer, state.optimizer));
      experiment.scheduler.loadStateDict(state.scheduler);
      if (average !== null) experiment.average?.module.loadStateDict(average);
      // One update a step.
      scope(() => experiment.average?.nAveraged.fill_(state.steps));
      // Nothing below draws.
      restoreRandom(experiment.settings.device, state);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DataError(`the checkpoint in ${folder} does not fit this run: ${why}`, { cause });
    }
    const { stateSha256, averageSha256 } = this.hashes();
    if (stateSha256 !== state.stateSha256 || averageSha256 !== state.averageSha256) {
      throw new DataError(`the checkpoint in ${folder} is damaged: the weights are not those that were saved`);
    }
    const { epochs, steps, losses, seconds, loader, best } = state;
    // Versions up to 0.1 did not note these.
    const { lr = null, dataSeconds = 0, augmentSeconds = 0 } = state as Partial<Progress>;
    this.progress = { epochs, steps, losses: [...losses], seconds, dataSeconds, augmentSeconds, lr, loader, best };
    // The scheduler warns where it comes before the first step of an optimizer; this one has stepped, elsewhere.
    experiment.optimizer.stepped = steps > 0;
    for (const tensor of [...model.values(), ...optimizer.values(), ...(average?.values() ?? [])]) tensor.dispose();
  }
}

type Hashes = Pick<EpochEvent, 'stateSha256' | 'averageSha256'>;

interface SplitScored {
  readonly counts: SplitCounts;
  readonly batches: readonly BatchScores[];
}
