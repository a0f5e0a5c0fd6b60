import type { ExperimentDefinition } from './definition';

/**
 * The five reasons that the article names for its Vision Transformer falling behind its CNN, "to be validated by experiment".
 * One number is changed at a time: the other four stay the article's, or what a smaller size has in their place.
 */
export const articleQuestions: ExperimentDefinition = {
  name: 'article-questions',
  summary: "the article's five open questions about its Vision Transformer",
  measuresModels: false,
  sizes: [
    {
      name: 'tiny',
      note: '32x32 images, 2 blocks of width 64, patches of 8, 6 epochs, 2 seeds; the article: 128x128, 12 blocks of width 768, patches of 16, 50 epochs',
      recipe: 'quick',
      overrides: {
        protocol: 'clean',
        imageSize: 32,
        epochs: 6,
        batchSize: 32,
        stepSize: 2,
        modelOptions: { patchSize: 8, embedSize: 64, numBlocks: 2, numHeads: 4 },
      },
      seeds: [0, 1],
    },
    {
      name: 'small',
      note: '64x64 images, 4 blocks of width 128, patches of 8 (as many as in the article), 12 epochs, 2 seeds; the article: 128x128, 12 blocks of width 768, patches of 16, 50 epochs',
      recipe: 'quick',
      overrides: { protocol: 'clean', batchSize: 32 },
      seeds: [0, 1],
    },
    {
      name: 'medium',
      note: '6 blocks of width 256, 30 epochs, 3 seeds; the article: 12 blocks of width 768, 50 epochs',
      recipe: 'article-vit',
      overrides: { protocol: 'clean', epochs: 30, stepSize: 7, modelOptions: { embedSize: 256, numBlocks: 6 } },
      seeds: [0, 1, 2],
    },
    {
      name: 'full',
      note: "the article's model and epochs, 3 seeds",
      recipe: 'article-vit',
      overrides: { protocol: 'clean' },
      seeds: [0, 1, 2],
    },
  ],
  questions: [
    {
      factor: 'head',
      title: 'Is a single linear layer too little for the last projection?',
      levels: [
        { label: 'linear', overrides: null },
        { label: 'mlp', overrides: () => ({ modelOptions: { head: 'mlp' } }) },
      ],
      yesIf: { better: 'mlp', than: 'linear' },
    },
    {
      factor: 'patch',
      title: 'Are the patches too coarse?',
      levels: [
        { label: 'double', overrides: ({ patchSize }) => ({ modelOptions: { patchSize: patchSize * 2 } }) },
        { label: 'as it is', overrides: null },
        { label: 'half', overrides: ({ patchSize }) => ({ modelOptions: { patchSize: patchSize / 2 } }) },
      ],
      yesIf: { better: 'half', than: 'as it is' },
    },
    {
      factor: 'epochs',
      title: 'Are there too few epochs?',
      levels: [
        { label: 'half', overrides: ({ epochs }) => ({ epochs: Math.max(1, Math.round(epochs / 2)) }) },
        { label: 'as it is', overrides: null },
        { label: 'double', overrides: ({ epochs }) => ({ epochs: epochs * 2 }) },
      ],
      yesIf: { better: 'double', than: 'as it is' },
    },
    {
      factor: 'data',
      title: 'Is there too little data?',
      levels: [
        { label: 'a quarter', overrides: () => ({ dataFraction: 0.25 }) },
        { label: 'half', overrides: () => ({ dataFraction: 0.5 }) },
        { label: 'all', overrides: null },
      ],
      yesIf: { better: 'all', than: 'half' },
    },
    {
      factor: 'lr',
      title: 'Is the learning rate too low?',
      levels: [
        { label: 'a quarter', overrides: ({ lr }) => ({ lr: lr / 4 }) },
        { label: 'as it is', overrides: null },
        { label: 'times 2.5', overrides: ({ lr }) => ({ lr: lr * 2.5 }) },
      ],
      yesIf: { better: 'times 2.5', than: 'as it is' },
    },
  ],
};
