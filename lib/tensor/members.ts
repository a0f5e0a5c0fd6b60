/** Attributes and small methods of a tensor that are no ops of these names. */

import { ArgumentError, binding, checkOptions, checkTensor, describe } from '../engine';
import { tensor, type TensorOptions } from './creation';
import type { Element } from './data';
import { callOp } from './dispatch';
import { type DType, isDType, itemSize } from './dtype';
import { Tensor } from './tensor';

const op =
  (name: string) =>
  (self: Tensor): Tensor =>
    callOp<Tensor>(`aten::${name}`, [self]);

const attributes: { readonly [name: string]: (self: Tensor) => unknown } = {
  H: op('matrix_H'),
  mH: op('mH'),
  // Python gives a real tensor itself, not the view that the op makes of it.
  real: (self) => (self.isComplex() ? op('real')(self) : self),
  imag: op('imag'),
  itemsize: (self) => itemSize(self.dtype),
  outputNr: (self) => callOp<number>('aten::output_nr', [self]),
  retainsGrad: (self) => callOp<boolean>('aten::retains_grad', [self]),
  isCpu: (self) => self.device === 'cpu',
  isCuda: (self) => self.device.startsWith('cuda'),
  isMeta: (self) => self.device === 'meta',
  isSparse: (self) => self.layout === 'sparse_coo',
  isSparseCsr: (self) => self.layout === 'sparse_csr',
  isMkldnn: (self) => self.layout === '_mkldnn',
};

/** Python's names of its old tensor types. */
const TYPES: Partial<Record<DType, string>> = {
  float32: 'Float',
  float64: 'Double',
  float16: 'Half',
  bfloat16: 'BFloat16',
  uint8: 'Byte',
  int8: 'Char',
  int16: 'Short',
  int32: 'Int',
  int64: 'Long',
  bool: 'Bool',
  complex64: 'ComplexFloat',
  complex128: 'ComplexDouble',
  complex32: 'ComplexHalf',
  uint16: 'UInt16',
  uint32: 'UInt32',
  uint64: 'UInt64',
};

function typeName({ dtype, device, layout }: Tensor): string {
  const names = ['torch'];
  if (device !== 'cpu') names.push(device.replace(/:.*/, ''));
  if (layout.startsWith('sparse')) names.push('sparse');
  return `${names.join('.')}.${TYPES[dtype] ?? dtype}Tensor`;
}

/** Writes what `fn` makes of the elements of all tensors, one of each at a time, into the first. */
function mapElements(name: string, tensors: readonly Tensor[], fn: (...elements: Element[]) => Element): void {
  const [self] = tensors as readonly [Tensor];
  for (const given of tensors) checkTensor(`${name}()`, 'tensor', given);
  if (typeof fn !== 'function') throw new ArgumentError(`${name}(): expected a function, received ${describe(fn)}`);
  if (tensors.some(({ device }) => device !== 'cpu')) {
    throw new ArgumentError(
      `${name}(): expected tensors on the CPU, received ${tensors.map((t) => describe(t, true)).join(', ')}`,
    );
  }
  const lists = tensors.map((given) => given.detach().expand(self.shape).reshape([-1]).tolist() as Element[]);
  const made = (lists[0] as Element[]).map((_, index) => fn(...lists.map((list) => list[index] as Element)));
  self.data.copy_(tensor(made, { dtype: self.dtype }).reshape(self.shape));
}

const methods: { readonly [name: string]: (self: Tensor, ...args: never[]) => unknown } = {
  cfloat: (self) => self.to('complex64'),
  cdouble: (self) => self.to('complex128'),
  char: (self) => self.to('int8'),
  nelement: (self) => self.numel(),
  ndimension: (self) => self.ndim,
  dataPtr: (self) => binding.dataPtr(self.handle),
  newTensor: (self, data: Tensor | Parameters<typeof tensor>[0], options: TensorOptions = {}) => {
    checkOptions('newTensor', options, ['dtype', 'device', 'requiresGrad', 'shape']);
    const { dtype = self.dtype, device = self.device, requiresGrad = false } = options;
    if (!(data instanceof Tensor)) return tensor(data, { ...options, dtype, device });
    return data.detach().to({ dtype, device, copy: true }).requiresGrad_(requiresGrad);
  },
  type: (self, dtype?: DType, nonBlocking = false) => {
    if (dtype === undefined) return typeName(self);
    if (!isDType(dtype)) throw new ArgumentError(`type(): expected a dtype, received ${describe(dtype)}`);
    return self.to(dtype, nonBlocking);
  },
  toSparseCoo: (self) => self.toSparse(),
  apply_: (self, fn: (element: Element) => Element) => {
    mapElements('apply_', [self], fn);
    return self;
  },
  map_: (self, other: Tensor, fn: (element: Element, other: Element) => Element) => {
    mapElements('map_', [self, other], fn);
    return self;
  },
  map2_: (self, x: Tensor, y: Tensor, fn: (element: Element, x: Element, y: Element) => Element) => {
    mapElements('map2_', [self, x, y], fn);
    return self;
  },
};

const WRITABLE = ['real', 'imag'];

for (const [name, get] of Object.entries(attributes)) {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor): unknown {
      return get(this);
    },
    set: WRITABLE.includes(name)
      ? function (this: Tensor, value: Tensor): void {
          (get(this) as Tensor).copy_(value);
        }
      : undefined,
    configurable: true,
  });
}

for (const [name, run] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value: function (this: Tensor, ...args: never[]): unknown {
      return run(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}
