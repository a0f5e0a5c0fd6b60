/** How a random configuration of a module is told to both sides. */

import type { AnyModule } from '../../../lib/nn';
import { randn, Tensor } from '../../../lib/tensor';
import type { ModuleComparison } from '../compare-module';
import type { Draws } from '../draws';

/** An argument of a constructor or of forward; a list is a tuple in Python. */
export type Value = number | string | boolean | null | Tensor | readonly Value[];

export interface Configuration {
  /** Arguments of the constructor by place, then by their names here. */
  args?: readonly Value[];
  options?: Readonly<Record<string, Value | undefined>>;
  /** Names of options that Python has under others than their snake_case. */
  renamed?: Readonly<Record<string, string>>;
  /** Arguments of forward. */
  inputs: readonly Value[];
  /** Places of the inputs whose gradients are compared; all of floating point by default. */
  differentiate?: readonly number[];
  /** Instead of args and options, for what holds other modules. */
  make?: () => AnyModule;
  python?: string;
  /** In Python, a list of tensors of what forward returns, where that is no tensor or tuple of tensors. */
  unpack?: string;
  /** Tensors that `python` names, after those of `inputs`: tensor0, tensor1, … */
  tensors?: readonly Tensor[];
  /** Instead of the module's own, for what has none. */
  forward?: (module: AnyModule, ...inputs: Tensor[]) => Tensor[];
  pythonForward?: string;
}

/** Draws one configuration; `round` counts the configurations of one module. */
export type Entry = (draws: Draws, round: number) => Configuration;
export type Entries = Readonly<Record<string, Entry>>;

const isFloat = (value: Value): value is Tensor => value instanceof Tensor && value.isFloatingPoint();

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A value in Python's notation; tensors go by name into `tensors`. */
function literal(value: Value, tensors: Map<Tensor, string>): string {
  if (value instanceof Tensor) {
    const known = tensors.get(value) ?? `tensor${tensors.size}`;
    tensors.set(value, known);
    return known;
  }
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `float('${value > 0 ? '' : '-'}inf')`;
  return `(${value.map((element) => `${literal(element, tensors)}, `).join('')})`;
}

/** All floats as float64. */
function widened(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(widened);
  return isFloat(value) ? value.double() : value;
}

/** The tensors of floating point in a value. */
function floatsIn(value: Value): Tensor[] {
  if (Array.isArray(value)) return (value as readonly Value[]).flatMap(floatsIn);
  return isFloat(value) ? [value] : [];
}

/** Makes a comparison of a configuration, in float64 throughout if `wide`. */
export function comparisonOf(
  name: string,
  type: new (...args: never[]) => AnyModule,
  configuration: Configuration,
  wide: boolean,
): ModuleComparison<AnyModule> {
  const { args = [], renamed = {} } = configuration;
  const options = Object.fromEntries(
    Object.entries(configuration.options ?? {}).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
  const inputs = configuration.inputs.map((value) => (wide ? widened(value) : value));
  const tensors = new Map<Tensor, string>();
  const spelt = [
    ...args.map((value) => literal(value, tensors)),
    ...Object.entries(options).map(
      ([option, value]) => `${renamed[option] ?? snakeCase(option)}=${literal(value, tensors)}`,
    ),
  ];
  const construct = type as unknown as new (...args: unknown[]) => AnyModule;
  const make =
    configuration.make ?? (() => new construct(...args, ...(Object.keys(options).length > 0 ? [options] : [])));
  // What works in place cannot work on leaves.
  const inplace = options['inplace'] === true;
  const own = inputs.map((value) => literal(value, tensors) + (inplace && isFloat(value) ? '.clone()' : ''));
  for (const tensor of configuration.tensors ?? []) literal(tensor, tensors);
  const places = configuration.differentiate ?? [...inputs.keys()].filter((place) => isFloat(inputs[place] ?? null));
  const unpack = configuration.unpack ?? 'lambda y: list(y) if isinstance(y, (tuple, list)) else [y]';
  return {
    make: () => (wide ? make().to('float64') : make()),
    python: `${configuration.python ?? `torch.nn.${name}(${spelt.join(', ')})`}${wide ? '.double()' : ''}`,
    inputs: Object.fromEntries([...tensors].map(([tensor, key]) => [key, tensor])),
    forward: (module) => {
      const given = inputs.map((value) => (inplace && isFloat(value) ? value.clone() : value));
      if (configuration.forward) return configuration.forward(module, ...(given as Tensor[]));
      const output = module.forward(...given);
      return (Array.isArray(output) ? output.flat() : [output]).filter((each) => each !== null) as Tensor[];
    },
    pythonForward: `(${unpack})(${configuration.pythonForward ?? `module(${own.join(', ')})`})`,
    differentiate: places
      .flatMap((place) => floatsIn(inputs[place] ?? null))
      .map((tensor) => tensors.get(tensor) as string),
  };
}

/** A size for each of `dims` dimensions, each between the bounds, or one number for all. */
export function sizes(draws: Draws, dims: number, low: number, high: number): Value {
  return draws.flag() ? draws.int(low, high) : Array.from({ length: dims }, () => draws.int(low, high));
}

/** [N, C, ...] or [C, ...] with `dims` dimensions behind, each between the bounds. */
export function image(draws: Draws, dims: number, channels: number, low = 6, high = 9, batched = draws.flag()): Tensor {
  const spatial = Array.from({ length: dims }, () => draws.int(low, high));
  return randn([...(batched ? [draws.int(1, 3)] : []), channels, ...spatial]);
}

/** A tensor of any shape. */
export function anyShape(draws: Draws): Tensor {
  return randn(Array.from({ length: draws.int(1, 4) }, () => draws.int(1, 7)));
}

export const reductions = ['mean', 'sum', 'none'] as const;
