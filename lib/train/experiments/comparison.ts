import type { ExperimentDefinition } from './definition';

/** A Vision Transformer takes images of one size only, and few epochs need an average of fewer steps. */
const alike = { progressive: [], ema: 0.99, validateEvery: 1, saveEvery: 1 };

/**
 * The models of the series and of its neighbours on the same data, epochs, augmentation and scores, each with the learning rate
 * of the series.
 */
export const comparison: ExperimentDefinition = {
  name: 'comparison',
  summary: 'all models on the same protocol: size, speed, accuracy',
  measuresModels: true,
  sizes: [
    {
      name: 'tiny',
      note: '32x32 images, 2 epochs, 1 seed',
      recipe: 'fast-cpu',
      overrides: { ...alike, imageSize: 32, epochs: 2 },
      seeds: [0],
    },
    {
      name: 'small',
      note: '64x64 images, 5 epochs, 1 seed',
      recipe: 'fast-cpu',
      overrides: { ...alike, imageSize: 64, epochs: 5 },
      seeds: [0],
    },
    {
      name: 'full',
      note: '128x128 images, 50 epochs, 3 seeds',
      recipe: 'fast-cpu',
      overrides: { ...alike, epochs: 50 },
      seeds: [0, 1, 2],
    },
  ],
  questions: [
    {
      factor: 'model',
      title: 'How do the models compare?',
      levels: [
        { label: 'segnet', overrides: () => ({ model: 'segnet', lr: 1e-3 }) },
        { label: 'segnet-dsc', overrides: () => ({ model: 'segnet-dsc', lr: 1e-3 }) },
        { label: 'vit-segmentation', overrides: () => ({ model: 'vit-segmentation', lr: 4e-4 }) },
        { label: 'segformer-b0', overrides: () => ({ model: 'segformer-b0', lr: 4e-4 }) },
        { label: 'unet', overrides: () => ({ model: 'unet', modelOptions: { width: 64, stemStride: 1 }, lr: 1e-3 }) },
        {
          label: 'unet-16',
          overrides: () => ({ model: 'unet', modelOptions: { width: 16, stemStride: 1 }, lr: 2e-3 }),
        },
        {
          label: 'unet-fast',
          overrides: () => ({ model: 'unet', modelOptions: { width: 16, stemStride: 2 }, lr: 3e-3 }),
        },
      ],
      yesIf: null,
    },
  ],
};
