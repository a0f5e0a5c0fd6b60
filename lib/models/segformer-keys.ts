/**
 * The names that a SegFormer's tensors have had, as the keys of Hugging Face's checkpoints: those of its authors' program
 * (`patch_embed1.proj.weight`, of github.com/NVlabs/SegFormer), and those that transformers 5 gives them in memory
 * (`stages.0.patch_embeddings.proj.weight`).
 */
import type { Tensor } from '../tensor';

/** Of a block's parts, as their authors and as transformers 5 name them. */
const blockParts: Readonly<Record<string, string>> = {
  norm1: 'layer_norm_1',
  norm2: 'layer_norm_2',
  'attn.q': 'attention.self.query',
  'attn.k': 'attention.self.key',
  'attn.v': 'attention.self.value',
  'attn.proj': 'attention.output.dense',
  'attn.sr': 'attention.self.sr',
  'attn.norm': 'attention.self.layer_norm',
  layernorm_before: 'layer_norm_1',
  layernorm_after: 'layer_norm_2',
  'attention.q_proj': 'attention.self.query',
  'attention.k_proj': 'attention.self.key',
  'attention.v_proj': 'attention.self.value',
  'attention.o_proj': 'attention.output.dense',
  'attention.sequence_reduction.sequence_reduction': 'attention.self.sr',
  'attention.sequence_reduction.layer_norm': 'attention.self.layer_norm',
  'mlp.fc1': 'mlp.dense1',
  'mlp.fc2': 'mlp.dense2',
};

/** Of the head's parts. */
const headParts: Readonly<Record<string, string>> = {
  'linear_fuse.conv': 'linear_fuse',
  'linear_fuse.bn': 'batch_norm',
  linear_pred: 'classifier',
};

/** The number of a stage as the authors count it, from 1. */
const fromZero = (stage: string | undefined): number => Number(stage) - 1;

const embeddingParts: Readonly<Record<string, string>> = { proj: 'proj', norm: 'layer_norm' };

/** Keys of the encoder, without what stands before them: what they look like, and what becomes of them. */
const encoderRules: readonly [RegExp, (...groups: (string | undefined)[]) => string][] = [
  [/^encoder\.(.+)$/, (rest) => `encoder.${rest}`],
  [
    /^patch_embed(\d)\.(proj|norm)\.(\w+)$/,
    (stage, part = '', leaf) => `encoder.patch_embeddings.${fromZero(stage)}.${embeddingParts[part]}.${leaf}`,
  ],
  [
    /^block(\d)\.(\d+)\.(.+)\.(\w+)$/,
    (stage, block, part = '', leaf) => `encoder.block.${fromZero(stage)}.${block}.${blockParts[part] ?? part}.${leaf}`,
  ],
  [/^norm(\d)\.(\w+)$/, (stage, leaf) => `encoder.layer_norm.${fromZero(stage)}.${leaf}`],
  [/^stages\.(\d+)\.(patch_embeddings|layer_norm)\.(.+)$/, (stage, part, rest) => `encoder.${part}.${stage}.${rest}`],
  [
    /^stages\.(\d+)\.blocks\.(\d+)\.(.+)\.(\w+)$/,
    (stage, block, part = '', leaf) => `encoder.block.${stage}.${block}.${blockParts[part] ?? part}.${leaf}`,
  ],
];

/**
 * The key that Hugging Face's checkpoints have for a tensor, or `key` itself where it is of no SegFormer; without the `module.`
 * that a model has in PyTorch's DataParallel.
 */
export function checkpointKey(key: string): string {
  const unwrapped = key.replace(/^module\./, '');
  const bare = unwrapped.replace(/^(?:backbone|segformer)\./, '');
  for (const [pattern, rename] of encoderRules) {
    const match = pattern.exec(bare);
    if (match !== null) return `segformer.${rename(...match.slice(1))}`;
  }
  const [, part = '', leaf = ''] = /^decode_head\.(.+)\.(\w+)$/.exec(bare) ?? [];
  if (part === '') return unwrapped;
  const named = headParts[part] ?? part.replace(/^linear_projections\./, 'linear_c.');
  return `decode_head.${named.replace(/^linear_c(\d)\./, (_, stage: string) => `linear_c.${fromZero(stage)}.`)}.${leaf}`;
}

/**
 * A state dict under the keys of Hugging Face's checkpoints. Where keys and values are one tensor of two halves, as their
 * authors have them, it becomes two, which are views of it.
 */
export function checkpointState(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const renamed = new Map<string, Tensor>();
  for (const [key, tensor] of state) {
    const both = /^(.*\bblock\d\.\d+\.attn)\.kv\.(\w+)$/.exec(key);
    if (both === null) {
      renamed.set(checkpointKey(key), tensor);
      continue;
    }
    const half = Math.floor(tensor.size(0) / 2);
    renamed.set(checkpointKey(`${both[1]}.k.${both[2]}`), tensor.narrow(0, 0, half));
    renamed.set(checkpointKey(`${both[1]}.v.${both[2]}`), tensor.narrow(0, half, tensor.size(0) - half));
  }
  return renamed;
}
