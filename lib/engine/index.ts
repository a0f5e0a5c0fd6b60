export {
  checkBooleans,
  checkFunction,
  checkInteger,
  checkIterable,
  checkList,
  checkNumbers,
  checkObject,
  checkOptions,
  checkSignal,
  checkString,
  checkTensor,
  checkTensors,
} from './arguments';
export type { Handle, NativeBinding } from './binding';
export { Counter } from './counter';
export { describe } from './describe';
export { valueError } from './errors';
export { asCallOf, binding } from './gate';
export { withNumThreads } from './library';
export * from './public';
export { peakRssBytes } from './peak-memory';
export { isThenable, refusePromise } from './scope';
export { didYouMean, nearest } from './spelling';
export { TensorBase, UNINITIALIZED } from './tensor-base';
