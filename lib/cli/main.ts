import { Command, CommanderError } from 'commander';

import { version } from '../train/version';
import { commands } from './commands';
import { exitCodes } from './exit-codes';
import { didYouMean } from '../train/spelling';

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
  const {
    code = '',
    message,
    stack,
    cause,
  } = error as Partial<Record<'code' | 'message' | 'stack', string>> & { cause?: unknown };
  // The loader says which sample failed; what is wrong with its file is in the cause.
  if (code === 'TORCH_SAMPLE') return explain(cause);
  // A list of cures is the one message that takes more than a line.
  if (code === 'ERR_LIBTORCH_NODE_LOAD') return { message: message ?? code, exitCode: exitCodes.nativeLibrary };
  const exitCode = exitCodeOf.get(code);
  if (exitCode !== undefined) return { message: (message ?? code).replaceAll(/\s*\n\s*/g, ' '), exitCode };
  // Nobody foresaw this one: it is a bug, and a report of it needs the stack.
  return { message: stack ?? message ?? String(error), exitCode: exitCodes.failed };
}

const exitCodeOf = new Map<string, number>([
  ['USAGE', exitCodes.usage],
  ['DIVERGED', exitCodes.failed],
  ['TORCH_DATA', exitCodes.data],
  ['TORCH_FILE', exitCodes.failed],
  ['TORCH_FILE_FORMAT', exitCodes.data],
  ['TORCH_OUT_OF_MEMORY', exitCodes.failed],
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
      .showSuggestionAfterError(false)
      .configureOutput({ outputError: (text, write) => write(explainUnknown(text, definition)) });
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

/** commander's suggestion for an unknown flag may be far from it, and does not know of the options of models. */
function explainUnknown(text: string, { options }: Command): string {
  const [, flag] = /^error: unknown option '(--[\w-]+)/.exec(text) ?? [];
  if (flag === undefined) return oneLine(text);
  const flags = options.flatMap(({ long }) => long ?? []);
  const guess = didYouMean(flag, flags) || `; an option of the model is given as --model-option ${flag.slice(2)}=…`;
  return `error: unknown option ${flag}${guess}\n`;
}

/** commander puts its suggestion on a second line. */
function oneLine(text: string): string {
  return `${text.trim().replaceAll('\n', ' ')}\n`;
}
