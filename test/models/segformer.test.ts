import { autocast } from '../../lib/amp';
import { inferenceMode } from '../../lib/autograd';
import {
  countParameters,
  create,
  DropPath,
  SegFormer,
  segformerDefaults,
  type SegFormerArgs,
  type SegFormerOptions,
  type SegFormerVariant,
} from '../../lib/models';
import * as nn from '../../lib/nn';
import { Adam, AdamW } from '../../lib/optim';
import { getRngState, manualSeed, randint, randn, setDefaultDevice, type Tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';
import { expectNothingLeft } from './beside-python';

beforeEach(settle);

const small: SegFormerOptions = {
  hiddenSizes: [8, 16, 24, 32],
  numAttentionHeads: [1, 2, 3, 4],
  decoderHiddenSize: 20,
};

/** Python's model makes its parameters in another order than it saves them in. */
function expectSameEntries(actual: ReadonlyMap<string, Tensor>, expected: Record<string, Tensor>, label: string): void {
  expect([...actual.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [key, tensor] of actual) expectSameBits(tensor, expected[key] as Tensor, `${label}: ${key}`);
}

function copies(model: nn.Module): Map<string, Tensor> {
  return new Map([...model.stateDict()].map(([key, tensor]) => [key, tensor.clone()]));
}

/** Sizes of one to four stages that go together. */
function drawnOptions(draws: Draws): SegFormerOptions {
  const stages = draws.int(1, 4);
  const each = <T>(make: (stage: number) => T): T[] => Array.from({ length: stages }, (_, stage) => make(stage));
  const numAttentionHeads = each(() => draws.int(1, 4));
  return {
    inChannels: draws.int(1, 4),
    outChannels: draws.int(1, 5),
    numAttentionHeads,
    hiddenSizes: numAttentionHeads.map((heads) => heads * draws.int(2, 9)),
    depths: each(() => draws.int(1, 3)),
    srRatios: each((stage) => draws.pick(stage === 0 ? [1, 2, 4] : [1, 2])),
    patchSizes: each((stage) => draws.pick(stage === 0 ? [3, 4, 7] : [2, 3])),
    strides: each((stage) => draws.pick(stage === 0 ? [1, 2, 4] : [1, 2])),
    mlpRatios: each(() => draws.int(1, 4)),
    decoderHiddenSize: draws.int(3, 24),
    hiddenAct: draws.pick(['gelu', 'relu', 'silu'] as const),
    attnImplementation: draws.pick(['sdpa', 'eager'] as const),
    dropPathRate: draws.pick([0, 0.1, 0.5]),
    hiddenDropoutProb: draws.pick([0, 0.1]),
    attentionProbsDropoutProb: draws.pick([0, 0.2]),
    classifierDropoutProb: draws.pick([0, 0.1]),
  };
}

describeWithOracle('SegFormer', (oracle) => {
  it.each(Array.from({ length: 8 }, (_, round) => round))(
    'has the bits of Hugging Face: initial values, training, gradients, evaluation (sizes drawn with %d)',
    async (round) => {
      const draws = new Draws(round + 40);
      const options = drawnOptions(draws);
      manualSeed(round);
      const model = new SegFormer(options);
      const [initial, afterConstruction] = [copies(model), getRngState()];
      // Odd sizes too, which the strides do not divide, and large enough for the smallest stage.
      const [height, width] = [draws.int(40, 70), draws.int(40, 70)];
      const image = randn([draws.int(2, 3), model.args.inChannels, height, width], { requiresGrad: true });
      const before = getRngState();
      const output = model.forward(image);
      const afterForward = getRngState();
      const upstream = randn([...output.shape]);
      output.backward(upstream);
      const gradients = new Map(model.namedParameters().map(([name, { grad }]) => [name, grad as Tensor]));
      const trained = copies(model);
      model.eval();
      const evaluated = inferenceMode(() => [model.forward(image), model.forwardLogits(image)]);
      const expected = await oracle().run(
        `
        import segformer
        torch.manual_seed(seed)
        model = segformer.make(args).train()
        initial, after_construction = segformer.state(model), torch.get_rng_state()
        torch.set_rng_state(before)
        image.requires_grad_()
        output = segformer.scores(model, image)
        after_forward = torch.get_rng_state()
        output.backward(upstream)
        gradients, image_gradient = segformer.gradients(model), image.grad
        trained = segformer.state(model)
        model.eval()
        with torch.inference_mode():
            evaluated = [segformer.scores(model, image).clone(), model(pixel_values=image).logits.clone()]
        `,
        {
          inputs: { seed: round, args: python(model.args), image: image.detach(), before, upstream },
          outputs: {
            initial: 'tensorDict',
            after_construction: 'tensor',
            output: 'tensor',
            after_forward: 'tensor',
            gradients: 'tensorDict',
            image_gradient: 'tensor',
            trained: 'tensorDict',
            evaluated: 'tensors',
          },
        },
      );
      expectSameEntries(initial, expected.initial, 'initial');
      expectSameBits(afterConstruction, expected.after_construction, 'generator after construction');
      expectSameBits(output, expected.output, 'output');
      expectSameBits(afterForward, expected.after_forward, 'generator after forward');
      expectSameEntries(gradients, expected.gradients, 'gradient');
      expectSameBits(image.grad as Tensor, expected.image_gradient, 'gradient of the image');
      expectSameEntries(trained, expected.trained, 'after training');
      for (const [index, tensor] of evaluated.entries()) {
        expectSameBits(tensor, expected.evaluated[index] as Tensor, `evaluation ${index}`);
      }
    },
  );

  it.each<[string, SegFormerOptions, string]>([
    ['in float32', {}, 'float32'],
    [
      'in float32, step by step, with dropout everywhere',
      {
        attnImplementation: 'eager',
        hiddenDropoutProb: 0.1,
        attentionProbsDropoutProb: 0.1,
      },
      'float32',
    ],
    ['in bfloat16 by autocast', {}, 'bfloat16'],
    [
      'in bfloat16 by autocast, step by step',
      { attnImplementation: 'eager', attentionProbsDropoutProb: 0.1 },
      'bfloat16',
    ],
  ])('trains with the bits of Hugging Face for ten steps, %s', async (_, options, dtype) => {
    manualSeed(4);
    const images = Array.from({ length: 10 }, () => randn([2, 3, 48, 64]));
    const targets = images.map(() => randint(3, [2, 48, 64]));
    manualSeed(5);
    const model = new SegFormer({ ...small, dropPathRate: 0.3, ...options });
    const expected = await oracle().run(
      `
      import segformer
      torch.manual_seed(5)
      model = segformer.make(args).train()
      optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
      losses = []
      for image, target in zip(images, targets):
          optimizer.zero_grad()
          with torch.autocast('cpu', torch.bfloat16, enabled=dtype == 'bfloat16'):
              loss = model(pixel_values=image, labels=target).loss
          loss.backward()
          optimizer.step()
          losses.append(loss.detach())
      state, rng = segformer.state(model), torch.get_rng_state()
      `,
      {
        inputs: { args: python(model.args), images, targets, dtype },
        outputs: { losses: 'tensors', state: 'tensorDict', rng: 'tensor' },
      },
    );
    const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
    const lossOf = new nn.CrossEntropyLoss({ ignoreIndex: 255 });
    for (const [step, image] of images.entries()) {
      optimizer.zeroGrad();
      const loss = autocast('cpu', { dtype: 'bfloat16', enabled: dtype === 'bfloat16' }, () =>
        lossOf.forward(model.forward(image), targets[step] as Tensor),
      );
      loss.backward();
      optimizer.step();
      expectSameBits(loss.detach(), expected.losses[step] as Tensor, `loss of step ${step}`);
    }
    expectSameEntries(model.stateDict(), expected.state, 'trained');
    expectSameBits(getRngState(), expected.rng, 'generator');
  });

  it.each<[SegFormerVariant, number]>([
    ['b0', 3_714_915],
    ['b1', 13_678_019],
    ['b2', 27_348_931],
    ['b3', 47_224_771],
    ['b4', 63_995_331],
    ['b5', 84_595_651],
  ])('has the keys and shapes of Hugging Face as %s', async (variant, parameters) => {
    const model = onMeta(() => create(`segformer-${variant}`));
    const { shapes, count } = await oracle().run(
      `
      import segformer
      with torch.device('meta'):
          model = segformer.make(args)
      shapes = {key: list(tensor.shape) for key, tensor in segformer.by_key(model, model.state_dict()).items()}
      count = sum(p.numel() for p in model.parameters())
      `,
      { inputs: { args: python(segformerDefaults(variant)) }, outputs: { shapes: 'value', count: 'number' } },
    );
    expect(countParameters(model)).toBe(parameters);
    expect(count).toBe(parameters);
    expect(Object.fromEntries([...model.stateDict()].map(([key, { shape }]) => [key, [...shape]]))).toEqual(shapes);
  });

  it.each<[SegFormerVariant, number]>([
    ['b0', 128],
    ['b2', 64],
  ])('has the bits of Hugging Face as %s in full, from one seed', async (variant, side) => {
    manualSeed(11);
    const model = create(`segformer-${variant}`);
    const image = randn([2, 3, side, side], { requiresGrad: true });
    const expected = await oracle().run(
      `
      import segformer
      torch.manual_seed(11)
      model = segformer.make(args).train()
      image = torch.randn(2, 3, side, side, requires_grad=True)
      output = segformer.scores(model, image)
      output.square().mean().backward()
      gradient = image.grad
      optimizer = torch.optim.AdamW(model.parameters(), lr=6e-5)
      optimizer.step()
      model.eval()
      with torch.inference_mode():
          trained = segformer.scores(model, image).clone()
      `,
      { inputs: { args: python(segformerDefaults(variant)), side }, outputs: ['output', 'gradient', 'trained'] },
    );
    const output = model.forward(image);
    expectSameBits(output, expected.output, 'output');
    output.square().mean().backward();
    expectSameBits(image.grad as Tensor, expected.gradient, 'gradient');
    new AdamW(model.parameters(), { lr: 6e-5 }).step();
    const trained = inferenceMode(() => model.eval().forward(image));
    expectSameBits(trained, expected.trained, 'after a step');
  });

  it('drops paths as Hugging Face does', async () => {
    manualSeed(9);
    const x = randn([7, 3, 2], { requiresGrad: true });
    for (const p of [0, 0.1, 0.75]) {
      const layer = new DropPath(p);
      const state = getRngState();
      const y = layer.forward(x);
      const after = getRngState();
      const expected = await oracle().run(
        `
        import segformer
        from transformers.models.segformer.modeling_segformer import SegformerDropPath
        layer = SegformerDropPath(float(p))
        torch.set_rng_state(state)
        y, after = layer(x), torch.get_rng_state()
        `,
        { inputs: { x: x.detach(), p, state }, outputs: ['y', 'after'] },
      );
      expectSameBits(y, expected.y, `p=${p}`);
      expectSameBits(after, expected.after, `generator, p=${p}`);
      expect(layer.eval().forward(x)).toBe(x);
    }
  });
});

describe('SegFormer', () => {
  it('has the keys in the order of their modules, 208 for b0', () => {
    const keys = [
      ...onMeta(() => new SegFormer({ outChannels: 150 }))
        .stateDict()
        .keys(),
    ];
    expect(keys.length).toBe(208);
    expect(keys[0]).toBe('segformer.encoder.patch_embeddings.0.proj.weight');
    expect(keys.at(-1)).toBe('decode_head.classifier.bias');
    expect(countParameters(onMeta(() => new SegFormer({ outChannels: 150 })))).toBe(3_752_694);
  });

  it('has in its journey the shapes that its parts return', () => {
    const model = new SegFormer({ ...small, patchSizes: [7, 3, 2, 3], strides: [4, 2, 1, 2], outChannels: 5 }).eval();
    const shapes: (readonly number[])[] = [];
    for (const [path, module] of model.namedModules()) {
      if (!/patch_embeddings\.\d$|^segformer$|linear_fuse$|activation$|classifier$/.test(path)) continue;
      module.registerForwardPreHook((_, inputs) => {
        if (path.endsWith('linear_fuse')) shapes.push((inputs[0] as Tensor).shape);
      });
      module.registerForwardHook((_, __, output) => {
        if (path.endsWith('linear_fuse')) return;
        const list = Array.isArray(output) ? (output as unknown[]) : [output];
        const tensors = path === 'segformer' ? list : list.slice(0, 1);
        shapes.push(...tensors.map((tensor) => (tensor as Tensor).shape));
      });
    }
    const output = inferenceMode(() => model.forward(randn([2, 3, 90, 90])));
    const journey = model.journey(2, 90).map(({ shape }) => shape);
    const [patches, features] = [
      journey.slice(1, 9).filter((_, i) => i % 2 === 0),
      journey.slice(1, 9).filter((_, i) => i % 2 === 1),
    ];
    expect(shapes).toEqual([...patches, ...features, ...journey.slice(9, 12)]);
    expect(journey.at(-1)).toEqual(output.shape);
    expect(journey[0]).toEqual([2, 3, 90, 90]);
  });

  it.each<[SegFormerOptions, string]>([
    [{ variant: 'b6' as 'b5' }, "expected one of b0, b1, b2, b3, b4, b5 for `variant`, received 'b6'"],
    [{ variant: 'toString' as 'b5' }, 'for `variant`'],
    [{ outChannels: 0 }, 'expected a whole number of at least 1 for `outChannels`, received 0'],
    [
      { depths: [1, 2] },
      'expected a number for each of 4 stages (as many as `hiddenSizes`) for `depths`, received [1, 2]',
    ],
    [{ depths: [1, 2, 3, 0.5] }, 'expected a list of whole numbers of at least 1 for `depths`'],
    [{ hiddenSizes: 32 as never }, 'for `hiddenSizes`, received 32'],
    [{ hiddenSizes: [] }, 'for `hiddenSizes`'],
    [{ numAttentionHeads: [1, 3, 5, 8] }, '3 attention heads do not divide the 64 numbers of a token in stage 1'],
    [{ mlpRatios: [4, 4, 0, 4] }, 'expected a list of whole numbers of at least 1 for `mlpRatios`'],
    [{ dropPathRate: 1 }, 'expected a probability from 0 to below 1 for `dropPathRate`, received 1'],
    [{ classifierDropoutProb: 1.5 }, 'for `classifierDropoutProb`, received 1.5'],
    [{ hiddenAct: 'tanh' as 'gelu' }, "expected one of gelu, relu, silu for `hiddenAct`, received 'tanh'"],
    [{ numLabels: 3 } as SegFormerOptions, 'received `numLabels`'],
  ])('refuses %j before it draws anything', (options, sentence) => {
    const before = getRngState();
    expect(() => new SegFormer(options)).toThrow(sentence);
    expectSameBits(getRngState(), before);
  });

  it('refuses what is no image of its channels', () => {
    const model = new SegFormer(small);
    expect(() => model.forward(randn([3, 32, 32]))).toThrow(
      'expected [N, 3, H, W] for argument `image`, received [3, 32, 32]',
    );
    expect(() => model.forward(randn([1, 4, 32, 32]))).toThrow('received [1, 4, 32, 32]');
    expect(() => model.forward(randn([1, 3, 64, 28]))).toThrow(
      'the image is too small: a stage has 16 x 7 places left of it, and attends to it shrunken 8 times',
    );
    expect(() => model.forward(3 as never)).toThrow('expected a Tensor for argument `image`, received 3');
  });

  it('leaves nothing behind after a training step in a scope', () => {
    const model = new SegFormer(small);
    expectNothingLeft(model, randn([2, 3, 32, 32]));
  });
});

describe('DropPath', () => {
  it.each([[1], [-0.1], [NaN], ['0.1' as never]])('refuses %p as its probability', (p) => {
    expect(() => new DropPath(p)).toThrow('expected a probability from 0 to below 1 for argument `dropProb`');
  });
});

/** Lists as JSON has them: the oracle takes no readonly ones. */
function python(args: Readonly<SegFormerArgs>): Record<string, number | string | number[]> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, Array.isArray(value) ? [...(value as number[])] : value]),
  ) as Record<string, number | string | number[]>;
}

/** Makes a module without memory for its parameters. */
function onMeta<M>(make: () => M): M {
  setDefaultDevice('meta');
  try {
    return make();
  } finally {
    setDefaultDevice(null);
  }
}
