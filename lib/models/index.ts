/** The models by name, in one place: adding a model means adding its file and one line here. */
import { ArgumentError, describe } from '../engine';
import { Module } from '../nn';
import { SegFormer } from './segformer';
import { type SegFormerOptions, type SegFormerVariant, segformerVariants } from './segformer-args';
import { VisionTransformerForSegmentation, type JourneyStep, type VisionTransformerArgs } from './vit-segmentation';

export { DropPath } from './drop-path';
export { hubFile, type HubOptions } from './hub';
export type { LoadingInfo, MismatchedKey } from './pretrained';
export { SegFormer } from './segformer';
export {
  type AttentionImplementation,
  type HiddenActivation,
  segformerDefaults,
  type SegFormerArgs,
  type SegFormerOptions,
  type SegFormerVariant,
} from './segformer-args';
export type { PretrainedOptions } from './segformer-checkpoint';
export {
  VisionTransformerForSegmentation,
  visionTransformerDefaults,
  type JourneyStep,
  type VisionTransformerArgs,
} from './vit-segmentation';

/** What a model for segmentation offers besides being a module: images [N, C, H, W] to class scores [N, classes, H, W]. */
export interface SegmentationModel extends Module {
  /** The shapes of one tensor on its way through the model. */
  journey(batchSize?: number): JourneyStep[];
}

/** SegFormer in the sizes of its paper; see {@link SegFormer}. */
type SegFormers = { [V in SegFormerVariant as `segformer-${V}`]: Omit<SegFormerOptions, 'variant'> };

/** Options of each model. */
export interface ModelOptions extends SegFormers {
  /** The article's Vision Transformer; see {@link VisionTransformerForSegmentation}. */
  'vit-segmentation': Partial<VisionTransformerArgs>;
}

/** Names of the models: keys of {@link ModelOptions}. */
export type ModelName = keyof ModelOptions;

const registry: Makers<ModelName> = {
  'vit-segmentation': (options) => new VisionTransformerForSegmentation(options),
  ...segformers(),
};

type Makers<N extends ModelName> = { readonly [M in N]: (options: ModelOptions[M]) => SegmentationModel };

function segformers(): Makers<keyof SegFormers> {
  const makers = segformerVariants.map((variant) => [
    `segformer-${variant}`,
    (options: Omit<SegFormerOptions, 'variant'>) => new SegFormer({ ...options, variant }),
  ]);
  return Object.fromEntries(makers) as Makers<keyof SegFormers>;
}

/** The names of all models. */
export function names(): ModelName[] {
  return Object.keys(registry) as ModelName[];
}

/** True for the name of a model. */
export function isModelName(name: string): name is ModelName {
  return typeof name === 'string' && Object.hasOwn(registry, name);
}

/**
 * Makes a model with fresh parameters, drawn from the default generator.
 * @throws ArgumentError for an unknown name, or sizes that cannot go together
 */
export function create<N extends ModelName>(name: N, options: ModelOptions[N] = {}): SegmentationModel {
  if (!isModelName(name)) {
    const shown = typeof name === 'string' ? name : describe(name);
    throw new ArgumentError(`there is no model ${shown}, expected one of ${names().join(', ')}`, 'TORCH_VALUE');
  }
  return registry[name](options);
}

/** Number of trainable numbers in a module, each counted once. */
export function countParameters(module: Module): number {
  if (!(module instanceof Module)) {
    throw new ArgumentError(
      `countParameters(): expected a Module for argument \`module\`, received ${describe(module)}`,
    );
  }
  return module.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0);
}
