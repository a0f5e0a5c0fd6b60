import { noGrad } from '../autograd';
import { checkObject, checkString, TorchError } from '../engine';
import { Tensor } from '../tensor';
import type { AnyModule } from './module';
import { isLazy } from './uninitialized';

/** Tensors by PyTorch's keys (`layers.0.weight`), in PyTorch's order. */
export type StateDict = Map<string, Tensor>;

/** The keys that did not match, as `load_state_dict` returns them. */
export interface LoadedKeys {
  /** Keys of the module that the state dict lacks. */
  readonly missingKeys: readonly string[];
  /** Keys of the state dict that the module lacks. */
  readonly unexpectedKeys: readonly string[];
}

/** Members that a module of this version refuses, see `Module.refusedState`. */
export interface RefusedState {
  readonly names: readonly string[];
  /** What is said of such keys. */
  readonly sentence: (keys: readonly string[]) => string;
}

/** A state dict does not fit a module; the message lists everything that differs, in Python's words. */
export class StateDictError extends TorchError {
  constructor(
    message: string,
    readonly missingKeys: readonly string[],
    readonly unexpectedKeys: readonly string[],
  ) {
    super(message, 'TORCH_STATE_DICT');
  }
}

interface Findings {
  readonly missingKeys: string[];
  readonly unexpectedKeys: string[];
  /** Differences in shape, and values that are not tensors. */
  readonly problems: string[];
  readonly copies: [target: Tensor, source: Tensor][];
}

/**
 * `torch.nn.Module.load_state_dict`. Everything is compared before the first element is copied, so that a state dict that
 * does not fit leaves the module as it was.
 */
export function loadStateDict(
  module: AnyModule,
  state: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  strict: boolean,
): LoadedKeys {
  checkObject('loadStateDict', 'state', state, 'a state dict');
  const entries: [string, unknown][] = isMap(state) ? [...state] : Object.entries(state);
  for (const [key] of entries) checkString('loadStateDict', 'state (its keys)', key);
  const findings: Findings = { missingKeys: [], unexpectedKeys: [], problems: [], copies: [] };
  compare(module, '', new Map(entries), findings);

  const { missingKeys, unexpectedKeys, problems, copies } = findings;
  const faults = [
    ...(strict && missingKeys.length > 0 ? [`Missing key(s) in state_dict: ${quoted(missingKeys)}. `] : []),
    ...(strict && unexpectedKeys.length > 0 ? [`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}. `] : []),
    ...problems,
  ];
  if (faults.length > 0) {
    const heading = `Error(s) in loading state_dict for ${module.constructor.name}:`;
    throw new StateDictError([heading, ...faults].join('\n\t'), missingKeys, unexpectedKeys);
  }
  noGrad(() => {
    for (const [target, source] of copies) {
      if (isLazy(target)) target.materialize(source.shape);
      target.copy_(source);
    }
  });
  return { missingKeys, unexpectedKeys };
}

const nothingRefused: RefusedState = { names: [], sentence: () => '' };

/** Compares one module with the entries below its prefix, then its children: Python's order of findings. */
function compare(module: AnyModule, prefix: string, state: Map<string, unknown>, findings: Findings): void {
  module.hooks()?.load(module, state, prefix);
  const own = new Map(module.ownState());
  const children = new Map(module.namedChildren({ removeDuplicate: false }));
  const { names, sentence } = module.refusedState() ?? nothingRefused;
  const refused = names.filter((name) => !own.has(name) && state.has(prefix + name));
  if (refused.length > 0) findings.problems.push(sentence(refused.map((name) => prefix + name)));
  for (const [name, target] of own) {
    const key = prefix + name;
    if (state.has(key)) compareTensor(key, target, state.get(key), findings);
    else if (!module.optionalState().includes(name)) findings.missingKeys.push(key);
  }
  for (const key of state.keys()) {
    const [name = '', ...below] = key.slice(prefix.length).split('.');
    const known = below.length > 0 ? children.has(name) : own.has(name) || refused.includes(name);
    if (!known) findings.unexpectedKeys.push(key);
  }
  for (const [name, child] of children) {
    const childPrefix = `${prefix}${name}.`;
    compare(child, childPrefix, new Map([...state].filter(([key]) => key.startsWith(childPrefix))), findings);
  }
}

function compareTensor(key: string, target: Tensor, value: unknown, { problems, copies }: Findings): void {
  if (!(value instanceof Tensor)) {
    problems.push(
      `While copying the parameter named "${key}", expected a Tensor from the checkpoint but received ${value === null ? 'null' : typeof value}`,
    );
    return;
  }
  if (isLazy(target)) {
    if (!isLazy(value)) copies.push([target, value]);
    return;
  }
  // Files of PyTorch 0.3 hold a number as a tensor of one element.
  const source = target.shape.length === 0 && value.shape.length === 1 && value.shape[0] === 1 ? value.at(0) : value;
  if (source.shape.join() !== target.shape.join()) {
    problems.push(
      `size mismatch for ${key}: copying a param with shape ${sizeRepr(value)} from checkpoint, ` +
        `the shape in current model is ${sizeRepr(target)}.`,
    );
    return;
  }
  copies.push([target, source]);
}

function isMap(state: object): state is ReadonlyMap<string, Tensor> {
  return state instanceof Map;
}

function sizeRepr(tensor: Tensor): string {
  return `torch.Size([${tensor.shape.join(', ')}])`;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}
