export type { Handle, LibraryInfo, MemoryInfo, NativeBinding, OpArgument, OpReturn, OpSchema } from './binding';
export { isDebug, setDebug } from './debug';
export {
  ArgumentError,
  AsyncError,
  DisposedError,
  type ErrorCode,
  IndexError,
  isTorchError,
  LoadError,
  NotImplementedError,
  OutOfMemoryError,
  TorchError,
} from './errors';
export { binding, describe } from './gate';
export { libm } from './libm';
export { cuda, getNumThreads, libraryInfo, setNumThreads } from './library';
export { memory, type MemoryReport, sweep } from './memory';
export { dispose, isThenable, keep, refusePromise, scope } from './scope';
export { TensorBase } from './tensor-base';
