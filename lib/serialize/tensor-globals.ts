/**
 * The functions and classes that a checkpoint may name, as Python's `weights_only` lets them: what each makes of its arguments.
 * Whatever is not in here is refused by its name; nothing of it is looked up, imported or run.
 */

import { type DType, isDType, type Layout } from '../tensor';
import { FormatFault, quote } from './format-fault';
import { ComplexValue, Dict, kindOf, Opaque, PickleSet, type PickleValue, Tuple } from './pickle-values';
import { storageClasses, untyped } from './storage-classes';
import {
  BufferSource,
  MetaSource,
  MovedSource,
  ParameterSource,
  SparseSource,
  StorageSource,
  StridedSource,
  TensorSource,
} from './tensor-sources';

/** A function or a class of the list. */
export class Global extends Opaque {
  readonly kind: string;

  constructor(
    readonly path: string,
    readonly call: ((args: readonly PickleValue[]) => PickleValue) | null,
    /** `torch.float32`, or the dtype of a class of storages. */
    readonly dtype: DType | null = null,
  ) {
    super();
    this.kind = path;
  }
}

/** A function or a class by its module and name, where it is in the list. */
export function globalNamed(module: string, name: string): Global {
  const path = pathOf(module, name);
  const call = functions.get(path);
  if (call !== undefined) return new Global(path, call);
  if (path === TENSOR || path === PARAMETER) return new Global(path, path === TENSOR ? null : parameterOf);
  if (path === `${untyped.module}.${untyped.name}`) return new Global(path, null, 'uint8');
  const [, storage = '', dtype = ''] = /^torch(?:\.cuda)?\.(?:(\w+Storage)|([a-z]\w*))$/.exec(path) ?? [];
  const stored = storageClasses.get(storage);
  if (stored !== undefined) return new Global(path, null, stored);
  if (module === 'torch' && isDType(dtype)) return new Global(path, null, dtype);
  if (/^Q[A-Z]|^qu?int/.test(storage || dtype)) throw new FormatFault(QUANTISED);
  throw new FormatFault(
    `it asks for ${quote(path)}, which is none of the functions and classes that are safe to load (Python's weights_only)`,
  );
}

/** Its name in Python 3. */
export function pathOf(module: string, name: string): string {
  return `${modules.get(module) ?? module}.${name}`;
}

/** Whether {@link globalNamed} knows it. */
export function isGlobalSafe(module: string, name: string): boolean {
  try {
    globalNamed(module, name);
    return true;
  } catch (error) {
    if (error instanceof FormatFault) return false;
    throw error;
  }
}

const TENSOR = 'torch.Tensor';
const PARAMETER = 'torch.nn.parameter.Parameter';
const QUANTISED = 'it holds a quantised tensor, and this library has no quantised dtypes; save it dequantised';

/** Names of modules in files of older versions, and of Python 2, whose names protocol 2 uses. */
const modules: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
  ['torch.tensor', 'torch._tensor'],
]);

const functions: ReadonlyMap<string, (args: readonly PickleValue[]) => PickleValue> = new Map<
  string,
  (args: readonly PickleValue[]) => PickleValue
>([
  ['collections.OrderedDict', ([pairs]) => dictOf(pairs, true)],
  ['collections.Counter', ([counts]) => dictOf(counts, false)],
  ['builtins.set', ([items]) => new PickleSet([...itemsOf('a set', items ?? [])])],
  ['builtins.frozenset', ([items]) => new PickleSet([...itemsOf('a frozenset', items ?? [])])],
  ['builtins.bytes', ([text, encoding]) => bytesOf(text, encoding)],
  ['builtins.bytearray', ([text, encoding]) => bytesOf(text, encoding)],
  ['_codecs.encode', ([text, encoding]) => bytesOf(text, encoding)],
  ['builtins.complex', ([re, im]) => new ComplexValue({ re: float('re', re ?? 0), im: float('im', im ?? 0) })],
  ['torch.Size', ([size]) => new Tuple(itemsOf('torch.Size', size ?? new Tuple([])))],
  ['torch.device', ([type, index]) => deviceOf(type, index)],
  ['torch.serialization._get_layout', ([name]) => text('a layout', name).replace(/^torch\./, '')],
  ['torch._utils._rebuild_tensor', ([storage, offset, size, stride]) => strided({ storage, offset, size, stride })],
  [
    'torch._utils._rebuild_tensor_v2',
    ([storage, offset, size, stride, requiresGrad, , metadata]) =>
      strided({ storage, offset, size, stride, requiresGrad, metadata }),
  ],
  [
    'torch._utils._rebuild_tensor_v3',
    ([storage, offset, size, stride, requiresGrad, , dtype, metadata]) =>
      strided({ storage, offset, size, stride, requiresGrad, dtype: dtypeOf(dtype), metadata }),
  ],
  ['torch._utils._rebuild_parameter', parameterOf],
  ['torch._utils._rebuild_parameter_with_state', parameterOf],
  ['torch._utils._rebuild_sparse_tensor', ([layout, parts]) => sparse(layout, parts)],
  [
    'torch._utils._rebuild_meta_tensor_no_storage',
    ([dtype, size, stride, requiresGrad]) =>
      new MetaSource(dtypeOf(dtype), ints('size', size), ints('stride', stride), flag('requires_grad', requiresGrad)),
  ],
  [
    'torch._utils._rebuild_device_tensor_from_cpu_tensor',
    ([data, dtype, device, requiresGrad]) =>
      new MovedSource(tensor(data), dtypeOf(dtype), text('a device', device), flag('requires_grad', requiresGrad)),
  ],
  ['torch._tensor._rebuild_from_type_v2', ([rebuild, type, args, state]) => withType(rebuild, type, args, state)],
  ['torch._utils._rebuild_qtensor', () => refuse(QUANTISED)],
  ['torch._utils._rebuild_nested_tensor', () => refuse('it holds a nested tensor, which this library does not have')],
  [
    'torch._utils._rebuild_wrapper_subclass',
    () => refuse('it holds a tensor of a class that is written in Python; save it as a plain tensor'),
  ],
  [
    'torch._utils._rebuild_device_tensor_from_numpy',
    () => refuse('it holds a tensor as a numpy array; save it on the CPU'),
  ],
]);

function refuse(fault: string): never {
  throw new FormatFault(fault);
}

function expected(what: string, argument: string, value: PickleValue | undefined): never {
  throw new FormatFault(`it gives ${kindOf(value)} for ${argument}, expected ${what}`);
}

function float(argument: string, value: PickleValue | undefined): number {
  return typeof value === 'number' ? value : expected('a number', argument, value);
}

function text(argument: string, value: PickleValue | undefined): string {
  return typeof value === 'string' ? value : expected('a string', argument, value);
}

function flag(argument: string, value: PickleValue | undefined): boolean {
  return typeof value === 'boolean' ? value : expected('a bool', argument, value);
}

/** An int that is not negative. */
export function count(argument: string, value: PickleValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new FormatFault(
    `it gives ${typeof value === 'number' || typeof value === 'bigint' ? value : kindOf(value)} for ${argument}, expected an int of 0 or more`,
  );
}

function itemsOf(argument: string, value: PickleValue | undefined): readonly PickleValue[] {
  if (Array.isArray(value)) return value;
  return value instanceof Tuple ? value.items : expected('a list or a tuple', argument, value);
}

function ints(argument: string, value: PickleValue | undefined): number[] {
  return itemsOf(argument, value).map((item) => count(argument, item));
}

/** A dtype of the list, by its global. */
export function dtypeOf(value: PickleValue | undefined): DType {
  if (value instanceof Global && value.dtype !== null) return value.dtype;
  return expected('a dtype', 'a dtype', value);
}

function tensor(value: PickleValue | undefined): TensorSource {
  return value instanceof TensorSource ? value : expected('a tensor', 'the data of a tensor', value);
}

function dictOf(source: PickleValue | undefined, isOrdered: boolean): Dict {
  const dict = new Dict(isOrdered);
  if (source instanceof Dict) for (const [key, value] of source.entries) dict.entries.set(key, value);
  else if (source !== undefined) {
    for (const pair of itemsOf('the items of a dict', source)) {
      const [key, value] = itemsOf('an item of a dict', pair);
      if (key === undefined || value === undefined || Array.isArray(key) || key instanceof Dict) {
        throw new FormatFault('it has a dict with an item that is no key and value');
      }
      dict.entries.set(key, value);
    }
  }
  return dict;
}

/** Protocol 2 has no bytes: they come as the characters of Latin-1 with these codes. */
function bytesOf(value: PickleValue | undefined, encoding: PickleValue | undefined): Uint8Array {
  if (value === undefined) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  const characters = text('the text of bytes', value);
  if (typeof encoding !== 'string' || !/^latin[-_]?1$|^iso-8859-1$/i.test(encoding)) {
    throw new FormatFault(
      `it has bytes in the encoding ${typeof encoding === 'string' ? quote(encoding) : kindOf(encoding)}`,
    );
  }
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < characters.length; at++) {
    const code = characters.charCodeAt(at);
    if (code > 0xff) throw new FormatFault('it has bytes with a value above 255');
    bytes[at] = code;
  }
  return bytes;
}

function deviceOf(type: PickleValue | undefined, index: PickleValue | undefined): string {
  const name = text('a device', type);
  return index === undefined || index === null ? name : `${name}:${count('the index of a device', index)}`;
}

interface StridedArguments {
  storage: PickleValue | undefined;
  offset: PickleValue | undefined;
  size: PickleValue | undefined;
  stride: PickleValue | undefined;
  requiresGrad?: PickleValue | undefined;
  dtype?: DType;
  metadata?: PickleValue | undefined;
}

function strided({ storage, offset, size, stride, requiresGrad, dtype, metadata }: StridedArguments): StridedSource {
  if (!(storage instanceof StorageSource)) return expected('a storage', 'the storage of a tensor', storage);
  const bits = metadata instanceof Dict ? metadata.entries : new Map<PickleValue, PickleValue>();
  return new StridedSource(storage, {
    dtype: dtype ?? storage.dtype,
    offset: count('the offset of a tensor', offset),
    size: ints('the size of a tensor', size),
    stride: ints('the strides of a tensor', stride),
    requiresGrad: requiresGrad === undefined ? false : flag('requires_grad', requiresGrad),
    isConj: bits.get('conj') === true,
    isNeg: bits.get('neg') === true,
  });
}

/** Python's hooks and attributes of a parameter, which come behind these two, are not for another language. */
function parameterOf([data, requiresGrad]: readonly PickleValue[]): ParameterSource {
  return new ParameterSource(tensor(data), requiresGrad === undefined ? true : flag('requires_grad', requiresGrad));
}

const compressed: ReadonlySet<string> = new Set(['sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc']);

function sparse(layout: PickleValue | undefined, data: PickleValue | undefined): SparseSource {
  const name = text('the layout of a sparse tensor', layout);
  const parts = itemsOf('the parts of a sparse tensor', data);
  if (name === 'sparse_coo') {
    const [indices, values, size, isCoalesced = null] = parts;
    const known = isCoalesced === null ? null : flag('is_coalesced', isCoalesced);
    return new SparseSource(name, [tensor(indices), tensor(values)], ints('the size of a tensor', size), known);
  }
  if (!compressed.has(name)) throw new FormatFault(`it has a sparse tensor of the layout ${quote(name)}`);
  const [first, second, values, size] = parts;
  const tensors = [tensor(first), tensor(second), tensor(values)];
  return new SparseSource(name as Layout, tensors, ints('the size of a tensor', size), null);
}

/** A tensor with attributes. Those of `torch.nn.Buffer` make it one; others are left out. */
function withType(
  rebuild: PickleValue | undefined,
  type: PickleValue | undefined,
  args: PickleValue | undefined,
  state: PickleValue | undefined,
): TensorSource {
  if (!(type instanceof Global) || (type.path !== TENSOR && type.path !== PARAMETER)) {
    throw new FormatFault(`it holds a tensor of the class ${kindOf(type)}`);
  }
  // Not itself: calls within calls could go deeper than the stack.
  if (!(rebuild instanceof Global) || rebuild.call === null || !rebuild.path.startsWith('torch._utils.')) {
    return expected('a function of torch._utils', 'the making of a tensor', rebuild);
  }
  const made = tensor(rebuild.call(itemsOf('the arguments of a tensor', args)));
  const attributes = state instanceof Tuple ? state.items[0] : state;
  if (!(attributes instanceof Dict) || attributes.entries.get('_is_buffer') !== true) return made;
  return new BufferSource(made, attributes.entries.get('persistent') !== false);
}
