import type { Device } from '../tensor';
import { UsageError } from './errors';
import { recipes, type RecipeNumbers } from './recipes';

/** `article` keeps the notebook's way of scoring, flaws included; `clean` mends it (see docs/training.md). */
export const protocols = ['article', 'clean'] as const;
export type Protocol = (typeof protocols)[number];

/** What a forward pass computes in: `bfloat16` by autocast, where the weights stay float32. */
export const dtypes = ['float32', 'bfloat16'] as const;

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
  readonly protocol: Protocol;
  readonly seed: number;
  /** `cpu`, `cuda`, or `cuda:i`. */
  readonly device: Device;
  readonly dtype: (typeof dtypes)[number];
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
export type SettingsOverrides = Partial<Omit<TrainSettings, 'recipe' | 'data' | 'device' | 'threads'>>;

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
  // What was not given must not hide what the recipe says.
  const given = Object.fromEntries(
    Object.entries(overrides).filter(([, value]: [string, unknown]) => value !== undefined),
  );
  const settings: TrainSettings = {
    recipe: recipe.name,
    protocol: 'article',
    seed: 0,
    dtype: 'float32',
    workers: 0,
    limit: null,
    testLimit: null,
    ...recipe.numbers,
    ...surroundings,
    ...given,
  };
  checkSizes(settings);
  return settings;
}

function checkSizes({ imageSize, patchSize, embedSize, numHeads }: TrainSettings): void {
  if (imageSize % patchSize !== 0) {
    throw new UsageError(`--patch-size ${patchSize} does not divide --image-size ${imageSize}`);
  }
  if (embedSize % numHeads !== 0) {
    throw new UsageError(`--num-heads ${numHeads} does not divide --embed-size ${embedSize}`);
  }
}

/**
 * The settings of a run that is to go on. Only the number of epochs may grow: anything else would give other bits than
 * the run never interrupted.
 * @throws UsageError naming the first setting that differs
 */
export function resumeSettings(
  saved: TrainSettings,
  overrides: Partial<Omit<TrainSettings, 'data'>>,
  epochsDone: number,
): TrainSettings {
  for (const [key, value] of Object.entries(overrides)) {
    const kept = saved[key as keyof typeof overrides];
    if (key === 'epochs' || (value as unknown) === undefined || value === kept) continue;
    throw new UsageError(
      `${flagOf(key)} ${value} differs from this run's ${kept ?? 'none'}: ` +
        'a resumed run keeps its settings, only --epochs may be raised',
    );
  }
  const epochs = overrides.epochs ?? saved.epochs;
  if (epochs < epochsDone) {
    throw new UsageError(`--epochs ${epochs} is less than the ${epochsDone} epochs that this run has already trained`);
  }
  return { ...saved, epochs };
}

/** `batchSize` → `--batch-size` */
export function flagOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
