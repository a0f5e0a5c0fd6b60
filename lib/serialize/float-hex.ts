import { checkNumbers } from '../engine';

const view = new DataView(new ArrayBuffer(8));

/**
 * A float64 in exact hexadecimal, letter for letter as Python's `float.hex()` writes it: `0x1.8000000000000p+1`,
 * `0x0.0000000000001p-1022` for the least subnormal, `-0x0.0p+0`, `inf`, `-inf`, `nan`. Two numbers are equal to the
 * bit exactly when these strings are (NaNs apart), so losses are printed and compared in this form.
 */
export function floatHex(x: number): string {
  checkNumbers('floatHex', { x });
  if (Number.isNaN(x)) return 'nan';
  if (x === Infinity) return 'inf';
  if (x === -Infinity) return '-inf';
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const sign = bits >> 63n ? '-' : '';
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  if (exponent === 0 && fraction === 0n) return `${sign}0x0.0p+0`;
  // Subnormals have no implicit one and share the least normal exponent.
  const power = exponent === 0 ? -1022 : exponent - 1023;
  const digits = fraction.toString(16).padStart(13, '0');
  return `${sign}0x${exponent === 0 ? 0 : 1}.${digits}p${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}
