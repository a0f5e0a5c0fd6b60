export {
  checkFunction,
  checkIterable,
  checkList,
  checkNumbers,
  checkObject,
  checkOptions,
  checkString,
  checkTensor,
  checkTensors,
} from './arguments';
export type { Handle, NativeBinding } from './binding';
export { asCallOf, binding, describe } from './gate';
export { withNumThreads } from './library';
export * from './public';
export { peakRssBytes } from './peak-memory';
export { isThenable, refusePromise } from './scope';
export { TensorBase, UNINITIALIZED } from './tensor-base';
