import './functional-methods';

export {
  asarray,
  type AsarrayOptions,
  asTensor,
  frombuffer,
  type FromBufferOptions,
  frombytes,
  tensor,
  type TensorOptions,
} from './creation';
export type { Element, ElementList, NestedData, NestedElements, TypedArray } from './data';
export type { ToOptions } from './conversion';
export { callOp } from './dispatch';
export * from './dtype';
export { finfo, type FloatInfo, iinfo, type IntegerInfo } from './dtype-info';
/** Fourier transforms: `torch.fft`. */
export * as fft from './generated/fft';
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  canCast,
  cartesianProd,
  cdist,
  type CdistOptions,
  chainMatmul,
  einsum,
  meshgrid,
  type MeshgridOptions,
  norm,
  type NormOptions,
  promoteTypes,
  split,
  type Subscripts,
  tensordot,
  unravelIndex,
} from './functional';
export {
  lu,
  type LuOptions,
  unique,
  uniqueConsecutive,
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  type UniqueResult,
} from './unique';
export * from './generated/functions';
export type { BackwardOptions } from './gradient';
export { GraphNode, type NodeGradients } from './graph-node';
export { type GradientHook, type HookResult, RemovableHandle } from './hooks';
export { type PcaLowrankOptions, pcaLowrank, svdLowrank, type SvdLowrankOptions } from './low-rank';
/** NVIDIA GPUs: `torch.cuda`. */
export * as cuda from './cuda';
/** Linear algebra: `torch.linalg`. */
export * as linalg from './generated/linalg';
/** Special functions: `torch.special`. */
export * as special from './generated/special';
export { type Index, type IndexList, slice, Slice } from './indexing';
export {
  getPrintoptions,
  type PrintOptionChanges,
  type PrintOptions,
  printoptions,
  setPrintoptions,
} from './print-options';
export { Generator, type Seed } from './random';
export {
  areDeterministicAlgorithmsEnabled,
  type DeterministicOptions,
  getDefaultDevice,
  getDefaultDtype,
  getDeterministicDebugMode,
  getFloat32MatmulPrecision,
  getNumInteropThreads,
  isDeterministicAlgorithmsWarnOnlyEnabled,
  isWarnAlwaysEnabled,
  type MatmulPrecision,
  setDefaultDevice,
  setDefaultDtype,
  setDeterministicDebugMode,
  setFloat32MatmulPrecision,
  setFlushDenormal,
  setNumInteropThreads,
  setWarnAlways,
  useDeterministicAlgorithms,
} from './settings';
export {
  defaultGenerator,
  forkRng,
  type ForkRngOptions,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from './random-state';
// Over the op of this name, as in Python.
/** The state of the random number generators: `torch.random`. */
export * as random from './random-state';
export { isTensor, Tensor } from './tensor';
