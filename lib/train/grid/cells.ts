import type { Base, ExperimentDefinition, ExperimentSize } from '../experiments/definition';
import { resolveSettings, type SettingsOverrides, type SettingsSurroundings, type TrainSettings } from '../settings';

/** One run of an experiment. */
export interface Cell {
  /** A part of a folder's name, unique in the experiment. */
  readonly id: string;
  /** What it is an instance of, `base` or `factor-level`. */
  readonly variant: string;
  readonly seed: number;
  readonly settings: TrainSettings;
}

/** The name of a level's runs; levels without overrides share theirs. */
export function variantOf(factor: string, { label, overrides }: { label: string; overrides: unknown }): string {
  return overrides === null ? 'base' : `${factor}-${label.replaceAll(' ', '-')}`;
}

/** All runs, seed by seed, so that what is done at any time has something on every question. */
export function cellsOf(
  { questions }: ExperimentDefinition,
  { recipe, overrides, seeds }: ExperimentSize,
  surroundings: SettingsSurroundings,
): Cell[] {
  const settings = resolveSettings(recipe, surroundings, overrides);
  const { epochs, lr, modelOptions } = settings;
  const base: Base = { epochs, lr, patchSize: Number(modelOptions['patchSize'] ?? NaN) };
  const variants = new Map<string, SettingsOverrides>();
  for (const { factor, levels } of questions) {
    for (const level of levels) variants.set(variantOf(factor, level), level.overrides?.(base) ?? {});
  }
  return seeds.flatMap((seed) =>
    [...variants].map(([variant, changed]) => ({
      id: `${variant}-seed-${seed}`,
      variant,
      seed,
      settings: resolveSettings(recipe, surroundings, merged(overrides, changed, seed)),
    })),
  );
}

/** What a size sets of one model means nothing to another. */
function merged(size: SettingsOverrides, level: SettingsOverrides, seed: number): SettingsOverrides {
  const modelOptions = { ...(level.model === undefined ? size.modelOptions : {}), ...level.modelOptions };
  return { ...size, ...level, modelOptions, seed };
}
