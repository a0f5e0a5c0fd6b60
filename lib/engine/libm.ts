import { binding } from './gate';

/**
 * The C library's functions on numbers. V8's `Math.pow`, `exp`, `log`, `sin`, `cos`, `tan`, `atan` and `tanh` differ from them in
 * the last bit for 2 to 10 % of values (0.9**4 is one), and Python computes with the C library: schedules, bias
 * corrections and everything else that must have Python's bits call these.
 */
export const libm = {
  /** Python's `x ** y` of floats. */
  pow: (x: number, y: number): number => binding.libmPow(x, y),
  /** `math.exp` */
  exp: (x: number): number => binding.libmExp(x),
  /** `math.log` */
  log: (x: number): number => binding.libmLog(x),
  /** `math.sin` */
  sin: (x: number): number => binding.libmSin(x),
  /** `math.cos` */
  cos: (x: number): number => binding.libmCos(x),
  /** `math.tan` */
  tan: (x: number): number => binding.libmTan(x),
  /** `math.atan` */
  atan: (x: number): number => binding.libmAtan(x),
  /** `math.tanh` */
  tanh: (x: number): number => binding.libmTanh(x),
} as const;
