/** Compile-time assertions; `npm run types` is the test run. */

/** True only for the very same type: unlike assignability, it tells `any`, optional and readonly apart. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where `value` has exactly the type `T`: `typed<Tensor>()(a.add(b))`. */
export function typed<T>(): <V>(value: V, ...same: Same<V, T> extends true ? [] : [never]) => void {
  return () => undefined;
}
