import { inferenceMode } from '../../lib/autograd';
import {
  countParameters,
  create,
  defaultsOf,
  isModelName,
  type ModelName,
  names,
  summary,
  VisionTransformerForSegmentation,
} from '../../lib/models';
import type { VisionTransformerArgs } from '../../lib/models';
import * as nn from '../../lib/nn';
import { Adam } from '../../lib/optim';
import { getRngState, manualSeed, randint, randn, type Tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { expectSameState } from '../nn/compare-module';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';
import { compareOnImage, expectNothingLeft, pythonTwin, trainBesidePython } from './beside-python';

beforeEach(settle);

const pythonModel = (args: Partial<VisionTransformerArgs>): string =>
  pythonTwin('vit', 'VisionTransformerForSegmentation', args);

describeWithOracle('VisionTransformerForSegmentation', (oracle) => {
  it('has the bits of the Python model: initial values, forward, backward, evaluation', async () => {
    const draws = new Draws(77);
    for (let round = 0; round < 6; round++) {
      const numHeads = draws.int(1, 5);
      const patchSize = draws.pick([4, 8]);
      const args = {
        imageSize: patchSize * draws.int(1, 4),
        patchSize,
        inChannels: draws.int(1, 4),
        outChannels: draws.int(2, 5),
        embedSize: numHeads * draws.int(2, 12),
        numBlocks: draws.int(1, 3),
        numHeads,
        dropout: draws.pick([0, 0.2]),
      };
      manualSeed(round);
      const image = randn([draws.int(2, 3), args.inChannels, args.imageSize, args.imageSize]);
      await compareOnImage(oracle(), round, image, () => new VisionTransformerForSegmentation(args), pythonModel(args));
    }
  });

  it('has the bits of the Python model with an MLP as head and with a convolutional stem', async () => {
    const draws = new Draws(78);
    for (const [head, hybridStride] of [
      ['mlp', 1],
      ['linear', 2],
      ['mlp', 4],
      ['linear', 8],
      ['linear', 16],
    ] as const) {
      const patchSize = hybridStride * draws.pick([1, 2]);
      const args: Partial<VisionTransformerArgs> = {
        imageSize: patchSize * draws.int(2, 3),
        patchSize,
        inChannels: draws.int(1, 4),
        outChannels: draws.int(2, 4),
        embedSize: 8 * draws.pick([2, 4]),
        numBlocks: draws.int(1, 2),
        numHeads: draws.pick([1, 2]),
        dropout: 0.1,
        head,
        hybridStride,
      };
      manualSeed(hybridStride);
      const image = randn([2, args.inChannels ?? 3, args.imageSize ?? 0, args.imageSize ?? 0]);
      await compareOnImage(
        oracle(),
        hybridStride,
        image,
        () => new VisionTransformerForSegmentation(args),
        pythonModel(args),
      );
    }
  });

  it.each([
    { head: 'mlp', hybridStride: 1, bfloat16: false },
    { head: 'mlp', hybridStride: 1, bfloat16: true },
    { head: 'linear', hybridStride: 4, bfloat16: false },
    { head: 'linear', hybridStride: 4, bfloat16: true },
  ] as const)('trains with the bits of Python: %j', async ({ bfloat16, ...options }) => {
    const args = { imageSize: 16, patchSize: 8, embedSize: 16, numBlocks: 2, numHeads: 2, dropout: 0.2, ...options };
    await trainBesidePython(oracle(), {
      make: () => new VisionTransformerForSegmentation(args),
      python: pythonModel(args),
      shape: [3, 3, 16, 16],
      target: 'pixels',
      classes: 3,
      bfloat16,
    });
  });

  it.each([2, 3])('trains with the bits of Python, with %d heads', async (numHeads) => {
    const args = { imageSize: 16, patchSize: 4, embedSize: 24, numBlocks: 2, numHeads, dropout: 0.2 };
    manualSeed(4);
    const images = Array.from({ length: 6 }, () => randn([3, 3, 16, 16]));
    const targets = images.map(() => randint(3, [3, 16, 16]));
    const expected = await oracle().run(
      `
      torch.manual_seed(5)
      model = ${pythonModel(args)}
      optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
      loss_of = torch.nn.CrossEntropyLoss()
      losses, evaluations = [], []
      for image, target in zip(images, targets):
          model.train()
          optimizer.zero_grad()
          loss = loss_of(model(image), target)
          loss.backward()
          optimizer.step()
          losses.append(loss.detach())
          model.eval()
          with torch.inference_mode():
              evaluations.append(model(image).clone())
      state, rng = dict(model.state_dict()), torch.get_rng_state()
      `,
      {
        inputs: { images, targets },
        outputs: { losses: 'tensors', evaluations: 'tensors', state: 'tensorDict', rng: 'tensor' },
      },
    );
    manualSeed(5);
    const model = create('vit-segmentation', args);
    const optimizer = new Adam(model.parameters(), { lr: 4e-4 });
    const lossOf = new nn.CrossEntropyLoss();
    for (const [step, image] of images.entries()) {
      model.train();
      optimizer.zeroGrad();
      const loss = lossOf.forward(model.forward(image), targets[step] as Tensor);
      loss.backward();
      optimizer.step();
      expectSameBits(loss.detach(), expected.losses[step] as Tensor, `loss of step ${step}`);
      model.eval();
      inferenceMode(() => {
        expectSameBits(model.forward(image), expected.evaluations[step] as Tensor, `evaluation after step ${step}`);
      });
    }
    expectSameState(model.stateDict(), expected.state, 'trained');
    expectSameBits(getRngState(), expected.rng, 'generator');
  });

  it("has the article's parameters and keys", async () => {
    const model = new VisionTransformerForSegmentation();
    const { keys, count } = await oracle().run(
      `
      with torch.device('meta'):
          model = ${pythonModel({})}
      keys = [k + str(list(v.shape)).replace(' ', '') for k, v in model.state_dict().items()]
      count = sum(p.numel() for p in model.parameters())
      `,
      { outputs: { keys: 'strings', count: 'number' } },
    );
    expect(countParameters(model)).toBe(86_284_806);
    expect(count).toBe(86_284_806);
    expect([...model.stateDict()].map(([key, { shape }]) => `${key}[${shape.join()}]`)).toEqual(keys);
    for (const parameter of [...model.parameters(), ...model.buffers()]) parameter.dispose();
  });
});

describe('VisionTransformerForSegmentation', () => {
  it("tells a tensor's journey as the article's figure 7 draws it", () => {
    const model = new VisionTransformerForSegmentation({ embedSize: 512, outChannels: 10, numBlocks: 1 });
    expect(model.journey().map(({ shape }) => shape)).toEqual([
      [1, 3, 128, 128],
      [1, 3, 128, 128],
      [1, 64, 768],
      [1, 64, 512],
      [64, 512],
      [1, 64, 512],
      [1, 64, 512],
      [1, 64, 2560],
      [1, 10, 128, 128],
    ]);
  });

  it('has in its journey the shapes that its layers return', () => {
    const model = new VisionTransformerForSegmentation({
      imageSize: 24,
      patchSize: 8,
      embedSize: 6,
      numHeads: 2,
      numBlocks: 2,
      outChannels: 4,
    });
    const withStem = new VisionTransformerForSegmentation({
      ...model.args,
      embedSize: 16,
      head: 'mlp',
      hybridStride: 4,
    });
    const shapes: (readonly number[])[] = [];
    let x = randn([2, 3, 24, 24]);
    for (const layer of model.layers) shapes.push((x = layer.forward(x)).shape);
    const journey = model.journey(2);
    expect(shapes).toEqual([1, 5, 6, 8].map((step) => journey[step]?.shape));

    const { layers } = summary(withStem, [2, 3, 24, 24]);
    const shapeOf = (path: string): unknown => layers.find((layer) => layer.path === path)?.outputShape;
    const steps = ['stem', 'image to patches', 'patch embedding', 'output projection', 'patches to image'];
    const paths = ['layers.1.stem', 'layers.1.i2p', 'layers.1.pe', 'layers.3.projection', 'layers.3'];
    const told = steps.map((name) => withStem.journey(2).find(({ step }) => step === name)?.shape);
    expect(told).toEqual(paths.map(shapeOf));
  });

  it.each([
    [{ patchSize: 24 }, 'patches of 24 pixels do not divide an image of 128 pixels'],
    [{ numHeads: 7 }, '7 attention heads do not divide an embedding of 768'],
    [{ numBlocks: 0 }, 'for `numBlocks`, received 0'],
    [{ embedSize: 1.5 }, 'for `embedSize`, received 1.5'],
    [{ dropout: 2 }, 'for `dropout`, received 2'],
    [{ hybridStride: 32 }, 'for `hybridStride`, received 32'],
    [{ patchSize: 8, hybridStride: 16 }, 'a hybridStride of 16 does not divide patches of 8 pixels'],
    [{ embedSize: 12, numHeads: 2, hybridStride: 2 }, 'an embedding divisible by 8, received 12'],
    [{ head: 'conv' } as unknown as Partial<VisionTransformerArgs>, "expected 'linear' or 'mlp' for `head`"],
    [{ heads: 2 } as Partial<VisionTransformerArgs>, 'received `heads`'],
  ])('refuses %j before it draws anything', (options, sentence) => {
    const before = getRngState();
    expect(() => create('vit-segmentation', options)).toThrow(sentence);
    expectSameBits(getRngState(), before);
  });
});

it.each([[[2, 3, 32, 8]], [[2, 3, 32, 32]], [[2, 1, 16, 16]], [[3, 16, 16]]])(
  'images of %j are refused: of as many patches in other places, too',
  (shape) => {
    const model = create('vit-segmentation', { imageSize: 16, patchSize: 4, embedSize: 12, numBlocks: 1, numHeads: 2 });
    expect(() => model.forward(randn(shape))).toThrow(
      `VisionTransformerForSegmentation: expected images [N, 3, 16, 16], received [${shape.join(', ')}]`,
    );
  },
);

describe('memory', () => {
  it('is the same after every training step in a scope', () => {
    const model = create('vit-segmentation', { imageSize: 16, patchSize: 4, embedSize: 12, numBlocks: 2, numHeads: 2 });
    expectNothingLeft(model, randn([2, 3, 16, 16]));
  });
});

describe('the registry of models', () => {
  it('makes models by name', () => {
    expect(names()).toEqual(expect.arrayContaining(['vit-segmentation', 'segnet', 'segnet-dsc', 'unet']));
    expect(isModelName('toString')).toBe(false);
    for (const call of [create, defaultsOf]) {
      expect(() => call('vit' as ModelName)).toThrow(`there is no model vit, expected one of ${names().join(', ')}`);
    }
  });

  it('tells all options of each model, of the types that they take', () => {
    for (const name of names()) {
      const defaults = defaultsOf(name);
      expect(defaults).toMatchObject({ inChannels: 3, outChannels: 3 });
      for (const value of Object.values(defaults).flat()) {
        expect(['number', 'string', 'boolean']).toContain(typeof value);
      }
      // What it returns is a copy, lists and all.
      Object.assign(defaults, { inChannels: 7 });
      for (const value of Object.values(defaults)) if (Array.isArray(value)) value.push(-1);
      expect(defaultsOf(name)).toMatchObject({ inChannels: 3 });
      expect(Object.values(defaultsOf(name)).flat()).not.toContain(-1);
      expect(() => create(name, { imageSizes: 3 } as object)).toThrow(
        new RegExp(`expected options among .*${Object.keys(defaults).join(', ')}, received \`imageSizes\``),
      );
    }
  });

  it('takes what is undefined as not given', () => {
    expect(new VisionTransformerForSegmentation({ numBlocks: 1, embedSize: 8, dropout: undefined }).args.dropout).toBe(
      0.2,
    );
  });
});
