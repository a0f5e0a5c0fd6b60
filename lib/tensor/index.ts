export { asTensor, frombytes, tensor, type TensorOptions } from './creation';
export type { Element, NestedData, NestedElements, TypedArray } from './data';
export { callOp } from './dispatch';
export * from './dtype';
export * from './generated/functions';
export { type Index, slice, Slice } from './indexing';
export { getPrintOptions, type PrintOptions, setPrintOptions } from './print-options';
export { Generator, getRngState, initialSeed, manualSeed, type Seed, setRngState } from './random';
export { type BackwardOptions, isTensor, Tensor, type ToOptions } from './tensor';
