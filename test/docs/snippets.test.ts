import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { pages, root, type Snippets, snippetsOf, sources } from './snippets';

const run = promisify(execFile);

/** Inside the package, so that the blocks find it under its name, as a user's program does. */
let folder: string;
let elsewhere: string;
beforeAll(() => {
  mkdirSync(path.join(root, 'build'), { recursive: true });
  folder = mkdtempSync(path.join(root, 'build', 'snippets-'));
  elsewhere = mkdtempSync(path.join(tmpdir(), 'snippets-'));
});
afterAll(() => {
  for (const each of [folder, elsewhere]) rmSync(each, { recursive: true, force: true });
});

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: false,
};

/** Compiles the modules and returns what the compiler has to say, one line each. */
function compile(files: readonly string[]): string[] {
  const globals = path.join(folder, 'globals.d.ts');
  writeFileSync(globals, 'declare const loggedAt: Record<number, (...values: unknown[]) => void>;\n');
  const program = ts.createProgram([...files, globals], options);
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ file, start = 0, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    return file === undefined
      ? text
      : `${path.basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${text}`;
  });
}

const all = [...pages(), ...sources()].map(snippetsOf).filter(({ count }) => count > 0);
const fileOf = ({ page }: Snippets): string => path.join(folder, `${page.replace(/\W+/g, '-')}.mts`);
let complaints: string[];

beforeAll(() => {
  for (const snippets of all) writeFileSync(fileOf(snippets), snippets.source);
  // All at once: the types of the ops are the larger part of the work.
  complaints = compile(all.map(fileOf));
}, 240_000);

it('compile', () => expect(complaints).toEqual([]));

it('are in the docstrings too', () => {
  const inCode = all.filter(({ page }) => page.endsWith('.ts'));
  expect(inCode.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(25);
  expect(inCode.every(({ expectations }) => expectations.length > 0)).toBe(true);
});

describe.each(all)('the $count examples of $page', (snippets) => {
  it('run, and print what they say', async () => {
    const compiled = fileOf(snippets).replace(/\.mts$/, '.mjs');
    const { stdout } = await run(process.execPath, [path.join(__dirname, 'run-snippets.mjs'), compiled], {
      cwd: elsewhere,
      timeout: 100_000,
      maxBuffer: 1 << 24,
    });
    const { logged, failures } = JSON.parse(stdout) as {
      logged: Record<string, string[]>;
      failures: Record<string, string>;
    };
    expect(failures).toEqual({});
    for (const { line, text } of snippets.expectations) {
      expect(`line ${line}: ${(logged[line] ?? ['nothing']).at(-1)}`).toBe(`line ${line}: ${text}`);
    }
  });
});
