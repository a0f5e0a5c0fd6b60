/** What a Vision Transformer has learned by classifying, taken over by the one that segments. */
import { noGrad } from '../autograd';
import { ArgumentError, describe, scope } from '../engine';
import * as nn from '../nn';
import type { Tensor } from '../tensor';
import { VisionTransformer } from './vit-classification';
import { VisionTransformerForSegmentation } from './vit-segmentation';

/** What {@link reuseEncoder} did, by keys of the state dicts. */
export interface ReusedEncoder {
  /** Tensors of the classifier that were copied. */
  readonly used: readonly string[];
  /** Tensors of the classifier that were not, each with the reason. */
  readonly notUsed: readonly { readonly key: string; readonly reason: string }[];
  /** Parameters of the model for segmentation that are still as they were drawn. */
  readonly fresh: readonly string[];
}

/**
 * Copies what fits of a classifier's encoder into a model for segmentation: the embedding of the patches, the positions and
 * the blocks. Positions of another number of patches are resized as images are, bicubically, as the paper does for larger
 * images. What does not fit stays as it was drawn, and what of the classifier has no place here (the class token, the last
 * layer norm, the head) is said to be not used.
 *
 * Beyond the shapes two things differ, and training has to make up for them: torchvision's layer norms have an epsilon of
 * 1e-6, and its images are normalised by ImageNet's mean and deviation where the segmenting model has a batch norm.
 *
 * @throws ArgumentError if one of the two is no such model
 */
export function reuseEncoder(to: VisionTransformerForSegmentation, from: VisionTransformer): ReusedEncoder {
  if (!(to instanceof VisionTransformerForSegmentation)) {
    throw new ArgumentError(
      `reuseEncoder(): expected a VisionTransformerForSegmentation for argument \`to\`, received ${describe(to)}`,
    );
  }
  if (!(from instanceof VisionTransformer)) {
    throw new ArgumentError(
      `reuseEncoder(): expected a VisionTransformer for argument \`from\`, received ${describe(from)}`,
    );
  }
  const fresh = new Map<string, Tensor>(to.namedParameters());
  const used: string[] = [];
  const notUsed: { key: string; reason: string }[] = [];
  noGrad(() => {
    for (const [key, parameter] of from.namedParameters()) {
      const place = placeOf(key);
      const target = fresh.get(place);
      const reason = target === undefined ? 'has no place in the model for segmentation' : misfit(key, to, from);
      if (target === undefined || reason !== null) {
        notUsed.push({ key, reason: reason ?? '' });
        continue;
      }
      scope(() => {
        target.copy_(fitted(key, parameter, target));
      });
      fresh.delete(place);
      used.push(key);
    }
  });
  return { used, notUsed, fresh: [...fresh.keys()] };
}

const embedding = new Map([
  ['conv_proj.weight', 'layers.1.pe.embed_layer.weight'],
  ['conv_proj.bias', 'layers.1.pe.embed_layer.bias'],
  ['encoder.pos_embedding', 'layers.1.position_embed'],
]);

const partsOfBlock = new Map([
  ['ln_1', 'ln1'],
  ['self_attention', 'mha'],
  ['ln_2', 'ln2'],
  ['mlp.0', 'mlp.layers.0'],
  ['mlp.3', 'mlp.layers.2'],
]);

/** The classifier's key as that of the model for segmentation; empty where there is none. */
function placeOf(key: string): string {
  const [, block, part = '', rest] =
    /^encoder\.layers\.encoder_layer_(\d+)\.(ln_\d|self_attention|mlp\.\d)\.(.+)$/.exec(key) ?? [];
  const place = partsOfBlock.get(part);
  return place === undefined ? (embedding.get(key) ?? '') : `layers.2.${block}.${place}.${rest}`;
}

/** Why a tensor that has a place cannot be copied there; null where it can. */
function misfit(key: string, to: VisionTransformerForSegmentation, from: VisionTransformer): string | null {
  const { embedSize, numHeads, patchSize, inChannels, hybridStride } = to.args;
  const { options } = from;
  if (options.hiddenDim !== embedSize) return `tokens of ${options.hiddenDim} do not fit tokens of ${embedSize}`;
  if (key === 'conv_proj.weight') {
    if (options.patchSize !== patchSize)
      return `patches of ${options.patchSize} pixels do not fit those of ${patchSize}`;
    if (inChannels !== 3) return `3 colours do not fit ${inChannels}`;
    if (hybridStride !== 1) return 'patches of an image do not fit those of a stem';
  }
  // The shapes would fit: each head would read a part of the embedding that was learned by another.
  if (key.includes('.self_attention.') && options.numHeads !== numHeads) {
    return `${options.numHeads} attention heads do not fit ${numHeads}`;
  }
  if (/\.mlp\.(0|3\.weight)/.test(key) && options.mlpDim !== 4 * embedSize) {
    return `an MLP of ${options.mlpDim} does not fit one of ${4 * embedSize}`;
  }
  return null;
}

/** The tensor in the shape that it has in the model for segmentation. */
function fitted(key: string, parameter: Tensor, target: Tensor): Tensor {
  if (key !== 'encoder.pos_embedding') return parameter.reshape(target.shape);
  const [patches = 0, size = 0] = target.shape;
  const positions = parameter.select(0, 0).narrow(0, 1, parameter.size(1) - 1); // without the class token's
  if (positions.size(0) === patches) return positions;
  const [side, ownSide] = [Math.sqrt(patches), Math.sqrt(positions.size(0))];
  const map = positions.t().reshape([1, size, ownSide, ownSide]);
  const resized = nn.functional.interpolate(map, { size: side, mode: 'bicubic', alignCorners: true });
  return resized.reshape([size, patches]).t();
}
