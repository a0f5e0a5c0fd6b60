/** A chart of points with names, as SVG. */

export interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** Radius of the dot, in pixels. */
  readonly radius: number;
}

export interface ChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
}

const width = 640;
const height = 420;
const margin = { left: 64, right: 120, top: 40, bottom: 52 };

/** Points over a logarithmic x axis and a linear y axis; null where there is nothing to draw. */
export function scatterChart(points: readonly Point[], { title, xTitle, yTitle }: ChartOptions): string | null {
  const drawn = points.filter(({ x, y }) => x > 0 && Number.isFinite(x) && Number.isFinite(y));
  if (drawn.length === 0) return null;
  const [left, right] = padded(drawn.map(({ x }) => Math.log10(x)));
  const [bottom, top] = padded(drawn.map(({ y }) => y));
  const xOf = (x: number): number => scale(Math.log10(x), left, right, margin.left, width - margin.right);
  const yOf = (y: number): number => scale(y, bottom, top, height - margin.bottom, margin.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(width / 2, 20, title, 'middle', 15),
    text((margin.left + width - margin.right) / 2, height - 12, xTitle, 'middle'),
    `<g transform="translate(16 ${height / 2}) rotate(-90)">${text(0, 0, yTitle, 'middle')}</g>`,
    ...logarithmicTicks(left, right).map((tick) => {
      const x = xOf(tick).toFixed(1);
      return `${line(x, margin.top, x, height - margin.bottom)}${text(x, height - margin.bottom + 16, shown(tick), 'middle')}`;
    }),
    ...ticks(bottom, top).map((tick) => {
      const y = yOf(tick).toFixed(1);
      return `${line(margin.left, y, width - margin.right, y)}${text(margin.left - 6, Number(y) + 4, shown(tick), 'end')}`;
    }),
    ...drawn.map(({ label, x, y, radius }) => {
      const [cx, cy] = [xOf(x), yOf(y)];
      const dot = `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${radius.toFixed(1)}" fill="#3572a5" fill-opacity="0.7"/>`;
      return dot + text(cx + radius + 4, cy + 4, label, 'start');
    }),
    '</svg>',
    '',
  ].join('\n');
}

/** Room around the values; two values of one size are still apart. */
function padded(values: readonly number[]): [least: number, most: number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((most - least) * 0.12, Math.abs(most) * 0.02, 0.01);
  return [least - room, most + room];
}

/** Round numbers between two others: about five, a step of 1, 2 or 5 apart. */
function ticks(least: number, most: number): number[] {
  const wanted = (most - least) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  const step = ([1, 2, 5].find((factor) => factor * magnitude >= wanted) ?? 10) * magnitude;
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** 1, 2 and 5 times the powers of ten, or where too few of these are between, {@link ticks}. */
function logarithmicTicks(least: number, most: number): number[] {
  const powers = Array.from(
    { length: Math.ceil(most) - Math.floor(least) + 1 },
    (_, index) => Math.floor(least) + index,
  );
  const all = powers.flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power));
  const between = all.filter((tick) => Math.log10(tick) >= least && Math.log10(tick) <= most);
  return between.length >= 3 ? between : ticks(10 ** least, 10 ** most);
}

function scale(value: number, from: number, to: number, start: number, end: number): number {
  return start + ((value - from) / (to - from)) * (end - start);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function line(x1: number | string, y1: number | string, x2: number | string, y2: number | string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`;
}

function text(x: number | string, y: number, words: string, anchor: string, size = 12): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}">${escaped}</text>`;
}
