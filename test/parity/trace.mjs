/**
 * The program's experiment with its steps written out, saying the SHA-256 of every tensor of every step, in the words and
 * the order of `article.py --trace`. Arguments: data folder, config as JSON, file to write.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../../scripts/lib/project.mjs';

const require = createRequire(import.meta.url);
const torch = require(path.join(root, 'dist'));
const { buildExperiment } = require(path.join(root, 'dist', 'train', 'experiment'));
const { inPrecision } = require(path.join(root, 'dist', 'train', 'precision'));
const { resolveSettings } = require(path.join(root, 'dist', 'train', 'settings'));

const [directory, configText, traceFile] = process.argv.slice(2);
if (directory === undefined || configText === undefined || traceFile === undefined) {
  throw new Error('expected a data folder, a config as JSON, and a file to write');
}
const { threads, patchSize, embedSize, numBlocks, numHeads, dropout, ...config } = JSON.parse(configText);
delete config.name;
torch.setNumThreads(threads);
const data = { kind: 'folder', directory };
const modelOptions = { patchSize, embedSize, numBlocks, numHeads, dropout };
const settings = resolveSettings('article-vit', { data, device: 'cpu', threads }, { ...config, modelOptions });
const { model, criterion, optimizer, scheduler, loaders } = buildExperiment(settings);

const file = openSync(traceFile, 'w');

/**
 * @param {number} step
 * @param {string} tensor
 * @param {{ toBytes(): Uint8Array }} value
 */
function tell(step, tensor, value) {
  const sha256 = createHash('sha256').update(value.toBytes()).digest('hex');
  writeSync(file, `${JSON.stringify({ step, tensor, sha256 })}\n`);
}

/** @param {number} step */
function tellState(step) {
  for (const [key, tensor] of model.stateDict()) tell(step, key, tensor);
}

/** @param {{ iterate(): AsyncIterator<unknown> }} loader */
async function firstBatch(loader) {
  const iterator = loader.iterate();
  const { value } = await iterator.next();
  await iterator.return?.();
  return value;
}

tellState(0);
/** @type {[string, any][]} */
const firsts = [
  ['train', await firstBatch(loaders.train)],
  ['test', await firstBatch(loaders.test)],
];
for (const [split, [images, truth]] of firsts) {
  tell(0, `${split} images`, images);
  tell(0, `${split} truth`, truth);
}

let step = 0;
for (let epoch = 1; epoch <= settings.epochs; epoch++) {
  model.train();
  for await (const [images, truth] of loaders.train) {
    step++;
    torch.scope(() => {
      optimizer.zeroGrad();
      let logits;
      const loss = inPrecision(settings, () => {
        logits = model.forward(images);
        return criterion.forward(logits, truth.squeeze(1));
      });
      loss.backward();
      optimizer.step();
      tell(step, 'images', images);
      tell(step, 'truth', truth);
      tell(step, 'logits', logits);
      tell(step, 'loss', loss);
    });
    const named = model.namedParameters();
    for (const [key, parameter] of [...named].reverse()) tell(step, `grad ${key}`, parameter.grad);
    for (const [key, parameter] of named) {
      const { expAvg, expAvgSq } = optimizer.state.get(parameter);
      tell(step, `exp_avg ${key}`, expAvg);
      tell(step, `exp_avg_sq ${key}`, expAvgSq);
    }
    tellState(step);
    tell(step, 'random state', torch.getRngState());
  }
  scheduler.step();
}
closeSync(file);
