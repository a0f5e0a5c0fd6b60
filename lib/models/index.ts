/**
 * The models by name, in one place: adding a model means adding its file, a line to {@link ModelOptions} and a line to the
 * registry.
 */
import { ArgumentError, describe } from '../engine';
import { Module } from '../nn';
import type { JourneyStep } from './journey';
import type { OptionValue } from './options';
import { SegFormer } from './segformer';
import { segformerDefaults, type SegFormerOptions, type SegFormerVariant, segformerVariants } from './segformer-args';
import { SegNet, type SegNetArgs, segNetDefaults, SegNetDsc } from './segnet';
import { UNet, type UNetArgs, uNetDefaults } from './unet';
import {
  VisionTransformerForSegmentation,
  visionTransformerDefaults,
  type VisionTransformerArgs,
} from './vit-segmentation';

export { DropPath } from './drop-path';
export { hubFile, type HubOptions } from './hub';
export type { JourneyStep } from './journey';
export { attentionMacs, type AttentionSizes, type CountsMacs } from './macs';
export type { OptionValue } from './options';
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
export { SegNet, type SegNetArgs, segNetDefaults, SegNetDsc } from './segnet';
export { type LayerSummary, type ModelSummary, summary, type SummaryOptions } from './summary';
export { UNet, type UNetArgs, uNetDefaults } from './unet';
export { VisionTransformer, type VisionTransformerOptions, visionTransformerSizes } from './vit-classification';
export { reuseEncoder, type ReusedEncoder } from './vit-encoder-reuse';
export {
  VisionTransformerForSegmentation,
  visionTransformerDefaults,
  type VisionTransformerArgs,
} from './vit-segmentation';

/** What a model for segmentation offers besides being a module: images [N, C, H, W] to class scores [N, classes, H, W]. */
export interface SegmentationModel extends Module {
  /**
   * The shapes of a batch on its way through the model.
   * @param imageSize side of the images, in pixels; the Vision Transformer has its own
   */
  journey(batchSize?: number, imageSize?: number): JourneyStep[];
}

/** SegFormer in the sizes of its paper; see {@link SegFormer}. */
type SegFormers = { [V in SegFormerVariant as `segformer-${V}`]: Omit<SegFormerOptions, 'variant'> };

/** Options of each model. All of them have `inChannels` and `outChannels`. */
export interface ModelOptions extends SegFormers {
  /** The article's Vision Transformer, of part 4; see {@link VisionTransformerForSegmentation}. */
  'vit-segmentation': Partial<VisionTransformerArgs>;
  /** The article's SegNet, of part 2; see {@link SegNet}. */
  segnet: Partial<SegNetArgs>;
  /** The article's SegNet with separable convolutions, of part 3; see {@link SegNetDsc}. */
  'segnet-dsc': Partial<SegNetArgs>;
  /** U-Net with batch norm; see {@link UNet}. */
  unet: Partial<UNetArgs>;
}

/** Names of the models: keys of {@link ModelOptions}. */
export type ModelName = keyof ModelOptions;

interface Entry<Options> {
  /** All options, by the names that `make` takes them by. */
  readonly defaults: Readonly<Required<Options>>;
  readonly make: (options: Options) => SegmentationModel;
}

type Registry<Name extends ModelName = ModelName> = { readonly [N in Name]: Entry<ModelOptions[N]> };

const registry: Registry = {
  'vit-segmentation': {
    defaults: visionTransformerDefaults,
    make: (options) => new VisionTransformerForSegmentation(options),
  },
  segnet: { defaults: segNetDefaults, make: (options) => new SegNet(options) },
  'segnet-dsc': { defaults: segNetDefaults, make: (options) => new SegNetDsc(options) },
  unet: { defaults: uNetDefaults, make: (options) => new UNet(options) },
  ...segformers(),
};

function segformers(): Registry<keyof SegFormers> {
  const entries = segformerVariants.map((variant) => {
    const make = (options: SegFormers[keyof SegFormers]): SegmentationModel => new SegFormer({ ...options, variant });
    return [`segformer-${variant}`, { defaults: segformerDefaults(variant), make }];
  });
  return Object.fromEntries(entries) as Registry<keyof SegFormers>;
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
 * All options of a model with their defaults; an option is of its default's type.
 * @throws ArgumentError for an unknown name
 *
 * @example
 * ```ts
 * console.log(torch.models.defaultsOf('segnet')); // { inChannels: 3, outChannels: 3, width: 64, kernelSize: 3 }
 * ```
 */
export function defaultsOf(name: ModelName): Readonly<Record<string, OptionValue>> {
  return structuredClone(entryOf(name).defaults);
}

/**
 * Makes a model with fresh parameters, drawn from the default generator.
 * @throws ArgumentError for an unknown name, an unknown option, or sizes that cannot go together
 */
export function create<N extends ModelName>(name: N, options: ModelOptions[N] = {}): SegmentationModel {
  return entryOf(name).make(options);
}

function entryOf<N extends ModelName>(name: N): Entry<ModelOptions[N]> {
  if (isModelName(name)) return registry[name];
  const shown = typeof name === 'string' ? name : describe(name);
  throw new ArgumentError(`there is no model ${shown}, expected one of ${names().join(', ')}`, 'TORCH_VALUE');
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
