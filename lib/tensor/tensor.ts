/** The class Tensor: what is written by hand of it. Its ops are methods from ./generated, put on the prototype below. */

import { inspect } from 'node:util';

import {
  ArgumentError,
  binding,
  checkInteger,
  checkList,
  checkOptions,
  checkTensor,
  computeAsync,
  type ComputeOptions,
  cuda,
  describe,
  dispose,
  libraryInfo,
  TensorBase,
  TorchError,
} from '../engine';
import { conversionOf, convert, type ToArgument, type ToOptions } from './conversion';
import {
  nest,
  type NestedData,
  type NestedElements,
  toElements,
  toTypedArray,
  type TypedArray,
  withTypedArray,
} from './data';
import { callOp, method, setResultMaker } from './dispatch';
import { type Device, type DType, itemSize, type Layout, type MemoryFormat } from './dtype';
import { item, itemBigInt, primitive, wrapDim } from './element';
import type { FunctionalMethods } from './functional-types';
import { methodOps, type TensorMethods } from './generated/methods';
import { backwardFrom, type BackwardOptions, gradientOf, setGradient } from './gradient';
import { type Index, indexGet, indexPut, selectFirst } from './indexing';
import { type GraphNode, nodeOf } from './graph-node';
import { type GradientHook, registerHook, registerPostAccumulateGradHook, type RemovableHandle } from './hooks';
import { format, formatNested } from './print';
import { camelCase } from './signature';

/** Polyfilled by Node.js in its own realm only, not in those that test runners make. */
if ((Symbol as { dispose?: symbol }).dispose === undefined) {
  Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('nodejs.dispose') });
}

// The ops become members by this merge; the prototype gets them at the end of this file.

export interface Tensor extends TensorMethods, FunctionalMethods {}

/**
 * An n-dimensional array of one dtype on one device: `torch.Tensor`.
 *
 * Its memory is freed when the garbage collector finds the object unused, at the end of the `scope` in which it was
 * made, or at once by {@link dispose}. Tensors come from functions such as `zeros`, `tensor` and `randn`, not from `new`.
 */
export class Tensor extends TensorBase {
  // -- what it is -----------------------------------------------------------------------------------------------------

  /** Sizes of all dimensions. */
  get shape(): readonly number[] {
    return binding.sizes(this.handle);
  }

  /** What its elements are, such as `float32`: `torch.Tensor.dtype`. */
  get dtype(): DType {
    return binding.dtype(this.handle) as DType;
  }

  /** `cpu`, or `cuda:0` and so on. */
  get device(): Device {
    return binding.device(this.handle) as Device;
  }

  /** How its elements are kept: `strided`, or one of the sparse layouts. */
  get layout(): Layout {
    return binding.layout(this.handle) as Layout;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return binding.dim(this.handle);
  }

  /** Number of dimensions. */
  dim(): number {
    return binding.dim(this.handle);
  }

  /** Number of elements. */
  numel(): number {
    return binding.numel(this.handle);
  }

  /** Sizes of all dimensions, or of one. */
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): number | readonly number[] {
    const sizes = this.shape;
    return dim === undefined ? sizes : (sizes[wrapDim(this, dim, 'size')] ?? 0);
  }

  /** Elements between neighbours, of all dimensions or of one. */
  stride(): readonly number[];
  stride(dim: number): number;
  stride(dim?: number): number | readonly number[] {
    const strides = binding.strides(this.handle);
    return dim === undefined ? strides : (strides[wrapDim(this, dim, 'stride')] ?? 0);
  }

  /** First element's position in the storage, in elements. */
  storageOffset(): number {
    return binding.storageOffset(this.handle);
  }

  /** Bytes of one element. */
  elementSize(): number {
    return itemSize(this.dtype);
  }

  /** Bytes of all elements. */
  get nbytes(): number {
    return this.numel() * this.elementSize();
  }

  /** The elements lie one after another in row-major order, or in the order of `memoryFormat`. */
  isContiguous(memoryFormat: MemoryFormat = 'contiguous_format'): boolean {
    if (memoryFormat === 'contiguous_format') return binding.isContiguous(this.handle);
    return callOp<boolean>('aten::is_contiguous.memory_format', [this, memoryFormat]);
  }

  /** True if the two share memory that belongs together, as a view and its base do. */
  sharesStorage(other: Tensor): boolean {
    checkTensor('sharesStorage()', 'other', other);
    return binding.sharesStorage(this.handle, other.handle);
  }

  /** The transposed matrix; of other tensors, all dimensions in reverse order. */
  get T(): Tensor {
    return callOp<Tensor>('aten::numpy_T', [this]);
  }

  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    return callOp<Tensor>('aten::mT', [this]);
  }

  // -- elements -------------------------------------------------------------------------------------------------------

  /**
   * The only element, as a number; of a bool tensor 1 or 0.
   *
   * @throws RangeError for an integer beyond 2^53: `itemBigInt` gives it exactly
   */
  item(): number {
    return item(this);
  }

  /** The only element of an integer or bool tensor, exactly. */
  itemBigInt(): bigint {
    return itemBigInt(this);
  }

  /**
   * The elements in arrays nested as deep as the tensor; of a tensor without dimensions, the element. Booleans of bool
   * tensors, bigints for integers beyond 2^53, `{ re, im }` of complex tensors.
   */
  tolist(): NestedElements {
    return nest(toElements(this), this.shape);
  }

  /**
   * The elements, copied in row-major order into the typed array of the dtype: Float32Array, BigInt64Array for int64,
   * Uint8Array for uint8 and bool (1 and 0). float16, bfloat16 and smaller floats come as the same values in a
   * Float32Array; complex numbers as pairs. `toBytes` has the raw bits of every dtype.
   */
  toTypedArray(): TypedArray {
    return toTypedArray(this);
  }

  /** The elements' little-endian bytes, copied in row-major order. */
  toBytes(): Uint8Array {
    return new Uint8Array(binding.toBytes(this.handle));
  }

  /**
   * Calls `use` with the elements in row-major order, in the array that {@link toTypedArray} would return, but without a
   * copy: what a CPU tensor holds contiguously in a dtype that JavaScript has is seen where it lies. The array ends with
   * the call (its length is 0 then), so it can outlive neither the tensor nor a change of its memory. It is for reading:
   * where a copy is needed after all, as in Electron, what is written to it is lost. Returns what `use` returns.
   *
   * @throws AsyncError if `use` returns a promise
   */
  withTypedArray<T>(use: (elements: TypedArray) => T): T {
    return withTypedArray(this, use);
  }

  /**
   * Part of the tensor, as `t[…]` in Python: numbers, `slice(…)`, `null`, `'...'`, booleans, index and mask tensors.
   *
   * @example
   * ```ts
   * const x = torch.arange(6).reshape(2, 3);
   * console.log(x.at(0), x.at('...', 1)); // tensor([0, 1, 2]) tensor([1, 4])
   * ```
   */
  at(...indices: Index[]): Tensor {
    const [first] = indices;
    return indices.length === 1 && typeof first === 'number' ? selectFirst(this, first) : indexGet(this, indices);
  }

  /**
   * Writes into a part of the tensor, as `t[…] = value` in Python. Returns this tensor.
   *
   * @param indices - what {@link at} takes, in a list: `[0, slice(1)]`; a list of positions goes into it, `[[0, 2]]`
   *
   * @example
   * ```ts
   * const x = torch.arange(6).reshape(2, 3);
   * console.log(x.setAt([0, torch.slice(1)], 9).at(0)); // tensor([0, 9, 9])
   * ```
   */
  setAt(indices: Index | readonly Index[], value: Tensor | NestedData): this {
    if (Array.isArray(indices)) checkList('setAt', 'indices', indices);
    indexPut(this, Array.isArray(indices) ? (indices as readonly Index[]) : [indices as Index], value);
    return this;
  }

  /** The parts along the first dimension. */
  [Symbol.iterator](): IterableIterator<Tensor> {
    if (this.ndim === 0) throw new ArgumentError('iteration over a tensor without dimensions');
    return callOp<Tensor[]>('aten::unbind.int', [this, 0])[Symbol.iterator]();
  }

  // -- conversion -----------------------------------------------------------------------------------------------------

  /**
   * This tensor with another dtype or on another device; itself where nothing changes.
   *
   * The first argument is a dtype, a device, a tensor to be like, or all by name; after a device comes its dtype.
   */
  to(options: ToOptions): Tensor;
  to(dtype: DType, nonBlocking?: boolean | ToOptions, copy?: boolean | ToOptions): Tensor;
  to(device: Device, dtype?: DType | ToOptions | null, nonBlocking?: boolean | ToOptions, copy?: boolean): Tensor;
  to(other: Tensor, nonBlocking?: boolean | ToOptions, copy?: boolean): Tensor;
  to(target: ToOptions | DType | Device | Tensor, ...rest: ToArgument[]): Tensor {
    return convert(this, conversionOf(target, rest));
  }

  /** To float32. */
  float(): Tensor {
    return convert(this, { dtype: 'float32' });
  }

  /** To float64. */
  double(): Tensor {
    return convert(this, { dtype: 'float64' });
  }

  /** To float16. */
  half(): Tensor {
    return convert(this, { dtype: 'float16' });
  }

  /** To bfloat16. */
  bfloat16(): Tensor {
    return convert(this, { dtype: 'bfloat16' });
  }

  /** To int64. */
  long(): Tensor {
    return convert(this, { dtype: 'int64' });
  }

  /** To int32. */
  int(): Tensor {
    return convert(this, { dtype: 'int32' });
  }

  /** To int16. */
  short(): Tensor {
    return convert(this, { dtype: 'int16' });
  }

  /** To uint8. */
  byte(): Tensor {
    return convert(this, { dtype: 'uint8' });
  }

  /** To bool: false where an element is zero. */
  bool(): Tensor {
    return convert(this, { dtype: 'bool' });
  }

  /** To the CPU's memory; itself if it is there. */
  cpu(): Tensor {
    return convert(this, { device: 'cpu' });
  }

  /** To a CUDA device, the current one by default. From pinned memory `nonBlocking` does not wait for the copy. */
  cuda(index?: number, nonBlocking = false): Tensor {
    if (index !== undefined) checkInteger('cuda', 'index', index, 0, 127);
    return convert(this, { device: index === undefined ? 'cuda' : `cuda:${index}`, nonBlocking });
  }

  /** Its memory is not given to others before what the stream has queued so far is done: `Tensor.record_stream`. */
  recordStream(stream: cuda.Stream): void {
    if (!(stream instanceof cuda.Stream)) {
      throw new ArgumentError(`recordStream(): expected a cuda.Stream, received ${describe(stream)}`);
    }
    binding.recordStream(this.handle, stream.id);
  }

  /**
   * A copy in memory from which a GPU reads while the program goes on (`nonBlocking`); itself where it is there already.
   *
   * @throws TorchError where CUDA is not available
   */
  pinMemory(): Tensor {
    if (!cuda.isAvailable()) {
      throw new TorchError(
        `pinMemory(): it is for copies to a GPU, but CUDA is not available: ${libraryInfo().cudaReason}`,
      );
    }
    return callOp<Tensor>('aten::pin_memory', [this]);
  }

  // -- autograd -------------------------------------------------------------------------------------------------------

  /** Gradients are recorded for it. Only leaves can be changed. */
  get requiresGrad(): boolean {
    return binding.requiresGrad(this.handle);
  }

  /** Only leaves can be changed. */
  set requiresGrad(value: boolean) {
    binding.setRequiresGrad(this.handle, value);
  }

  /** Sets {@link Tensor.requiresGrad} and returns this tensor. */
  requiresGrad_(requiresGrad = true): this {
    binding.setRequiresGrad(this.handle, requiresGrad);
    return this;
  }

  /** It was made by the user, not by an op that autograd recorded. */
  get isLeaf(): boolean {
    return binding.isLeaf(this.handle);
  }

  /** The node of the graph that made it, such as AddBackward0; null for a leaf. The same object for the same node. */
  get gradFn(): GraphNode | null {
    return nodeOf(binding.gradFn(this.handle), this);
  }

  /** The gradient that `backward` summed up here, or null. */
  get grad(): Tensor | null {
    return gradientOf(this);
  }

  /** Puts a gradient, or none, in its place. */
  set grad(gradient: Tensor | null) {
    setGradient(this, gradient);
  }

  /** Keeps the gradient of a tensor that is no leaf. */
  retainGrad(): void {
    binding.retainGrad(this.handle);
  }

  /** The same memory, unknown to autograd: changes through it are not recorded. */
  get data(): Tensor {
    return callOp<Tensor>('aten::data', [this]);
  }

  /** Puts this tensor on the memory of another. */
  set data(source: Tensor) {
    checkTensor('data', 'source', source);
    binding.setData(this.handle, source.handle);
  }

  /**
   * Adds the gradients of this tensor to `grad` of all leaves that it was computed from.
   *
   * @param gradient - the gradient of the result with respect to this tensor, of its shape; needed unless it has one
   * element only
   *
   * @example
   * ```ts
   * const x = torch.tensor([1, 2], { dtype: 'float32', requiresGrad: true });
   * x.square().sum().backward();
   * console.log(x.grad); // tensor([2., 4.])
   * ```
   */
  backward(gradient?: Tensor | BackwardOptions | null, options: BackwardOptions = {}): void {
    backwardFrom(this, gradient, options);
  }

  /**
   * {@link backward} on the compute thread; the event loop goes on meanwhile. Until the promise is settled gradients
   * cannot be read. The pass as a whole is one piece of work: `signal` stops it before its beginning only.
   */
  backwardAsync(gradient?: Tensor | null, options: BackwardOptions & ComputeOptions = {}): Promise<void> {
    checkOptions('backwardAsync', options, ['retainGraph', 'createGraph', 'inputs', 'signal']);
    const { signal, ...rest } = options;
    return computeAsync(() => this.backward(gradient, rest), { signal });
  }

  /**
   * Has `hook` called with every gradient of this tensor that backward computes; a Tensor that it returns takes the
   * gradient's place. `torch.Tensor.register_hook`.
   *
   * Hooks run in the order of their registration, before the gradient is added to `grad` or kept by {@link retainGrad}.
   * They belong to the value that the tensor has now: after an in-place change they see that earlier value's gradient.
   *
   * @throws TorchError if the tensor requires no gradient
   *
   * @example
   * ```ts
   * const x = torch.ones([2], { requiresGrad: true });
   * x.registerHook((grad) => grad.mul(10));
   * x.sum().backward();
   * console.log(x.grad); // tensor([10., 10.])
   * ```
   */
  registerHook(hook: GradientHook): RemovableHandle {
    return registerHook(this, hook);
  }

  /**
   * Has `hook` called with this tensor, a leaf, whenever backward has added to its `grad`.
   * `torch.Tensor.register_post_accumulate_grad_hook`.
   *
   * @throws TorchError if the tensor is no leaf, or requires no gradient
   */
  registerPostAccumulateGradHook(hook: (tensor: Tensor) => void): RemovableHandle {
    return registerPostAccumulateGradHook(this, hook);
  }

  // -- lifetime -------------------------------------------------------------------------------------------------------

  /** Frees the tensor at once; its memory goes when no view of it is left. Twice does no harm. */
  dispose(): void {
    dispose(this);
  }

  /** Frees the tensor at the end of a `using` declaration. */
  [Symbol.dispose](): void {
    dispose(this);
  }

  /** It was freed, by {@link dispose} or at the end of its scope, and cannot be used. */
  get isDisposed(): boolean {
    return !binding.isAlive(this.handle);
  }

  // -- text -----------------------------------------------------------------------------------------------------------

  /** What Python prints. */
  override toString(): string {
    return this.isDisposed ? 'tensor(disposed)' : format(this);
  }

  /** `console.log`: at the top what Python prints, among other values indented as they are, far down only its kind. */
  [inspect.custom](depth: number | null, options?: { depth?: number | null }): string {
    if (typeof depth === 'number' && depth < 0) return `[${describe(this)}]`;
    const isNested = options?.depth !== undefined && options.depth !== depth;
    return isNested ? formatNested(this.toString()) : this.toString();
  }

  /** `JSON.stringify` writes the elements, as {@link tolist} gives them; JSON has neither NaN nor bigints. */
  toJSON(): NestedElements {
    return this.tolist();
  }

  /** The element of a tensor that has only one, so that `loss < best` compares numbers. */
  [Symbol.toPrimitive](hint: string): string | number | bigint {
    return primitive(this, hint);
  }
}

/** True for tensors of this copy of the library. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

setResultMaker(() => new Tensor());

for (const name of methodOps) {
  const publicName = camelCase(name);
  Object.defineProperty(Tensor.prototype, publicName, {
    value: method(name, publicName),
    writable: true,
    configurable: true,
  });
}
