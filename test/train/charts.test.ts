import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import sharp from 'sharp';

import { FileError } from '../../lib/serialize';
import { curvesOf } from '../../lib/train/charts/curves';
import { scatterChart } from '../../lib/train/charts/scatter-chart';

describe('a chart of points', () => {
  it('has every name, and there is none of nothing', () => {
    const options = { title: 'a < b', xTitle: 'x', yTitle: 'y' };
    const svg = scatterChart(
      [
        { label: 'one', x: 1, y: 0.5, radius: 3 },
        { label: 'two', x: 100, y: 0.7, radius: 9 },
      ],
      options,
    );
    expect(svg).toMatch(/^<svg .*>one<.*>two<.*<\/svg>\n$/s);
    expect(svg).toContain('a &lt; b');
    expect(svg).not.toContain('NaN');
    // Round numbers on both axes.
    for (const tick of ['>1<', '>10<', '>100<', '>0.5<', '>0.7<']) expect(svg).toContain(tick);
    expect(scatterChart([], options)).toBeNull();
    expect(scatterChart([{ label: 'one', x: 1, y: 0.5, radius: 3 }], options)).not.toContain('NaN');
  });
});

describe('the curves of a run', () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'curves-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  function curves(...rows: string[]): string | null {
    const file = path.join(folder, 'results.csv');
    fs.writeFileSync(file, ['epoch,lr,meanLoss,pixelAccuracy,iou,mIoU', ...rows, ''].join('\n'));
    return curvesOf(file);
  }

  /** The points of each curve by its name, in pixels. */
  function pointsOf(svg: string | null): Record<string, [x: number, y: number][]> {
    const found: Record<string, [x: number, y: number][]> = {};
    for (const [, points = '', label = ''] of (svg ?? '').matchAll(/<polyline points="([^"]*)".*?<title>([^<]+)</g)) {
      found[label] = points.split(' ').map((point) => point.split(',').map(Number) as [number, number]);
    }
    return found;
  }

  it('go up where values do, by the epochs that have one', () => {
    const { loss, mIoU, ...others } = pointsOf(
      curves('0,0.1,,0.5,,0.2', '1,0.1,0.9,,,', '2,0.1,0.6,0.7,,0.4', '4,0.1,0.3,0.8,,0.5'),
    );
    expect(Object.keys(others)).toEqual(['pixel accuracy']);
    expect(loss).toHaveLength(3);
    expect(mIoU).toHaveLength(3);
    // Pixels count from the top: the loss falls, the score rises.
    expect(loss?.map(([, y]) => y)).toEqual([...(loss ?? [])].map(([, y]) => y).sort((a, b) => a - b));
    expect(mIoU?.map(([, y]) => y)).toEqual([...(mIoU ?? [])].map(([, y]) => y).sort((a, b) => b - a));
    const [zero = NaN, two = NaN, four = NaN] = (mIoU ?? []).map(([x]) => x);
    expect(two - zero).toBeCloseTo(four - two, 0);
    expect(loss?.at(-1)?.[0]).toBe(four);
  });

  it('have names that do not lie over each other', () => {
    const svg = curves('0,0.1,,0.5,0.5,0.5', '1,0.1,0.9,0.6,0.6,0.6') ?? '';
    const heights = ['pixel accuracy', 'IoU', 'mIoU'].map((name) =>
      Number(new RegExp(`y="([\\d.]+)" text-anchor="start" font-size="12">${name}<`).exec(svg)?.[1]),
    );
    heights.sort((a, b) => a - b);
    const [first = NaN, second = NaN, third = NaN] = heights;
    expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(12);
  });

  it('are a picture that other programs read', async () => {
    const svg = curves('0,0.1,,0.5,0.1,', '1,0.1,0.9,0.6,0.2,');
    expect(svg).not.toContain('NaN');
    const { format, width, height } = await sharp(Buffer.from(svg ?? '')).metadata();
    expect({ format, width, height }).toEqual({ format: 'svg', width: 640, height: 560 });
  });

  it('are not drawn of nothing, nor of a file that is missing', () => {
    expect(curves()).toBeNull();
    expect(curves('0,0.1,,,,')).toBeNull();
    expect(curves('0,0.1,NaN,Infinity,,')).toBeNull();
    expect(() => curvesOf(path.join(folder, 'none.csv'))).toThrow(FileError);
  });
});
