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
  type Tensor,
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
}

/** `Module.to` */
export function moveTo(module: AnyModule, target: DType | Device | MoveOptions, second?: DType): void {
  const { device, dtype, memoryFormat } = readTarget(target, second);
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
  const convert = (tensor: Tensor): Tensor =>
    tensor.to({
      device: device ?? tensor.device,
      dtype: isFloating(tensor.dtype) && dtype !== undefined ? dtype : tensor.dtype,
      ...(memoryFormat !== undefined && [4, 5].includes(tensor.dim()) ? { memoryFormat } : {}),
    });
  noGrad(() => {
    for (const tensor of tensors) {
      if (isLazy(tensor)) {
        convertPending(tensor, device, isFloating(tensor.dtype) ? dtype : undefined);
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

function put(tensor: Parameter | Buffer, data: Tensor): void {
  if (data.device === 'meta' && tensor.device !== 'meta') replaceContents(tensor, data);
  else tensor.data = data;
}

function readTarget(target: DType | Device | MoveOptions, second?: DType): MoveOptions {
  if (typeof target !== 'string') {
    checkOptions('to', target, ['device', 'dtype', 'memoryFormat']);
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
