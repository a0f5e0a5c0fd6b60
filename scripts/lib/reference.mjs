/** The API reference: what TypeDoc is asked for, and how the generated signatures are shown. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import {
  Application,
  Comment,
  CommentTag,
  Converter,
  ParameterReflection,
  ReflectionFlag,
  ReflectionKind,
} from 'typedoc';
import { root } from './project.mjs';

const generated = path.join('lib', 'tensor', 'generated') + path.sep;

/** @param {import('typedoc').DeclarationReflection | import('typedoc').SignatureReflection} reflection */
const isGenerated = (reflection) =>
  reflection.sources?.some(({ fullFileName }) => fullFileName.includes(generated)) ?? false;

/** The schemas of the overloads that a form of call stands for: they end its comment, each in a code span. */
const schemasOf = ({ comment }) =>
  (comment?.summary ?? []).filter(({ kind, text }) => kind === 'code' && text.includes('->')).map(({ text }) => text);

/**
 * One signature for each overload of an op. The other forms repeat it with arguments by name, which is one rule for all ops,
 * so that the reference says it once; so are the options that may stand for an optional argument.
 */
function foldForms(project, declaration) {
  const seen = new Set();
  for (const signature of [...(declaration.signatures ?? [])]) {
    const schemas = schemasOf(signature);
    if (schemas.length !== 1 || seen.has(schemas[0])) {
      project.removeReflection(signature);
      continue;
    }
    seen.add(schemas[0]);
    for (const parameter of signature.parameters ?? []) {
      if (parameter.name === 'options' || parameter.type?.type !== 'union') continue;
      const isOptions = (type) => type.type === 'reflection';
      parameter.type.types.filter(isOptions).forEach((type) => project.removeTypeReflections(type));
      const left = parameter.type.types.filter((type) => !isOptions(type));
      if (left.length === 1) [parameter.type] = left;
      else parameter.type.types = left;
    }
  }
}

/** Ops under a heading of their own: there are ten times as many as of everything else. */
function groupAsOp(declaration) {
  declaration.comment ??= new Comment();
  declaration.comment.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: 'Ops' }]));
}

/** `(typeof MODES)[number]` as the words themselves: the list that the code checks against is not exported. */
function spellOutWords(context, reflection) {
  const [declaration] = context.getSymbolFromReflection(reflection)?.declarations ?? [];
  const node = declaration && ts.isTypeAliasDeclaration(declaration) ? declaration.type : undefined;
  if (!node || !ts.isIndexedAccessTypeNode(node) || !/^\(?typeof\b/.test(node.objectType.getText())) return;
  // TypeDoc's own tag for it, which would say nothing to a reader of the code.
  reflection.comment?.modifierTags.add('@useDeclaredType');
}

/** What an expression for an object of defaults says of each name, as text: of a literal, or of a constant that is one. */
function defaultsIn(checker, expression) {
  if (ts.isIdentifier(expression)) {
    const symbol = checker.getSymbolAtLocation(expression);
    const value = symbol?.valueDeclaration;
    return value && ts.isVariableDeclaration(value) && value.initializer ? defaultsIn(checker, value.initializer) : [];
  }
  if (!ts.isObjectLiteralExpression(expression)) return [];
  return expression.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) return defaultsIn(checker, property.expression);
    return ts.isPropertyAssignment(property) ? [[property.name.getText(), property.initializer.getText()]] : [];
  });
}

/** The defaults that a function gives to `readTail`, which reads its `...rest`. */
function tailDefaults(checker, node) {
  if (ts.isCallExpression(node) && node.expression.getText() === 'readTail') {
    return new Map(defaultsIn(checker, node.arguments[1]));
  }
  return ts.forEachChild(node, (child) => tailDefaults(checker, child));
}

/** The type of an optional argument that has a type parameter, which `Tail` keeps TypeScript from inferring by its place. */
function valueType(type) {
  if (type.name !== 'NoInfer') return type;
  const [given] = type.typeArguments;
  const left = given.type === 'union' ? given.types.filter(({ name }) => name !== 'undefined') : [given];
  return left.length === 1 ? left[0] : given;
}

/**
 * `...rest: Tail<Options, ['bias', 'device']>` as the parameters that it stands for: `bias?`, `device?`, `options?`. The type
 * itself is a union of tuples, which nobody could read. Of `Arguments` those without a default are no optional ones.
 */
function spellOutTail(context, signature, declaration) {
  const rest = signature.parameters?.at(-1);
  const node = declaration?.parameters?.at(-1)?.type;
  if (!rest?.flags.isRest || rest.type?.type !== 'union') return;
  if (!node || !ts.isTypeReferenceNode(node) || !['Tail', 'Arguments'].includes(node.typeName.getText())) return;
  const [optionsNode, namesNode] = node.typeArguments.slice(-2);
  const { checker, project } = context;
  const names = checker.getTypeArguments(checker.getTypeFromTypeNode(namesNode)).map(({ value }) => value);
  const tuples = rest.type.types.filter(({ type }) => type === 'tuple').map(({ elements }) => elements);
  const values = tuples.find(
    (elements) => elements.length === names.length && elements.every(({ name }) => name !== 'options'),
  );
  const options = tuples.find(([only]) => only?.name === 'options')?.[0];
  if (values === undefined || options === undefined) return;
  const properties = checker.getPropertiesOfType(checker.getTypeFromTypeNode(optionsNode));
  // All of the options, and no selection: the interface itself says it better.
  const isWhole = properties.length === names.length;
  const all = (isWhole && options.element.name === 'Pick' && options.element.typeArguments?.[0]) || options.element;
  const spelt = [...names.map((name, index) => [name, valueType(values[index].element)]), ['options', all]];
  const defaults = declaration.body && tailDefaults(checker, declaration.body);
  const required =
    node.typeName.getText() === 'Tail'
      ? []
      : properties.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional)).map(({ name }) => name);
  signature.parameters = [
    ...signature.parameters.slice(0, -1),
    ...spelt.map(([name, type]) => {
      const parameter = new ParameterReflection(name, ReflectionKind.Parameter, signature);
      parameter.type = type;
      if (!required.includes(name)) {
        parameter.setFlag(ReflectionFlag.Optional);
        parameter.defaultValue = defaults?.get(name);
      }
      project.registerReflection(parameter, undefined, undefined);
      return parameter;
    }),
  ];
  project.removeReflection(rest);
}

/** A class of the reference, from which `declaration` derives, has a member of that name. */
function isDocumentedAbove(declaration, name) {
  return (declaration.extendedTypes ?? []).some(({ reflection: base }) => {
    if (base === undefined) return false;
    return base.children?.some((child) => child.name === name) || isDocumentedAbove(base, name);
  });
}

/** What a class inherits stands on the page of the class that has it; Tensor's 800 methods would stand on three pages. */
function leaveOutInherited(project) {
  for (const declaration of project.getReflectionsByKind(ReflectionKind.ClassOrInterface)) {
    const inherited = (declaration.children ?? []).filter(
      ({ flags, name }) => flags.isInherited && isDocumentedAbove(declaration, name),
    );
    for (const reflection of inherited) project.removeReflection(reflection);
  }
}

/** @param {import('typedoc').Application} app */
function present(app) {
  // A guide is called by its heading, not by its file.
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = document.content.find(({ text }) => /^# /m.test(text));
    document.name = /^# (.*)$/m.exec(heading?.text ?? '')?.[1] ?? document.name;
  });
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, spellOutTail);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, spellOutWords);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    leaveOutInherited(project);
    // They stand in the signatures themselves (`@inline`).
    for (const alias of project.getReflectionsByKind(ReflectionKind.TypeAlias).filter(isGenerated)) {
      project.removeReflection(alias);
    }
    for (const declaration of project.getReflectionsByKind(ReflectionKind.FunctionOrMethod)) {
      if (!isGenerated(declaration)) continue;
      foldForms(project, declaration);
      groupAsOp(declaration);
    }
  });
  // That Tensor has its ops from an interface is how it is made, and nobody's concern.
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      for (const declaration of project.getReflectionsByKind(ReflectionKind.Method)) {
        if (!isGenerated(declaration)) continue;
        for (const reflection of [declaration, ...(declaration.signatures ?? [])]) {
          delete reflection.inheritedFrom;
          reflection.setFlag(ReflectionFlag.Inherited, false);
        }
      }
    },
    -10_000,
  );
}

/** What the engine knows of a tensor, the attention's native arguments, and the name that Python prints for a Linear. */
const KEPT_INSIDE = ['Tail', 'TensorBase', 'MultiHeadAttentionArguments', 'NonDynamicallyQuantizableLinear'];

const GROUPS = [
  'Documents',
  'Namespaces',
  'Classes',
  'Constructors',
  'Properties',
  'Accessors',
  'Functions',
  'Methods',
  'Ops',
  '*',
];

const DOCUMENTED = [
  'Namespace',
  'Class',
  'Interface',
  'TypeAlias',
  'Enum',
  'Variable',
  'Function',
  'Method',
  'Accessor',
];

/**
 * Takes the links from the places in the sources, and leaves their names.
 * @param {import('typedoc').ProjectReflection} project
 */
function withoutLinks(project) {
  for (const reflection of Object.values(project.reflections)) {
    const { sources } = /** @type {{ sources?: { url?: string }[] }} */ (reflection);
    for (const source of sources ?? []) delete source.url;
  }
}

/**
 * Converts the code and writes the pages.
 *
 * @param {{ out: string, entry?: string, readme?: string, documents?: string[], tsconfig?: string }} places
 * @returns {Promise<{ problems: number, names: string[] }>} names such as `torch.Tensor.sum`; problems are broken links, exports without a docstring, types that
 * a signature names and the package does not export, and what TypeScript has against the code; each was printed
 */
export async function writeReference({ out, entry, readme, documents = [], tsconfig }) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const app = await Application.bootstrap({
    name: `libtorch-node ${version}`,
    entryPoints: [entry ?? path.join(root, 'lib', 'index.ts')],
    tsconfig: tsconfig ?? path.join(root, 'tsconfig.build.json'),
    basePath: root,
    readme: readme ?? 'none',
    projectDocuments: documents,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    // A clone need have no remote to link to: places are named, and lead nowhere (withoutLinks).
    disableGit: true,
    sourceLinkTemplate: '{path}#L{line}',
    groupReferencesByType: true,
    groupOrder: GROUPS,
    navigation: { includeGroups: true },
    navigationLeaves: ['Ops'],
    sort: ['alphabetical'],
    validation: { invalidLink: true, notDocumented: true, notExported: true, unusedMergeModuleWith: true },
    requiredToBeDocumented: DOCUMENTED,
    intentionallyNotExported: entry === undefined ? KEPT_INSIDE : [],
  });
  present(app);
  const project = await app.convert();
  if (project !== undefined) {
    withoutLinks(project);
    app.validate(project);
    rmSync(out, { recursive: true, force: true });
    await app.generateDocs(project, out);
  }
  const problems = app.logger.errorCount + app.logger.warningCount + (existsSync(out) ? 0 : 1);
  const named = project?.getReflectionsByKind(ReflectionKind.SomeExport | ReflectionKind.SomeMember) ?? [];
  return { problems, names: named.map((reflection) => reflection.getFullName()) };
}
