/** The elements of a tensor as Python writes them: one width and notation for all, both ends of what is long. */

import { type Element, toElements } from './data';
import { callOp } from './dispatch';
import { type Complex, type DType, isComplexDType, isFloatingDType } from './dtype';
import type { PrintOptions } from './print-options';
import { toFixed, toScientific } from './python-float';
import type { Tensor } from './tensor';

/** The part of a tensor that is printed: elements in row-major order. */
interface Shown {
  readonly shape: readonly number[];
  readonly elements: readonly Element[];
  /** By element, whether it decides width and notation; absent where all finite ones but zero do. */
  readonly decisive?: readonly Element[];
}

/** Width and notation that all elements share. */
class Formatter {
  private readonly integral: boolean = true;
  private readonly scientific: boolean = false;
  readonly width: number = 1;

  constructor(
    values: readonly Exclude<Element, Complex>[],
    private readonly floating: boolean,
    private readonly options: PrintOptions,
    decisive?: readonly Element[],
  ) {
    if (!floating) {
      for (const value of values) this.width = Math.max(this.width, this.text(value).length);
      return;
    }
    let least = Infinity;
    let most = 0;
    const finite: number[] = [];
    for (const [index, value] of values.entries()) {
      if (typeof value !== 'number') continue;
      if (decisive === undefined ? !Number.isFinite(value) || value === 0 : decisive[index] === false) continue;
      finite.push(value);
      const absolute = Math.abs(value);
      least = Math.min(least, absolute);
      most = Math.max(most, absolute);
      if (!Number.isInteger(value)) this.integral = false;
    }
    if (finite.length === 0) return;
    this.scientific = options.sciMode ?? (most / least > 1000 || most > 1e8 || least < 1e-4);
    // Room for the point behind whole numbers.
    const point = this.integral && !this.scientific ? 1 : 0;
    for (const value of finite) this.width = Math.max(this.width, this.digits(value).length + point);
  }

  private digits(value: number): string {
    if (this.scientific) return toScientific(value, this.options.precision);
    return toFixed(value, this.integral ? 0 : this.options.precision);
  }

  private text(value: Exclude<Element, Complex>): string {
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    if (!this.floating || typeof value === 'bigint') return String(value);
    const point = this.integral && !this.scientific && Number.isFinite(value) ? '.' : '';
    return this.digits(value) + point;
  }

  format(value: Exclude<Element, Complex>): string {
    return this.text(value).padStart(this.width);
  }
}

/** Writes the elements of one tensor. */
class Writer {
  private readonly real: Formatter;
  private readonly imaginary: Formatter | null;

  constructor(
    private readonly shown: Shown,
    private readonly sizes: readonly number[],
    dtype: DType,
    private readonly summarize: boolean,
    private readonly options: PrintOptions,
  ) {
    const isPair = isComplexDType(dtype);
    const parts = (part: 're' | 'im'): number[] => (shown.elements as Complex[]).map((pair) => pair[part]);
    this.real = new Formatter(
      isPair ? parts('re') : (shown.elements as Exclude<Element, Complex>[]),
      isPair || isFloatingDType(dtype),
      options,
      shown.decisive,
    );
    this.imaginary = isPair ? new Formatter(parts('im'), true, options) : null;
  }

  private element(value: Element): string {
    if (typeof value !== 'object') return this.real.format(value);
    const imaginary = `${this.imaginary?.format(value.im) ?? ''}j`.trimStart();
    return `${this.real.format(value.re)}${/^[+-]/.test(imaginary) ? '' : '+'}${imaginary}`;
  }

  private isCut(dimension: number): boolean {
    return this.summarize && (this.sizes[dimension] ?? 0) > 2 * this.options.edgeitems;
  }

  private vector(values: readonly Element[], indent: number): string {
    const { linewidth, edgeitems } = this.options;
    const length = this.real.width + 2 + (this.imaginary === null ? 0 : this.imaginary.width + 1);
    const perLine = Math.max(1, Math.floor((linewidth - indent) / length));
    const cells = values.map((value) => this.element(value));
    if (this.summarize && edgeitems === 0) cells.splice(0, cells.length, '...');
    else if (this.isCut(this.sizes.length - 1)) cells.splice(edgeitems, 0, ' ...');
    const lines: string[] = [];
    for (let i = 0; i < cells.length; i += perLine) lines.push(cells.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`;
  }

  /** Writes the elements from `start` on that make the dimensions from `dimension` on. */
  write(indent: number, dimension = 0, start = 0): string {
    const { shape, elements } = this.shown;
    const rank = shape.length - dimension;
    if (shape.length === 0) return this.element(elements[0] ?? 0);
    const size = shape[dimension] ?? 0;
    if (rank === 1) return this.vector(elements.slice(start, start + size), indent);
    const step = shape.slice(dimension + 1).reduce((product, length) => product * length, 1);
    const parts = Array.from({ length: size }, (_, i) => this.write(indent + 1, dimension + 1, start + i * step));
    if (this.isCut(dimension)) parts.splice(this.options.edgeitems, 0, '...');
    return `[${parts.join(`,${'\n'.repeat(rank - 1)}${' '.repeat(indent + 1)}`)}]`;
  }
}

/** `isfinite(t) & t.ne(0)` by PyTorch's own lights: float8_e8m0fnu has no zero, and its kernels treat NaN in their own way. */
function decisiveOf(tensor: Tensor): Element[] {
  const finite = callOp<Tensor>('aten::isfinite', [tensor]);
  const nonzero = callOp<Tensor>('aten::ne.Scalar', [tensor, 0]);
  const both = callOp<Tensor>('aten::__and__.Tensor', [finite, nonzero]);
  const elements = toElements(both);
  for (const done of [finite, nonzero, both]) done.dispose();
  return elements;
}

function shownOf(tensor: Tensor): Shown {
  const shown = { shape: tensor.shape, elements: toElements(tensor) };
  if (tensor.dtype !== 'float8_e8m0fnu') return shown;
  const flat = callOp<Tensor>('aten::reshape', [tensor, [-1]]);
  const decisive = decisiveOf(flat);
  flat.dispose();
  return { ...shown, decisive };
}

/** Both ends of every dimension that is longer than they are; copies no more of the tensor than that. */
function edges(tensor: Tensor, edgeitems: number): Shown {
  let part = tensor;
  for (const [dimension, size] of tensor.shape.entries()) {
    if (size <= 2 * edgeitems) continue;
    const first = callOp<Tensor>('aten::narrow', [part, dimension, 0, edgeitems]);
    const last = callOp<Tensor>('aten::narrow', [part, dimension, size - edgeitems, edgeitems]);
    const both = callOp<Tensor>('aten::cat', [[first, last], dimension]);
    for (const done of part === tensor ? [first, last] : [first, last, part]) done.dispose();
    part = both;
  }
  const shown = shownOf(part);
  if (part !== tensor) part.dispose();
  return shown;
}

/** The elements as the tensor's repr shows them; its continuation lines are indented by `indent`. */
export function contents(tensor: Tensor, indent: number, options: PrintOptions): string {
  if (tensor.numel() === 0) return '[]';
  const summarize = tensor.numel() > options.threshold;
  const shown = summarize ? edges(tensor, options.edgeitems) : shownOf(tensor);
  return new Writer(shown, tensor.shape, tensor.dtype, summarize, options).write(indent);
}
