/** The TypeScript blocks of README.md and docs/: each must compile against the built package, run, and print what it says. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '..', '..');

/** What a `console.log` of a block must print, by the comment behind it or on the lines below it. */
export interface Expectation {
  /** The call's line in the page. */
  readonly line: number;
  readonly text: string;
}

export interface Snippet {
  /** Page and line, such as `docs/tensors.md:12`. */
  readonly name: string;
  readonly page: string;
  /** A module: what the block leaves out, the import of the package, is put in front of its first line. */
  readonly source: string;
  readonly expectations: readonly Expectation[];
}

const prelude = `import * as torch from 'libtorch-node'; const { nn, optim } = torch; void [nn, optim]; `;

/** README.md and the pages of docs/. */
export function pages(): string[] {
  const docs = readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', ...docs.map((file) => path.join('docs', file))];
}

/** The blocks of a page that begin with "```ts"; "```ts fragment" marks one that cannot stand alone. */
export function snippetsOf(page: string): Snippet[] {
  const lines = readFileSync(path.join(root, page), 'utf8').split('\n');
  const found: Snippet[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] !== '```ts') continue;
    const end = lines.indexOf('```', at);
    if (end < 0) throw new Error(`${page}:${at + 1}: the block does not end`);
    const code = lines.slice(at + 1, end);
    const text = code.join('\n');
    const begin = text.includes("from 'libtorch-node'") ? '' : prelude;
    found.push({
      name: `${page}:${at + 2}`,
      page,
      source: `${begin}${withLogLines(code, at + 2)}\nexport {};\n`,
      expectations: expectationsOf(code, at + 2),
    });
    at = end;
  }
  return found;
}

/** `console.log(x)` becomes `loggedAt[7](x)`, so that the output of each line is known. */
function withLogLines(code: readonly string[], first: number): string {
  return code.map((line, at) => line.replace('console.log(', `loggedAt[${first + at}]!(`)).join('\n');
}

function expectationsOf(code: readonly string[], first: number): Expectation[] {
  const expectations: Expectation[] = [];
  code.forEach((line, at) => {
    if (!line.includes('console.log(')) return;
    const behind = /\); \/\/ (.*)$/.exec(line)?.[1];
    const below: string[] = [];
    for (let next = at + 1; /^\s*\/\/ /.test(code[next] ?? ''); next++) {
      below.push((code[next] ?? '').replace(/^\s*\/\/ /, ''));
    }
    const text = behind ?? below.join('\n');
    if (text !== '') expectations.push({ line: first + at, text });
  });
  return expectations;
}
