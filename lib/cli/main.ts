import { Command, CommanderError } from 'commander';

import { describeFileSystemError } from '../train/errors';
import { version } from '../train/version';
import { commands } from './commands';
import { exitCodes } from './exit-codes';
import { didYouMean } from './nearest';

/**
 * The program: parses the arguments (without `node` and the script's name), runs one command, prints at most one line of
 * error, and resolves to the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  // The reader of a pipe went away, as `head` does; nobody is left to tell.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.failed);
    throw error;
  });
  try {
    return await runCommand(withDefaultCommand(args));
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const { message, exitCode } = explain(error);
    process.stderr.write(`error: ${message}\n`);
    return exitCode;
  }
}

/** The sentence for an error, and the exit code that its kind has. */
export function explain(error: unknown): { message: string; exitCode: number } {
  const fileSystem = describeFileSystemError(error);
  if (fileSystem !== null) return { message: fileSystem, exitCode: exitCodes.failed };
  if (!(error instanceof Error)) return { message: String(error), exitCode: exitCodes.failed };
  const code = 'code' in error ? String(error.code) : '';
  const exitCode = exitCodeOf.get(code);
  // An error that no part of the program foresaw is a bug, and a bug report needs its stack.
  if (exitCode === undefined) return { message: error.stack ?? error.message, exitCode: exitCodes.failed };
  return { message: error.message.replaceAll('\n', ' '), exitCode };
}

const exitCodeOf = new Map<string, number>([
  ['USAGE', exitCodes.usage],
  ['RUN_FAILED', exitCodes.failed],
  ['DATA', exitCodes.data],
]);

async function runCommand(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = new Command('libtorch-node')
    .description("PyTorch's engine for TypeScript, and an image-segmentation article's models trained on it")
    .version(version, '--version')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  for (const command of commands) {
    const definition = program
      .command(command.name)
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
    command.define(definition);
    definition.action(async () => {
      exitCode = await command.run(definition);
    });
  }
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

/** Without a command's name the first command runs, and takes `--help` too. */
function withDefaultCommand(args: readonly string[]): readonly string[] {
  const [first] = args;
  const names = commands.map((command) => command.name);
  if (first === undefined || (first.startsWith('-') && first !== '--version')) return [names[0] ?? '', ...args];
  if (first !== '--version' && first !== 'help' && !names.includes(first)) {
    const message = `there is no command ${first}${didYouMean(first, names)}`;
    process.stderr.write(`error: ${message}\n`);
    throw new CommanderError(1, 'unknownCommand', message);
  }
  return args;
}

/** commander puts its suggestion on a second line. */
function oneLine(text: string): string {
  return `${text.trim().replaceAll('\n', ' ')}\n`;
}
