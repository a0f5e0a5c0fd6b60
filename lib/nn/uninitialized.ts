import { ArgumentError, dispose, TorchError, UNINITIALIZED } from '../engine';
import { empty, type Device, type DType, type Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { readOptions, shapeOf } from './arguments';
import { Buffer, Parameter, takeOver } from './parameter';

/** Options of {@link UninitializedParameter} and {@link UninitializedBuffer}. */
export interface UninitializedOptions {
  /** Backward computes its gradient. */
  requiresGrad?: boolean;
  device?: Device | null;
  dtype?: DType | null;
}

/** What is known of a tensor that has no shape yet. */
interface Pending {
  dtype: DType;
  device: Device;
  requiresGrad: boolean;
}

const pending = new WeakMap<Tensor, Pending>();

function pendingOf(tensor: Tensor): Pending {
  const found = pending.get(tensor);
  if (found === undefined) throw new ArgumentError('expected an uninitialized parameter or buffer');
  return found;
}

/**
 * The members of a tensor that say something although it has no shape yet: what moves modules and what makes optimizers
 * reads them. All others ask the addon for a tensor that it does not have, and the gate tells why.
 */
const members: PropertyDescriptorMap & ThisType<Tensor> = {
  shape: {
    get() {
      throw new TorchError(
        "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `loadStateDict` when " +
          'trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the parameters ' +
          'before accessing their attributes.',
      );
    },
  },
  dtype: { get: read('dtype') },
  device: { get: read('device') },
  requiresGrad: {
    get: read('requiresGrad'),
    // Unknown while the class above still constructs it.
    set(this: Tensor, value: boolean) {
      const known = pending.get(this);
      if (known !== undefined) known.requiresGrad = value;
    },
  },
  requiresGrad_: {
    value(this: Tensor, requiresGrad = true) {
      pendingOf(this).requiresGrad = requiresGrad;
      return this;
    },
  },
  isLeaf: { value: true },
  grad: { get: () => null, set: () => undefined },
  gradFn: { value: null },
  isDisposed: { value: false },
  toString: {
    value(this: Tensor) {
      return `<${this.constructor.name}>`;
    },
  },
};

function read<K extends keyof Pending>(name: K) {
  return function (this: Tensor): Pending[K] {
    return pendingOf(this)[name];
  };
}

/** Takes the tensor away that the constructor of the class above made, and remembers that it was like this one. */
function forgetShape(tensor: Tensor, { dtype, device }: Tensor, requiresGrad: boolean): void {
  dispose(tensor);
  tensor.handle = UNINITIALIZED;
  pending.set(tensor, { dtype, device, requiresGrad });
}

function materialize(
  tensor: Tensor,
  becomes: { readonly prototype: object },
  shape: number | readonly number[],
  device: Device | null,
  dtype: DType | null,
): void {
  const sizes = shapeOf('materialize', 'shape', shape);
  const { requiresGrad, ...own } = pendingOf(tensor);
  takeOver(tensor, empty(sizes, { device: device ?? own.device, dtype: dtype ?? own.dtype }));
  pending.delete(tensor);
  // The object stays, as in Python: optimizers that were made before hold it.
  Object.setPrototypeOf(tensor, becomes.prototype);
  if (requiresGrad) tensor.requiresGrad = true;
}

const defaults = { device: null, dtype: null };

/**
 * A parameter whose shape is not known yet: those of lazy modules (`torch.nn.UninitializedParameter`). It has a dtype, a
 * device and `requiresGrad`, and no elements; ops refuse it. {@link materialize} makes a {@link Parameter} of it.
 */
export class UninitializedParameter extends Parameter {
  constructor(...rest: Tail<UninitializedOptions, ['requiresGrad', 'device', 'dtype']>) {
    const { requiresGrad, ...factory } = readOptions<Required<UninitializedOptions>>(
      'UninitializedParameter',
      { requiresGrad: true, ...defaults },
      rest,
    );
    const like = empty([0], factory);
    super(like, requiresGrad);
    forgetShape(this, like, requiresGrad);
    like.dispose();
  }

  /** Gives it a shape and memory with arbitrary contents: from then on it is a {@link Parameter}, and the same object. */
  materialize(shape: number | readonly number[], device: Device | null = null, dtype: DType | null = null): void {
    materialize(this, Parameter, shape, device, dtype);
  }
}

/** A buffer whose shape is not known yet (`torch.nn.UninitializedBuffer`), see {@link UninitializedParameter}. */
export class UninitializedBuffer extends Buffer {
  constructor(
    ...rest: Tail<UninitializedOptions & { persistent?: boolean }, ['requiresGrad', 'device', 'dtype', 'persistent']>
  ) {
    const { requiresGrad, persistent, ...factory } = readOptions<
      Required<UninitializedOptions> & { persistent: boolean }
    >('UninitializedBuffer', { requiresGrad: false, ...defaults, persistent: true }, rest);
    const like = empty([0], factory);
    super(like, { persistent });
    forgetShape(this, like, requiresGrad);
    like.dispose();
  }

  /** Gives it a shape and memory with arbitrary contents: from then on it is a {@link Buffer}, and the same object. */
  materialize(shape: number | readonly number[], device: Device | null = null, dtype: DType | null = null): void {
    materialize(this, Buffer, shape, device, dtype);
  }
}

Object.defineProperties(UninitializedParameter.prototype, members);
Object.defineProperties(UninitializedBuffer.prototype, members);

/** True for a tensor whose shape is not known yet (`torch.nn.parameter.is_lazy`). */
export function isLazy(tensor: unknown): tensor is UninitializedParameter | UninitializedBuffer {
  return tensor instanceof UninitializedParameter || tensor instanceof UninitializedBuffer;
}

/** Sets dtype and device of a tensor that has no shape yet, as moving its module does. */
export function convertPending(tensor: Tensor, device: Device | undefined, dtype: DType | undefined): void {
  const known = pendingOf(tensor);
  if (device !== undefined) known.device = empty([0], { device }).device;
  if (dtype !== undefined) known.dtype = dtype;
}
