import type { CliCommand } from './command';
import { summaryCommand } from './summary';
import { trainCommand } from './train';

/** Every command; the first one runs where none is named. */
export const commands: readonly CliCommand[] = [trainCommand, summaryCommand];
