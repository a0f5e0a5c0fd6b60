/** How a random configuration of a transform, or a call of a function, is told to both sides. */
import { rand, randint, Tensor } from '../../../lib/tensor';
import type { Draws } from '../../nn/draws';

/** An argument; a list is a tuple in Python, and an object a dict whose keys are spelt by `Spelling.key`. */
export type Value =
  number | string | boolean | null | Tensor | readonly Value[] | { readonly [name: string]: Value | undefined };

/** Arguments by place, then by their names here. */
export interface Arguments {
  args?: readonly Value[];
  options?: Readonly<Record<string, Value | undefined>>;
  /** Names of options that Python has under others than their snake_case. */
  renamed?: Readonly<Record<string, string>>;
}

export interface Configuration extends Arguments {
  /** What it is called with; images of every kind by default. */
  images?: readonly Tensor[];
  /** Instead of args and options, for what holds other transforms. */
  make?: () => unknown;
  python?: string;
}

/** Draws one configuration; `round` counts the configurations of one transform or function. */
export type Entry = (draws: Draws, round: number) => Configuration;
export type Entries = Readonly<Record<string, Entry>>;

export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** How v1 or v2 spells an option's value where it is not Python's literal. */
export interface Spelling {
  option: (name: string, value: Value) => string | null;
  key: (name: string) => string;
}

/** Spelling of the transforms of v1. */
export const v1Spelling: Spelling = {
  option: (name, value) =>
    name === 'interpolation' && typeof value === 'string'
      ? `InterpolationMode('${value}')`
      : name === 'policy' && typeof value === 'string'
        ? `T.AutoAugmentPolicy('${value}')`
        : null,
  key: (name) => JSON.stringify(name),
};

/** Spelling of the transforms of v2. */
export const v2Spelling: Spelling = {
  option: (name, value) => (name === 'policy' && typeof value === 'string' ? `T.AutoAugmentPolicy('${value}')` : null),
  key: (name) => (name === 'others' ? "'others'" : name === 'Tensor' ? 'torch.Tensor' : `tv_tensors.${name}`),
};

/** Python's literal; tensors go by name into `tensors`. */
export function literal(value: Value | undefined, tensors: Map<Tensor, string>, spelling: Spelling): string {
  if (value instanceof Tensor) {
    const known = tensors.get(value) ?? `tensor${tensors.size}`;
    tensors.set(value, known);
    return known;
  }
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  if (isList(value)) return `(${value.map((element) => `${literal(element, tensors, spelling)}, `).join('')})`;
  const entries = Object.entries(value).map(
    ([key, element]) => `${spelling.key(key)}: ${literal(element, tensors, spelling)}`,
  );
  return `{${entries.join(', ')}}`;
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

/** The arguments as Python's source, and as they are passed here. */
export function spelt(
  { args = [], options = {}, renamed = {} }: Arguments,
  tensors: Map<Tensor, string>,
  spelling: Spelling,
): { python: string; ours: unknown[] } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const python = [
    ...args.map((value) => literal(value, tensors, spelling)),
    ...given.map(([name, value]) => {
      const text = spelling.option(name, value as Value) ?? literal(value, tensors, spelling);
      return `${renamed[name] ?? snakeCase(name)}=${text}`;
    }),
  ];
  return { python: python.join(', '), ours: [...args, ...(given.length > 0 ? [Object.fromEntries(given)] : [])] };
}

/** Which images a configuration takes. */
export interface ImageChoice {
  dtypes?: readonly ('uint8' | 'float32' | 'float64')[];
  channels?: readonly number[];
  batched?: boolean;
  low?: number;
  high?: number;
  /** One size for all. */
  size?: readonly [number, number];
}

/** An image of random size, dtype and number of channels, batched or not. */
export function image(draws: Draws, choice: ImageChoice = {}): Tensor {
  const { dtypes = ['uint8', 'float32', 'float32', 'float64'], channels = [1, 3, 3] } = choice;
  const { low = 9, high = 33, batched = draws.flag() } = choice;
  const dtype = draws.pick(dtypes);
  const [height, width] = choice.size ?? [draws.int(low, high), draws.int(low, high)];
  const shape = [...(batched ? [draws.int(1, 3)] : []), draws.pick(channels), height, width];
  return dtype === 'uint8' ? randint(0, 256, shape, { dtype }) : rand(shape, { dtype });
}

/** One image of each kind that is allowed: bytes and floats, grey and in colour, alone and in a batch. */
export function images(draws: Draws, choice: ImageChoice = {}): Tensor[] {
  const { dtypes = ['uint8', 'float32'], channels = [1, 3] } = choice;
  return [
    ...dtypes.flatMap((dtype) =>
      channels.map((count) => image(draws, { ...choice, dtypes: [dtype], channels: [count] })),
    ),
    image(draws, choice),
  ];
}

/** An option now and then. */
export function maybe<T>(draws: Draws, make: () => T): T | undefined {
  return draws.flag() ? make() : undefined;
}

/** A number with two digits behind the point, which both languages read alike. */
export function decimal(draws: Draws, low: number, high: number): number {
  return Math.round((low + draws.next() * (high - low)) * 100) / 100;
}

/** A size, in one of the ways in which it can be given. */
export function size(draws: Draws, low = 5, high = 30): Value {
  const side = (): number => draws.int(low, high);
  return draws.pick<Value>([side(), [side(), side()], [side(), side()]]);
}

/** Two numbers, the lower one first. */
export function bounds(draws: Draws, low: number, high: number): [number, number] {
  const [a, b] = [decimal(draws, low, high), decimal(draws, low, high)];
  return a < b ? [a, b] : [b, a];
}
