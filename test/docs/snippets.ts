/**
 * The TypeScript blocks of README.md, docs/ and of the docstrings in lib/: each must compile against the built package, run,
 * and print what it says.
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '..', '..');

/** What a `console.log` of a block must print, by the comment behind it or on the lines below it. */
export interface Expectation {
  /** The call's line in the page. */
  readonly line: number;
  readonly text: string;
}

/** The blocks of a page, which read on from one to the next, or those of a file of lib/, where each stands alone. */
export interface Snippets {
  readonly page: string;
  readonly count: number;
  /** All blocks as one module, each line where it stands in the page. */
  readonly source: string;
  readonly expectations: readonly Expectation[];
}

/** What a page may use without saying so. */
const prelude = `import * as torch from 'libtorch-node';`;
const names = 'const { nn, optim } = torch; void [nn, optim];';

/** README.md and the pages of docs/. */
export function pages(): string[] {
  const docs = readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', ...docs.map((file) => path.join('docs', file))];
}

/** The files of lib/, those that are generated left out. */
export function sources(): string[] {
  return readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('generated'))
    .map((file) => path.join('lib', file))
    .sort();
}

/** The blocks of a page or file that begin with "```ts"; "```ts fragment" marks one that cannot run. */
export function snippetsOf(page: string): Snippets {
  const isCode = page.endsWith('.ts');
  const whole = readFileSync(path.join(root, page), 'utf8').split('\n');
  const lines = isCode ? whole.map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? '') : whole;
  const source = lines.map(() => '');
  const expectations: Expectation[] = [];
  let count = 0;
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] !== '```ts') continue;
    const end = lines.indexOf('```', at);
    if (end < 0) throw new Error(`${page}:${at + 1}: the block does not end`);
    const code = lines.slice(at + 1, end);
    if (isCode) [source[at], source[end]] = ['{', '}'];
    withLogLines(code, at + 2).forEach((line, offset) => (source[at + 1 + offset] = line));
    expectations.push(...expectationsOf(code, at + 2));
    count++;
    at = end;
  }
  const text = source.join('\n');
  const missing = [
    ...(text.includes("* as torch from 'libtorch-node'") ? [] : [prelude]),
    ...(/\b(const \{|import).*\bnn\b/.test(text) ? [] : [names]),
  ];
  return { page, count, source: `${missing.join(' ')}${text}\nexport {};\n`, expectations };
}

/** `console.log(x)` becomes `loggedAt[7](x)`, so that the output of each line is known. */
function withLogLines(code: readonly string[], first: number): string[] {
  return code.map((line, at) => line.replace('console.log(', `loggedAt[${first + at}]!(`));
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
