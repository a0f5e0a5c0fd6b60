import { classNames } from './classes';
import { checkProgressive } from './batch-transform';
import { namedSettings } from './choices';
import { checkLoss } from './criterion';
import { UsageError } from './errors';
import { flagOf } from './spelling';
import { checkModel, completeModelOptions, type GivenOptions, hasOwnImageSize, typedOptions } from './model-choice';
import { checkSchedule } from './optimization';
import { recipes, usual, type RecipeNumbers } from './recipes';
import type { TypedModelOption } from './typed-options';
import type { Device } from '../tensor';

/** Where the images come from: a folder in the official layout, or the sample that the program draws. */
export interface DataChoice {
  readonly kind: 'folder' | 'sample';
  /** Folder that holds `images/` and `annotations/`. */
  readonly directory: string;
}

/** Everything that decides the bits of a run; `config.json` is this object. */
export interface TrainSettings extends RecipeNumbers {
  readonly recipe: string;
  readonly data: DataChoice;
  readonly seed: number;
  /** `cpu`, `cuda`, or `cuda:i`. */
  readonly device: Device;
  /** Threads inside one op. Large sums are split by it, so it decides bits. */
  readonly threads: number;
  /** Threads that make the batches; 0 is the one that trains. Each has its own random numbers, so it decides bits. */
  readonly workers: number;
  /** Only the first so many samples of `trainval`; null is all. */
  readonly limit: number | null;
  /** Only the first so many samples of `test`; null is all. */
  readonly testLimit: number | null;
}

/** The part of the settings that a user may give; what is missing comes from the recipe. */
export type SettingsOverrides = Partial<Omit<TrainSettings, 'recipe' | 'data' | 'device' | 'threads' | 'model'>> & {
  /** Any name: it is checked here. */
  readonly model?: string;
  /** Options of the model whose types the model knows; they go before `modelOptions`. */
  readonly typedModelOptions?: readonly TypedModelOption[];
};

/** What has no default in a recipe. */
export type SettingsSurroundings = Pick<TrainSettings, 'data' | 'device' | 'threads'>;

/**
 * The effective settings of a new run.
 * @throws UsageError for sizes that cannot go together
 */
export function resolveSettings(
  recipeName: string,
  surroundings: SettingsSurroundings,
  overrides: SettingsOverrides,
): TrainSettings {
  const recipe = recipes.get(recipeName);
  if (recipe === undefined) throw new UsageError(`there is no recipe ${recipeName}`);
  const { numbers } = recipe;
  const { modelOptions = {}, typedModelOptions = [], ...given } = definedOnly(overrides);
  const model = checkModel(given.model ?? numbers.model);
  const ofRecipe = model === numbers.model ? numbers.modelOptions : {};
  const settings: TrainSettings = {
    recipe: recipe.name,
    seed: 0,
    workers: 0,
    limit: null,
    testLimit: null,
    ...numbers,
    ...surroundings,
    ...given,
    progressive: given.progressive ?? fittingStages(numbers.progressive, given.imageSize ?? numbers.imageSize, model),
    model,
    modelOptions: completeModelOptions(model, ofRecipe, {
      ...modelOptions,
      ...typedOptions(model, typedModelOptions),
    }),
  };
  checkSettings(settings);
  return settings;
}

/** The stages of a recipe's own image size and model, without those that make no sense for others. */
function fittingStages(
  stages: TrainSettings['progressive'],
  imageSize: number,
  model: TrainSettings['model'],
): TrainSettings['progressive'] {
  return hasOwnImageSize(model) ? [] : stages.filter((stage) => stage.imageSize < imageSize);
}

/** What was not given must not hide what the recipe says. */
function definedOnly<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]: [string, unknown]) => value !== undefined)) as T;
}

function checkSettings(settings: TrainSettings): void {
  const { imageSize, model, modelOptions, progressive } = settings;
  const { patchSize, embedSize, numHeads } = modelOptions;
  if (typeof patchSize === 'number' && imageSize % patchSize !== 0) {
    throw new UsageError(`--patch-size ${patchSize} does not divide --image-size ${imageSize}`);
  }
  if (typeof embedSize === 'number' && typeof numHeads === 'number' && embedSize % numHeads !== 0) {
    throw new UsageError(`--num-heads ${numHeads} does not divide --embed-size ${embedSize}`);
  }
  checkSchedule(settings);
  checkLoss(settings, classNames.length);
  checkProgressive(progressive, imageSize, !hasOwnImageSize(model), model);
}

/**
 * The settings of a run that is to go on. Only the number of epochs may grow: anything else would give other bits than
 * the run never interrupted.
 * @throws UsageError naming the first setting that differs
 */
export function resumeSettings(
  saved: TrainSettings,
  overrides: SettingsOverrides & Partial<Pick<TrainSettings, 'recipe' | 'device' | 'threads'>>,
  epochsDone: number,
): TrainSettings {
  const { modelOptions = {}, typedModelOptions = [], ...given } = definedOnly(overrides);
  const typed = typedOptions(saved.model, typedModelOptions);
  const asked = { ...given, ...modelOptions, ...typed } as Record<string, unknown>;
  const kept = { ...saved, ...saved.modelOptions } as Record<string, unknown>;
  for (const [key, value] of Object.entries(asked)) {
    if (key === 'epochs' || shown(value) === shown(kept[key])) continue;
    throw new UsageError(
      `${flagOf(key)} ${shown(value ?? 'none')} differs from this run's ${shown(kept[key] ?? 'none')}: ` +
        'a resumed run keeps its settings, only --epochs may be raised',
    );
  }
  const epochs = given.epochs ?? saved.epochs;
  if (epochs < epochsDone) {
    throw new UsageError(`--epochs ${epochs} is less than the ${epochsDone} epochs that this run has already trained`);
  }
  if (epochs !== saved.epochs) checkCanBeLengthened(saved);
  return { ...saved, epochs };
}

/** A number of epochs that the steps so far have gone by cannot be another one afterwards. */
function checkCanBeLengthened({ schedule, warmup, progressive, epochs }: TrainSettings): void {
  const bySteps = schedule === 'cosine' || schedule === 'poly' || (warmup > 0 && warmup < 1);
  if (!bySteps && progressive.length === 0) return;
  throw new UsageError(
    `--epochs cannot be changed: this run's ${bySteps ? `schedule ${schedule}` : 'image sizes'} went by its ${epochs} epochs from the start`,
  );
}

/**
 * The settings in a config.json. Versions up to 0.1 had the Vision Transformer's numbers among the others, and named fewer.
 * @throws {Error} for what is no config.json
 */
export function readSettings(saved: Partial<TrainSettings> & Record<string, unknown>): TrainSettings {
  const settings = saved.modelOptions === undefined ? fromFirstRelease(saved) : saved;
  checkKinds(settings);
  checkSettings(settings as TrainSettings);
  return settings as TrainSettings;
}

function fromFirstRelease(saved: Partial<TrainSettings> & Record<string, unknown>): Partial<TrainSettings> {
  const { patchSize, embedSize, numBlocks, numHeads, dropout, ...rest } = saved;
  const given = { patchSize, embedSize, numBlocks, numHeads, dropout } as GivenOptions;
  const model = checkModel(saved.model ?? 'vit-segmentation');
  const modelOptions = completeModelOptions(model, {}, definedOnly(given));
  return { workers: 0, ...usual, ...rest, model, modelOptions };
}

/** Some settings, to know by which names and kinds all are told. */
const anyData: DataChoice = { kind: 'sample', directory: '' };

function checkKinds(settings: object): void {
  const values = new Map<string, unknown>(Object.entries(settings));
  const known = resolveSettings('quick', { data: anyData, device: 'cpu', threads: 1 }, {});
  for (const [name, standard] of Object.entries(known) as [string, unknown][]) {
    const value = values.get(name);
    if (value === undefined) throw new Error(`there is no \`${name}\` in it`);
    // What may be null is null in this recipe.
    if (standard === null || (value !== null && typeof value === typeof standard)) continue;
    throw new Error(`\`${name}\` is ${JSON.stringify(value)}`);
  }
  for (const [name, choices] of namedSettings) {
    const value = String(values.get(name));
    if (!choices.includes(value)) throw new Error(`\`${name}\` is "${value}", expected one of ${choices.join(', ')}`);
  }
  checkModel(String(values.get('model')));
  const { directory } = values.get('data') as { directory?: unknown };
  if (typeof directory !== 'string') throw new Error('there is no `directory` in its `data`');
}

/** A value as a flag has it. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
