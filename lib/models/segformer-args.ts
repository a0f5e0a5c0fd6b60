/** What a SegFormer is made of: the variants of the paper, and which sizes go together. */
import { checkObject, describe } from '../engine';
import { impossible } from './options';

/** The sizes of the paper, from the smallest to the largest. */
export type SegFormerVariant = 'b0' | 'b1' | 'b2' | 'b3' | 'b4' | 'b5';

/** How attention is computed: in one op that keeps no matrix of weights, or step by step. The bits differ. */
export type AttentionImplementation = 'sdpa' | 'eager';

/** The function between the layers of each MLP. */
export type HiddenActivation = 'gelu' | 'relu' | 'silu';

/** Everything that a SegFormer is made of. Names are those of Hugging Face's `SegformerConfig`; lists have a number for each stage. */
export interface SegFormerArgs {
  /** Colours of the input: `num_channels`. */
  inChannels: number;
  /** Classes of the output: `num_labels`. */
  outChannels: number;
  /** Size of a token in each stage. */
  hiddenSizes: readonly number[];
  /** Transformer blocks in each stage. */
  depths: readonly number[];
  /** Attention heads in each stage; each divides the stage's size of a token. */
  numAttentionHeads: readonly number[];
  /** How many times shorter, each way, the image is that keys and values are taken from. */
  srRatios: readonly number[];
  /** Side of the overlapping patches that each stage begins with. */
  patchSizes: readonly number[];
  /** Steps from one patch to the next: how many times smaller each stage makes the image. */
  strides: readonly number[];
  /** How many times longer than a token the middle of each MLP is. */
  mlpRatios: readonly number[];
  /** Size of a token in the head. */
  decoderHiddenSize: number;
  hiddenAct: HiddenActivation;
  /** Probability of an element to be dropped after attention and in each MLP. */
  hiddenDropoutProb: number;
  /** Probability of an attention weight to be dropped. */
  attentionProbsDropoutProb: number;
  /** Probability of an element to be dropped before the last convolution. */
  classifierDropoutProb: number;
  /** Probability of the last block to be left out; that of the others grows evenly from 0, see `DropPath`. */
  dropPathRate: number;
  /** Standard deviation of the weights that are drawn. */
  initializerRange: number;
  attnImplementation: AttentionImplementation;
}

/** What `SegFormer` takes: a variant, and what is to be different. */
export interface SegFormerOptions extends Partial<SegFormerArgs> {
  /** Where the sizes come from that are not given; 'b0' if not given. */
  variant?: SegFormerVariant;
}

const common = {
  inChannels: 3,
  outChannels: 3,
  numAttentionHeads: [1, 2, 5, 8],
  srRatios: [8, 4, 2, 1],
  patchSizes: [7, 3, 3, 3],
  strides: [4, 2, 2, 2],
  mlpRatios: [4, 4, 4, 4],
  hiddenAct: 'gelu',
  hiddenDropoutProb: 0,
  attentionProbsDropoutProb: 0,
  classifierDropoutProb: 0.1,
  dropPathRate: 0.1,
  initializerRange: 0.02,
  attnImplementation: 'sdpa',
} as const satisfies Partial<SegFormerArgs>;

const wide = [64, 128, 320, 512];

const variants: { readonly [V in SegFormerVariant]: Readonly<SegFormerArgs> } = {
  b0: { ...common, hiddenSizes: [32, 64, 160, 256], depths: [2, 2, 2, 2], decoderHiddenSize: 256 },
  b1: { ...common, hiddenSizes: wide, depths: [2, 2, 2, 2], decoderHiddenSize: 256 },
  b2: { ...common, hiddenSizes: wide, depths: [3, 4, 6, 3], decoderHiddenSize: 768 },
  b3: { ...common, hiddenSizes: wide, depths: [3, 4, 18, 3], decoderHiddenSize: 768 },
  b4: { ...common, hiddenSizes: wide, depths: [3, 8, 27, 3], decoderHiddenSize: 768 },
  b5: { ...common, hiddenSizes: wide, depths: [3, 6, 40, 3], decoderHiddenSize: 768 },
};

/** Names of the variants. */
export const segformerVariants = Object.keys(variants) as readonly SegFormerVariant[];

/**
 * Sizes of a variant, table 6 of the paper; three classes as the article's pets have.
 * @throws ArgumentError for another name than b0 to b5
 */
export function segformerDefaults(variant: SegFormerVariant): SegFormerArgs {
  if (!segformerVariants.includes(variant)) {
    throw impossible(
      'SegFormer',
      `expected one of ${segformerVariants.join(', ')} for \`variant\`, received ${describe(variant)}`,
    );
  }
  return structuredClone(variants[variant]);
}

type NameOf<T> = { [N in keyof SegFormerArgs]: SegFormerArgs[N] extends T ? N : never }[keyof SegFormerArgs];

const probabilities: readonly NameOf<number>[] = [
  'hiddenDropoutProb',
  'attentionProbsDropoutProb',
  'classifierDropoutProb',
];
const counts: readonly NameOf<number>[] = ['inChannels', 'outChannels', 'decoderHiddenSize'];
const countsPerStage: readonly NameOf<readonly number[]>[] = [
  'hiddenSizes',
  'depths',
  'numAttentionHeads',
  'srRatios',
  'patchSizes',
  'strides',
  'mlpRatios',
];
const choices: { readonly [N in NameOf<string>]: readonly SegFormerArgs[N][] } = {
  hiddenAct: ['gelu', 'relu', 'silu'],
  attnImplementation: ['sdpa', 'eager'],
};

/**
 * The options with the variant's sizes in the place of those that are not given.
 * @throws ArgumentError for an unknown option, a value that it cannot have, and sizes that cannot go together
 */
export function completeArgs(options: SegFormerOptions): SegFormerArgs {
  checkObject('SegFormer', 'options', options);
  const { variant = 'b0', ...given } = options;
  const args = segformerDefaults(variant);
  const names = Object.keys(args) as (keyof SegFormerArgs)[];
  const unknown = Object.keys(given).find((name) => !(names as string[]).includes(name));
  if (unknown !== undefined) {
    throw impossible('SegFormer', `expected options among variant, ${names.join(', ')}, received \`${unknown}\``);
  }
  Object.assign(args, copiesOf(given));
  checkValues(args);
  checkFit(args);
  return args;
}

/** Without what is undefined, which counts as not given; lists are copied, so that nobody changes them afterwards. */
function copiesOf(given: Partial<SegFormerArgs>): Partial<SegFormerArgs> {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]: [string, unknown]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? [...(value as unknown[])] : value]),
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;

function checkValues(args: SegFormerArgs): void {
  const demand = (name: keyof SegFormerArgs, expected: string, holds: (value: unknown) => boolean): void => {
    if (!holds(args[name]))
      throw impossible('SegFormer', `expected ${expected} for \`${name}\`, received ${describe(args[name])}`);
  };
  const isList = (isGood: (value: unknown) => boolean) => (value: unknown) =>
    Array.isArray(value) && value.length > 0 && value.every(isGood);
  for (const name of counts) demand(name, 'a whole number of at least 1', isCount);
  for (const name of countsPerStage) demand(name, 'a list of whole numbers of at least 1', isList(isCount));
  const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0 && Number.isFinite(value);
  const isProbability = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
  for (const name of probabilities) demand(name, 'a probability from 0 to 1', isProbability);
  demand('dropPathRate', 'a probability from 0 to below 1', (value) => isProbability(value) && value !== 1);
  demand('initializerRange', 'a number of at least 0', (value) => value === 0 || isPositive(value));
  for (const name of Object.keys(choices) as (keyof typeof choices)[]) {
    const known = choices[name] as readonly unknown[];
    demand(name, `one of ${known.join(', ')}`, (value) => known.includes(value));
  }
}

function checkFit(args: SegFormerArgs): void {
  const { hiddenSizes, numAttentionHeads } = args;
  for (const name of countsPerStage) {
    if (args[name].length === hiddenSizes.length) continue;
    throw impossible(
      'SegFormer',
      `expected a number for each of ${hiddenSizes.length} stages (as many as \`hiddenSizes\`) for \`${name}\`, ` +
        `received [${args[name].join(', ')}]`,
    );
  }
  for (const [stage, size] of hiddenSizes.entries()) {
    const heads = numAttentionHeads[stage] as number;
    if (size % heads !== 0) {
      throw impossible(
        'SegFormer',
        `${heads} attention heads do not divide the ${size} numbers of a token in stage ${stage}`,
      );
    }
  }
}
