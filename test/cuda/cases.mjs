/**
 * What the programs of `npm run check:cuda` train and step, as JSON that both sides read. A model, a precision or an
 * optimizer more is a line more.
 */
import { twins } from '../oracle/twins.mjs';

const vit = { imageSize: 32, patchSize: 8, embedSize: 48, numBlocks: 2, numHeads: 3, dropout: 0.2 };

/** Models that train in a moment. */
const small = [
  { model: 'vit-segmentation', options: vit, imageSize: 32 },
  { model: 'segnet', options: { width: 8 }, imageSize: 32 },
  { model: 'segnet-dsc', options: { width: 8 }, imageSize: 32 },
  { model: 'unet', options: { width: 8, depth: 3 }, imageSize: 32 },
  { model: 'segformer-b0', options: { depths: [1, 1, 1, 1] }, imageSize: 64 },
];
const models = small.map((each) => ({ ...each, twin: twins[each.model] }));

const adam = { optimizer: 'Adam', optimizerOptions: { lr: 1e-3, weightDecay: 0.01 } };
const sgd = {
  optimizer: 'SGD',
  optimizerOptions: { lr: 0.01, momentum: 0.9, weightDecay: 0.01, nesterov: true },
};

/** Trainings: float16 with a GradScaler, and the first model by its other optimizer and averaged. */
export const trainings = [
  ...models.flatMap((model) =>
    ['float32', 'bfloat16', 'float16'].map((dtype) => ({
      ...model,
      ...adam,
      dtype,
      steps: 6,
      batch: 4,
      average: false,
    })),
  ),
  { ...models[0], ...sgd, dtype: 'float32', steps: 12, batch: 8, average: true },
];

/** Every optimizer on its default path, and by the fused form where CUDA has one; 20 steps over parameters of mixed shapes. */
export const optimizers = [
  ['Adadelta', { weightDecay: 0.1 }],
  ['Adafactor', { weightDecay: 0.1 }],
  ['Adagrad', { lrDecay: 0.1, weightDecay: 0.1 }],
  ['Adam', { weightDecay: 0.1 }],
  ['Adam', { amsgrad: true, maximize: true }],
  ['Adam', { amsgrad: true, fused: true }],
  ['Adam', { foreach: false }],
  ['AdamW', { amsgrad: true }],
  ['AdamW', { fused: true }],
  ['Adamax', { weightDecay: 0.1 }],
  ['ASGD', { t0: 3, weightDecay: 0.1 }],
  ['LBFGS', { historySize: 5, lineSearchFn: 'strong_wolfe' }],
  ['Muon', {}],
  ['NAdam', { weightDecay: 0.1, decoupledWeightDecay: true }],
  ['RAdam', { weightDecay: 0.1 }],
  ['RMSprop', { centered: true, momentum: 0.5, weightDecay: 0.1 }],
  ['Rprop', {}],
  ['SGD', { momentum: 0.9, dampening: 0.2, weightDecay: 0.1 }],
  ['SGD', { momentum: 0.9, nesterov: true, maximize: true }],
  ['SGD', { momentum: 0.9, fused: true }],
  ['SparseAdam', {}],
].map(([optimizer, optimizerOptions]) => ({ optimizer, optimizerOptions, steps: 20 }));
