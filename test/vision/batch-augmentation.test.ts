/** The augmentation of whole batches: its bits beside the same ops in Python, and that each option does what it says. */
import { memory } from '../../lib/engine';
import { arange, manualSeed, rand, randint, type Tensor } from '../../lib/tensor';
import { BatchAugmentation, type BatchAugmentationOptions } from '../../lib/vision';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const strong: BatchAugmentationOptions = {
  affine: 0.7,
  rotate: 30,
  zoom: 0.4,
  stretch: 0.2,
  translate: 0.15,
  brightness: 0.3,
  contrast: 0.4,
  saturation: 0.5,
  hue: 0.1,
};

const batch = (count: number, height: number, width: number): [images: Tensor, masks: Tensor] => [
  rand([count, 3, height, width]),
  randint(0, 3, [count, 1, height, width]),
];

const largestDifference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describeWithOracle('BatchAugmentation', (oracle) => {
  const python = `
    def strength(draw, x): return (draw * 2 - 1) * x
    def augment(images, masks, o, size):
        n, c, h, w = images.shape
        height, width = size
        d = dict(zip(['flip', 'affine', 'rotate', 'zoom', 'stretch', 'tx', 'ty', 'brightness', 'contrast', 'saturation',
                      'hue'], torch.rand(n, 11).unbind(1)))
        on = (d['affine'] < o['affine']).float()
        angle = strength(d['rotate'], o['rotate'] * math.pi / 180) * on
        zoom = -(strength(d['zoom'], math.log1p(o['zoom'])) * on)
        stretch = strength(d['stretch'], math.log1p(o['stretch']) / 2) * on
        wide, high = (zoom + stretch).exp(), (zoom - stretch).exp()
        mirror = (d['flip'] < o['flip']).float() * -2 + 1
        cos, sin = angle.cos(), angle.sin()
        maps = torch.stack([
            torch.stack([cos * wide * mirror, -sin * high * (h / w), strength(d['tx'], 2 * o['translate']) * on], 1),
            torch.stack([sin * wide * mirror * (w / h), cos * high, strength(d['ty'], 2 * o['translate']) * on], 1)], 1)
        y, x = ((torch.arange(s, dtype=torch.float32) * 2 + (1 - s)) / s for s in (height, width))
        places = torch.stack([x.expand(height, width), y[:, None].expand(height, width), torch.ones(height, width)])
        grid = maps.reshape(2 * n, 3) @ places.reshape(3, -1)
        grid = grid.reshape(n, 2, height, width).permute(0, 2, 3, 1)
        sample = lambda t, mode: torch.nn.functional.grid_sample(t, grid, mode, 'reflection', False)
        out, outMasks = sample(images, 'bilinear'), sample(masks.float(), 'nearest').long()
        if not any(o[k] for k in ('brightness', 'contrast', 'saturation', 'hue')): return out, outMasks
        bright, contrast, saturation = (strength(d[k], o[k]) + 1 for k in ('brightness', 'contrast', 'saturation'))
        hue = (d['hue'] * 2 - 1) * (2 * math.pi * o['hue'])
        grey = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
        keepGrey = grey.expand(3, 3)
        keepColour = torch.eye(3, dtype=torch.float64) - keepGrey
        across = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64)
        turn = keepColour @ across / math.sqrt(3)
        basis = torch.stack([keepGrey, keepColour, turn]).float().reshape(3, 9)
        parts = torch.stack([hue.cos() * saturation, hue.sin() * saturation], 1)
        matrices = ((parts @ basis[1:] + basis[:1]) * (bright * contrast)[:, None]).reshape(n, 3, 3)
        added = (out.mean((2, 3)) @ grey.float() * bright * (-contrast + 1)).reshape(n, 1, 1)
        return torch.baddbmm(added, matrices, out.reshape(n, 3, -1)).clamp(0, 1).reshape(out.shape), outMasks
  `;

  it.each([
    { options: strong, sides: [24, 24], size: undefined },
    { options: { ...strong, flip: 1 }, sides: [17, 32], size: [32, 20] },
    { options: { rotate: 45, hue: 0, flip: 0 }, sides: [40, 13], size: undefined },
    { options: { zoom: 1, saturation: 1 }, sides: [64, 64], size: [48, 48] },
  ] as const)('has the bits of the same ops in Python: $options', async ({ options, sides, size }) => {
    const augmentation = new BatchAugmentation(options);
    manualSeed(11);
    const [images, masks] = batch(5, ...sides);
    const [ours, ourMasks] = augmentation.forward(images, masks, size);
    const o = JSON.stringify(augmentation.options);
    const { x, y, after } = await oracle().run(
      `${python}
    import json
    torch.manual_seed(11)
    h, w = images.shape[2:]
    torch.rand(5, 3, h, w), torch.randint(0, 3, (5, 1, h, w))
    x, y = augment(images, masks, json.loads(o), (${(size ?? sides).join(', ')}))
    after = torch.rand(3)`,
      { inputs: { images, masks, o }, outputs: ['x', 'y', 'after'] },
    );
    expectSameBits(ours, x, 'images');
    expectSameBits(ourMasks, y, 'masks');
    expectSameBits(rand([3]), after, 'the generator afterwards');
  });
});

describe('BatchAugmentation', () => {
  it('changes nothing with all strengths 0', () => {
    const [images, masks] = batch(3, 20, 31);
    const [same, sameMasks] = new BatchAugmentation({ flip: 0 }).forward(images, masks);
    expect(largestDifference(same, images)).toBeLessThan(1e-5);
    expect(sameMasks.equal(masks)).toBe(true);
  });

  it('flips images and masks alike', () => {
    const [images, masks] = batch(2, 16, 24);
    const [flipped, flippedMasks] = new BatchAugmentation({ flip: 1 }).forward(images, masks);
    expect(largestDifference(flipped, images.flip([3]))).toBeLessThan(1e-5);
    expect(flippedMasks.equal(masks.flip([3]))).toBe(true);
  });

  it('moves a mask as it moves its image', () => {
    manualSeed(3);
    // One large disc on even ground: away from its edge, the colours are still those of the mask.
    const squares = arange(64).sub(31.5).div(32).pow(2);
    const disc = squares.add(squares.unsqueeze(1)).lt(0.3).to('int64');
    const many = disc.expand([4, 1, 64, 64]).contiguous();
    const images = many.to('float32').expand([4, 3, 64, 64]).contiguous();
    const { affine, rotate, zoom, stretch, translate } = { ...strong, affine: 1 };
    const [moved, movedMasks] = new BatchAugmentation({ affine, rotate, zoom, stretch, translate }).forward(
      images,
      many,
    );
    expect(movedMasks.equal(many)).toBe(false);
    const differing = moved.select(1, 0).round().ne(movedMasks.squeeze(1)).sum().item();
    expect(differing / movedMasks.numel()).toBeLessThan(0.005);
  });

  it('leaves greys grey, and keeps their level where only saturation and hue change', () => {
    const [images, masks] = batch(4, 9, 9);
    const grey = images.narrow(1, 0, 1).expand(images.shape).contiguous();
    const [same] = new BatchAugmentation({ flip: 0, saturation: 1, hue: 0.5 }).forward(grey, masks);
    expect(largestDifference(same, grey)).toBeLessThan(1e-5);
    const [other] = new BatchAugmentation({ flip: 0, brightness: 0.5, contrast: 0.5 }).forward(grey, masks);
    expect(largestDifference(other.select(1, 0), other.select(1, 2))).toBeLessThan(1e-5);
    expect(largestDifference(other, grey)).toBeGreaterThan(0.01);
  });

  it('frees what it makes', () => {
    const [images, masks] = batch(2, 8, 8);
    const augmentation = new BatchAugmentation(strong);
    const before = memory().tensors;
    for (let turn = 0; turn < 5; turn += 1) augmentation.forward(images, masks).forEach((tensor) => tensor.dispose());
    expect(memory().tensors).toBe(before);
  });

  it('refuses what it cannot use, by name', () => {
    const [images, masks] = batch(2, 8, 8);
    const augmentation = new BatchAugmentation();
    expect(() => new BatchAugmentation({ flip: 2 })).toThrow(/from 0 to 1 for option `flip`, received 2/);
    expect(() => new BatchAugmentation({ turn: 2 } as BatchAugmentationOptions)).toThrow(/unknown option `turn`/);
    expect(() => augmentation.forward(images.to('int64'), masks)).toThrow(/expected floats \[N, 3, H, W\]/);
    expect(() => augmentation.forward(images, masks.to('uint8'))).toThrow(/expected int64 \[2, 1, 8, 8\]/);
    expect(() => augmentation.forward(images, masks.narrow(0, 0, 1))).toThrow(/received int64 \[1, 1, 8, 8\]/);
    expect(() => augmentation.forward(images, masks, [0, 8])).toThrow(/argument `size`/);
  });
});
