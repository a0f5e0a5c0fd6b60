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
// parameter's type reads `T | Options`.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import ts from 'typescript';

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

const RESERVED = new Set(
  `break case catch class const continue debugger default delete do else enum export extends false finally for function if
  implements import in instanceof interface let new null package private protected public return static super switch this
  throw true try typeof var void while with yield arguments eval await`.split(/\s+/),
);

const safe = (name) => (RESERVED.has(name) ? `${name}_` : name);
const pascal = (name) => name[0].toUpperCase() + name.slice(1);

/** A parameter's type, as TypeScript. */
function inputType({ type: { base, list, repeat, optional, optionalElements }, tensorToo }) {
  const single = {
    Tensor: 'Tensor',
    int: 'Int',
    float: 'Float',
    bool: 'boolean',
    Scalar: tensorToo ? 'Num' : 'Scalar',
    ScalarType: 'DType',
    Device: 'Device',
    Layout: 'Layout',
    MemoryFormat: 'MemoryFormat',
    Generator: 'Generator',
    str: 'string',
  }[base];
  let text = single;
  if (list) {
    const element =
      base === 'int' || base === 'float'
        ? 'number'
        : base === 'Scalar'
          ? 'Scalar'
          : optionalElements
            ? `(${single} | null)`
            : single;
    text = `readonly ${element}[]`;
    if (repeat > 0 && base !== 'Tensor') text = `${element} | ${text}`;
  }
  return optional ? `${text} | null` : text;
}

function outputType(rules, schema, self) {
  const one = ({ type, name }) => {
    const { base, list } = rules.parseType(type);
    const element = {
      Tensor: 'Tensor',
      int: 'number',
      float: 'number',
      bool: 'boolean',
      Scalar: 'Scalar',
      str: 'string',
    };
    return { text: `${element[base] ?? 'string'}${list ? '[]' : ''}`, name };
  };
  const { returns } = schema;
  if (returns.length === 0) return 'void';
  if (self !== null && returns.length === 1 && returns[0].alias === 'self') return self;
  if (returns.length === 1) return one(returns[0]).text;
  const named = returns.every(({ name }) => name !== '');
  return `[${returns.map((result) => `${named ? `${safe(rules.camelCase(result.name))}: ` : ''}${one(result).text}`).join(', ')}]`;
}

/** The schema as PyTorch writes it, with the defaults. */
function schemaText({ name, overload, arguments: args, returns }) {
  const value = (given) =>
    given === null
      ? 'None'
      : typeof given === 'boolean'
        ? given
          ? 'True'
          : 'False'
        : JSON.stringify(given).replaceAll('"', "'");
  const shown = [];
  let keyword = false;
  for (const argument of args) {
    if (argument.kwargOnly && !keyword) shown.push('*');
    keyword ||= argument.kwargOnly;
    const fallback = 'default' in argument ? `=${value(argument.default)}` : '';
    shown.push(`${argument.type.replace('SymInt', 'int')} ${argument.name}${fallback}`);
  }
  const results = returns.map((result) => `${result.type}${result.name === '' ? '' : ` ${result.name}`}`);
  const result = results.length === 1 ? results[0] : `(${results.join(', ')})`;
  return `${name.replace('aten::', '')}${overload === '' ? '' : `.${overload}`}(${shown.join(', ')}) -> ${result}`;
}

/** What an op does, in our words; an in-place op does what its twin does. */
function helpFor(help, name) {
  if (help[name] !== undefined) return help[name];
  const twin = help[name.replace(/_$/, '')];
  return name.endsWith('_') && twin !== undefined ? `In place: ${twin}` : undefined;
}

/** The comment over one overload. */
function commentLines(sentence, schema) {
  return sentence === undefined
    ? [`  /** \`${schema}\` */`]
    : ['  /**', `   * ${sentence}`, '   *', `   * \`${schema}\``, '   */'];
}

const property = (parameter, required) =>
  `${parameter.name}${required && parameter.required ? '' : '?'}: ${inputType(parameter)}`;

/** Gathers the types of one file; an options type that two overloads share is written once. */
class OptionTypes {
  constructor() {
    this.lines = [];
    this.names = new Map();
    this.used = new Set();
  }

  name(op, overload, fields) {
    const text = `{ ${fields.join('; ')} }`;
    const key = `${op} ${text}`;
    const known = this.names.get(key);
    if (known !== undefined) return known;
    let name = `${pascal(op)}Options`;
    if (this.used.has(name))
      name = `${pascal(op)}${pascal(overload.replace(/_+(.)?/g, (_, letter) => (letter ?? '').toUpperCase()) || 'plain')}Options`;
    for (let i = 2; this.used.has(name); i += 1) name = `${name}${i}`;
    this.used.add(name);
    this.names.set(key, name);
    this.lines.push(`export type ${name} = ${text};`);
    return name;
  }
}

/** All call forms of one overload: by position, with everything by name, and with a spread list. */
function forms(rules, signature, op, asMethod, options, hasOut) {
  const { positional, keyword, factory, schema } = signature;
  const own = positional.slice(asMethod ? 1 : 0);
  const required = own.filter((parameter) => parameter.required);
  const result = outputType(rules, schema, asMethod ? 'this' : null);
  const extra = [];
  if (factory) extra.push('requiresGrad?: boolean');
  if (hasOut) extra.push(schema.returns.length > 1 ? 'out?: readonly Tensor[]' : 'out?: Tensor');
  const optional = own.filter((parameter) => !parameter.required);
  const fields = [...optional, ...keyword].map((parameter) => property(parameter, true)).concat(extra);
  const name = fields.length === 0 ? null : options.name(op, schema.overload, fields);
  const mustName = keyword.some((parameter) => parameter.required);
  const list = own.map((parameter) => {
    if (parameter.required) return `${safe(parameter.name)}: ${inputType(parameter)}`;
    const type = inputType(parameter);
    return mustName
      ? `${safe(parameter.name)}: ${type} | undefined`
      : `${safe(parameter.name)}?: ${type}${name === null ? '' : ` | ${name}`}`;
  });
  const texts = [];
  // A keyword without a default must be given: then the options may follow the required arguments, or all of them.
  if (mustName) {
    texts.push(`(${[...list.slice(0, required.length), `options: ${name}`].join(', ')}): ${result}`);
    if (optional.length > 0) texts.push(`(${[...list, `options: ${name}`].join(', ')}): ${result}`);
  } else {
    if (name !== null) list.push(`options?: ${name}`);
    texts.push(`(${list.join(', ')}): ${result}`);
  }
  // A function's tensor stays in front; a factory, which has none, may be called by names alone.
  const leads = !asMethod && own[0]?.type.base === 'Tensor';
  const named = leads ? required.slice(1) : required;
  if (named.length > 0) {
    const all = options.name(op, `${schema.overload}_all`, [
      ...named.map((parameter) => property(parameter, true)),
      ...fields,
    ]);
    const first = leads ? [list[0]] : [];
    texts.push(`(${[...first, `options: ${all}`].join(', ')}): ${result}`);
  }
  if (signature.spreadable) texts.push(`(...${safe(own[0].name)}: number[]): ${result}`);
  return texts;
}

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
    `import type { Generator } from '../random';\nimport type { Tensor } from '../tensor';\n\n` +
    // A tensor without dimensions stands for its element.
    'type Int = number | bigint | Tensor;\ntype Float = number | Tensor;\ntype Num = Scalar | Tensor;\n';

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
      return all
        .filter(({ outs }) => outs.length === 0)
        .sort((a, b) => a.schema.arguments.length - b.schema.arguments.length)
        .map((signature) => ({
          text: schemaText(signature.schema),
          forms: forms(rules, signature, publicName, asMethod, options, hasOut),
        }));
    };
    if (!exported.has(publicName)) {
      const found = collect(false, functionOptions);
      if (found.length > 0) {
        const identifier = safe(publicName);
        const body = found.flatMap(({ text, forms: all }) => [
          ...commentLines(helpFor(help, name), text),
          ...all.map((form) => `  ${form};`),
        ]);
        functions.push(
          `${identifier === publicName ? 'export ' : ''}const ${identifier}: {`,
          ...body,
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
        for (const { text, forms: all } of found) {
          methods.push(...commentLines(helpFor(help, name), text), ...all.map((form) => `  ${publicName}${form};`));
        }
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
