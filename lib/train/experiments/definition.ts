import type { SettingsOverrides } from '../settings';

/** An experiment: questions that are answered by runs, in one of several sizes. Pure data; one file each in this folder. */
export interface ExperimentDefinition {
  readonly name: string;
  /** One line for the help text. */
  readonly summary: string;
  /** From the smallest to the largest; `small` and `full` are names of two of them. */
  readonly sizes: readonly ExperimentSize[];
  readonly questions: readonly Question[];
  /** The models themselves are measured, too: multiply-accumulates, time of an image. */
  readonly measuresModels: boolean;
}

/** How large the runs of an experiment are. */
export interface ExperimentSize {
  readonly name: string;
  /** What the runs are, and what they leave out, for the report. */
  readonly note: string;
  readonly recipe: string;
  /** What all runs change of the recipe. */
  readonly overrides: SettingsOverrides;
  readonly seeds: readonly number[];
}

/** A choice among levels, each of which is a run for each seed. */
export interface Question {
  /** What is varied, as a part of a folder's name. */
  readonly factor: string;
  readonly title: string;
  readonly levels: readonly Level[];
  /** The answer is yes if level `better` beats level `than`; null where nothing is asked. */
  readonly yesIf: { readonly better: string; readonly than: string } | null;
}

export interface Level {
  readonly label: string;
  /** What the level changes, given what the size makes of the recipe; null is the run that all questions share. */
  readonly overrides: ((base: Base) => SettingsOverrides) | null;
}

/** The numbers that levels are relative to. */
export interface Base {
  readonly patchSize: number;
  readonly epochs: number;
  readonly lr: number;
}
