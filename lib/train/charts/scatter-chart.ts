import { Frame, linearAxis, logarithmicAxis, svg, text } from './axes';

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

const [width, height] = [640, 420];
const box = { left: 64, right: width - 120, top: 40, bottom: height - 52 };

/** A chart of points with names, as SVG, over a logarithmic x axis and a linear y axis; null where there is nothing to draw. */
export function scatterChart(points: readonly Point[], { title, xTitle, yTitle }: ChartOptions): string | null {
  const drawn = points.filter(({ x, y }) => x > 0 && Number.isFinite(x) && Number.isFinite(y));
  if (drawn.length === 0) return null;
  const frame = new Frame(box, logarithmicAxis(drawn.map(({ x }) => x)), linearAxis(drawn.map(({ y }) => y)));
  return svg(width, height, [
    text(width / 2, 20, title, 'middle', 15),
    ...frame.draw(xTitle, yTitle),
    ...drawn.map(({ label, x, y, radius }) => {
      const [cx, cy] = frame.place(x, y);
      const dot = `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${radius.toFixed(1)}" fill="#3572a5" fill-opacity="0.7"/>`;
      return dot + text(cx + radius + 4, cy + 4, label, 'start');
    }),
  ]);
}
