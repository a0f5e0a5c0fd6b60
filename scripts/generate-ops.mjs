// Writes lib/tensor/generated/: the types of all public ops, taken from the libtorch that the addon was built with.
//
// In: every `aten::` op whose name a person would call (isPublicName in lib/tensor/signature.ts: no leading underscore,
// no derivatives, no copies of views, no kernels of one library) with each overload whose arguments can cross from
// JavaScript. Every op becomes a free function; every op with a tensor `self` becomes a method, even where Python has the
// function only, so that one rule is enough. `out=` overloads are no names of their own but an option `out` of the
// function. Names that are written by hand (members of the class Tensor, what lib/engine, lib/tensor and lib/autograd
// give to the package's top level) are left out: the hand-written ones win.
//
// `linalg_`, `fft_` and `special_` ops stand once more in a namespace of that name, without the prefix, as in Python. What an
// op does is said in one sentence of lib/tensor/op-help.json where there is one; its schema stands under it always.
//
// An optional argument may be replaced by an options object that names it and all that follow, so each optional
// parameter's type reads `T | Options`. What an op is called with by names alone stands first, for all overloads together
// (scripts/lib/op-overloads.mjs).

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import ts from 'typescript';

import { byNameFirst } from './lib/op-overloads.mjs';
import { commentLines, forms, formText, helpFor, OptionTypes, outputType, safe, schemaText } from './lib/op-types.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tensorFolder = join(root, 'lib', 'tensor');

/** Loads the one TypeScript file that says what a signature is; the library compiles it as well. */
function loadSignatureRules() {
  const source = readFileSync(join(tensorFolder, 'signature.ts'), 'utf8');
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const exports = {};
  new Function('exports', ts.transpileModule(source, { compilerOptions: options }).outputText)(exports);
  return exports;
}

function parse(file) {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, false);
}

/** Members of the hand-written class Tensor, and of the interface of its methods that Python writes in Python. */
function handWrittenMembers() {
  const names = new Set(['constructor', 'valueOf', 'toLocaleString', 'hasOwnProperty', 'isPrototypeOf']);
  const written = ['tensor.ts', 'functional-types.ts'].flatMap((file) => [
    ...parse(join(tensorFolder, file)).statements,
  ]);
  for (const statement of written) {
    const isClass = ts.isClassDeclaration(statement) && statement.name?.text === 'Tensor';
    if (!isClass && !(ts.isInterfaceDeclaration(statement) && statement.name.text === 'FunctionalMethods')) continue;
    for (const member of statement.members) {
      if (member.name !== undefined && ts.isIdentifier(member.name)) names.add(member.name.text);
    }
  }
  return names;
}

/** What a file exports by declarations, lists of names and `export *` of hand-written files. */
function exportsOf(file) {
  const names = new Set();
  for (const statement of parse(file).statements) {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause: clause, moduleSpecifier: from } = statement;
      if (clause !== undefined && ts.isNamedExports(clause))
        clause.elements.forEach(({ name }) => names.add(name.text));
      else if (clause === undefined && from !== undefined && !from.text.includes('/generated/')) {
        for (const name of exportsOf(join(dirname(file), `${from.text}.ts`))) names.add(name);
      }
      continue;
    }
    const exported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false;
    if (!exported) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) names.add(name.text);
    } else if (statement.name !== undefined) names.add(statement.name.text);
  }
  return names;
}

/** Hand-written names of the package's top level, which the functions share. */
function handWrittenExports() {
  const files = ['engine/public.ts', 'tensor/index.ts', 'autograd/index.ts'];
  return new Set(files.flatMap((file) => [...exportsOf(join(root, 'lib', file))]));
}

/** Python's modules whose ops carry the module's name in front. */
const NAMESPACES = ['linalg', 'fft', 'special'];

function writeAside(file, text) {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

/**
 * Generates the two files into `folder`.
 *
 * @param binding - what is needed of the addon: opNames(), opSchema(name), libraryInfo()
 */
export function generate(binding, folder = join(tensorFolder, 'generated')) {
  const rules = loadSignatureRules();
  const members = handWrittenMembers();
  const exported = handWrittenExports();
  const overloads = new Map();
  for (const full of binding.opNames()) {
    if (!full.startsWith('aten::')) continue;
    const name = full.slice('aten::'.length).split('.', 1)[0];
    if (!rules.isPublicName(name)) continue;
    const schema = binding.opSchema(full);
    if (schema === null) continue;
    if (!overloads.has(name)) overloads.set(name, []);
    overloads.get(name).push(schema);
  }
  const header = `// Generated by scripts/generate-ops.mjs from libtorch ${binding.libraryInfo().compiled}. Do not edit.\n`;
  const imports = (extra) =>
    `${extra}import type { Device, DType, Layout, MemoryFormat, Scalar } from '../dtype';\n` +
    `import type { Generator } from '../random';\nimport type { OneOf } from '../tail';\nimport type { Tensor } from '../tensor';\n\n` +
    // A tensor without dimensions stands for its element.
    '/** @inline */\ntype Int = number | bigint | Tensor;\n/** @inline */\ntype Float = number | Tensor;\n/** @inline */\ntype Num = Scalar | Tensor;\n';

  const help = JSON.parse(readFileSync(join(tensorFolder, 'op-help.json'), 'utf8'));
  const namespaces = new Map(NAMESPACES.map((namespace) => [namespace, []]));
  const functionOptions = new OptionTypes();
  const methodOptions = new OptionTypes();
  const functions = [];
  const renamed = [];
  const methods = [];
  const names = [];
  for (const [name, schemas] of overloads) {
    const publicName = rules.camelCase(name);
    const collect = (asMethod, options) => {
      const all = schemas
        .map((schema) => rules.signatureOf(schema, asMethod))
        .filter((signature) => signature !== null);
      const hasOut = !asMethod && all.some(({ outs }) => outs.length > 0);
      const plain = all
        .filter(({ outs }) => outs.length === 0)
        .sort((a, b) => a.schema.arguments.length - b.schema.arguments.length);
      const results = new Set(plain.map(({ schema }) => outputType(rules, schema, null)));
      return byNameFirst(
        plain.flatMap((signature) => {
          const schema = schemaText(signature.schema);
          return forms(rules, signature, publicName, asMethod, options, hasOut, results.size > 1).map((form) => ({
            ...form,
            schemas: [schema],
          }));
        }),
      );
    };
    const lines = (found, prefix) =>
      found.flatMap((form) => [...commentLines(helpFor(help, name), form.schemas), `  ${prefix}${formText(form)};`]);
    if (!exported.has(publicName)) {
      const found = collect(false, functionOptions);
      if (found.length > 0) {
        const identifier = safe(publicName);
        functions.push(
          `/** ${helpFor(help, name) ?? `The op \`${name}\`.`} @function */`,
          `${identifier === publicName ? 'export ' : ''}const ${identifier}: {`,
          ...lines(found, ''),
          `} = operation('${name}', '${publicName}');`,
        );
        const [prefix, ...rest] = name.split('_');
        if (rest.length > 0) namespaces.get(prefix)?.push(`${identifier} as ${rules.camelCase(rest.join('_'))}`);
        if (identifier !== publicName) renamed.push(`export { ${identifier} as ${publicName} };`);
      }
    }
    if (!members.has(publicName)) {
      const found = collect(true, methodOptions);
      if (found.length > 0) {
        names.push(name);
        methods.push(...lines(found, publicName));
      }
    }
  }
  mkdirSync(folder, { recursive: true });
  writeAside(
    join(folder, 'functions.ts'),
    `${header}\n${imports("import { operation } from '../dispatch';\n")}\n${functionOptions.lines.join('\n')}\n\n` +
      `${functions.join('\n')}\n${renamed.join('\n')}\n`,
  );
  writeAside(
    join(folder, 'methods.ts'),
    `${header}\n${imports('')}\n${methodOptions.lines.join('\n')}\n\n` +
      `/** The methods of a tensor that are ops: one for each op with a tensor \`self\`. */\n` +
      `export interface TensorMethods {\n${methods.join('\n')}\n}\n\n` +
      `/** PyTorch's names of the ops behind {@link TensorMethods}. */\nexport const methodOps =\n  '${names.join(' ')}'.split(' ');\n`,
  );
  for (const [namespace, members] of namespaces) {
    writeAside(
      join(folder, `${namespace}.ts`),
      `${header}\n/** The ops of \`torch.${namespace}\`. */\nexport {\n${members.map((member) => `  ${member},\n`).join('')}} from './functions';\n`,
    );
  }
  return { functions: functions.filter((line) => line.includes('= operation(')).length, methods: names.length };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const addon = createRequire(import.meta.url)(join(root, 'build', 'Release', 'libtorch_node.node'));
  const { functions, methods } = generate(addon);
  console.log(`generated ${functions} functions and ${methods} methods`);
}
