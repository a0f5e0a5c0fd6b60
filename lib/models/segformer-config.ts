/** What a checkpoint says of the model that it is of: Hugging Face's `config.json`, or, where there is none, its tensors. */
import { isTorchError } from '../engine';
import { FormatError } from '../serialize';
import type { Tensor } from '../tensor';
import { completeArgs, type SegFormerArgs, segformerDefaults, segformerVariants } from './segformer-args';

/** What `config.json` says that our model computes nothing from: it is written again as it was read. */
export interface KeptConfig {
  /** Of Hugging Face's own program; the class scores are the same. */
  readonly reshape_last_stage: boolean;
  /** The class that Hugging Face's loss leaves out. */
  readonly semantic_loss_ignore_index: number;
}

/** Hugging Face's defaults. */
export const usualConfig: KeptConfig = { reshape_last_stage: true, semantic_loss_ignore_index: 255 };

/** A model, and of the checkpoint's configuration, where it has one, what is no part of the model. */
export interface Described {
  readonly args: SegFormerArgs;
  readonly labels: readonly string[] | null;
  readonly kept: KeptConfig;
}

/** Our names of what `config.json` has under Hugging Face's. */
const configNames: { readonly [N in keyof SegFormerArgs]?: string } = {
  inChannels: 'num_channels',
  hiddenSizes: 'hidden_sizes',
  depths: 'depths',
  numAttentionHeads: 'num_attention_heads',
  srRatios: 'sr_ratios',
  patchSizes: 'patch_sizes',
  strides: 'strides',
  mlpRatios: 'mlp_ratios',
  decoderHiddenSize: 'decoder_hidden_size',
  hiddenAct: 'hidden_act',
  hiddenDropoutProb: 'hidden_dropout_prob',
  attentionProbsDropoutProb: 'attention_probs_dropout_prob',
  classifierDropoutProb: 'classifier_dropout_prob',
  dropPathRate: 'drop_path_rate',
  initializerRange: 'initializer_range',
};

/** How many classes Hugging Face's configurations have that do not say it. */
const UNTOLD_LABELS = 2;

/**
 * Reads a `config.json`; `given` goes before what it says.
 * @param file for the messages
 * @throws FormatError which names the file, for another model's configuration and for impossible values
 */
export function describedBy(config: unknown, file: string, given: Partial<SegFormerArgs>): Described {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new FormatError(`${file} is no configuration of a model: expected an object`);
  }
  const values = config as Readonly<Record<string, unknown>>;
  const type = values['model_type'];
  if (type !== 'segformer') {
    throw new FormatError(`${file} describes a model of the type ${JSON.stringify(type)}, expected "segformer"`);
  }
  checkStages(values, file, given);
  const told = Object.entries(configNames)
    .filter(([, theirs]) => values[theirs] !== undefined)
    .map(([ours, theirs]): [string, unknown] => [ours, values[theirs]]);
  const labels = labelsOf(values['id2label'], file);
  const outChannels = labels?.length ?? values['num_labels'] ?? UNTOLD_LABELS;
  const args = completed({ outChannels, ...Object.fromEntries(told) }, file, given);
  return { args, labels: args.outChannels === labels?.length ? labels : null, kept: keptOf(values, file) };
}

/** Hugging Face makes so many stages, however many the lists have numbers for. */
function checkStages(
  { num_encoder_blocks: stages, hidden_sizes: told }: Readonly<Record<string, unknown>>,
  file: string,
  given: Partial<SegFormerArgs>,
): void {
  const sizes = given.hiddenSizes ?? told ?? segformerDefaults('b0').hiddenSizes;
  if (stages === undefined || !Array.isArray(sizes) || sizes.length === stages) return;
  throw new FormatError(
    `${file} has \`num_encoder_blocks\` ${JSON.stringify(stages)}, but \`hidden_sizes\` for ${sizes.length} stages`,
  );
}

function keptOf(values: Readonly<Record<string, unknown>>, file: string): KeptConfig {
  const { reshape_last_stage, semantic_loss_ignore_index } = { ...usualConfig, ...values };
  if (typeof reshape_last_stage !== 'boolean') {
    throw new FormatError(
      `${file} has \`reshape_last_stage\` ${JSON.stringify(reshape_last_stage)}, expected a boolean`,
    );
  }
  if (!Number.isSafeInteger(semantic_loss_ignore_index)) {
    const received = JSON.stringify(semantic_loss_ignore_index);
    throw new FormatError(`${file} has \`semantic_loss_ignore_index\` ${received}, expected a whole number`);
  }
  return { reshape_last_stage, semantic_loss_ignore_index };
}

/** What is wrong is wrong with the file, unless it would be right without what is given. */
function completed(
  told: Readonly<Record<string, unknown>>,
  file: string,
  given: Partial<SegFormerArgs>,
): SegFormerArgs {
  try {
    return completeArgs({ ...told, ...given });
  } catch (error) {
    const fault = faultOf(told);
    if (fault === null) throw error;
    throw new FormatError(`${file} does not describe a SegFormer: ${fault}`, { cause: error });
  }
}

function faultOf(told: Readonly<Record<string, unknown>>): string | null {
  try {
    completeArgs(told);
    return null;
  } catch (error) {
    if (!isTorchError(error)) throw error;
    return (error.message.split('\n')[0] ?? '').replace(/^SegFormer: /, '');
  }
}

function labelsOf(id2label: unknown, file: string): string[] | null {
  if (id2label === undefined || id2label === null) return null;
  const names = Object.entries(id2label).sort(([a], [b]) => Number(a) - Number(b));
  for (const [place, [id, name]] of names.entries()) {
    if (Number(id) !== place || typeof name !== 'string') {
      throw new FormatError(`${file} has \`id2label\` without a name for each of 0 to ${names.length - 1}`);
    }
  }
  return names.length === 0 ? null : names.map(([, name]) => name as string);
}

/** The `config.json` of a model, as Hugging Face writes it. */
export function configOf({ args, labels, kept }: Described): Record<string, unknown> {
  const names = Array.from({ length: args.outChannels }, (_, id) => labels?.[id] ?? `LABEL_${id}`);
  return {
    architectures: ['SegformerForSemanticSegmentation'],
    model_type: 'segformer',
    num_encoder_blocks: args.hiddenSizes.length,
    ...Object.fromEntries(
      Object.entries(configNames).map(([ours, theirs]) => [theirs, args[ours as keyof SegFormerArgs]]),
    ),
    id2label: Object.fromEntries(names.entries()),
    label2id: Object.fromEntries(names.map((name, id) => [name, id])),
    ...kept,
  };
}

/**
 * What the shapes of a state dict, under Hugging Face's keys, say of the model. They do not tell heads and strides: those
 * are the variant's of these sizes, or given.
 * @throws FormatError for tensors of no SegFormer
 */
export function describedByState(
  state: ReadonlyMap<string, Tensor>,
  file: string,
  given: Partial<SegFormerArgs>,
): Described {
  const shape = (key: string): readonly number[] => state.get(key)?.shape ?? [];
  const count = (keyOf: (index: number) => string): number => {
    let length = 0;
    while (state.has(keyOf(length))) length++;
    return length;
  };
  const encoder = 'segformer.encoder';
  const stages = [...Array(count((stage) => `${encoder}.patch_embeddings.${stage}.proj.weight`)).keys()];
  if (stages.length === 0) throw new FormatError(`${file} holds no SegFormer: it has no patch embeddings`);
  const depths = stages.map((stage) => count((block) => `${encoder}.block.${stage}.${block}.layer_norm_1.weight`));
  const first = (stage: number, part: string): readonly number[] => shape(`${encoder}.block.${stage}.0.${part}.weight`);
  const embedding = (stage: number): readonly number[] => shape(`${encoder}.patch_embeddings.${stage}.proj.weight`);
  const hiddenSizes = stages.map((stage) => embedding(stage)[0] ?? 0);
  const variant = segformerVariants.find((name) => {
    const known = segformerDefaults(name);
    return String(known.hiddenSizes) === String(hiddenSizes) && String(known.depths) === String(depths);
  });
  const known = segformerDefaults(variant ?? 'b0');
  const told = {
    ...{ variant: variant ?? 'b0', hiddenSizes, depths },
    inChannels: embedding(0)[1],
    patchSizes: stages.map((stage) => embedding(stage)[2]),
    srRatios: stages.map((stage) => first(stage, 'attention.self.sr')[2] ?? 1),
    mlpRatios: stages.map((stage) => (first(stage, 'mlp.dense1')[0] ?? 0) / (hiddenSizes[stage] ?? 1)),
    decoderHiddenSize: shape('decode_head.linear_fuse.weight')[0] ?? known.decoderHiddenSize,
    outChannels: shape('decode_head.classifier.weight')[0] ?? known.outChannels,
  };
  return { args: completed(told, file, given), labels: null, kept: usualConfig };
}
