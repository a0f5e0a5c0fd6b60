/** Python's ways of rounding and writing a float, which JavaScript's differ from: halves go to the even digit, exponents have two. */

/** More digits than the shortest tie needs: a double that continues zero for so long behind a 5 is a tie. */
const EXACT_DIGITS = 100;

function special(value: number): string | null {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  return value === -Infinity ? '-inf' : null;
}

/**
 * Rounds a positive finite number to `digits` significant ones (at least one), halves to even.
 *
 * @returns the digits and the exponent of the first of them
 */
function round(value: number, digits: number): { digits: string; exponent: number } {
  const [mantissa = '', power = '0'] = value.toExponential(EXACT_DIGITS).split('e');
  const all = mantissa.replace('.', '');
  let exponent = Number(power);
  let kept = BigInt(all.slice(0, digits));
  const rest = all.slice(digits);
  const half = '5'.padEnd(rest.length, '0');
  if (rest > half || (rest === half && kept % 2n === 1n)) kept += 1n;
  let text = kept.toString();
  if (text.length > digits) {
    text = text.slice(0, digits);
    exponent += 1;
  }
  return { digits: text, exponent };
}

const sign = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '');

/** `f'{value:.{precision}e}'` */
export function toScientific(value: number, precision: number): string {
  const word = special(value);
  if (word !== null) return word;
  const { digits, exponent } =
    value === 0 ? { digits: '0'.repeat(precision + 1), exponent: 0 } : round(Math.abs(value), precision + 1);
  const point = precision > 0 ? `.${digits.slice(1)}` : '';
  const power = Math.abs(exponent).toString().padStart(2, '0');
  return `${sign(value)}${digits[0] ?? '0'}${point}e${exponent < 0 ? '-' : '+'}${power}`;
}

/** `f'{value:.{precision}f}'` */
export function toFixed(value: number, precision: number): string {
  const word = special(value);
  if (word !== null) return word;
  const absolute = Math.abs(value);
  let units = 0n;
  if (absolute >= Number.MAX_SAFE_INTEGER) units = BigInt(absolute) * 10n ** BigInt(precision);
  else if (absolute !== 0) {
    // The position of the first digit says how many there are in front of the cut.
    const first = Number(absolute.toExponential(EXACT_DIGITS).split('e')[1]);
    const count = first + precision + 1;
    if (count >= 1) {
      const { digits, exponent } = round(absolute, count);
      units = BigInt(digits) * 10n ** BigInt(exponent - first);
    } else if (count === 0) {
      // All of it lies behind the cut: above one half it rounds up; one half itself goes to the even 0.
      const [mantissa = ''] = absolute.toExponential(EXACT_DIGITS).split('e');
      const all = mantissa.replace('.', '');
      units = all > '5'.padEnd(all.length, '0') ? 1n : 0n;
    }
  }
  const text = units.toString().padStart(precision + 1, '0');
  const whole = text.slice(0, text.length - precision);
  return `${sign(value)}${whole}${precision > 0 ? `.${text.slice(text.length - precision)}` : ''}`;
}

/** `str(value)`: the shortest digits that read back as the same number, with a point or an exponent. */
export function floatText(value: number): string {
  const word = special(value);
  if (word !== null) return word;
  const [mantissa = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const point = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = Math.abs(exponent).toString().padStart(2, '0');
    return `${sign(value)}${digits[0] ?? '0'}${point}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign(value)}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, '0');
  return `${sign(value)}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}

/** Python's `round()`: halves go to the even neighbour. */
export function pythonRound(x: number): number {
  const floor = Math.floor(x);
  const part = x - floor;
  if (part !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
