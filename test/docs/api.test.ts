import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as torch from '../../lib';
import help from '../../lib/tensor/op-help.json';
import { camelCase } from '../../lib/tensor/signature';
import { pages, root } from './snippets';

const run = promisify(execFile);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'reference-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Reference {
  /** What TypeDoc said. */
  readonly said: string;
  readonly problems: number;
  readonly names: readonly string[];
}

/** Writes a reference in a process of its own: TypeDoc is an ES module, and wants a heap of its own. */
async function write(places: object): Promise<Reference> {
  const { stdout, stderr } = await run(
    process.execPath,
    [path.join(__dirname, 'write-reference.mjs'), JSON.stringify(places)],
    { cwd: root, timeout: 170_000, maxBuffer: 1 << 26, env: { ...process.env, NO_COLOR: '1' } },
  );
  const end = stdout.lastIndexOf('\n');
  return { said: stdout.slice(0, end) + stderr, ...(JSON.parse(stdout.slice(end)) as Omit<Reference, 'said'>) };
}

/** The rows of COVERAGE.md's table of ops: the name, whether it is a function, whether a method. */
function coveredOps(): RegExpMatchArray[] {
  const page = readFileSync(path.join(root, 'COVERAGE.md'), 'utf8');
  return [...page.matchAll(/^\| `(\w+)` +\| (✓?) *\| (✓?) *\|/gm)];
}

describe('the reference of the library', () => {
  let reference: Reference;
  beforeAll(async () => {
    const documents = pages().filter((page) => page.startsWith('docs') && !page.endsWith('README.md'));
    reference = await write({ out: path.join(folder, 'api'), readme: 'docs/README.md', documents });
  }, 180_000);

  it('has a docstring for every export, and no link that leads nowhere', () => {
    expect(reference.said).not.toMatch(/warning|error\]/);
    expect(reference.problems).toBe(0);
  });

  it('names each op that COVERAGE.md says is here', () => {
    const names = new Set(reference.names);
    const wanted = coveredOps().flatMap(([, op, isFunction, isMethod]) => [
      ...(isFunction ? [`torch.${op}`] : []),
      ...(isMethod ? [`torch.Tensor.${op}`] : []),
    ]);
    expect(wanted.length).toBeGreaterThan(1500);
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });

  const textOf = (page: string): string =>
    readFileSync(path.join(folder, 'api', page), 'utf8')
      .replace(/<[^>]+>/g, '')
      .replace(/&nbsp;|\s+/g, ' ');

  it('shows an op with its arguments, its defaults and its sentence', () => {
    const text = textOf('functions/torch.cumsum.html');
    expect(text).toContain('Sums up the elements along a dimension.');
    expect(text).toContain('cumsum(Tensor self, int dim, *, ScalarType? dtype=None)');
    // Not once more for each way to give the arguments.
    expect(text.match(/Returns Tensor/g)).toHaveLength(1);
  });

  it('spells out the arguments of what is written by hand, with the defaults that the code has', () => {
    const text = textOf('classes/torch.optim.SGD.html');
    expect(text).toMatch(
      /params: Params&lt;Required&lt;SGDOptions&lt;RateOf&lt;L&gt;&gt;&gt;&gt; ?, lr\?: L ?, momentum\?: number/,
    );
    expect(text).toMatch(/momentum: number = 0/);
    expect(text).toMatch(/lr: L = 1e-3/);
  });

  it('has the guides, with links between them', () => {
    const guide = readFileSync(path.join(folder, 'api', 'documents', 'Memory.html'), 'utf8');
    expect(guide).toMatch(/href="[^"]*The_engine[^"]*\.html#memory"/);
  });
});

/** Classes of errors among what a module exports, in namespaces too. */
function errorClasses(module: object): string[] {
  return Object.entries(module).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null && '__esModule' in value) return errorClasses(value);
    return typeof value === 'function' && value.prototype instanceof Error ? [name] : [];
  });
}

it('each op has a sentence of help', () => {
  const generated = ['functions.ts', 'methods.ts'].map((file) =>
    readFileSync(path.join(root, 'lib', 'tensor', 'generated', file), 'utf8'),
  );
  const helped = new Set(Object.keys(help).map(camelCase));
  const isHelped = (op: string): boolean => helped.has(op) || helped.has(op.replace(/_$/, ''));
  const ops = coveredOps().map(([, op]) => op!);
  // What is written by hand, such as `einsum`, has its docstring there.
  const made = ops.filter((op) => generated.some((text) => new RegExp(`^(export const |  )${op}[(:]`, 'm').test(text)));
  expect(made.length).toBeGreaterThan(900);
  expect(made.filter((op) => !isHelped(op))).toEqual([]);
});

it('docs/errors.md has every class of errors', () => {
  const page = readFileSync(path.join(root, 'docs', 'errors.md'), 'utf8');
  const classes = errorClasses(torch);
  expect(classes).toEqual(expect.arrayContaining(['TorchError', 'StateDictError', 'DataError']));
  expect(classes.filter((name) => !new RegExp(`^\\| \`(\\w+\\.)?${name}\``, 'm').test(page))).toEqual([]);
});

describe('a reference', () => {
  it('is refused for a broken link, in code and in a guide, and for an export without a docstring', async () => {
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const compilerOptions = { strict: true, module: 'node16', moduleResolution: 'node16', types: [] };
    const { problems, said, names } = await write({
      out: path.join(folder, 'broken'),
      entry: file(
        'index.ts',
        '/** See {@link nowhere}. */\nexport function seen(): void {}\nexport const silent = 1;\n',
      ),
      tsconfig: file('tsconfig.json', JSON.stringify({ compilerOptions, include: ['index.ts'] })),
      documents: [file('guide.md', '# A guide\n\n[gone](missing.md)\n')],
    });
    expect(said).toMatch(/nowhere/);
    expect(said).toMatch(/silent.*does not have any documentation/);
    expect(said).toMatch(/missing\.md/);
    expect(problems).toBe(3);
    expect(names.some((name) => name.endsWith('.seen'))).toBe(true);
  });
});
