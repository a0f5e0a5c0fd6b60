import type { ArgumentError } from '../engine';
import {
  create,
  defaultsOf,
  isModelName,
  names,
  type ModelName,
  type OptionValue,
  type SegmentationModel,
} from '../models';
import { UsageError } from './errors';
import { didYouMean } from './spelling';
import { readModelOptions, type TypedModelOption, unknownModelOption } from './typed-options';

/** Options that other settings decide: the side of the images, and what the data set gives and wants. */
const decided = ['imageSize', 'inChannels', 'outChannels'];

/** Options of a model, by name. */
export type GivenOptions = Readonly<Record<string, OptionValue>>;

/** @throws {UsageError} with the nearest name, where there is no such model */
export function checkModel(name: string): ModelName {
  if (isModelName(name)) return name;
  throw new UsageError(`there is no model ${name}${didYouMean(name, names()) || `; there are ${names().join(', ')}`}`);
}

/** The model is made for images of one size, which it must be told. */
export function hasOwnImageSize(model: ModelName): boolean {
  return 'imageSize' in defaultsOf(model);
}

/** The options of a model that a run may choose, with their defaults. */
function choosable(model: ModelName): GivenOptions {
  return Object.fromEntries(Object.entries(defaultsOf(model)).filter(([name]) => !decided.includes(name)));
}

/**
 * Options of a model as they were typed.
 *
 * @throws {UsageError} for an option that the model has not, or a text of another type
 */
export function typedOptions(model: ModelName, typed: readonly TypedModelOption[]): GivenOptions {
  const defaults = choosable(model);
  return readModelOptions(defaults, typed, (name) => unknownOption(model, name, Object.keys(defaults)));
}

/**
 * All options of a model that a run chooses: the given ones, those of a recipe for the same model, the model's defaults.
 *
 * @throws {UsageError} for an option that the model has not, or of another type
 */
export function completeModelOptions(model: ModelName, ofRecipe: GivenOptions, given: GivenOptions): GivenOptions {
  const defaults = choosable(model);
  for (const [name, value] of Object.entries(given)) {
    const standard = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (standard === undefined) throw new UsageError(unknownOption(model, name, Object.keys(defaults)));
    if (kindOf(value) === kindOf(standard)) continue;
    throw new UsageError(`--model-option ${name}=${String(value)}: expected ${kindOf(standard)}`);
  }
  return { ...defaults, ...ofRecipe, ...given };
}

/**
 * Makes the model of a run, with fresh weights.
 *
 * @throws {UsageError} for sizes that cannot go together
 */
export function makeModel(model: ModelName, options: GivenOptions, imageSize: number): SegmentationModel {
  try {
    return create(model, hasOwnImageSize(model) ? { ...options, imageSize } : options);
  } catch (error) {
    // By its code: an error of another realm is no instance of this one's class.
    if ((error as Partial<ArgumentError>).code !== 'TORCH_VALUE') throw error;
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function kindOf(value: OptionValue): string {
  return typeof value === 'object' ? 'numbers with commas between' : `a ${typeof value}`;
}

function unknownOption(model: string, name: string, known: readonly string[]): string {
  if (name === 'imageSize') return 'the side of the images is set by --image-size';
  if (decided.includes(name)) return `${name} is not to be chosen: the images have 3 colours and the masks 3 classes`;
  return unknownModelOption(model, name, known);
}
