/** What of the engine a user of the package gets; ./index adds what the floors above need. */
export type { LibraryInfo, MemoryInfo, NativeValue, OpArgument, OpReturn, OpSchema } from './binding';
export { computeAsync, type ComputeOptions } from './compute';
/** Streams, events and memory of NVIDIA GPUs: `torch.cuda`. */
export * as cuda from './cuda';
export { isDebug, setDebug, type SiteUsage } from './debug';
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
export { libm } from './libm';
export { getNumThreads, libraryInfo, setNumThreads } from './library';
export { memory, type MemoryReport, resetPeak, sweep } from './memory';
export { dispose, keep, scope } from './scope';
export { scopeAsync } from './scope-async';
