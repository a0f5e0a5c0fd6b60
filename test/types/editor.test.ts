import path from 'node:path';
import ts from 'typescript';
import { root } from '../docs/snippets';

const file = path.join(root, 'test', 'types', 'in-the-editor.ts');

/** A program in an editor's buffer; `|` marks where the cursor stands. */
function open(text: string): { service: ts.LanguageService; cursor: number } {
  const cursor = text.indexOf('|');
  const source = text.replace('|', '');
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
  return { service: ts.createLanguageService(host), cursor };
}

const prelude = `import * as torch from '../../lib';\nconst x = torch.zeros([2, 3]);\n`;

/** What an editor shows on hovering over the name at the cursor. */
function hover(line: string): { signature: string; help: string } {
  const { service, cursor } = open(prelude + line);
  const info = service.getQuickInfoAtPosition(file, cursor);
  return {
    signature: ts.displayPartsToString(info?.displayParts),
    help: ts.displayPartsToString(info?.documentation),
  };
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

  it('completes methods, and options by their names', () => {
    const method = open(`${prelude}x.logSo|`);
    const methods = method.service.getCompletionsAtPosition(file, method.cursor, {})?.entries ?? [];
    expect(methods.map(({ name }) => name)).toContain('logSoftmax');
    const option = open(`${prelude}x.cumsum({ di| });`);
    const options = option.service.getCompletionsAtPosition(file, option.cursor, {})?.entries ?? [];
    expect(options.map(({ name }) => name)).toEqual(expect.arrayContaining(['dim', 'dtype']));
  });
});
