/** The trainer's step with all its settings beside the loop that one would write in Python. */
import { join } from 'node:path';

import { scope, setNumThreads } from '../../lib/engine';
import type { Batch } from '../../lib/train/data';
import { buildExperiment, type Experiment } from '../../lib/train/experiment';
import { movesPerStep } from '../../lib/train/optimization';
import { resolveSettings, type SettingsOverrides } from '../../lib/train/settings';
import { trainStep } from '../../lib/train/train-step';
import { floatHex } from '../../lib/serialize';
import { manualSeed, rand, randint, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { Workshop } from './program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

const steps = 8;
const epochs = 4;
const vit = { patchSize: 8, embedSize: 24, numBlocks: 2, numHeads: 3, dropout: 0.1 };

const source = `
  import sys, contextlib
  sys.path.insert(0, folder)
  from vit import VisionTransformerForSegmentation
  from torch.optim import lr_scheduler
  from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

  torch.manual_seed(0)
  model = VisionTransformerForSegmentation(image_size=16, patch_size=8, embed_size=24, num_blocks=2, num_heads=3, dropout=0.1)
  def average(averaged, current, count):
      n = int(count)
      get_ema_multi_avg_fn(min(s["ema"], (1 + n) / (10 + n)))(averaged, current, count)
  ema = AveragedModel(model, use_buffers=True, multi_avg_fn=average) if s["ema"] else None

  named = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[s["optimizer"]]
  how = {"momentum": 0.9} if s["optimizer"] == "sgd" else {"betas": (0.9, 0.999)}
  optimizer = named(model.parameters(), lr=s["lr"], weight_decay=s["weightDecay"], **how)
  rising = s["warmup"] if s["warmup"] >= 1 else round(s["warmup"] * steps)
  if s["schedule"] == "cosine":
      main = lambda: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps - rising, eta_min=s["lr"] * s["finalLrShare"])
  elif s["schedule"] == "poly":
      main = lambda: lr_scheduler.PolynomialLR(optimizer, total_iters=steps - rising, power=0.9)
  else:
      main = lambda: lr_scheduler.ConstantLR(optimizer, factor=1, total_iters=0)
  if rising:
      warm = lr_scheduler.LinearLR(optimizer, start_factor=1 / (rising + 1), total_iters=rising)
      schedule = lr_scheduler.SequentialLR(optimizer, [warm, main()], milestones=[rising])
  else:
      schedule = main()

  weights = None if s["classWeights"] is None else torch.tensor(s["classWeights"], dtype=torch.float32)
  cross_entropy = torch.nn.CrossEntropyLoss(weight=weights, label_smoothing=s["labelSmoothing"])
  def dice(x, y):
      p = torch.log_softmax(x.float().reshape(*x.shape[:2], -1), dim=1).exp()
      t = torch.nn.functional.one_hot(y.reshape(len(y), -1), 3).permute(0, 2, 1).contiguous().float()
      score = 2 * (p * t).sum((0, 2)) / (p + t).sum((0, 2)).clamp_min(1e-7)
      return ((1 - score) * (t.sum((0, 2)) > 0).float()).mean()

  losses, rates = [], []
  torch.manual_seed(1)
  for step in range(steps):
      images, truth = torch.rand(3, 3, 16, 16), torch.randint(3, (3, 1, 16, 16))
      if s["channelsLast"]: images = images.contiguous(memory_format=torch.channels_last)
      rates.append(optimizer.param_groups[0]["lr"].hex())
      model.train()
      optimizer.zero_grad()
      with torch.autocast("cpu", dtype=torch.bfloat16) if s["dtype"] == "bfloat16" else contextlib.nullcontext():
          logits = model(images)
          loss = cross_entropy(logits, truth.squeeze(1))
          if "dice" in s["loss"]: loss = loss + dice(logits, truth.squeeze(1)) * 0.5
      loss.backward()
      if s["clipNorm"] is not None: torch.nn.utils.clip_grad_norm_(model.parameters(), s["clipNorm"])
      optimizer.step()
      if ema is not None: ema.update_parameters(model)
      schedule.step()
      losses.append(loss.item().hex())
  state = model.state_dict()
  average = ema.module.state_dict() if ema is not None else {}
`;

const cases: readonly SettingsOverrides[] = [
  { optimizer: 'adamw', weightDecay: 0.05, schedule: 'cosine', warmup: 3, finalLrShare: 0.1, ema: 0.9 },
  { optimizer: 'sgd', weightDecay: 0.01, schedule: 'poly', warmup: 0.25, clipNorm: 0.1, labelSmoothing: 0.1 },
  { optimizer: 'adam', schedule: 'constant', loss: 'cross-entropy+0.5*dice', classWeights: [1, 0.5, 2] },
  { optimizer: 'adamw', schedule: 'poly', warmup: 2, loss: 'cross-entropy+0.5*dice', ema: 0.2, dtype: 'bfloat16' },
  { optimizer: 'adamw', weightDecay: 0.01, schedule: 'cosine', clipNorm: 1, channelsLast: true },
];

function train(experiment: Experiment): { losses: string[]; rates: string[] } {
  const [losses, rates]: string[][] = [[], []];
  manualSeed(1);
  for (let step = 0; step < steps; step++) {
    scope(() => {
      const batch: Batch = [rand([3, 3, 16, 16]), randint(3, [3, 1, 16, 16])];
      rates?.push(floatHex(experiment.scheduler.getLastLr()[0] ?? NaN));
      experiment.model.train();
      losses?.push(floatHex(trainStep(experiment, batch)));
      expect(movesPerStep(experiment.settings)).toBe(true);
      experiment.scheduler.step();
    });
  }
  return { losses: losses ?? [], rates: rates ?? [] };
}

describeWithOracle('a step with all settings', (oracle) => {
  it.each(cases)('%j', async (overrides) => {
    const surroundings = { data: { kind: 'folder', directory: workshop.data }, device: 'cpu', threads: 1 } as const;
    // 12 samples in batches of 6: two steps an epoch.
    const given = { epochs, batchSize: 6, imageSize: 16, lr: 0.01, modelOptions: vit, ...overrides };
    const settings = resolveSettings('article-vit', surroundings, given);
    setNumThreads(1);
    const experiment = buildExperiment(settings);
    const ours = train(experiment);
    const theirs = await oracle().run(`torch.set_num_threads(1)\n${source.replace(/^ {2}/gm, '')}`, {
      inputs: { s: JSON.parse(JSON.stringify(settings)) as never, steps, folder: join(__dirname, '..', 'oracle') },
      outputs: { losses: 'strings', rates: 'strings', state: 'tensorDict', average: 'tensorDict' },
    });
    expect(ours.rates).toEqual(theirs.rates);
    expect(ours.losses).toEqual(theirs.losses);
    scope(() => {
      for (const [name, tensor] of experiment.model.stateDict()) {
        expectSameBits(tensor, theirs.state[name] as Tensor, name);
      }
      for (const [name, tensor] of experiment.average?.module.stateDict() ?? []) {
        expectSameBits(tensor, theirs.average[name] as Tensor, `average of ${name}`);
      }
    });
    expect(experiment.average === null).toBe(overrides.ema === undefined);
  });
});
