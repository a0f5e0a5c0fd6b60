/** The parts of a chart in SVG that every kind of chart has. */

/** Where values lie between the two ends of an axis. */
export interface Axis {
  /** The share of the axis's length, from its beginning, at which a value lies. */
  readonly share: (value: number) => number;
  /** Round values to draw a line at. */
  readonly ticks: readonly number[];
}

/** A rectangle in pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** From the least to the most of `values`, with some room around them. */
export function linearAxis(values: readonly number[]): Axis {
  const [least, most] = padded(values);
  return { share: (value) => (value - least) / (most - least), ticks: roundBetween(least, most) };
}

/** {@link linearAxis} of the logarithms of `values`, which are above 0. */
export function logarithmicAxis(values: readonly number[]): Axis {
  const [least, most] = padded(values.map(Math.log10));
  return { share: (value) => (Math.log10(value) - least) / (most - least), ticks: powersBetween(least, most) };
}

/** From 0 to the largest of `counts`, without room. */
export function countingAxis(counts: readonly number[]): Axis {
  const most = Math.max(1, ...counts);
  return { share: (value) => value / most, ticks: roundBetween(0, most).filter(Number.isInteger) };
}

/** Two axes around a box. */
export class Frame {
  constructor(
    private readonly box: Box,
    private readonly x: Axis,
    private readonly y: Axis,
  ) {}

  /** Where a pair of values lies, in pixels. */
  place(x: number, y: number): [x: number, y: number] {
    const { left, right, top, bottom } = this.box;
    return [left + this.x.share(x) * (right - left), bottom + this.y.share(y) * (top - bottom)];
  }

  /** The lines at round values, and what stands beside the axes. */
  draw(xTitle: string, yTitle: string): string[] {
    const { left, right, top, bottom } = this.box;
    const middle = (top + bottom) / 2;
    return [
      text((left + right) / 2, bottom + 40, xTitle, 'middle'),
      `<g transform="translate(${left - 48} ${middle}) rotate(-90)">${text(0, 0, yTitle, 'middle')}</g>`,
      ...this.x.ticks.map((tick) => {
        const x = (left + this.x.share(tick) * (right - left)).toFixed(1);
        return `${line(x, top, x, bottom)}${text(x, bottom + 16, shown(tick), 'middle')}`;
      }),
      ...this.y.ticks.map((tick) => {
        const y = (bottom + this.y.share(tick) * (top - bottom)).toFixed(1);
        return `${line(left, y, right, y)}${text(left - 6, Number(y) + 4, shown(tick), 'end')}`;
      }),
    ];
  }
}

/** A whole picture, white behind `parts`. */
export function svg(width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

export function text(
  x: number | string,
  y: number,
  words: string,
  anchor: 'start' | 'middle' | 'end',
  size = 12,
): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}">${escaped}</text>`;
}

/** Room around the values; two values of one size are still apart. */
function padded(values: readonly number[]): [least: number, most: number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((most - least) * 0.12, Math.abs(most) * 0.02, 0.01);
  return [least - room, most + room];
}

/** Round numbers between two others: about five, a step of 1, 2 or 5 apart. */
function roundBetween(least: number, most: number): number[] {
  const wanted = (most - least) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  const step = ([1, 2, 5].find((factor) => factor * magnitude >= wanted) ?? 10) * magnitude;
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** 1, 2 and 5 times the powers of ten between two powers, or where too few of these are, {@link roundBetween}. */
function powersBetween(least: number, most: number): number[] {
  const powers = Array.from(
    { length: Math.ceil(most) - Math.floor(least) + 1 },
    (_, index) => Math.floor(least) + index,
  );
  const all = powers.flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power));
  const between = all.filter((tick) => Math.log10(tick) >= least && Math.log10(tick) <= most);
  return between.length >= 3 ? between : roundBetween(10 ** least, 10 ** most);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function line(x1: number | string, y1: number | string, x2: number | string, y2: number | string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`;
}
