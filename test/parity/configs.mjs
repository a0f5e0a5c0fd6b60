/**
 * The runs that `npm run parity` compares. Each is small but for the last kind, and stands for something that has decided
 * bits before: odd head counts (no fast path in evaluation), patches of 8, a last batch that is smaller, several
 * threads (sums are split by them), dropout and its draws, seeds, a learning rate that falls.
 *
 * @typedef {object} ParityConfig
 * @property {string} name
 * @property {number} imageSize
 * @property {number} patchSize
 * @property {number} embedSize
 * @property {number} numBlocks
 * @property {number} numHeads
 * @property {number} dropout
 * @property {number} epochs
 * @property {number} batchSize
 * @property {number} limit First train samples.
 * @property {number} testLimit First test samples; 21 of them are scored after each epoch.
 * @property {number} seed
 * @property {number} threads
 * @property {number} lr
 * @property {string} dtype
 * @property {number} workers
 */

/** @type {ParityConfig} */
const small = {
  name: '',
  imageSize: 32,
  patchSize: 8,
  embedSize: 24,
  numBlocks: 2,
  numHeads: 3,
  dropout: 0.2,
  epochs: 2,
  batchSize: 6,
  limit: 16,
  testLimit: 30,
  seed: 0,
  threads: 1,
  lr: 4e-4,
  dtype: 'float32',
  workers: 0,
};

/** @type {ParityConfig} */
const article = {
  name: 'the article, 86M',
  imageSize: 128,
  patchSize: 16,
  embedSize: 768,
  numBlocks: 12,
  numHeads: 8,
  dropout: 0.2,
  epochs: 1,
  batchSize: 8,
  limit: 16,
  testLimit: 21,
  seed: 0,
  threads: 2,
  lr: 4e-4,
  dtype: 'float32',
  workers: 0,
};

/** @type {ParityConfig[]} */
export const quick = [
  { ...small, name: '3 heads, 1 thread' },
  { ...small, name: '4 heads, 2 threads', numHeads: 4, threads: 2, seed: 1 },
];

/** @type {ParityConfig[]} */
export const standard = [
  ...quick,
  { ...small, name: 'bfloat16', dtype: 'bfloat16', numHeads: 4, threads: 2, seed: 6 },
  { ...small, name: '2 workers', workers: 2, imageSize: 64, seed: 6 },
  { ...small, name: 'no dropout', dropout: 0, seed: 2 ** 53 - 1 },
  { ...small, name: '15 epochs, falling lr', epochs: 15, batchSize: 8, testLimit: 8, seed: 42, lr: 1e-3 },
  { ...small, name: '96 px, 5 heads', imageSize: 96, embedSize: 60, numHeads: 5, batchSize: 7, threads: 2, seed: 3 },
  {
    ...small,
    name: '128 px, 16 px patches',
    imageSize: 128,
    patchSize: 16,
    embedSize: 192,
    numBlocks: 4,
    numHeads: 6,
    dropout: 0.1,
    batchSize: 16,
    limit: 40,
    threads: 2,
    seed: 4,
  },
  article,
];

/** Criterion of the first release: one epoch of 640 real pets with the article's batches. Minutes. */
/** @type {ParityConfig[]} */
export const full = [{ ...article, name: 'the article, 640 images', batchSize: 64, limit: 640, testLimit: 210 }];

/** What real photographs add to drawn ones: their decoders, sizes and colour profiles. */
/** @type {ParityConfig[]} */
export const realExtra = [
  { ...small, name: 'real, 3 heads', imageSize: 64, limit: 64, batchSize: 24, threads: 2, seed: 5 },
];

const flags = {
  imageSize: '--image-size',
  patchSize: '--patch-size',
  embedSize: '--embed-size',
  numBlocks: '--num-blocks',
  numHeads: '--num-heads',
  dropout: '--dropout',
  epochs: '--epochs',
  batchSize: '--batch-size',
  limit: '--limit',
  testLimit: '--test-limit',
  seed: '--seed',
  threads: '--threads',
  lr: '--lr',
  dtype: '--dtype',
  workers: '--workers',
};

/**
 * The flags of a config: `train.js` and `article.py` understand the same ones.
 * @param {ParityConfig} config
 * @returns {string[]}
 */
export function configFlags(config) {
  return Object.entries(flags).flatMap(([key, flag]) => [
    flag,
    String(config[/** @type {keyof ParityConfig} */ (key)]),
  ]);
}
