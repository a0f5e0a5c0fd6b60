import { isFloatingDType, type DType } from '../../lib/tensor/dtype';
import type { ArgumentType } from '../../lib/tensor/signature';
import type { Choices } from './random';
import type { TensorValue, Value } from './values';

/** Where the elements come from. */
export type Domain = 'any' | 'plain' | 'unit' | 'positive' | 'whole' | 'spd' | readonly [low: number, high: number];

/** A flat storage, as numbers of the dtype. */
export interface Storage {
  readonly dtype: DType;
  readonly elements: readonly number[];
}

const DTYPES: readonly (readonly [DType, number])[] = [
  ['float32', 50],
  ['float64', 16],
  ['int64', 9],
  ['int32', 4],
  ['uint8', 3],
  ['bool', 4],
  ['float16', 3],
  ['bfloat16', 4],
  ['complex64', 5],
  ['complex128', 2],
];

const SPECIAL = [0, -0, Infinity, -Infinity, NaN];

/** What stands for strings, by the name of the argument. */
const STRINGS: Record<string, readonly (string | null)[]> = {
  padding: ['valid', 'same'],
  roundingMode: ['floor', 'trunc', null],
  norm: ['ortho', 'forward', 'backward', null],
  approximate: ['none', 'tanh'],
  reduce: ['sum', 'prod', 'mean', 'amax', 'amin'],
  UPLO: ['L', 'U'],
  driver: [null, 'gelsd'],
  ord: ['fro', 'nuc'],
  p: ['fro', 'nuc'],
  indexing: ['ij', 'xy'],
  interpolation: ['linear', 'lower', 'higher', 'nearest', 'midpoint'],
  side: ['left', 'right', null],
  paddingSide: ['left', 'right'],
  padMode: ['reflect', 'constant', 'replicate'],
};

/** Makes the arguments of one case. Sizes with one letter are equal within it. */
export class Arguments {
  readonly dtype: DType;
  /** The first tensor's shape, which others fit. */
  shape: readonly number[] | null = null;
  private readonly sizes = new Map<string, number>();

  constructor(
    readonly choose: Choices,
    readonly storages: Storage[],
    private readonly wantGrad: boolean,
  ) {
    let ticket = choose.int(1, 100);
    this.dtype = DTYPES.find(([, weight]) => (ticket -= weight) <= 0)?.[0] ?? 'float32';
  }

  /** The case's dtype, if it is a real floating one. */
  get floating(): DType {
    return isFloatingDType(this.dtype) ? this.dtype : 'float32';
  }

  /** The size that the letter stands for, from `low` to `high` where it is new. */
  size(letter: string, low = 1, high = 4): number {
    const known = this.sizes.get(letter);
    if (known !== undefined) return known;
    const size = this.choose.int(low, high);
    this.sizes.set(letter, size);
    return size;
  }

  /** `'n c 3'`: letters and numbers. */
  sizesOf(text: string): number[] {
    if (text === '') return [];
    return text.split(' ').map((part) => (/^\d+$/.test(part) ? Number(part) : this.size(part)));
  }

  /** A tensor of the case's dtype. */
  t(sizes: string | readonly number[], domain: Domain = 'plain', dtype: DType = this.dtype): TensorValue {
    return this.tensor(typeof sizes === 'string' ? this.sizesOf(sizes) : sizes, dtype, domain);
  }

  /** A tensor of real floats. */
  f(sizes: string | readonly number[], domain: Domain = 'plain'): TensorValue {
    return this.t(sizes, domain, this.floating);
  }

  /** A tensor of indices below `count`. */
  index(sizes: string | readonly number[], count: number | string): TensorValue {
    const high = (typeof count === 'number' ? count : this.size(count)) - 1;
    return this.t(sizes, [0, Math.max(0, high)], 'int64');
  }

  tensor(size: readonly number[], dtype: DType, domain: Domain): TensorValue {
    const { choose } = this;
    const layout = domain === 'spd' ? 'contiguous' : choose.pick(LAYOUTS);
    const order = layout === 'transposed' ? choose.shuffle([...size.keys()]) : [...size.keys()];
    const step = layout === 'sliced' ? 2 : 1;
    const stride = new Array<number>(size.length).fill(0);
    let span = step;
    for (const dim of order.reverse()) {
      stride[dim] = span;
      span *= Math.max(1, size[dim] ?? 1) * (layout === 'sliced' && choose.chance(0.3) ? 2 : 1);
    }
    const offset = layout === 'sliced' ? choose.int(0, 2) : 0;
    this.storages.push({ dtype, elements: this.elements(offset + Math.max(span, 1), size, dtype, domain) });
    const grad = this.wantGrad && isDifferentiable(dtype) && choose.chance(0.8);
    return { tensor: this.storages.length - 1, dtype, size: [...size], stride, offset, grad };
  }

  private elements(count: number, size: readonly number[], dtype: DType, domain: Domain): number[] {
    const { choose } = this;
    const complex = dtype.startsWith('complex');
    if (domain === 'spd') return positiveDefinite(count, size.at(-1) ?? 0, complex, choose);
    const whole = !isDifferentiable(dtype);
    return Array.from({ length: complex ? 2 * count : count }, () => {
      if (dtype === 'bool') return choose.int(0, 1);
      if (Array.isArray(domain)) {
        const [low, high] = domain as readonly [number, number];
        return whole ? choose.int(low, high) : low + choose.next() * (high - low);
      }
      switch (domain) {
        case 'unit':
          return whole ? choose.int(0, 1) : choose.next();
        case 'positive':
          return whole ? choose.int(1, 9) : 0.1 + choose.next() * 3;
        case 'whole':
          return choose.int(0, 9);
        default:
          if (whole) return dtype === 'uint8' ? choose.int(0, 9) : choose.int(-5, 9);
          if (domain === 'any' && choose.chance(0.03)) return choose.pick(SPECIAL);
          return (choose.next() + choose.next() + choose.next() - 1.5) * 3;
      }
    });
  }

  /** A value for an argument of which only the schema is known; undefined where the default is as good. */
  any(name: string, type: ArgumentType): Value | undefined {
    const { choose } = this;
    if (type.optional && choose.chance(0.25)) return null;
    const rank = this.shape?.length ?? 2;
    if (type.base === 'Tensor') return type.list ? this.anyTensors() : this.anyTensor(name);
    if (type.list) return this.anyList(name, type, rank);
    switch (type.base) {
      case 'int':
        return this.anyInt(name, rank);
      case 'float':
        return choose.pick([0.25, 0.5, 0.75, 1.5, 1, 2]);
      case 'bool':
        return choose.chance(0.5);
      case 'Scalar':
        return choose.pick([1, 2, 0.5, 1.5, -1, 3, 0, -0.25]);
      case 'ScalarType':
        return { dtype: choose.pick(['float32', 'float64', 'int64', 'bfloat16', 'complex64'] as const) };
      case 'Device':
        return { device: 'cpu' };
      case 'Layout':
        return { layout: 'strided' };
      case 'MemoryFormat':
        return { format: choose.pick(['contiguous_format', 'preserve_format']) };
      case 'Generator':
        return { generator: choose.int(0, 1000) };
      case 'str':
        return STRINGS[name] === undefined ? 'x' : choose.pick(STRINGS[name]);
    }
  }

  /** A number as a tensor without dimensions, where that may stand for it; else the value as it is. */
  numberAsTensor({ base, list }: ArgumentType, value: Value): Value {
    if (typeof value !== 'number' || list || !['int', 'float', 'Scalar'].includes(base)) return value;
    const whole = Number.isInteger(value);
    const floats: readonly DType[] = ['float32', 'float64', 'bfloat16'];
    const integers: readonly DType[] = ['int64', 'int32', value > 0 ? 'uint8' : 'int16'];
    const dtypes = base === 'int' ? [...integers, 'float32' as const] : whole ? [...floats, ...integers] : floats;
    return this.tensor([], this.choose.pick(dtypes), [value, value]);
  }

  private anyShape(): number[] {
    const { choose } = this;
    const rank = choose.pick([0, 1, 1, 2, 2, 2, 3, 3, 4]);
    return Array.from({ length: rank }, () => (choose.chance(0.06) ? 0 : choose.int(1, 5)));
  }

  private anyTensor(name: string): TensorValue {
    const { choose } = this;
    if (this.shape === null) {
      this.shape = this.anyShape();
      return this.t(this.shape, 'any');
    }
    const size = choose.chance(0.06) ? this.anyShape() : this.fitting(this.shape);
    if (/^(mask|condition)$/.test(name)) return this.t(size, 'any', 'bool');
    if (/^(index|indices)$/.test(name)) return this.t(size, [0, 2], 'int64');
    return this.t(size, 'any', choose.chance(0.85) ? this.dtype : choose.pick(DTYPES)[0]);
  }

  /** A shape that broadcasts to `shape`. */
  private fitting(shape: readonly number[]): number[] {
    const { choose } = this;
    if (choose.chance(0.55)) return [...shape];
    return shape.slice(choose.int(0, shape.length)).map((size) => (choose.chance(0.3) ? 1 : size));
  }

  private anyTensors(): TensorValue[] {
    const { choose } = this;
    const first = (this.shape ??= this.anyShape());
    return Array.from({ length: choose.int(1, 3) }, () =>
      this.t(choose.chance(0.08) ? this.fitting(first) : first, 'any', choose.chance(0.9) ? this.dtype : 'float64'),
    );
  }

  private anyDim(rank: number): number {
    return this.choose.chance(0.03) ? rank : this.choose.int(-rank, Math.max(0, rank - 1));
  }

  private anyInt(name: string, rank: number): Value {
    const { choose } = this;
    if (/^(dim|dim\d|axis\d?|(start|end|sparse)Dim|source|destination|axis)$/.test(name)) return this.anyDim(rank);
    if (/^(diagonal|offset|k|shifts)$/.test(name)) return choose.int(-2, 2);
    if (name === 'reduction') return choose.int(0, 2);
    return choose.int(0, 3);
  }

  private anyList(name: string, { base, repeat }: ArgumentType, rank: number): Value {
    const { choose } = this;
    if (base === 'int' && /^(dim|dims|axis|dimensions|dimsSelf|source|destination|axes)$/.test(name)) {
      if (repeat > 0 && choose.chance(0.3)) return this.anyDim(rank);
      const dims = choose.shuffle([...Array(rank).keys()]).slice(0, choose.int(Math.min(1, rank), rank));
      return dims.map((dim) => (choose.chance(0.5) ? dim : dim - rank));
    }
    const length = repeat > 1 ? repeat : base === 'int' && repeat === 0 ? choose.int(0, 3) : choose.int(1, 2);
    const element = { list: false, repeat: 0, optional: false, optionalElements: false };
    if (repeat > 0 && choose.chance(0.3)) return this.any(name, { base, ...element }) ?? 1;
    return Array.from({ length }, () =>
      base === 'int' ? choose.int(1, 3) : (this.any(name, { base, ...element }) ?? 1),
    );
  }
}

const LAYOUTS = ['contiguous', 'contiguous', 'transposed', 'sliced'] as const;

function isDifferentiable(dtype: DType): boolean {
  return isFloatingDType(dtype) || dtype.startsWith('complex');
}

/** Matrices n×n one after another, symmetric with a heavy diagonal. */
function positiveDefinite(count: number, n: number, complex: boolean, choose: Choices): number[] {
  const elements: number[] = [];
  for (let start = 0; start < count; start += Math.max(1, n * n)) {
    const matrix = Array.from({ length: n * n }, () => choose.next() - 0.5);
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < i; j += 1) matrix[j * n + i] = matrix[i * n + j] ?? 0;
      matrix[i * n + i] = n + 1 + choose.next();
    }
    for (const value of n === 0 ? [1] : matrix) elements.push(...(complex ? [value, 0] : [value]));
  }
  return elements.slice(0, complex ? 2 * count : count);
}
