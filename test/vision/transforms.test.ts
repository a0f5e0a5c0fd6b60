import { manualSeed, rand, randint, type Tensor, uint8 } from '../../lib/tensor';
import {
  ColorJitter,
  Compose,
  type DecodedImage,
  functional,
  type InterpolationMode,
  Lambda,
  nearestIndices,
  Normalize,
  RandomHorizontalFlip,
  Resize,
  resizeNearestToPlanes,
  ToTensor,
} from '../../lib/vision';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const imports = `
import_torchvision()
import torchvision.transforms as T
import torchvision.transforms.functional as F
from torchvision.transforms import InterpolationMode
`;

/** Images whose sizes are no multiples of anything, so that vector tails are met. */
function images(): [name: string, image: Tensor][] {
  manualSeed(11);
  const grey = rand([1, 19, 31]);
  const bytes = randint(0, 256, [3, 33, 47], { dtype: uint8 });
  return [
    ['rgb', rand([3, 61, 45])],
    ['rgb 128', rand([3, 128, 128])],
    ['batch', rand([2, 3, 17, 23])],
    ['grey', grey],
    ['greys only', grey.expand([3, 19, 31])],
    ['bytes', bytes],
    ['float64', rand([3, 9, 13], { dtype: 'float64' })],
  ];
}

describeWithOracle('functional transforms', (oracle) => {
  async function same(ours: (x: Tensor) => Tensor, theirs: string): Promise<void> {
    const made = images();
    const xs = made.map(([, x]) => x);
    const { ys } = await oracle().run(`${imports}\nys = [${theirs} for x in xs]`, {
      inputs: { xs },
      outputs: { ys: 'tensors' },
    });
    made.forEach(([name, x], i) => expectSameBits(ours(x), ys[i]!, `${theirs} on ${name}`));
  }

  const factors = [0, 0.3, 0.70001, 1, 1.1234567, 2, 3.7];

  it.each(factors)('adjust contrast, brightness and saturation by %d', async (factor) => {
    await same((x) => functional.adjustContrast(x, factor), `F.adjust_contrast(x, ${factor.toFixed(9)})`);
    await same((x) => functional.adjustBrightness(x, factor), `F.adjust_brightness(x, ${factor.toFixed(9)})`);
    await same((x) => functional.adjustSaturation(x, factor), `F.adjust_saturation(x, ${factor.toFixed(9)})`);
  });

  it.each([-0.5, -0.123, 0, 0.2, 0.5])('adjust hue by %d', (factor) =>
    same((x) => functional.adjustHue(x, factor), `F.adjust_hue(x, ${factor})`),
  );

  it('flips and turns grey', async () => {
    await same(functional.hflip, 'F.hflip(x)');
    await same(functional.vflip, 'F.vflip(x)');
    await same(functional.rgbToGrayscale, 'F.rgb_to_grayscale(x)');
    await same((x) => functional.rgbToGrayscale(x, 3), 'F.rgb_to_grayscale(x, 3)');
  });

  it.each(['nearest', 'nearest-exact', 'bilinear', 'bicubic'] as InterpolationMode[])('resizes by %s', async (mode) => {
    for (const size of ['(20, 30)', '(128, 128)', '17', '(19, 31)']) {
      const ours = JSON.parse(size.replace('(', '[').replace(')', ']')) as number | [number, number];
      for (const antialias of [true, false]) {
        await same(
          (x) => functional.resize(x, ours, { interpolation: mode, antialias }),
          `F.resize(x, ${size}, InterpolationMode('${mode}'), antialias=${antialias ? 'True' : 'False'})`,
        );
      }
    }
    await same(
      (x) => functional.resize(x, 17, { interpolation: mode, maxSize: 21 }),
      `F.resize(x, 17, InterpolationMode('${mode}'), max_size=21)`,
    );
  });

  it('returns an image of the right size itself', () => {
    const x = rand([3, 8, 9]);
    expect(functional.resize(x, [8, 9], { interpolation: 'nearest' })).toBe(x);
  });

  it('normalises', async () => {
    const x = rand([3, 21, 13]);
    const { y } = await oracle().run(`${imports}\ny = F.normalize(x, [0.485, 0.456, 0.4], [0.229, 0.22, 0.1])`, {
      inputs: { x },
      outputs: ['y'],
    });
    expectSameBits(new Normalize([0.485, 0.456, 0.4], [0.229, 0.22, 0.1]).forward(x), y);
  });

  it('resizes bytes as upsample_nearest2d resizes the floats made of them', async () => {
    manualSeed(5);
    for (let k = 0; k < 36; k++) {
      const [height, width, otherHeight, otherWidth] = randint(1, k < 18 ? 40 : 600, [4]).tolist() as [
        number,
        number,
        number,
        number,
      ];
      const channels = [1, 3, 4][k % 3] as number;
      // Every other time of a width that is stored by fours, every fifth time of its own size.
      const [toHeight, toWidth] =
        k % 5 === 0 ? [height, width] : [otherHeight, k % 2 === 0 ? otherWidth : 4 * Math.ceil(otherWidth / 4)];
      const before = k % 4;
      const x = randint(0, 256, [height, width, channels], { dtype: uint8 });
      const planes = new Uint8Array(before + channels * toHeight * toWidth);
      const image: DecodedImage = { data: x.toBytes(), height, width, channels };
      resizeNearestToPlanes(image, toHeight, toWidth, planes, before);
      const { y } = await oracle().run(
        `y = torch.nn.functional.interpolate(
             x.permute(2, 0, 1).contiguous().float().div(255)[None], size=(h, w), mode='nearest')[0].mul(255).round().to(torch.uint8)`,
        { inputs: { x, h: toHeight, w: toWidth }, outputs: ['y'] },
      );
      const what = [height, width, channels, toHeight, toWidth];
      expect([what, Buffer.compare(planes.subarray(before), y.toBytes())]).toEqual([what, 0]);
    }
  });

  it('finds the source of each pixel as upsample_nearest2d does, for thousands of sizes', async () => {
    const sizes = Array.from({ length: 1500 }, (_, k) => [1 + ((k * 7919) % 4001), 1 + ((k * 104729) % 777)] as const);
    const { y } = await oracle().run(
      `y = torch.cat([torch.nn.functional.interpolate(torch.arange(a, dtype=torch.float32).view(1, 1, 1, a), size=(1, b), mode='nearest').view(-1)
                      for a, b in sizes]).to(torch.int32)`,
      { inputs: { sizes }, outputs: ['y'] },
    );
    const ours = sizes.flatMap(([from, to]) => [...nearestIndices(from, to)]);
    expect(Buffer.compare(Buffer.from(Int32Array.from(ours).buffer), y.toBytes())).toBe(0);
  });
});

describeWithOracle('random transforms', (oracle) => {
  it.each([0, 1, 2, 3])('draw and compute as torchvision, seed %d', async (seed) => {
    const x = rand([3, 40, 56]);
    manualSeed(seed);
    const flip = new RandomHorizontalFlip(0.5);
    const contrast = new ColorJitter({ contrast: 0.3 });
    const all = new ColorJitter({ brightness: 0.4, contrast: [0.5, 1.5], saturation: 0.6, hue: 0.2 });
    const none = new ColorJitter();
    const ours: Tensor[] = [];
    for (let k = 0; k < 6; k++) ours.push(flip.forward(x), contrast.forward(x), all.forward(x), none.forward(x));
    ours.push(rand([2]));

    const theirs = await oracle().run(
      `${imports}
torch.manual_seed(seed)
flip, contrast, none = T.RandomHorizontalFlip(0.5), T.ColorJitter(contrast=0.3), T.ColorJitter()
everything = T.ColorJitter(brightness=0.4, contrast=(0.5, 1.5), saturation=0.6, hue=0.2)
y = []
for k in range(6):
    y += [flip(x), contrast(x), everything(x), none(x)]
y.append(torch.rand(2))
`,
      { inputs: { x, seed }, outputs: { y: 'tensors' } },
    );
    expect(theirs.y.length).toBe(ours.length);
    ours.forEach((tensor, k) => expectSameBits(tensor, theirs.y[k]!, `tensor ${k}`));
  });

  it('compares the draw with p in float32, as Python does', async () => {
    const x = rand([1, 1, 2]);
    for (const p of [0, 0.1, 0.9, 1]) {
      manualSeed(3);
      const flip = new RandomHorizontalFlip(p);
      const ours = Array.from({ length: 200 }, () =>
        Buffer.compare(flip.forward(x).toBytes(), x.toBytes()) === 0 ? 0 : 1,
      );
      const { y } = await oracle().run(
        `${imports}
torch.manual_seed(3)
flip = T.RandomHorizontalFlip(p)
y = [int(not torch.equal(flip(x), x)) for _ in range(200)]`,
        { inputs: { x, p }, outputs: { y: 'numbers' } },
      );
      expect(ours).toEqual(y);
    }
  });
});

describe('pipelines', () => {
  it('compose transforms of different types', () => {
    const pipeline = new Compose<DecodedImage, number>([
      new ToTensor(),
      new Resize([4, 6], { interpolation: 'nearest' }),
      new Lambda((x: Tensor) => x.shape.reduce((product, size) => product * size, 1)),
    ]);
    expect(pipeline.forward({ data: new Uint8Array(2 * 3 * 3), height: 2, width: 3, channels: 3 })).toBe(72);
  });
});

describe('arguments', () => {
  it.each([
    [
      'a negative factor',
      () => functional.adjustContrast(rand([3, 4, 4]), -1),
      /expected 0 or more for argument `contrastFactor`, received -1/,
    ],
    [
      'a hue out of range',
      () => functional.adjustHue(rand([3, 4, 4]), 0.6),
      /expected -0.5 to 0.5 for argument `hueFactor`/,
    ],
    [
      'two channels',
      () => functional.adjustContrast(rand([2, 4, 4]), 1),
      /expected 1 or 3 channels .* received Tensor\[2, 4, 4\]/,
    ],
    ['a vector', () => functional.hflip(rand([4])), /expected an image .* received Tensor\[4\]/],
    [
      'a size of 0',
      () => functional.resize(rand([3, 4, 4]), [0, 4]),
      /expected whole numbers above 0 for argument `size`/,
    ],
    [
      'a zero deviation',
      () => functional.normalize(rand([3, 4, 4]), [0, 0, 0], [1, 0, 1]),
      /expected no 0 for argument `std`/,
    ],
    [
      'a probability of 2',
      () => new RandomHorizontalFlip(2),
      /expected a probability from 0 to 1 for argument `p`, received 2/,
    ],
    ['a negative jitter', () => new ColorJitter({ contrast: -0.1 }), /for argument `contrast`, received -0.1/],
    ['a jitter out of bounds', () => new ColorJitter({ hue: [-0.7, 0.1] }), /within -0.5 to 0.5, for argument `hue`/],
  ])('refuse %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
