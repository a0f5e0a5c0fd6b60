import type { Command } from 'commander';

/** A command of the program: one file in this folder, listed in commands.ts. */
export interface CliCommand {
  readonly name: string;
  /**
   * Declares flags, arguments and help on `command`.
   * `run` is given the parsed flags by commander; it resolves to the exit code.
   */
  define(command: Command): void;
  run(command: Command): Promise<number>;
}
