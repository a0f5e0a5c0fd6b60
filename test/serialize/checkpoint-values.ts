import { createHash } from 'node:crypto';

import { binding } from '../../lib/engine';
import { Buffer as TensorBuffer, Parameter } from '../../lib/nn';
import { noGrad } from '../../lib/autograd';
import { callOp, empty, Tensor } from '../../lib/tensor';

const view = new DataView(new ArrayBuffer(8));

/** All of what a value holds as one text: `canon` of checkpoints.py, for values of JavaScript. */
export function canon(value: unknown): string {
  return new Canon().text(value);
}

/** The bytes of the whole storage behind a tensor. */
export function storageBytes(tensor: Tensor): Uint8Array {
  const bytes = binding.storageOf(tensor.handle)?.bytes ?? 0;
  return noGrad(() => {
    const elements = tensor.detach().asStrided([Math.floor(bytes / tensor.elementSize())], [1], 0);
    return empty([0], { dtype: 'uint8' }).set_(elements, 0, [bytes], [1]).toBytes();
  });
}

class Canon {
  private readonly storages = new Map<number, number>();
  private readonly objects = new Map<object, number>();

  text(value: unknown): string {
    if (value === null) return 'none';
    if (typeof value === 'boolean') return `bool ${value}`;
    if (typeof value === 'number') return number(value);
    if (typeof value === 'bigint') return `number ${value}`;
    if (typeof value === 'string') return `str ${Buffer.from(value, 'utf16le').toString('hex')}`;
    if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
    if (typeof value !== 'object') throw new TypeError(`unexpected ${typeof value}`);
    if ('re' in value && 'im' in value) return `complex ${number(value.re as number)} ${number(value.im as number)}`;
    if (Array.isArray(value) && Object.isFrozen(value)) return `tuple (${this.texts(value)})`;
    const known = this.objects.get(value);
    if (known !== undefined) return `again ${known}`;
    this.objects.set(value, this.objects.size);
    return this.container(value);
  }

  private container(value: object): string {
    if (value instanceof Tensor) return this.tensor(value);
    if (Array.isArray(value)) return `list (${this.texts(value)})`;
    if (value instanceof Set) return `set (${Array.from(value, canon).sort().join(', ')})`;
    const pairs: [string, unknown][] =
      value instanceof Map
        ? [...(value as Map<unknown, unknown>)].map(([key, item]) => [canon(key), item])
        : Object.entries(value).map(([key, item]) => [canon(/^\d+$/.test(key) ? Number(key) : key), item]);
    pairs.sort(([a], [b]) => (a < b ? -1 : 1));
    return `dict (${pairs.map(([key, item]) => `${key}: ${this.text(item)}`).join(', ')})`;
  }

  private texts(items: readonly unknown[]): string {
    return items.map((item) => this.text(item)).join(', ');
  }

  private tensor(tensor: Tensor): string {
    const { dtype, shape, layout, requiresGrad } = tensor;
    const head = `${classOf(tensor)} ${dtype} [${shape.join(', ')}] ${requiresGrad} ${layout}`;
    const parts = sparseParts(tensor);
    if (parts !== null) {
      const coalesced = layout === 'sparse_coo' ? `${tensor.isCoalesced()} ` : '';
      return `${head} ${coalesced}(${parts.map((part) => this.tensor(part)).join(', ')})`;
    }
    const strides = `[${tensor.stride().join(', ')}]`;
    if (tensor.device === 'meta') return `${head} ${strides} meta`;
    return `${head} ${strides} ${tensor.storageOffset()} ${tensor.isConj()} ${tensor.isNeg()} ${this.storage(tensor)}`;
  }

  private storage(tensor: Tensor): string {
    const { id, bytes } = binding.storageOf(tensor.handle) ?? { id: 0, bytes: 0 };
    if (bytes === 0) return 'storage of 0';
    const key = this.storages.get(id) ?? this.storages.size;
    this.storages.set(id, key);
    return `storage ${key} of ${bytes}: ${createHash('sha256').update(storageBytes(tensor)).digest('hex')}`;
  }
}

function classOf(tensor: Tensor): string {
  if (tensor instanceof Parameter) return 'Parameter';
  return tensor instanceof TensorBuffer ? `Buffer ${tensor.persistent}` : 'Tensor';
}

function sparseParts(tensor: Tensor): Tensor[] | null {
  const detached = tensor.detach();
  if (tensor.layout === 'sparse_coo') {
    return [callOp<Tensor>('aten::_indices', [detached]), callOp<Tensor>('aten::_values', [detached])];
  }
  if (/_[cb]sr$/.test(tensor.layout)) return [detached.crowIndices(), detached.colIndices(), detached.values()];
  if (/_[cb]sc$/.test(tensor.layout)) return [detached.ccolIndices(), detached.rowIndices(), detached.values()];
  return null;
}

function number(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return `number ${value}`;
  if (Number.isNaN(value)) return 'number nan';
  // A float that is an int beyond 2^53 is written as a float by both.
  view.setFloat64(0, value);
  return `float ${Buffer.from(view.buffer).toString('hex')}`;
}
