/** Modules as functions of their parameters (`torch.func.functional_call`, `torch.nn.utils.stateless`). */
import {
  checkObject,
  checkOptions,
  checkString,
  checkTensor,
  refusePromise,
  TorchError,
  valueError,
} from '../../engine';
import { Tensor } from '../../tensor';
import { type AnyModule, Module } from '../module';
import { checkModule } from '../module-sequence';

/** Tensors by their keys in a state dict. */
export type Tensors = Map<string, Tensor> | Record<string, Tensor>;

/** Options of {@link functionalCall}. */
export interface FunctionalCallOptions {
  /** A tensor that stands in several places of the module is replaced in all of them. */
  tieWeights?: boolean;
  /** There must be a tensor for each parameter and buffer, and no others. */
  strict?: boolean;
}

/** Where a tensor of a module stands. */
interface Place {
  readonly module: AnyModule;
  readonly property: string;
}

/**
 * Calls a module with other tensors in the place of its parameters and buffers (`torch.func.functional_call`). They are given
 * by their keys in the state dict; what is not given stays as it is. Gradients reach the tensors that are given.
 *
 * The key of a parametrized tensor itself, rather than of its `original`, passes over the parametrization. What forward
 * assigns to a replaced property is put into the object or map that the tensor came from.
 *
 * @param parametersAndBuffers an object or a map, or a list of them with different keys
 * @param args the arguments of forward in an array, or a single one that is none
 * @returns what forward returns
 * @throws ArgumentError for different tensors in the place of one, unless `tieWeights` is false; TorchError for keys that are
 *   missing or unknown, if `strict`
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(2, 1);
 * const weight = torch.ones([1, 2], { requiresGrad: true });
 * const y = torch.func.functionalCall(layer, { weight, bias: torch.zeros([1]) }, torch.tensor([[3, 4]]).float());
 * y.sum().backward();
 * console.log(y.item(), weight.grad); // 7 tensor([[3., 4.]])
 * ```
 */
export function functionalCall<Inputs extends readonly unknown[], Output>(
  module: Module<Inputs, Output>,
  parametersAndBuffers: Tensors | readonly Tensors[],
  args: Inputs | Inputs[0] = [],
  options: FunctionalCallOptions = {},
): Output {
  checkModule('functionalCall', module as unknown as AnyModule);
  checkOptions('functionalCall', options, ['tieWeights', 'strict']);
  const { tieWeights = true, strict = false } = options;
  const dicts = Array.isArray(parametersAndBuffers)
    ? (parametersAndBuffers as Tensors[])
    : [parametersAndBuffers as Tensors];
  const sources = readSources(dicts);
  const own = placesOf(module);
  const given = new Map([...sources].map(([key, dict]) => [key, read(dict, key)]));
  const replaced = tieWeights ? tied(own, given) : given;
  if (strict) checkKeys(module.constructor.name, own, replaced);
  const inputs = (Array.isArray(args) ? args : [args]) as unknown as Inputs;

  const undo: (() => void)[] = [];
  try {
    for (const [key, tensor] of replaced) {
      const place = own.get(key)?.place ?? computedPlace(module, key);
      if (place === null) continue;
      const restore = replace(place, tensor);
      undo.push(() => {
        const now = restore();
        const source = sources.get(key);
        if (source !== undefined && now !== tensor && now instanceof Tensor) write(source, key, now);
      });
    }
    const output = module.forward(...inputs);
    refusePromise(output, 'functionalCall');
    return output;
  } finally {
    for (const restore of undo.reverse()) restore();
  }
}

/** Which dict has each key. */
function readSources(dicts: readonly Tensors[]): Map<string, Tensors> {
  const sources = new Map<string, Tensors>();
  for (const dict of dicts) {
    checkObject('functionalCall', 'parametersAndBuffers', dict, 'tensors by their keys, or a list of such');
    for (const [key, tensor] of (dict instanceof Map ? dict : Object.entries(dict)) as Iterable<[string, unknown]>) {
      checkString('functionalCall', 'parametersAndBuffers (its keys)', key);
      checkTensor('functionalCall()', `parametersAndBuffers['${key}']`, tensor);
      if (sources.has(key)) {
        throw valueError(`'${key}' appeared in multiple dictionaries; behavior of functional call is ambiguous`);
      }
      sources.set(key, dict);
    }
  }
  return sources;
}

function read(dict: Tensors, key: string): Tensor {
  return (dict instanceof Map ? dict.get(key) : dict[key]) as Tensor;
}

function write(dict: Tensors, key: string, tensor: Tensor): void {
  if (dict instanceof Map) dict.set(key, tensor);
  else dict[key] = tensor;
}

/** All parameters and buffers by all of their keys. */
function placesOf(module: AnyModule): Map<string, { place: Place; tensor: Tensor }> {
  const places = new Map<string, { place: Place; tensor: Tensor }>();
  for (const [path, part] of module.namedModules({ removeDuplicate: false })) {
    for (const [name, member] of part.members()) {
      const property = part.propertyOf(name);
      if (!(member instanceof Module) && property !== null) {
        places.set(join(path, name), { place: { module: part, property }, tensor: member });
      }
    }
  }
  return places;
}

/** A parametrized tensor, which is no member of its module; null for what is not there, which nothing can read. */
function computedPlace(module: AnyModule, key: string): Place | null {
  const dot = key.lastIndexOf('.');
  const owner = module.getSubmodule(key.slice(0, Math.max(dot, 0)));
  const property = owner.propertyOf(key.slice(dot + 1));
  return property === null ? null : { module: owner, property };
}

/** The given tensors, and those that replace what stands in other places, too. */
function tied(own: ReturnType<typeof placesOf>, given: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const all = new Map(given);
  const keysOf = new Map<Tensor, string[]>();
  for (const [key, { tensor }] of own) keysOf.set(tensor, [...(keysOf.get(tensor) ?? []), key]);
  for (const keys of keysOf.values()) {
    const tensors = new Set(keys.flatMap((key) => given.get(key) ?? []));
    if (tensors.size > 1) {
      throw valueError(
        `functional_call got multiple values for keys ${[...keys].sort().join(', ')}, which are tied. Consider using tieWeights: false`,
      );
    }
    for (const tensor of tensors) for (const key of keys) all.set(key, tensor);
  }
  return all;
}

function checkKeys(name: string, own: ReadonlyMap<string, unknown>, given: ReadonlyMap<string, unknown>): void {
  const list = (keys: readonly string[]): string => keys.map((key) => `'${key}'`).join(', ');
  const unexpected = [...given.keys()].filter((key) => !own.has(key));
  const missing = [...own.keys()].filter((key) => !given.has(key));
  const faults = [
    ...(unexpected.length > 0 ? [`Unexpected key(s): ${list(unexpected)}.`] : []),
    ...(missing.length > 0 ? [`Missing key(s): ${list(missing)}.`] : []),
  ];
  if (faults.length > 0) throw new TorchError(`Error(s) in reparametrizing for ${name}:\n\t${faults.join('\n\t')}`);
}

/** Puts a tensor in a place; what is returned undoes it, and returns what stood there at the end. */
function replace({ module, property }: Place, tensor: Tensor): () => unknown {
  const before = Object.getOwnPropertyDescriptor(module, property) as PropertyDescriptor;
  // Computed as far as the module can see, which would otherwise make what stands there one of its members.
  let value: unknown = tensor;
  const get = (): unknown => value;
  const set = (other: unknown): void => void (value = other);
  Object.defineProperty(module, property, { get, set, enumerable: true, configurable: true });
  return () => {
    const now: unknown = Reflect.get(module, property);
    Object.defineProperty(module, property, before);
    return now;
  };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
