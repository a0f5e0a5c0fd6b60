/** A training with everything that remembers: mixed precision, a schedule, a shuffling loader; stopped and gone on with. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { LoaderState } from '../../lib/data';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

interface Checkpoint {
  epoch: number;
  model: torch.nn.StateDict;
  optimizer: torch.optim.OptimizerStateDict;
  scheduler: torch.optim.lrScheduler.SchedulerStateDict;
  scaler: torch.amp.GradScalerStateDict;
  random: Tensor;
  shuffling: Tensor;
  loader?: LoaderState;
}

const COUNT = 22;
const BATCH = 4;
const EPOCHS = 4;

/** Python's half, on the data `images` and `labels`. */
const python = `
class Training:
    def __init__(self):
        nn = torch.nn
        self.model = nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(216, 5))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.02, weight_decay=0.05)
        s = torch.optim.lr_scheduler
        warmup = s.LinearLR(self.optimizer, 0.1, total_iters=5)
        cosine = s.CosineAnnealingWarmRestarts(self.optimizer, 4, 2)
        self.scheduler = s.SequentialLR(self.optimizer, [warmup, cosine], [5])
        self.scaler = torch.amp.GradScaler("cpu", init_scale=3e6, growth_interval=3)
        self.shuffling = torch.Generator()
        dataset = torch.utils.data.TensorDataset(images, labels)
        self.loader = torch.utils.data.DataLoader(
            dataset, ${BATCH}, shuffle=True, generator=self.shuffling)
        self.losses = []

    def epoch(self):
        for x, y in self.loader:
            self.optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                loss = torch.nn.functional.cross_entropy(self.model(x), y)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.scheduler.step()
            self.losses.append(loss.detach())

    def save(self, path, epoch):
        torch.save(dict(
            epoch=epoch, model=self.model.state_dict(), optimizer=self.optimizer.state_dict(),
            scheduler=self.scheduler.state_dict(), scaler=self.scaler.state_dict(),
            random=torch.get_rng_state(), shuffling=self.shuffling.get_state()), path)

    def restore(self, path):
        saved = torch.load(path, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.scheduler.load_state_dict(saved["scheduler"])
        self.scaler.load_state_dict(saved["scaler"])
        torch.set_rng_state(saved["random"])
        self.shuffling.set_state(saved["shuffling"])
        return saved["epoch"]

    def everything(self):
        moments = [v for s in self.optimizer.state_dict()["state"].values() for v in s.values()]
        numbers = [*self.scheduler.get_last_lr(), self.scaler.get_scale(), self.scaler.state_dict()["_growth_tracker"]]
        return [*self.losses, *self.model.state_dict().values(), *moments, torch.tensor(numbers, dtype=torch.float64),
            torch.get_rng_state(), self.shuffling.get_state()]
`;

let folder: string;
let images: Tensor;
let labels: Tensor;
class Training {
  readonly model = new torch.nn.Sequential(
    new torch.nn.Conv2d(3, 6, 3),
    new torch.nn.BatchNorm2d(6),
    new torch.nn.ReLU(),
    new torch.nn.Dropout(0.3),
    new torch.nn.Flatten(),
    new torch.nn.Linear(216, 5),
  );
  readonly optimizer = new torch.optim.AdamW(this.model.parameters(), { lr: 0.02, weightDecay: 0.05 });
  readonly scheduler = this.makeScheduler();
  readonly scaler = new torch.amp.GradScaler('cpu', { initScale: 3e6, growthInterval: 3 });
  readonly shuffling = new torch.Generator();
  readonly loader = new torch.data.DataLoader(new torch.data.TensorDataset(images, labels), {
    batchSize: BATCH,
    shuffle: true,
    generator: this.shuffling,
  });
  readonly losses: Tensor[] = [];

  private makeScheduler(): torch.optim.lrScheduler.SequentialLR {
    const { LinearLR, CosineAnnealingWarmRestarts, SequentialLR } = torch.optim.lrScheduler;
    const warmup = new LinearLR(this.optimizer, { startFactor: 0.1, totalIters: 5 });
    return new SequentialLR(this.optimizer, [warmup, new CosineAnnealingWarmRestarts(this.optimizer, 4, 2)], [5]);
  }

  /** An epoch, or what is left of one; `stopAfter` batches it is left, and where it stands is returned. */
  async epoch({ resume, stopAfter }: { resume?: LoaderState; stopAfter?: number } = {}): Promise<LoaderState> {
    const batches = this.loader.iterate(resume === undefined ? {} : { resume });
    let done = 0;
    for await (const [x, y] of batches) {
      this.optimizer.zeroGrad();
      const loss = torch.autocast('cpu', { dtype: 'float16' }, () =>
        torch.nn.functional.crossEntropy(this.model.forward(x as Tensor), y as Tensor),
      );
      this.scaler.scale(loss).backward();
      this.scaler.step(this.optimizer);
      this.scaler.update();
      this.scheduler.step();
      this.losses.push(loss.detach());
      if (++done === stopAfter) break;
    }
    return batches.state();
  }

  save(file: string, epoch: number, loader?: LoaderState): void {
    const checkpoint: Checkpoint = {
      epoch,
      model: this.model.stateDict(),
      optimizer: this.optimizer.stateDict(),
      scheduler: this.scheduler.stateDict(),
      scaler: this.scaler.stateDict() as torch.amp.GradScalerStateDict,
      random: torch.getRngState(),
      shuffling: this.shuffling.getState(),
      ...(loader === undefined ? {} : { loader }),
    };
    torch.save(checkpoint, file);
  }

  restore(file: string): Checkpoint {
    const saved = torch.load(file) as Checkpoint;
    this.model.loadStateDict(saved.model);
    this.optimizer.loadStateDict(saved.optimizer);
    this.scheduler.loadStateDict(saved.scheduler);
    this.scaler.loadStateDict(saved.scaler);
    torch.setRngState(saved.random);
    this.shuffling.setState(saved.shuffling);
    return saved;
  }

  everything(): Tensor[] {
    const moments = Object.values(this.optimizer.stateDict().state).flatMap((state) => Object.values(state));
    const { _growth_tracker } = this.scaler.stateDict() as torch.amp.GradScalerStateDict;
    const numbers = [...this.scheduler.getLastLr(), this.scaler.getScale(), _growth_tracker];
    return [
      ...[...this.losses, ...this.model.stateDict().values(), ...moments],
      ...[torch.tensor(numbers, { dtype: 'float64' }), torch.getRngState(), this.shuffling.getState()],
    ];
  }
}

function expectSame(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, tensor] of actual.entries()) expectSameBits(tensor, expected[index] as Tensor, `tensor ${index}`);
}

describeWithOracle('a training with all its states', (oracle) => {
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'training-checkpoint-'));
    torch.manualSeed(77);
    images = torch.randn([COUNT, 3, 8, 8]);
    labels = torch.randint(5, [COUNT]);
  });
  afterAll(() => {
    fs.rmSync(folder, { recursive: true, force: true });
    torch.dispose(images, labels);
  });

  it('goes on here where Python stopped', async () => {
    const file = path.join(folder, 'python.pt');
    const { scales, everything } = await oracle().run(
      `${python}
torch.manual_seed(3)
training = Training()
training.shuffling.manual_seed(4)
scales = []
for epoch in range(${EPOCHS}):
    if epoch == 2:
        training.save(path, epoch)
        training.losses.clear()
    training.epoch()
    scales.append(training.scaler.get_scale())
everything = training.everything()`,
      { inputs: { images, labels, path: file }, outputs: { scales: 'value', everything: 'tensors' } },
    );
    // The scale was too large at first and has grown since, so that both happened.
    expect(new Set(scales as number[]).size).toBeGreaterThan(2);
    torch.manualSeed(1);
    const training = new Training();
    const { epoch } = training.restore(file);
    for (let at = epoch; at < EPOCHS; at++) await training.epoch();
    expectSame(training.everything(), everything);
  });

  it('goes on in Python where it stopped here', async () => {
    const file = path.join(folder, 'here.pt');
    torch.manualSeed(5);
    const training = new Training();
    training.shuffling.manualSeed(6);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      if (epoch === 2) {
        training.save(file, epoch);
        training.losses.length = 0;
      }
      await training.epoch();
    }
    const { everything } = await oracle().run(
      `${python}
training = Training()
for _ in range(training.restore(path), ${EPOCHS}):
    training.epoch()
everything = training.everything()`,
      { inputs: { images, labels, path: file }, outputs: { everything: 'tensors' } },
    );
    expectSame(everything, training.everything());
  });

  it('goes on in the middle of an epoch, with the batches that Python would have seen', async () => {
    const file = path.join(folder, 'middle.pt');
    torch.manualSeed(8);
    const stopped = new Training();
    stopped.shuffling.manualSeed(9);
    await stopped.epoch();
    const loader = await stopped.epoch({ stopAfter: 3 });
    stopped.save(file, 1, loader);

    const { everything, position } = await oracle().run(
      `${python}
torch.manual_seed(8)
training = Training()
training.shuffling.manual_seed(9)
for _ in range(${EPOCHS}):
    training.epoch()
everything = training.everything()
position = torch.load(path, weights_only=True)["loader"]["position"]`,
      { inputs: { images, labels, path: file }, outputs: { everything: 'tensors', position: 'value' } },
    );
    expect(position).toBe(3);
    torch.manualSeed(2);
    const training = new Training();
    const saved = training.restore(file);
    await training.epoch({ resume: saved.loader as LoaderState });
    for (let epoch = saved.epoch + 1; epoch < EPOCHS; epoch++) await training.epoch();
    training.losses.unshift(...stopped.losses);
    expectSame(training.everything(), everything);
  });
});
