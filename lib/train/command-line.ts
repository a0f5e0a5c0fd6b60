/** The command with these arguments, as a shell takes it. */
export function commandLine(args: readonly (string | number)[]): string {
  return ['node', 'train.js', ...args.map(quoted)].join(' ');
}

/** A flag with its value, or nothing where it was not given. */
export function given(flag: string, value: string | number | undefined): (string | number)[] {
  return value === undefined ? [] : [flag, value];
}

function quoted(argument: string | number): string {
  const text = String(argument);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
