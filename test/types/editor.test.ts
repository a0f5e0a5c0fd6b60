import path from 'node:path';
import ts from 'typescript';
import * as torch from '../../lib';
import { binding } from '../../lib/engine';
import { overloadNames } from '../../lib/tensor/resolve';
import * as functions from '../../lib/tensor/generated/functions';
import { methodOps } from '../../lib/tensor/generated/methods';
import { camelCase, signatureOf } from '../../lib/tensor/signature';
import { root } from '../docs/snippets';

const file = path.join(root, 'test', 'types', 'in-the-editor.ts');

/** A program in an editor's buffer; each `|` marks where a cursor stands. */
function open(text: string): { service: ts.LanguageService; cursors: number[] } {
  const parts = text.split('|');
  const source = parts.join('');
  const cursors = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('').length);
  const configuration = ts.readConfigFile(path.join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name));
  const { options } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, root);
  const host: ts.LanguageServiceHost = {
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const content = name === file ? source : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => ts.sys.readFile(name),
    readDirectory: (...args) => ts.sys.readDirectory(...args),
    directoryExists: (name) => ts.sys.directoryExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
  };
  return { service: ts.createLanguageService(host), cursors };
}

const prelude = `import * as torch from '../../lib';\nconst x = torch.zeros([2, 3]);\n`;

/** What an editor shows on hovering over the name at the cursor. */
function hover(line: string): { signature: string; help: string } {
  const { service, cursors } = open(prelude + line);
  const info = service.getQuickInfoAtPosition(file, cursors[0]!);
  return {
    signature: ts.displayPartsToString(info?.displayParts),
    help: ts.displayPartsToString(info?.documentation),
  };
}

/** What an editor offers at each cursor. */
function completions(text: string): string[][] {
  const { service, cursors } = open(prelude + text);
  return cursors.map((cursor) =>
    (service.getCompletionsAtPosition(file, cursor, {})?.entries ?? []).map(({ name }) => name),
  );
}

interface Call {
  readonly text: string;
  /** What the overloads of the op can be given by name there, by their schemas. */
  readonly names: readonly string[];
}

/** A call by names alone of each op that has several overloads: `x.sum({ | })`, `torch.sum(x, { | })`. */
function callsByName(asMethod: boolean): Call[] {
  const ops = new Set(binding.opNames().flatMap((full) => /^aten::([^.]+)/.exec(full)?.[1] ?? []));
  const given = torch as unknown as Record<string, unknown>;
  const generated = functions as Record<string, unknown>;
  const isGenerated = (op: string): boolean =>
    asMethod
      ? methodOps.includes(op)
      : generated[camelCase(op)] !== undefined && generated[camelCase(op)] === given[camelCase(op)];
  return [...ops].filter(isGenerated).flatMap((op) => {
    const schemas = overloadNames(`aten::${op}`).flatMap((full) => binding.opSchema(full) ?? []);
    const all = schemas.flatMap((schema) => signatureOf(schema, asMethod) ?? []);
    const plain = all.filter(({ outs }) => outs.length === 0);
    const called = plain.filter(({ positional: [first] }) => first?.type.base === 'Tensor' && !first.type.list);
    if (plain.length < 2 || called.length === 0) return [];
    const names = called
      .flatMap(({ positional, keyword }) => [...positional.slice(1), ...keyword])
      .map(({ name }) => name);
    const hasOut = !asMethod && plain.length < all.length;
    const name = camelCase(op);
    return [
      {
        text: asMethod ? `x.${name}({ | });` : `torch.${name}(x, { | });`,
        names: [...new Set([...names, ...(hasOut ? ['out'] : [])])].sort(),
      },
    ];
  });
}

describe('in the editor', () => {
  it('a function of an op shows PyTorch’s argument names and its schema with the defaults', () => {
    const { signature, help } = hover('torch.cu|msum(x, 1);');
    expect(signature).toContain('dim: Int');
    expect(help).toContain('cumsum(Tensor self, int dim, *, ScalarType? dtype=None)');
  });

  it('so does a method', () => {
    const { signature, help } = hover('x.clam|p(0, 1);');
    expect(signature).toContain('min');
    expect(help).toContain('clamp(');
  });

  it('what is written by hand has its sentence', () => {
    expect(hover('torch.man|ualSeed(1);').help).not.toBe('');
    expect(hover('new torch.nn.Lin|ear(1, 2);').signature).toContain('Linear');
    expect(hover('x.ite|m();').help).toContain('only element');
  });

  it('a call by names shows the schemas of all overloads that it may be', () => {
    const { help } = hover('x.su|m({ dim: 1 });');
    expect(help).toContain('sum(Tensor self, *, ScalarType? dtype=None)');
    expect(help).toContain('sum.dim_IntList(Tensor self, int[1]? dim');
  });

  it('completes methods, and options by their names', () => {
    const [methods, options] = completions('x.logSo|;\nx.cumsum({ di| });');
    expect(methods).toContain('logSoftmax');
    expect(options).toEqual(expect.arrayContaining(['dim', 'dtype']));
  });

  it('completes the options of all overloads, not of the first one only', () => {
    const [method, fn, other] = completions('x.sum({ | });\ntorch.sum(x, { | });\nx.max({ | });');
    expect(method).toEqual(expect.arrayContaining(['dim', 'keepdim', 'dtype']));
    expect(fn).toEqual(expect.arrayContaining(['dim', 'keepdim', 'dtype', 'out']));
    expect(other).toEqual(expect.arrayContaining(['dim', 'keepdim', 'other']));
  });

  it.each([
    ['method', true],
    ['function', false],
    // sparseCooTensor's overload without a tensor in front has the same options, and TypeScript takes the two for one type.
  ])('so for each %s of an op with several overloads', (_, asMethod) => {
    const calls = callsByName(asMethod).filter(({ text }) => !text.startsWith('torch.sparseCooTensor('));
    const offered = completions(calls.map(({ text }) => text).join('\n'));
    const missing = calls.flatMap(({ text, names }, index) => {
      const left = names.filter((name) => !offered[index]!.includes(name));
      return left.length === 0 ? [] : [`${text} lacks ${left.join(', ')}`];
    });
    expect(calls.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });
});
