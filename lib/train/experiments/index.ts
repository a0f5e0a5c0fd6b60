/** The experiments by name: adding one means adding its file and its name here. */
import { articleQuestions } from './article-questions';
import { comparison } from './comparison';
import type { ExperimentDefinition } from './definition';

export type { ExperimentDefinition } from './definition';

export const experiments: ReadonlyMap<string, ExperimentDefinition> = new Map(
  [articleQuestions, comparison].map((experiment) => [experiment.name, experiment]),
);
