/** A checkpoint of the ViT in training, model and Adam's state: written and read several times. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { library, options, result } from './harness.mjs';

const torch = library();
const models = library('models');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const model = models.create('vit-segmentation', settings.model);
const optimizer = new torch.optim.Adam(model.parameters(), { lr: 4e-4 });
torch.scope(() => {
  for (const parameter of model.parameters()) parameter.grad = torch.ones(parameter.shape);
  optimizer.step();
  optimizer.zeroGrad();
});

const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-checkpoint-'));
const file = path.join(folder, 'checkpoint.pt');
const saved = { model: model.stateDict(), optimizer: optimizer.stateDict() };
/** @type {Record<string, number[]>} */
const times = { save: [], load: [], map: [] };
let sum = '';

/** @param {string} what @param {() => any} body */
function timed(what, body) {
  const began = performance.now();
  const value = body();
  times[what]?.push((performance.now() - began) / 1000);
  return value;
}

/** @param {any} tensor */
const sumOf = (tensor) => torch.scope(() => floatHex(tensor.double().sum().item()));

try {
  for (let pass = 0; pass < settings.passes; pass++) {
    timed('save', () => torch.save(saved, file));
    torch.scope(() => {
      const loaded = timed('load', () => torch.load(file));
      const moments = Object.values(loaded.optimizer.state).map((state) => state.exp_avg);
      sum = [...loaded.model.values(), ...moments].map(sumOf).join(' ');
    });
    torch.scope(() => {
      timed('map', () => torch.load(file, { mmap: true }));
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
result({ ...times, sum });
