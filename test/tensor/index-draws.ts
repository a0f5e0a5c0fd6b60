/** Random indices, as TypeScript and as Python write them, for the property tests of indexing. */

import { type DType, type Index, randint, randn, slice, type Tensor, tensor } from '../../lib/tensor';
import type { Draws } from '../nn/draws';

/** An expression in both languages. Tensors that stand in it lie in `tensors`, as Python names them. */
export interface Drawn {
  readonly indices: Index[];
  readonly python: string;
  readonly tensors: readonly Tensor[];
}

/** A tensor and how Python makes the same view of the same memory. */
export interface DrawnTensor {
  readonly base: Tensor;
  readonly view: Tensor;
  /** An expression of `base`. */
  readonly python: string;
}

const INDEX_DTYPES: readonly DType[] = ['int64', 'int64', 'int32', 'uint8', 'int8', 'int16', 'float32'];

/** Any dtype, any strides: dimensions are permuted, stepped over, expanded. */
export function drawTensor(draws: Draws, dtypes: readonly DType[]): DrawnTensor {
  const rank = draws.int(0, 4);
  const shape = Array.from({ length: rank }, () => draws.pick([0, 1, 2, 2, 3, 3, 4, 5]));
  const base = randn(shape).mul(40).to(draws.pick(dtypes));
  let view = base;
  let python = 'base';
  if (draws.flag() && rank > 1) {
    const [a, b] = [draws.int(0, rank - 1), draws.int(0, rank - 1)];
    view = view.transpose(a, b);
    python += `.transpose(${a}, ${b})`;
  }
  if (draws.int(0, 3) === 0 && rank > 0) {
    view = view.at(slice(1, null, 2));
    python += '[1::2]';
  }
  return { base, view, python };
}

/** Draws the parts of one index expression for a tensor of this shape; a few are beyond its bounds. */
class IndexDraws {
  readonly tensors: Tensor[] = [];
  private readonly length: number;

  constructor(private readonly draws: Draws) {
    this.length = draws.int(1, 3);
  }

  private tensor(made: Tensor): { index: Tensor; python: string } {
    this.tensors.push(made);
    return { index: made, python: `tensors[${this.tensors.length - 1}]` };
  }

  /** A position in a dimension, now and then beyond it. */
  private position(size: number): number {
    return this.draws.int(0, 24) === 0
      ? this.draws.pick([size, -size - 1])
      : this.draws.int(-size, Math.max(size - 1, 0));
  }

  private list(size: number, depth: number): (number | boolean)[] | number[][] {
    const { draws, length } = this;
    if (depth === 2) return [1, 2].map(() => Array.from({ length }, () => this.position(size)));
    return Array.from({ length: draws.int(0, 9) === 0 ? 0 : length }, () => this.position(size));
  }

  private bound(size: number): number | null {
    return this.draws.pick([null, this.draws.int(-size - 2, size + 2)]);
  }

  /** One index and the number of dimensions that it takes. */
  one(shape: readonly number[]): { index: Index; python: string; takes: number } {
    const { draws } = this;
    const [size = 1] = shape;
    switch (draws.int(0, 13)) {
      case 0:
      case 1:
      case 2: {
        const index = this.position(size);
        return { index, python: String(index), takes: 1 };
      }
      case 3:
        return { index: null, python: 'None', takes: 0 };
      case 4: {
        const index = draws.int(0, 3) > 0;
        return { index, python: index ? 'True' : 'False', takes: 0 };
      }
      case 5: {
        const dtype = draws.pick(INDEX_DTYPES);
        const low = dtype === 'uint8' ? 0 : -size;
        const sizes = draws.pick([[this.length], [this.length], [2, this.length], [1], [0]]);
        const made = size === 0 ? tensor([], { dtype }) : randint(low, size, sizes).to(dtype);
        return { ...this.tensor(made), takes: 1 };
      }
      case 6: {
        const index = this.list(size, draws.int(1, 2));
        return { index, python: JSON.stringify(index), takes: 1 };
      }
      case 7: {
        const dtype = draws.pick<DType>(['int64', 'int64', 'int32', 'bool', 'uint8', 'float32']);
        const isMask = dtype === 'bool' || dtype === 'uint8';
        const value = isMask ? draws.int(0, 1) : this.position(size);
        return { ...this.tensor(tensor(value).to(dtype)), takes: isMask ? 0 : 1 };
      }
      case 8: {
        // A mask of one or two dimensions; now and then it does not fit.
        const sizes = shape.slice(0, draws.int(1, 2));
        if (draws.int(0, 9) === 0 && sizes.length > 0) sizes[0] = (sizes[0] ?? 0) + 1;
        return { ...this.tensor(randn(sizes.length === 0 ? [1] : sizes).gt(0)), takes: Math.max(sizes.length, 1) };
      }
      case 9: {
        const index = Array.from({ length: size }, () => draws.flag());
        return { index, python: `[${index.map((flag) => (flag ? 'True' : 'False')).join(', ')}]`, takes: 1 };
      }
      default: {
        const [start, stop, step] = [this.bound(size), this.bound(size), draws.int(1, 3)];
        return {
          index: slice(start, stop, step),
          python: `slice(${start ?? 'None'}, ${stop ?? 'None'}, ${step})`,
          takes: 1,
        };
      }
    }
  }
}

/** An index expression for a tensor of this shape, an ellipsis in it now and then, rarely one index too many. */
export function drawExpression(draws: Draws, shape: readonly number[]): Drawn {
  const parts = new IndexDraws(draws);
  const indices: Index[] = [];
  const python: string[] = [];
  const wanted = draws.int(0, 19) === 0 ? shape.length + 1 : draws.int(0, shape.length);
  const ellipsisAt = draws.int(0, 2) === 0 ? draws.int(0, wanted) : -1;
  let taken = 0;
  let skipped = 0;
  const addEllipsis = (): void => {
    if (ellipsisAt !== taken || skipped > 0 || python.includes('...')) return;
    indices.push('...');
    python.push('...');
    skipped = Math.max(shape.length - wanted, 0);
  };
  addEllipsis();
  for (let tries = 0; taken < wanted && tries < 8; tries += 1) {
    const drawn = parts.one(shape.slice(taken + skipped));
    indices.push(drawn.index);
    python.push(drawn.python);
    taken += drawn.takes;
    addEllipsis();
  }
  return { indices, python: `(${python.map((part) => `${part},`).join(' ')})`, tensors: parts.tensors };
}
