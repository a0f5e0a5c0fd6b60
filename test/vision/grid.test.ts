import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { manualSeed, rand, randint, randn, type Tensor, uint8 } from '../../lib/tensor';
import { drawSegmentationMasks, makeGrid, type MakeGridOptions, saveGif, saveImage } from '../../lib/vision';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vision-grid-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const imports = `
import_torchvision()
import torchvision.utils as U
`;

describeWithOracle('pictures', (oracle) => {
  const cases: [string, () => Tensor | Tensor[], MakeGridOptions, string][] = [
    ['21 images, 7 a row', () => randn([21, 3, 9, 11]), { nrow: 7 }, 'nrow=7'],
    ['defaults, last row short', () => randn([11, 3, 5, 4]), {}, ''],
    [
      'one channel',
      () => randn([5, 1, 5, 4]),
      { nrow: 2, padding: 3, padValue: 0.7 },
      'nrow=2, padding=3, pad_value=0.7',
    ],
    ['no padding', () => randn([4, 3, 5, 4]), { nrow: 2, padding: 0 }, 'nrow=2, padding=0'],
    ['normalised', () => randn([6, 3, 8, 8]), { normalize: true }, 'normalize=True'],
    [
      'normalised one by one',
      () => randn([6, 3, 8, 8]),
      { normalize: true, scaleEach: true },
      'normalize=True, scale_each=True',
    ],
    [
      'normalised in a range',
      () => randn([6, 3, 8, 8]),
      { normalize: true, valueRange: [-0.5, 1.5] },
      'normalize=True, value_range=(-0.5, 1.5)',
    ],
    ['a single image', () => randn([1, 3, 8, 8]), {}, ''],
    ['a picture without channels', () => randn([8, 9]), {}, ''],
    ['a list', () => [randn([3, 4, 4]), randn([3, 4, 4]), randn([3, 4, 4])], { nrow: 2 }, 'nrow=2'],
    ['integers', () => randint(0, 256, [5, 3, 4, 4], { dtype: uint8 }), { padValue: 9 }, 'pad_value=9'],
  ];

  it.each(cases)('makeGrid: %s', async (name, make, options, python) => {
    manualSeed(1);
    const x = make();
    const before = Array.isArray(x) ? null : x.clone();
    const { y } = await oracle().run(`${imports}\ny = U.make_grid(x, ${python})`, { inputs: { x }, outputs: ['y'] });
    expectSameBits(makeGrid(x, options), y, name);
    if (before !== null) expectSameBits(x as Tensor, before, 'the input is left alone');
  });

  it('saveImage writes the pixels that torchvision writes', async () => {
    const x = rand([6, 3, 21, 17]).mul(1.4).sub(0.2);
    const file = path.join(folder, 'ours.png');
    await saveImage(x, file, { nrow: 3 });
    expect(readdirSync(folder)).toEqual(['ours.png']);
    const { ours, theirs, mode } = await oracle().run(
      `${imports}
import io, numpy as np
from PIL import Image
out = io.BytesIO()
U.save_image(x, out, format='png', nrow=3)
mode = Image.open(file).mode
ours, theirs = (torch.from_numpy(np.array(Image.open(f))) for f in (file, out))`,
      { inputs: { x, file }, outputs: { ours: 'tensor', theirs: 'tensor', mode: 'string' } },
    );
    expectSameBits(ours, theirs);
    expect(mode).toBe('RGB');
  });

  it('saveGif writes the frames one after the other', async () => {
    // Few colours, so that a GIF holds them without loss.
    const frames = Array.from({ length: 5 }, () => randint(0, 3, [1, 14, 22]).div(2).expand([3, 14, 22]));
    const file = path.join(folder, 'masks.gif');
    await saveGif(frames, file, { delay: 150 });
    const { shown, duration, loop } = await oracle().run(
      `
      import numpy as np
      from PIL import Image, ImageSequence
      gif = Image.open(file)
      shown = [torch.from_numpy(np.array(frame.convert('RGB'))) for frame in ImageSequence.Iterator(gif)]
      duration, loop = gif.info['duration'], gif.info['loop']
      `,
      { inputs: { file }, outputs: { shown: 'tensors', duration: 'number', loop: 'number' } },
    );
    expect([shown.length, duration, loop]).toEqual([5, 150, 0]);
    shown.forEach((frame, i) => {
      const expected = frames[i]!.mul(255).add(0.5).to(uint8).permute([1, 2, 0]).contiguous();
      expectSameBits(frame.contiguous(), expected, `frame ${i}`);
    });
  });

  it.each([
    [rand([3, 12, 15]), 0.4],
    [randint(0, 256, [3, 12, 15], { dtype: uint8 }), 0.5],
    [rand([3, 12, 15]), 1],
    [randint(0, 256, [3, 12, 15], { dtype: uint8 }), 0],
  ])('drawSegmentationMasks %#', async (image, alpha) => {
    const masks = randint(0, 5, [3, 12, 15]).eq(0);
    const { y } = await oracle().run(
      `${imports}\ny = U.draw_segmentation_masks(image, masks, alpha, [(255, 10, 0), (0, 90, 200), (1, 2, 3)])`,
      { inputs: { image, masks, alpha }, outputs: ['y'] },
    );
    const colors = [
      [255, 10, 0],
      [0, 90, 200],
      [1, 2, 3],
    ] as const;
    expectSameBits(drawSegmentationMasks(image, masks, { alpha, colors }), y);
  });
});

describe('pictures that cannot be', () => {
  it('refuse', async () => {
    expect(() => makeGrid(rand([4, 3, 2, 2]), { nrow: 0 })).toThrow(
      /expected a whole number above 0 for argument `nrow`, received 0/,
    );
    expect(() => makeGrid(rand([4]))).toThrow(
      /expected images \[N, C, H, W\] for argument `images`, received Tensor\[4\]/,
    );
    expect(() => drawSegmentationMasks(rand([3, 4, 4]), rand([4, 4]), { colors: [[0, 0, 0]] })).toThrow(/bool masks/);
    await expect(saveGif([], path.join(folder, 'none.gif'))).rejects.toThrow(/at least one frame/);
    await expect(saveGif([rand([3, 4, 4]), rand([3, 4, 5])], path.join(folder, 'none.gif'))).rejects.toThrow(
      /of one size/,
    );
  });

  it('leave an older file alone', async () => {
    const file = path.join(folder, 'kept.png');
    await saveImage(rand([3, 4, 4]), file);
    const before = readFileSync(file);
    await expect(saveImage(rand([5, 4, 4]), file)).rejects.toThrow(/1 to 4 channels/);
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
    await expect(saveImage(rand([3, 4, 4]), path.join(folder, 'no', 'where.png'))).rejects.toMatchObject({
      code: 'TORCH_FILE',
    });
  });
});
