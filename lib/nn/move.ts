/** Parameters and buffers on their way to other devices and dtypes, and to new memory. */

import { noGrad } from '../autograd';
import { checkOptions, checkString, describe, valueError } from '../engine';
import {
  type Device,
  type DType,
  emptyLike,
  isComplexDType,
  isDType,
  isFloatingDType,
  type MemoryFormat,
  Tensor,
} from '../tensor';
import type { AnyModule } from './module';
import { type Buffer, type Parameter, replaceContents } from './parameter';
import { convertPending, isLazy } from './uninitialized';

/** Where a module goes, and what its tensors become. */
export interface MoveOptions {
  device?: Device;
  /** Of floating-point and complex tensors. */
  dtype?: DType;
  /** Of tensors with 4 or 5 dimensions. */
  memoryFormat?: MemoryFormat;
  /** Copies between pinned memory and a GPU go on while the program does. */
  nonBlocking?: boolean;
}

/** `Module.to` */
export function moveTo(module: AnyModule, target: DType | Device | Tensor | MoveOptions, second?: DType): void {
  const { device, dtype, memoryFormat, nonBlocking = false } = readTarget(target, second);
  if (dtype !== undefined && !isFloating(dtype)) {
    throw valueError(
      `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.${dtype}`,
    );
  }
  const tensors = [...module.parameters(), ...module.buffers()];
  // Before any of them is moved: half a module on another device is of use to nobody.
  if (device !== undefined && device !== 'meta' && tensors.some((each) => !isLazy(each) && each.device === 'meta')) {
    throw valueError(
      'Cannot copy out of meta tensor; no data! Please use nn.Module.toEmpty() instead of nn.Module.to() when moving ' +
        'module from meta to a different device.',
    );
  }
  convertAll(module, {
    device,
    dtypeFor: (own) => (isFloating(own) ? dtype : undefined),
    convert: (tensor) =>
      tensor.to({
        device: device ?? tensor.device,
        dtype: isFloating(tensor.dtype) && dtype !== undefined ? dtype : tensor.dtype,
        nonBlocking,
        ...(memoryFormat !== undefined && [4, 5].includes(tensor.dim()) ? { memoryFormat } : {}),
      }),
  });
}

/** `Module.float` and its like: what is complex stays so. */
export function castFloating(module: AnyModule, dtype: DType): void {
  convertAll(module, {
    dtypeFor: (own) => (isFloatingDType(own) ? dtype : undefined),
    convert: (tensor) => (isFloatingDType(tensor.dtype) ? tensor.to(dtype) : tensor),
  });
}

/** `Module.type` */
export function cast(module: AnyModule, dtype: DType): void {
  if (!isDType(dtype)) throw valueError(`type(): expected a dtype, received ${describe(dtype)}`);
  convertAll(module, { dtypeFor: () => dtype, convert: (tensor) => tensor.to(dtype) });
}

interface Conversion {
  readonly device?: Device | undefined;
  /** What a tensor that has no shape yet will be; undefined leaves its dtype. */
  readonly dtypeFor: (own: DType) => DType | undefined;
  readonly convert: (tensor: Tensor) => Tensor;
}

function convertAll(module: AnyModule, { device, dtypeFor, convert }: Conversion): void {
  noGrad(() => {
    for (const tensor of [...module.parameters(), ...module.buffers()]) {
      if (isLazy(tensor)) {
        convertPending(tensor, device, dtypeFor(tensor.dtype));
        continue;
      }
      const { grad } = tensor;
      put(tensor, convert(tensor));
      if (grad !== null) tensor.grad = convert(grad);
    }
  });
  for (const each of module.modules()) each.parametersMoved();
}

/** `Module.toEmpty` */
export function moveEmpty(module: AnyModule, options: { device: Device; recurse?: boolean }): void {
  checkOptions('toEmpty', options, ['device', 'recurse']);
  const { device, recurse = true } = options;
  checkString('toEmpty', 'device', device);
  const tensors = [...module.parameters(recurse), ...module.buffers(recurse)];
  noGrad(() => {
    for (const tensor of tensors) {
      if (isLazy(tensor)) continue;
      using data = emptyLike(tensor, { device });
      replaceContents(tensor, data);
    }
  });
  for (const each of recurse ? module.modules() : [module]) each.parametersMoved();
}

/**
 * Gives a parameter or a buffer the memory of another tensor, with its dtype, device and strides. The gradient goes: it may
 * not fit any more.
 */
export function putContents(tensor: Parameter | Buffer, data: Tensor): void {
  tensor.grad = null;
  put(tensor, data.detach());
}

function put(tensor: Parameter | Buffer, data: Tensor): void {
  if ((data.device === 'meta') !== (tensor.device === 'meta')) replaceContents(tensor, data);
  else tensor.data = data;
}

function readTarget(target: DType | Device | Tensor | MoveOptions, second?: DType): MoveOptions {
  if (typeof target !== 'string') {
    if (target instanceof Tensor) {
      if (second !== undefined) throw valueError('to(): expected no second argument after a tensor');
      return { device: target.device, dtype: target.dtype };
    }
    checkOptions('to', target, ['device', 'dtype', 'memoryFormat', 'nonBlocking']);
    if (second !== undefined) throw valueError('to(): expected no second argument after an object of options');
    return target;
  }
  if (second === undefined) return isDType(target) ? { dtype: target } : { device: target };
  if (!isDType(second) || isDType(target)) {
    throw valueError(`to(): expected a device and a dtype, received ${describe(target)} and ${describe(second)}`);
  }
  return { device: target, dtype: second };
}

function isFloating(dtype: DType): boolean {
  return isFloatingDType(dtype) || isComplexDType(dtype);
}
