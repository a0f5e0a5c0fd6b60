// How one overload of an op is written in TypeScript: the types of its arguments and results, its forms of call, its comment.

const RESERVED = new Set(
  `break case catch class const continue debugger default delete do else enum export extends false finally for function if
  implements import in instanceof interface let new null package private protected public return static super switch this
  throw true try typeof var void while with yield arguments eval await`.split(/\s+/),
);

export const safe = (name) => (RESERVED.has(name) ? `${name}_` : name);
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

export function outputType(rules, schema, self) {
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
export function schemaText({ name, overload, arguments: args, returns }) {
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
export function helpFor(help, name) {
  if (help[name] !== undefined) return help[name];
  const twin = help[name.replace(/_$/, '')];
  return name.endsWith('_') && twin !== undefined ? `In place: ${twin}` : undefined;
}

/** The comment over one form of a call, which stands for the overloads of these schemas. */
export function commentLines(sentence, schemas) {
  const lines = schemas.map((schema) => `\`${schema}\``);
  const all = sentence === undefined ? lines : [sentence, ...lines];
  if (all.length === 1) return [`  /** ${all[0]} */`];
  return [
    '  /**',
    ...all.flatMap((line, index) => (index === 0 ? [`   * ${line}`] : ['   *', `   * ${line}`])),
    '   */',
  ];
}

const property = (parameter, required) =>
  `${parameter.name}${required && parameter.required ? '' : '?'}: ${inputType(parameter)}`;

/** Gathers the types of one file; an options type that two overloads share is written once. */
export class OptionTypes {
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
    this.lines.push(`/** @inline */ export type ${name} = ${text};`);
    return name;
  }
}

/**
 * All call forms of one overload: by position, with everything by name, and with a spread list. Each is
 * `{ params, result }`, a parameter `{ name, type, optional, options, rest }` with the name of the options type that may
 * stand in its place.
 *
 * @param outAlone - the option `out` must be in the object where it is all that the overload has: then `{}` is no call
 * of it, and an editor offers the options of the overloads with other results
 */
export function forms(rules, signature, op, asMethod, options, hasOut, outAlone) {
  const { positional, keyword, factory, schema } = signature;
  const own = positional.slice(asMethod ? 1 : 0);
  const required = own.filter((parameter) => parameter.required);
  const optional = own.filter((parameter) => !parameter.required);
  const result = outputType(rules, schema, asMethod ? 'this' : null);
  const fields = [...optional, ...keyword].map((parameter) => property(parameter, true));
  if (factory) fields.push('requiresGrad?: boolean');
  if (hasOut) {
    const type = schema.returns.length > 1 ? 'readonly Tensor[]' : 'Tensor';
    const isAlone = outAlone && own.length === 1 && fields.length === 0;
    fields.push(isAlone ? `out: ${type} | undefined` : `out?: ${type}`);
  }
  const name = fields.length === 0 ? null : options.name(op, schema.overload, fields);
  const mustName = keyword.some((parameter) => parameter.required);
  const list = own.map((parameter) => ({
    name: safe(parameter.name),
    type: `${inputType(parameter)}${!parameter.required && mustName ? ' | undefined' : ''}`,
    optional: !parameter.required && !mustName,
    options: parameter.required || mustName ? null : name,
  }));
  const optionsParameter = (type, isOptional) => ({ name: 'options', type: null, optional: isOptional, options: type });
  const found = [];
  // A keyword without a default must be given: then the options may follow the required arguments, or all of them.
  if (mustName) {
    found.push({ params: [...list.slice(0, required.length), optionsParameter(name, false)], result });
    if (optional.length > 0) found.push({ params: [...list, optionsParameter(name, false)], result });
  } else {
    found.push({ params: name === null ? list : [...list, optionsParameter(name, true)], result });
  }
  // A function's tensor stays in front; a factory, which has none, may be called by names alone.
  const leads = !asMethod && own[0]?.type.base === 'Tensor';
  const named = leads ? required.slice(1) : required;
  if (named.length > 0) {
    const all = options.name(op, `${schema.overload}_all`, [
      ...named.map((parameter) => property(parameter, true)),
      ...fields,
    ]);
    found.push({ params: [...(leads ? [list[0]] : []), optionsParameter(all, false)], result });
  }
  if (signature.spreadable) {
    found.push({
      params: [{ name: safe(own[0].name), type: 'number[]', optional: false, options: null, rest: true }],
      result,
    });
  }
  return found;
}

/** A form as it stands in a list of overloads. */
export function formText({ params, result }) {
  const shown = params.map(({ name, type, optional, options, rest }) => {
    const types = [type, options].filter((text) => text !== null);
    return `${rest ? '...' : ''}${name}${optional ? '?' : ''}: ${types.join(' | ')}`;
  });
  return `(${shown.join(', ')}): ${result}`;
}
