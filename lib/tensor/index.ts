import './functional-methods';

export { asTensor, frombytes, tensor, type TensorOptions } from './creation';
export type { Element, NestedData, NestedElements, TypedArray } from './data';
export { callOp } from './dispatch';
export * from './dtype';
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
export { lu, type LuOptions, unique, uniqueConsecutive, type UniqueOptions } from './unique';
export * from './generated/functions';
export * as linalg from './generated/linalg';
export * as special from './generated/special';
export { type Index, slice, Slice } from './indexing';
export { getPrintOptions, type PrintOptions, setPrintOptions } from './print-options';
export { Generator, getRngState, initialSeed, manualSeed, type Seed, setRngState } from './random';
export { type BackwardOptions, isTensor, Tensor, type ToOptions } from './tensor';
