/** What tvTensors keep, which parts of a sample a transform takes, and what is refused. */
import { scope } from '../../lib/engine';
import { isTensor, manualSeed, ones, rand, randint, Tensor, zeros } from '../../lib/tensor';
import * as vision from '../../lib/vision';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const { tvTensors, v2 } = vision;
const pixels = { data: new Uint8Array(2 * 3 * 3).fill(7), height: 2, width: 3, channels: 3 };

describe('tvTensors', () => {
  it('share the memory of the data, and keep their kind through clone, to and detach alone', () => {
    const data = rand([3, 4, 5]);
    const image = new tvTensors.Image(data);
    expect(image.sharesStorage(data)).toBe(true);
    for (const kept of [image.clone(), image.to('float64'), image.detach()])
      expect(kept).toBeInstanceOf(tvTensors.Image);
    expect(image.to('float32')).toBe(image);
    for (const plain of [image.add(1), image.at(0), image.asTensor()]) {
      expect(isTensor(plain) && !(plain instanceof tvTensors.TVTensor)).toBe(true);
    }
    expect(tvTensors.wrap(image.add(1), image)).toBeInstanceOf(tvTensors.Image);
  });

  it('are made of numbers and of decoded pixels', () => {
    expect(new tvTensors.Image([[1, 2]]).shape).toEqual([1, 1, 2]);
    expect(new tvTensors.Image(pixels).shape).toEqual([3, 2, 3]);
    expect(new tvTensors.Mask([[1, 2]], { dtype: 'uint8' }).dtype).toBe('uint8');
    expect(new tvTensors.BoundingBoxes([1, 2, 3, 4], { format: 'XYWH', canvasSize: [9, 9] }).shape).toEqual([1, 4]);
  });

  it('belong to the scope in which they are made', () => {
    let gone: Tensor | undefined;
    const kept = scope(() => {
      gone = new tvTensors.Image(rand([1, 2, 2]));
      return new tvTensors.Image(rand([1, 2, 2]));
    });
    expect(kept.sum().ndim).toBe(0);
    expect(() => gone?.sum()).toThrow(/disposed|freed/);
  });

  it('pass gradients on', () => {
    const x = ones([1, 2, 3], { requiresGrad: true });
    new v2.RandomHorizontalFlip(1).forward(new tvTensors.Image(x)).sum().backward();
    expect(x.grad?.tolist()).toEqual(ones([1, 2, 3]).tolist());
  });
});

describe('a sample', () => {
  it('comes back in its own form, with what is not transformed as it was', () => {
    const label = { name: 'cat' };
    const named = new Date();
    const sample = {
      pair: [new tvTensors.Image(rand([3, 4, 4])), new tvTensors.Mask(zeros([4, 4]))],
      map: new Map([['label', label]]),
      named,
    };
    const out = new v2.Resize([2, 2]).forward(sample);
    expect(out.pair.map((part) => [part.constructor.name, part.shape])).toEqual([
      ['Image', [3, 2, 2]],
      ['Mask', [2, 2]],
    ]);
    expect(out.map.get('label')).toEqual(label);
    expect(out.named).toBe(named);
  });

  it('of several arguments comes back as a list', () => {
    const [image, mask, word] = new v2.CenterCrop(2).forward(rand([3, 4, 4]), new tvTensors.Mask(zeros([4, 4])), 'a');
    expect([image.shape, mask.shape, word]).toEqual([[3, 2, 2], [2, 2], 'a']);
  });

  it('is made of decoded pixels by ToImage and PILToTensor, and by nothing else', () => {
    expect(new v2.ToImage().forward({ pixels }).pixels).toBeInstanceOf(tvTensors.Image);
    expect(new v2.PILToTensor().forward([pixels])[0]).toBeInstanceOf(Tensor);
    expect(() => new v2.Resize(4).forward(pixels)).toThrow(
      /expected tensors, received decoded pixels: ToImage makes an Image/,
    );
  });

  it('is transformed by a class of one’s own, one draw for all parts', () => {
    class Shift extends v2.Transform<number> {
      protected override makeParams(inputs: readonly unknown[]): number {
        return inputs.length;
      }
      protected override transform(input: Tensor, by: number): Tensor {
        return input.add(by);
      }
    }
    const out = new Shift().forward([new tvTensors.Image(zeros([1, 1, 1])), new tvTensors.Mask(zeros([1, 1])), 5]);
    expect(out.map((part) => (isTensor(part) ? part.sum().item() : part))).toEqual([2, 2, 5]);
  });
});

describeWithOracle('a sample with boxes and labels', (oracle) => {
  it.each(['labels', 'instance_label'])('is sanitized as in Python, with %s', async (key) => {
    manualSeed(3);
    const boxes = randint(0, 30, [12, 4]);
    const labels = randint(0, 5, [12]);
    const masks = randint(0, 2, [12, 20, 20], { dtype: 'uint8' });
    const expected = await oracle().run(
      `
      import_torchvision()
      import torchvision.transforms.v2 as T2
      from torchvision import tv_tensors
      sample = {'image': torch.rand(3, 20, 20), 'boxes': tv_tensors.BoundingBoxes(boxes, format='XYXY', canvas_size=(20, 20)),
                key: labels, 'masks': tv_tensors.Mask(masks), 'whole': tv_tensors.Mask(masks[0])}
      out = T2.SanitizeBoundingBoxes(min_size=2)(sample)
      boxes, labels, masks, whole = out['boxes'], out[key], out['masks'], out['whole']
      `,
      { inputs: { boxes, labels, masks, key }, outputs: ['boxes', 'labels', 'masks', 'whole'] },
    );
    const out = new v2.SanitizeBoundingBoxes(2).forward({
      image: rand([3, 20, 20]),
      boxes: new tvTensors.BoundingBoxes(boxes, { format: 'XYXY', canvasSize: [20, 20] }),
      [key]: labels,
      masks: new tvTensors.Mask(masks),
      whole: new tvTensors.Mask(masks.at(0)),
    });
    expect(out['boxes'].size(0)).toBeLessThan(12);
    expectSameBits(out['boxes'], expected.boxes, 'boxes');
    expectSameBits(out[key]!, expected.labels, 'labels');
    expectSameBits(out['masks'], expected.masks, 'masks');
    expectSameBits(out['whole'], expected.whole, 'whole');
  });

  it('gives decoded pixels the tensors of Python', async () => {
    const data = randint(0, 256, [5, 7, 3], { dtype: 'uint8' });
    const { bytes, floats } = await oracle().run(
      `
      import_torchvision()
      import torchvision.transforms as T
      from PIL import Image
      pil = Image.fromarray(data.numpy())
      bytes, floats = T.PILToTensor()(pil), T.ToTensor()(pil)
      `,
      { inputs: { data }, outputs: ['bytes', 'floats'] },
    );
    const decoded = { data: data.toBytes(), height: 5, width: 7, channels: 3 };
    expectSameBits(new vision.PILToTensor().forward(decoded), bytes);
    expectSameBits(new vision.ToTensor().forward(decoded), floats);
  });
});

describe('refused, in a sentence:', () => {
  const image = new tvTensors.Image(rand([3, 6, 6]));
  const mask = new tvTensors.Mask(zeros([6, 6]));
  it.each<[string, () => unknown, RegExp]>([
    ['a colour of a mask', () => v2.functional.invert(mask), /expected an image for argument `input`, received a Mask/],
    [
      'two sizes',
      () => new v2.RandomCrop(3).forward(image, new tvTensors.Mask(zeros([5, 6]))),
      /expected one size \[H, W\] in the sample, received \[6, 6\] and \[5, 6\]/,
    ],
    ['no image', () => new v2.RandomGrayscale(1).forward([mask]), /expected an image in the sample, received none/],
    [
      'a crop that does not fit',
      () => new vision.RandomCrop(9).forward(image),
      /expected an image of at least 9 x 9 for RandomCrop/,
    ],
    [
      'an unknown kind',
      () => new v2.Pad(1, { fill: { image: 3 } as never }),
      /expected some of Tensor, Image, Mask, BoundingBoxes, others in `fill`, received `image`/,
    ],
    ['an even kernel', () => new vision.GaussianBlur(4), /expected odd numbers for argument `kernelSize`, received 4/],
    [
      'an unknown mode',
      () => vision.functional.resize(image, 3, 'cubic' as never),
      /expected one of 'nearest', .* for argument `interpolation`, received 'cubic'/,
    ],
    [
      'an option of another transform',
      () => new vision.RandomRotation(3, { scale: 1 } as never),
      /expected options among degrees, interpolation, expand, center, fill, received `scale`/,
    ],
    [
      'a fill for other channels',
      () => vision.functional.rotate(image, 3, { fill: [1, 2] }),
      /expected one number, or one for each of 3 channels, for argument `fill`/,
    ],
    [
      'a sample that holds itself',
      () => {
        const list: unknown[] = [];
        list.push(list);
        return new v2.Identity().forward(list);
      },
      /nested at most 100 deep/,
    ],
    [
      'class numbers without their count',
      () => new v2.MixUp().forward(rand([2, 3, 4, 4]), randint(0, 3, [2])),
      /MixUp: expected `numClasses` where labels are class numbers/,
    ],
    [
      'masks in a batch to be mixed',
      () => new v2.CutMix({ numClasses: 2 }).forward(mask, randint(0, 2, [2])),
      /CutMix: expected neither masks nor boxes/,
    ],
    [
      'floats for v1 to equalize',
      () => vision.functional.equalize(image),
      /expected an image of uint8 for argument `image`/,
    ],
    [
      'a rotated format',
      () => new tvTensors.BoundingBoxes([1, 2, 3, 4], { format: 'XYWHR' as never, canvasSize: [1, 1] }),
      /expected one of XYXY, XYWH, CXCYWH for argument `format`/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
