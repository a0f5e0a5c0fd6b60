import { binding } from '../engine';
import { pack } from './data';
import { adopt, callOp } from './dispatch';
import type { DType } from './dtype';
import type { Tensor } from './tensor';

/** A CPU tensor that holds the bytes of `array`, elements of `dtype` in row-major order. */
export function fromArray(array: ArrayBufferView, dtype: DType, shape: readonly number[]): Tensor {
  return adopt(binding.fromBytes(dtype, shape, array));
}

/** A CPU tensor of JavaScript values. */
export function tensorOf(elements: readonly unknown[], dtype: DType, shape: readonly number[]): Tensor {
  const { array, held } = pack(elements, dtype);
  const made = fromArray(array, held, shape);
  if (held === dtype) return made;
  const converted = callOp<Tensor>('aten::_to_copy', [made, dtype]);
  made.dispose();
  return converted;
}
