import { noGrad } from '../autograd';
import { checkBooleans, checkObject, checkOptions, checkString, TorchError, valueError } from '../engine';
import { isComplexDType, isFloatingDType, Tensor } from '../tensor';
import type { AnyModule } from './module';
import { putContents } from './move';
import type { Buffer, Parameter } from './parameter';
import { isLazy } from './uninitialized';

/**
 * Tensors by PyTorch's keys (`layers.0.weight`), in PyTorch's order. Only under the keys that end in `_extra_state` there may
 * be something else, whatever `Module.getExtraState` gave.
 */
export type StateDict = Map<string, Tensor>;

/** Options of `Module.loadStateDict`. */
export interface LoadStateDictOptions {
  strict?: boolean;
  assign?: boolean;
}

/** The keys that did not match, as hooks may change them. */
export interface IncompatibleKeys {
  missingKeys: string[];
  unexpectedKeys: string[];
}

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

/** The name of `Module.getExtraState` in a state dict. */
const EXTRA_STATE = '_extra_state';

/** `Module.stateDict` of a module and, by their own, of its children. */
export function collectState(module: AnyModule, prefix: string, keepVars: boolean): StateDict {
  const hooks = module.hooks();
  hooks?.beforeState(module, prefix, keepVars);
  const state: StateDict = new Map();
  const add = (key: string, value: Tensor): void => {
    if (state.has(key)) throw valueError(`two members of ${module.constructor.name} have the key \`${key}\``);
    state.set(key, value);
  };
  for (const [name, tensor] of module.ownState()) {
    add(prefix + name, keepVars || isLazy(tensor) ? tensor : tensor.detach());
  }
  if (module.getExtraState !== undefined) add(prefix + EXTRA_STATE, module.getExtraState() as Tensor);
  for (const [name, child] of module.namedChildren({ removeDuplicate: false })) {
    for (const [key, value] of child.stateDict({ prefix: `${prefix}${name}.`, keepVars })) add(key, value);
  }
  hooks?.afterState(module, state, prefix);
  return state;
}

interface Findings extends IncompatibleKeys {
  /** Differences in shape, and values that are not tensors. */
  readonly problems: string[];
  readonly copies: [target: Parameter | Buffer, source: Tensor][];
  readonly extras: [module: AnyModule, state: unknown][];
  /** Modules with hooks that want to know of the end, those below before their parents. */
  readonly watchers: AnyModule[];
  readonly assign: boolean;
}

/**
 * `torch.nn.Module.load_state_dict`. Everything is compared before the first element is copied, so that a state dict that
 * does not fit leaves the module as it was. Only hooks that want to see the loaded module, and may change the lists of keys,
 * have it filled first.
 */
export function loadStateDict(
  module: AnyModule,
  state: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  options: LoadStateDictOptions,
): LoadedKeys {
  checkOptions('loadStateDict', options, ['strict', 'assign']);
  const { strict = true, assign = false } = options;
  checkBooleans('loadStateDict', { strict, assign });
  checkObject('loadStateDict', 'state', state, 'a state dict');
  const entries: [string, unknown][] = isMap(state) ? [...state] : Object.entries(state);
  for (const [key] of entries) checkString('loadStateDict', 'state (its keys)', key);
  const findings: Findings = {
    ...{ missingKeys: [], unexpectedKeys: [], problems: [], copies: [], extras: [], watchers: [] },
    assign,
  };
  compare(module, '', new Map(entries), findings);
  const { watchers } = findings;
  if (watchers.length === 0 || findings.problems.length > 0) refuseFaults(module, findings, strict);
  load(findings);
  for (const watcher of watchers) watcher.hooks()?.loaded(watcher, findings);
  refuseFaults(module, findings, strict);
  return { missingKeys: findings.missingKeys, unexpectedKeys: findings.unexpectedKeys };
}

function refuseFaults(module: AnyModule, findings: Findings, strict: boolean): void {
  const { missingKeys, unexpectedKeys, problems } = findings;
  const faults = [
    ...(strict && missingKeys.length > 0 ? [`Missing key(s) in state_dict: ${quoted(missingKeys)}. `] : []),
    ...(strict && unexpectedKeys.length > 0 ? [`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}. `] : []),
    ...problems,
  ];
  if (faults.length === 0) return;
  const heading = `Error(s) in loading state_dict for ${module.constructor.name}:`;
  throw new StateDictError([heading, ...faults].join('\n\t'), missingKeys, unexpectedKeys);
}

function load({ copies, extras, assign }: Findings): void {
  noGrad(() => {
    for (const [target, source] of copies) {
      if (isLazy(target)) target.materialize(source.shape);
      if (assign) putContents(target, source);
      else target.copy_(source);
    }
  });
  for (const [module, state] of extras) module.setExtraState?.(state);
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
  const takesExtra = module.setExtraState !== undefined;
  if (takesExtra) {
    const key = prefix + EXTRA_STATE;
    if (state.has(key)) findings.extras.push([module, state.get(key)]);
    else findings.missingKeys.push(key);
  }
  for (const key of state.keys()) {
    if (takesExtra && key === prefix + EXTRA_STATE) continue;
    const [name = '', ...below] = key.slice(prefix.length).split('.');
    const known = below.length > 0 ? children.has(name) : own.has(name) || refused.includes(name);
    if (!known) findings.unexpectedKeys.push(key);
  }
  for (const [name, child] of children) {
    const childPrefix = `${prefix}${name}.`;
    compare(child, childPrefix, new Map([...state].filter(([key]) => key.startsWith(childPrefix))), findings);
  }
  if ((module.hooks()?.loadedState.entries.length ?? 0) > 0) findings.watchers.push(module);
}

function compareTensor(
  key: string,
  target: Parameter | Buffer,
  value: unknown,
  { problems, copies, assign }: Findings,
): void {
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
  if (assign && target.requiresGrad && !isFloatingDType(source.dtype) && !isComplexDType(source.dtype)) {
    problems.push(
      `While assigning the parameter named "${key}", which requires a gradient, received a ${source.dtype} one.`,
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
