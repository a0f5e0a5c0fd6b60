import { binding } from '../../lib/engine';
import { signaturesOf } from '../../lib/tensor/resolve';
import { isPublicName, type Parameter, type Signature } from '../../lib/tensor/signature';
import { careOf } from './care';
import { Arguments, type Storage } from './generator';
import type { Choices } from './random';
import { isTensorValue, type Case, type Value } from './values';

/** What Python's own argument parser knows, by name. */
export interface Doors {
  readonly functions: ReadonlySet<string>;
  readonly methods: ReadonlySet<string>;
}

/** Every public op that can be called from here. */
export function publicOps(): string[] {
  const names = new Set<string>();
  for (const full of binding.opNames()) {
    const [, name = ''] = /^aten::([^.]*)/.exec(full) ?? [];
    if (names.has(name) || !isPublicName(name)) continue;
    if (signaturesIfAny(name, false).some(({ outs }) => outs.length === 0)) names.add(name);
  }
  return [...names];
}

/** Ops and overloads whose Python function or method takes other arguments than the schema says. */
const ownArguments: ReadonlySet<string> = new Set(
  `copy_ is_contiguous bernoulli.Tensor range sparse_coo_tensor to data gradient stride size item numel`.split(' '),
);

/** Ops of which two overloads take the same arguments, so that only Python's parser says which is called. */
const sharedArguments: ReadonlySet<string> = new Set(['stft']);

function signaturesIfAny(name: string, asMethod: boolean): readonly Signature[] {
  try {
    return signaturesOf(name, asMethod);
  } catch {
    return [];
  }
}

/** Overloads of an op that cases are made for. */
export function overloadsOf(op: string): readonly Signature[] {
  return signaturesIfAny(op, false).filter(({ outs }) => outs.length === 0);
}

/** One case for an overload. The tensors' storages are added to `storages`. */
export function makeCase(op: string, signature: Signature, doors: Doors, choose: Choices, storages: Storage[]): Case {
  const { schema } = signature;
  const made = new Arguments(choose, storages, choose.chance(0.5));
  const cared = careOf(op)(made, schema.overload);
  // In schema order, so that the first tensor has the leading shape.
  const given = new Map<Parameter, Value>();
  for (const parameter of [...signature.positional, ...signature.keyword].sort((a, b) => a.index - b.index)) {
    const value = valueFor(parameter, cared, made, choose);
    if (value !== undefined) given.set(parameter, value);
  }
  const methods = signaturesIfAny(op, true);
  const method = methods.find((candidate) => candidate.schema.overload === schema.overload);
  // `torch.ops` gives a dtype as a number.
  const numbered = schema.returns.some(({ type }) => type === 'ScalarType');
  const candidates: Case['door'][] = numbered || sharedArguments.has(op) ? [] : ['exact'];
  const python = !ownArguments.has(op) && !ownArguments.has(`${op}.${schema.overload}`);
  if (python && doors.functions.has(op)) candidates.push('function', 'function');
  if (python && doors.methods.has(op) && method !== undefined) candidates.push('method', 'method');
  const door = choose.pick(candidates);
  // A leaf cannot be written to; and Python's functions, but not `torch.ops`, keep factories out of the graph.
  for (const [parameter, value] of given) {
    const plain = schema.arguments[parameter.index]?.written === true || (signature.factory && door === 'exact');
    if (plain && isTensorValue(value)) given.set(parameter, { ...value, grad: false });
  }
  // Python's parser takes tensors for numbers; `torch.ops` does not.
  if (door !== 'exact') {
    for (const [parameter, value] of given) {
      if (choose.chance(0.08)) given.set(parameter, made.numberAsTensor(parameter.type, value));
    }
  }
  const asMethod =
    method !== undefined && (door === 'method' || (door === 'exact' && choose.chance(0.5) && inOrder(method)));
  return {
    op,
    overload: schema.overload,
    door,
    asMethod,
    ...split(asMethod ? method : signature, given, door, choose),
    seed: choose.int(0, 1e6),
  };
}

const inOrder = ({ positional }: Signature): boolean => positional.every(({ index }, order) => index === order);

function valueFor(
  parameter: Parameter,
  cared: Readonly<Record<string, Value | undefined>>,
  made: Arguments,
  choose: Choices,
): Value | undefined {
  const { name, type, required } = parameter;
  if (name in cared) return cared[name];
  // Python's parser reads the default `Mean` of a reduction as 0, so that only given ones can be compared.
  if (!required && name !== 'reduction' && choose.chance(0.5)) return undefined;
  const value = made.any(name, type);
  if (value === undefined && required) throw new Error(`argument ${name}: nothing stands for a ${type.base}`);
  return value;
}

/** Some of the leading arguments by position, the others by name. */
function split(
  signature: Signature,
  given: ReadonlyMap<Parameter, Value>,
  door: Case['door'],
  choose: Choices,
): Pick<Case, 'positional' | 'named'> {
  const values = new Map(
    [...given].map(([{ index, type }, value]) => {
      // Without Python's parser a list must be one: what stands for it is the parser's.
      const lone = door === 'exact' && type.list && typeof value === 'number';
      return [index, lone ? Array<Value>(Math.max(1, type.repeat)).fill(value) : value] as const;
    }),
  );
  const order = signature.positional;
  let leading = order.findIndex(({ index }) => !values.has(index));
  if (leading === -1) leading = order.length;
  // The first stands in front always: what is called on it decides.
  const cut = choose.chance(0.6) ? leading : choose.int(Math.min(1, leading), leading);
  const positional = order.slice(0, cut).map(({ index }) => values.get(index) as Value);
  const named: Record<string, Value> = {};
  for (const { index } of [...order.slice(cut), ...signature.keyword]) {
    const value = values.get(index);
    const name = signature.schema.arguments[index]?.name ?? '';
    if (value !== undefined) named[name] = value;
  }
  return { positional, named };
}
