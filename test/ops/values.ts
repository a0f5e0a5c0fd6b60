import { Generator, type DType, type Tensor } from '../../lib/tensor';

/** A tensor of a case: a window into a storage that both sides hold. */
export interface TensorValue {
  readonly tensor: number;
  readonly dtype: DType;
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
  readonly grad: boolean;
}

/** What an argument of a case can be; JSON, so that both sides read the same. */
export type Value =
  | null
  | boolean
  | number
  | string
  | { readonly complex: readonly [number, number] }
  | { readonly dtype: DType }
  | { readonly device: 'cpu' }
  | { readonly layout: 'strided' }
  | { readonly format: string }
  | { readonly generator: number }
  | TensorValue
  | readonly Value[];

/** One call, for both sides. */
export interface Case {
  /** PyTorch's name without the namespace. */
  readonly op: string;
  /** Name of the overload that the arguments were made for; empty for the first. */
  readonly overload: string;
  /** Python's own argument parser, as a function or a method, or exactly this overload through `torch.ops`. */
  readonly door: 'function' | 'method' | 'exact';
  /** Here: as a method of the first argument. */
  readonly asMethod: boolean;
  readonly positional: readonly Value[];
  /** By PyTorch's names. */
  readonly named: Readonly<Record<string, Value>>;
  /** For the default generator, before the call. */
  readonly seed: number;
}

export function isTensorValue(value: Value): value is TensorValue {
  return typeof value === 'object' && value !== null && 'tensor' in value;
}

/** The value on our side; tensors are made from `storages`, and those that want gradients are added to `leaves`. */
export function build(value: Value, storages: readonly Tensor[], leaves: Tensor[]): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => build(item, storages, leaves));
  if (isTensorValue(value)) {
    const { tensor, size, stride, offset, grad } = value;
    const view = (storages[tensor] as Tensor).clone().asStrided(size, stride, offset);
    if (!grad) return view;
    const leaf = view.detach().requiresGrad_();
    leaves.push(leaf);
    return leaf;
  }
  if ('complex' in value) return { re: value.complex[0], im: value.complex[1] };
  if ('dtype' in value) return value.dtype;
  if ('device' in value) return value.device;
  if ('layout' in value) return value.layout;
  if ('format' in value) return value.format;
  if ('generator' in value) return new Generator().manualSeed(value.generator);
  throw new Error(`unknown value ${JSON.stringify(value)}`);
}
