/** What the whole library computes by: default dtype and device, determinism, precision. */

import { ArgumentError, binding, checkBooleans, checkOptions, describe } from '../engine';
import { repeatWarnings } from '../engine/warnings';
import { type Device, type DType, isDType, isFloatingDType } from './dtype';

/** The dtype of new tensors where nothing else decides: `torch.get_default_dtype`. */
export function getDefaultDtype(): DType {
  return binding.getDefaultDtype() as DType;
}

const COMPLEX: Partial<Record<DType, DType>> = { float64: 'complex128', float32: 'complex64', float16: 'complex32' };

/** @internal The dtype of complex numbers whose parts have this one. */
export function complexOf(part: DType): DType {
  const complex = COMPLEX[part];
  if (complex !== undefined) return complex;
  throw new ArgumentError(`there is no complex dtype with parts of ${part}`, 'TORCH_VALUE');
}

/**
 * Sets the dtype of fractions in nested arrays, and of the factories that get no dtype: `torch.set_default_dtype`.
 * It is the library's own setting, so that it holds for all threads of the process.
 *
 * @param dtype - float32, float64, float16 or bfloat16
 */
export function setDefaultDtype(dtype: DType): void {
  if (!isDType(dtype) || !isFloatingDType(dtype) || dtype.startsWith('float8')) {
    throw new ArgumentError(
      `setDefaultDtype(): expected float32, float64, float16 or bfloat16 for argument \`dtype\`, received ${describe(dtype)}`,
    );
  }
  binding.setDefaultDtype(dtype);
}

let defaultDevice: Device | null = null;

/** Where factories that get no device put their tensors: `torch.get_default_device`. */
export function getDefaultDevice(): Device {
  return defaultDevice ?? 'cpu';
}

/**
 * Sets where factories that get no device put their tensors, in this thread: `torch.set_default_device`. Factories are
 * `tensor` and `asTensor`, and the ops that make a tensor of dtype, layout and device without one to be like: `zeros`,
 * but not `zerosLike`.
 *
 * @param device - null for the processor, as at the start
 */
export function setDefaultDevice(device: Device | null): void {
  binding.setDefaultDevice(device);
  defaultDevice = device;
}

/** @internal null where nobody has set one. */
export function chosenDevice(): Device | undefined {
  return defaultDevice ?? undefined;
}

/** Options of {@link useDeterministicAlgorithms}. */
export interface DeterministicOptions {
  /** Warns of ops without a deterministic form, instead of failing. */
  warnOnly?: boolean;
}

/**
 * Has ops take deterministic forms where they have one, and fail where they have none:
 * `torch.use_deterministic_algorithms`. For all threads of the process.
 */
export function useDeterministicAlgorithms(mode: boolean, options: DeterministicOptions = {}): void {
  checkBooleans('useDeterministicAlgorithms', { mode });
  checkOptions('useDeterministicAlgorithms', options, ['warnOnly']);
  const { warnOnly = false } = options;
  binding.setDeterministicAlgorithms(mode ? (warnOnly ? 1 : 2) : 0);
}

/** `torch.are_deterministic_algorithms_enabled` */
export function areDeterministicAlgorithmsEnabled(): boolean {
  return binding.deterministicAlgorithms() > 0;
}

/** `torch.is_deterministic_algorithms_warn_only_enabled` */
export function isDeterministicAlgorithmsWarnOnlyEnabled(): boolean {
  return binding.deterministicAlgorithms() === 1;
}

const DEBUG_MODES = ['default', 'warn', 'error'] as const;

/** 0 (off), 1 (warns) or 2 (fails): `torch.get_deterministic_debug_mode`. */
export function getDeterministicDebugMode(): number {
  return binding.deterministicAlgorithms();
}

/** {@link useDeterministicAlgorithms} by name or number: `torch.set_deterministic_debug_mode`. */
export function setDeterministicDebugMode(mode: (typeof DEBUG_MODES)[number] | 0 | 1 | 2): void {
  const number = typeof mode === 'string' ? DEBUG_MODES.indexOf(mode) : mode;
  if (typeof number !== 'number' || DEBUG_MODES[number] === undefined) {
    throw new ArgumentError(
      `setDeterministicDebugMode(): expected ${DEBUG_MODES.join(', ')} or 0 to 2, received ${describe(mode)}`,
      'TORCH_VALUE',
    );
  }
  binding.setDeterministicAlgorithms(number);
}

const PRECISIONS = ['highest', 'high', 'medium'] as const;

/** How exactly float32 matrices are multiplied: `highest` in float32, the others by shorter floats where it is faster. */
export type MatmulPrecision = (typeof PRECISIONS)[number];

/** `torch.get_float32_matmul_precision` */
export function getFloat32MatmulPrecision(): MatmulPrecision {
  return binding.float32MatmulPrecision() as MatmulPrecision;
}

/** `torch.set_float32_matmul_precision`, for all threads of the process. */
export function setFloat32MatmulPrecision(precision: MatmulPrecision): void {
  if (!PRECISIONS.includes(precision)) {
    throw new ArgumentError(
      `setFloat32MatmulPrecision(): expected ${PRECISIONS.join(', ')}, received ${describe(precision)}`,
      'TORCH_VALUE',
    );
  }
  binding.setFloat32MatmulPrecision(precision);
}

/**
 * Has the processor take denormal floats for zeros, in this thread: `torch.set_flush_denormal`.
 *
 * @returns false where the processor cannot
 */
export function setFlushDenormal(mode: boolean): boolean {
  return binding.setFlushDenormal(mode);
}

/** `torch.is_warn_always_enabled` */
export function isWarnAlwaysEnabled(): boolean {
  return binding.isWarnAlways();
}

/** Tells every warning of libtorch each time, instead of once: `torch.set_warn_always`. */
export function setWarnAlways(enabled: boolean): void {
  binding.setWarnAlways(enabled);
  repeatWarnings(enabled);
}

/** Threads for work beside ops: `torch.get_num_interop_threads`. */
export function getNumInteropThreads(): number {
  return binding.getNumInteropThreads();
}

/** `torch.set_num_interop_threads`; once, before there is any such work. */
export function setNumInteropThreads(count: number): void {
  binding.setNumInteropThreads(count);
}
