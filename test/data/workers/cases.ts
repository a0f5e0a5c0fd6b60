/** One way to iterate, for both languages. */
export interface Case {
  readonly dataset: 'drawing' | 'two phases' | 'stream' | 'uneven';
  readonly length: number;
  readonly workers: number;
  readonly batchSize: number | null;
  readonly shuffle: boolean;
  readonly replacement: boolean;
  readonly dropLast: boolean;
  /** The loader has a generator that others draw from, too. */
  readonly shared: boolean;
  readonly persistent: boolean;
  readonly prefetchFactor: number;
  /** `worker_init_fn` draws. */
  readonly init: boolean;
  /** Batches after which the second epoch is left; 0 for all. */
  readonly breakAfter: number;
}

const usual: Case = {
  dataset: 'drawing',
  length: 11,
  workers: 2,
  batchSize: 2,
  shuffle: false,
  replacement: false,
  dropLast: false,
  shared: false,
  persistent: false,
  prefetchFactor: 2,
  init: false,
  breakAfter: 0,
};

const variations: readonly Partial<Case>[] = [
  {},
  { shuffle: true },
  { shuffle: true, persistent: true },
  { shuffle: true, shared: true, persistent: true, breakAfter: 1 },
  { dataset: 'two phases', shuffle: true, length: 23, batchSize: 3 },
  { dataset: 'two phases', persistent: true, init: true, prefetchFactor: 1, breakAfter: 2 },
  { shuffle: true, init: true, dropLast: true, prefetchFactor: 3 },
  { replacement: true, shared: true, batchSize: 5 },
  { batchSize: null, length: 5, shuffle: true },
  { dataset: 'stream' },
  { dataset: 'stream', batchSize: 3, dropLast: true, persistent: true },
  { dataset: 'stream', batchSize: null, persistent: true, breakAfter: 3 },
  { dataset: 'uneven', batchSize: 2 },
  { dataset: 'uneven', batchSize: 2, persistent: true, dropLast: true, prefetchFactor: 1 },
];

/** Every variation with 0 to 3 workers. */
export const cases: readonly Case[] = variations.flatMap((variation) =>
  [0, 1, 2, 3].map((workers) => ({ ...usual, ...variation, workers })),
);
