import { noGrad } from '../../lib/autograd';
import {
  reuseEncoder,
  VisionTransformer,
  VisionTransformerForSegmentation,
  type VisionTransformerOptions,
  visionTransformerSizes,
} from '../../lib/models';
import * as nn from '../../lib/nn';
import { equal, getRngState, manualSeed, randn, type Tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';
import { compareOnImage, expectSameParameters, pythonArguments, trainBesidePython } from './beside-python';

beforeEach(settle);

const torchvision = (options: Partial<VisionTransformerOptions>): string =>
  `import_torchvision().models.VisionTransformer(${pythonArguments(options)})`;
const tiny = { imageSize: 16, patchSize: 4, numLayers: 2, numHeads: 2, hiddenDim: 16, mlpDim: 24, numClasses: 5 };

describeWithOracle('VisionTransformer', (oracle) => {
  it('has the bits of torchvision: initial values, forward, backward, evaluation', async () => {
    const draws = new Draws(31);
    for (let round = 0; round < 4; round++) {
      const numHeads = draws.int(1, 4);
      const patchSize = draws.int(2, 6);
      const options = {
        imageSize: patchSize * draws.int(1, 4),
        patchSize,
        numLayers: draws.int(1, 3),
        numHeads,
        hiddenDim: numHeads * draws.int(2, 9),
        mlpDim: draws.int(4, 40),
        dropout: draws.pick([0, 0.2]),
        attentionDropout: draws.pick([0, 0.1]),
        numClasses: draws.int(2, 9),
      };
      manualSeed(round);
      const image = randn([draws.int(1, 3), 3, options.imageSize, options.imageSize]);
      await compareOnImage(oracle(), round, image, () => new VisionTransformer(options), torchvision(options));
    }
  });

  it.each([false, true])('trains with the bits of Python; in bfloat16: %s', async (bfloat16) => {
    const options = { ...tiny, dropout: 0.1 };
    await trainBesidePython(oracle(), {
      make: () => new VisionTransformer(options),
      python: torchvision(options),
      shape: [3, 3, 16, 16],
      target: 'image',
      classes: 5,
      bfloat16,
    });
  });

  it('has the parameters and keys of vit_b_16', async () => {
    const python = 'import_torchvision().models.vit_b_16()';
    expect(
      await expectSameParameters(oracle(), () => new VisionTransformer(visionTransformerSizes.vitB16), python),
    ).toBe(86_567_656);
  });

  it('has the sizes of torchvision’s builders', async () => {
    const { sizes } = await oracle().run(
      `
      models = import_torchvision().models
      with torch.device('meta'):
          built = [getattr(models, name)() for name in ['vit_b_16', 'vit_b_32', 'vit_l_16', 'vit_l_32', 'vit_h_14']]
      blocks = [m.encoder.layers[0] for m in built]
      sizes = [
          [m.image_size, m.patch_size, len(m.encoder.layers), block.num_heads, m.hidden_dim, m.mlp_dim]
          for m, block in zip(built, blocks)
      ]
      `,
      { outputs: { sizes: 'value' } },
    );
    const ours = Object.values(visionTransformerSizes).map((size) => {
      // Without what makes the large ones gigabytes.
      const { imageSize } = new VisionTransformer({ ...size, numLayers: 1, numClasses: 2, hiddenDim: 48 }).options;
      const { patchSize, numLayers, numHeads, hiddenDim, mlpDim } = size;
      return [imageSize, patchSize, numLayers, numHeads, hiddenDim, mlpDim];
    });
    expect(ours).toEqual(sizes);
  });

  it('gives its encoder to the model for segmentation, position embedding resized as torchvision does', async () => {
    const from = new VisionTransformer({ ...tiny, imageSize: 12, mlpDim: 64 });
    const to = new VisionTransformerForSegmentation({
      ...{ imageSize: 20, patchSize: 4, embedSize: 16, numBlocks: 2, numHeads: 2 },
    });
    reuseEncoder(to, from);
    const { resized } = await oracle().run(
      `
      import_torchvision()
      from torchvision.models.vision_transformer import interpolate_embeddings
      resized = interpolate_embeddings(20, 4, {'encoder.pos_embedding': positions})['encoder.pos_embedding'][0, 1:]
      `,
      { inputs: { positions: parameter(from, 'encoder.pos_embedding') }, outputs: { resized: 'tensor' } },
    );
    expectSameBits(parameter(to, 'layers.1.position_embed'), resized);
  });
});

const parameter = (model: VisionTransformer | VisionTransformerForSegmentation, key: string): Tensor =>
  model.stateDict().get(key) as Tensor;

function sequence(module: nn.AnyModule): nn.Sequential {
  if (module instanceof nn.Sequential) return module;
  throw new Error(`no Sequential: ${module.constructor.name}`);
}

describe('reuseEncoder', () => {
  const sizes = { imageSize: 16, patchSize: 4, embedSize: 16, numBlocks: 3, numHeads: 2, dropout: 0 };

  it('copies what fits, and says what was not used and what is still fresh', () => {
    const from = new VisionTransformer({ ...tiny, mlpDim: 64 });
    const to = new VisionTransformerForSegmentation(sizes);
    const before = new Map([...to.stateDict()].map(([key, tensor]) => [key, tensor.clone()]));
    const { used, notUsed, fresh } = reuseEncoder(to, from);

    expect(notUsed.map(({ key }) => key)).toEqual([
      'class_token',
      'encoder.ln.weight',
      'encoder.ln.bias',
      'heads.head.weight',
      'heads.head.bias',
    ]);
    expect(used.length + notUsed.length).toBe(from.parameters().length);
    const unchanged = [...to.stateDict()].filter(([key, tensor]) => equal(tensor, before.get(key) as Tensor));
    expect(fresh.every((key) => unchanged.some(([other]) => other === key))).toBe(true);
    expect(fresh.filter((key) => !key.startsWith('layers.2.2.'))).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.3.projection.weight',
      'layers.3.projection.bias',
    ]);

    // The blocks compute what they did: on the classifier's tokens, without the class token's influence.
    const image = randn([2, 3, 16, 16]);
    const embedded = from.convProj.forward(image).flatten(2).transpose(1, 2);
    const positioned = embedded.add(parameter(from, 'encoder.pos_embedding').narrow(1, 1, 16));
    const [input, blocks] = [to.layers.at(1), to.layers.at(2)];
    noGrad(() => {
      const tokens = input.forward(image);
      expect(tokens.sub(positioned).abs().max().item()).toBeLessThan(1e-5);
      const twoBlocks = sequence(from.getSubmodule('encoder.layers')).forward(tokens);
      const ours = [...sequence(blocks)].slice(0, 2).reduce((x, block) => block.forward(x), tokens);
      // The layer norms' epsilon differs.
      expect(ours.sub(twoBlocks).abs().max().item()).toBeLessThan(1e-2);
    });
  });

  it.each([
    [
      { numHeads: 4 },
      {},
      'encoder.layers.encoder_layer_0.self_attention.out_proj.weight',
      '2 attention heads do not fit 4',
    ],
    [{ patchSize: 8 }, {}, 'conv_proj.weight', 'patches of 4 pixels do not fit those of 8'],
    [{ hybridStride: 2 }, {}, 'conv_proj.weight', 'patches of an image do not fit those of a stem'],
    [{ inChannels: 1 }, {}, 'conv_proj.weight', '3 colours do not fit 1'],
    [{ embedSize: 24 }, {}, 'encoder.pos_embedding', 'tokens of 16 do not fit tokens of 24'],
    [{}, { mlpDim: 24 }, 'encoder.layers.encoder_layer_1.mlp.3.weight', 'an MLP of 24 does not fit one of 64'],
    [{ numBlocks: 1 }, {}, 'encoder.layers.encoder_layer_1.ln_1.bias', 'has no place in the model for segmentation'],
  ] as const)('does not use what would not fit: %j, %j', (ours, theirs, key, reason) => {
    const from = new VisionTransformer({ ...tiny, mlpDim: 64, ...theirs });
    const to = new VisionTransformerForSegmentation({ ...sizes, ...ours });
    expect(reuseEncoder(to, from).notUsed).toContainEqual({ key, reason });
  });

  it('refuses other models', () => {
    const from = new VisionTransformer(tiny);
    expect(() => reuseEncoder(from as never, from)).toThrow(
      'expected a VisionTransformerForSegmentation for argument `to`',
    );
    const to = new VisionTransformerForSegmentation(sizes);
    expect(() => reuseEncoder(to, to as never)).toThrow('expected a VisionTransformer for argument `from`');
  });
});

it.each([
  [{ patchSize: 5 }, 'patches of 5 pixels do not divide an image of 16 pixels'],
  [{ numHeads: 3 }, '3 attention heads do not divide a hiddenDim of 16'],
  [{ dropout: -1 }, 'expected a probability between 0 and 1 for `dropout`, received -1'],
])('refuses %j before it draws anything', (options, sentence) => {
  const before = getRngState();
  expect(() => new VisionTransformer({ ...tiny, ...options })).toThrow(sentence);
  expectSameBits(getRngState(), before);
});

it('refuses images of another size', () => {
  expect(() => new VisionTransformer(tiny).forward(randn([2, 3, 16, 20]))).toThrow(
    'expected images [N, 3, 16, 16], received [2, 3, 16, 20]',
  );
});
