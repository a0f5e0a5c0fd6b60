import { readFileSync } from 'node:fs';

import { attemptOn } from '../../serialize';
import { countingAxis, Frame, linearAxis, svg, text } from './axes';

interface Curve {
  readonly label: string;
  readonly colour: string;
  /** Values by epoch. */
  readonly points: readonly (readonly [epoch: number, value: number])[];
}

const [width, height] = [640, 560];
/** Of the names, in pixels. */
const lineHeight = 14;
const loss = { left: 64, right: width - 110, top: 36, bottom: 240 };
const scores = { left: 64, right: width - 110, top: 296, bottom: 508 };

/** The columns of results.csv that are drawn, and as what. */
const drawn = {
  loss: [['meanLoss', 'loss', '#b5542b']],
  scores: [
    ['pixelAccuracy', 'pixel accuracy', '#3572a5'],
    ['mIoU', 'mIoU', '#2e8b57'],
    ['iou', 'IoU', '#8a6fb5'],
  ],
} as const;

/** Loss and scores of a run over its epochs, as SVG, from its `results.csv`; null where nothing has a number yet. */
export function curvesOf(results: string): string | null {
  const rows = rowsOf(attemptOn(results, 'read', () => readFileSync(results, 'utf8')));
  const epochs = rows.map((row) => Number(row['epoch']));
  const panels = [
    { box: loss, yTitle: 'mean loss', curves: curves(rows, drawn.loss) },
    { box: scores, yTitle: 'score', curves: curves(rows, drawn.scores) },
  ].filter((panel) => panel.curves.length > 0);
  if (panels.length === 0) return null;
  return svg(
    width,
    height,
    panels.flatMap(({ box, yTitle, curves }) => {
      const values = curves.flatMap(({ points }) => points.map(([, value]) => value));
      const frame = new Frame(box, countingAxis(epochs), linearAxis(values));
      return [...frame.draw('epoch', yTitle), ...draw(frame, curves)];
    }),
  );
}

/** Those of the columns that the run has numbers in. */
function curves(rows: readonly Record<string, string>[], columns: readonly (readonly string[])[]): Curve[] {
  return columns
    .map(([column = '', label = '', colour = '']) => ({
      label,
      colour,
      points: rows
        .filter((row) => (row[column] ?? '') !== '' && Number.isFinite(Number(row[column])))
        .map((row) => [Number(row['epoch']), Number(row[column])] as const),
    }))
    .filter(({ points }) => points.length > 0);
}

/** Lines through the points, and their names behind the last ones, none over another. */
function draw(frame: Frame, curves: readonly Curve[]): string[] {
  const placed = curves.map(({ points, ...curve }) => ({
    ...curve,
    places: points.map((point) => frame.place(...point)),
  }));
  const ends = placed.map(({ label, colour, places }) => ({ label, colour, at: places.at(-1) ?? ([0, 0] as const) }));
  let lowest = -Infinity;
  const names = ends
    .toSorted((a, b) => a.at[1] - b.at[1])
    .map(({ label, colour, at: [x, y] }) => {
      lowest = Math.max(y + 4, lowest + lineHeight);
      const dot = `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.5" fill="${colour}"/>`;
      return dot + text(x + 6, lowest, label, 'start');
    });
  const lines = placed.map(({ label, colour, places }) => {
    const path = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
    const title = `<title>${label}</title>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5">${title}</polyline>`;
  });
  return [...lines, ...names];
}

/** The rows of a table without quotes, by the names of the columns. */
function rowsOf(csv: string): Record<string, string>[] {
  const [header = '', ...lines] = csv.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((row) => Object.fromEntries(row.split(',').map((value, index) => [names[index] ?? '', value])));
}
