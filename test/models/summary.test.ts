import {
  attentionMacs,
  create,
  type CountsMacs,
  type ModelSummary,
  SegFormer,
  SegNet,
  SegNetDsc,
  summary,
  UNet,
  VisionTransformer,
  VisionTransformerForSegmentation,
} from '../../lib/models';
import * as nn from '../../lib/nn';
import { equal, getRngState, isGradEnabled, isInferenceModeEnabled, randn, type Tensor } from '../../lib';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits, type Oracle } from '../oracle/oracle';
import { settle } from '../support/settle';
import { pythonArguments, pythonTwin } from './beside-python';

beforeEach(settle);

/** Multiply-accumulates of a forward pass by PyTorch's own counter, in all and by module. */
async function countInPython(
  oracle: Oracle,
  python: string,
  shape: readonly number[],
  call = 'model(x)',
): Promise<{ total: number; byModule: Record<string, number> }> {
  const { total, names, counts } = await oracle.run(
    `
    from torch.utils.flop_counter import FlopCounterMode
    model = ${python}
    x = torch.randn(shape)
    # The CPU's fused kernel is none that the counter knows; this one multiplies matrices.
    from torch.nn.attention import SDPBackend, sdpa_kernel
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        ${call}
    total = counter.get_total_flops() / 2
    flops = {name: sum(each.values()) / 2 for name, each in counter.get_flop_counts().items()}
    prefix = type(model).__name__ + '.'
    flops = {name.removeprefix(prefix): n for name, n in flops.items() if name.startswith(prefix)}
    names, counts = list(flops.keys()), list(flops.values())
    `,
    { inputs: { shape: [...shape] }, outputs: { total: 'number', names: 'strings', counts: 'numbers' } },
  );
  return { total, byModule: Object.fromEntries(names.map((name, index) => [name, counts[index] ?? 0])) };
}

function macsByModule({ layers }: ModelSummary): Record<string, number> {
  return Object.fromEntries(layers.filter(({ path, macs }) => path !== '' && macs > 0).map((l) => [l.path, l.macs]));
}

describeWithOracle('multiply-accumulates', (oracle) => {
  const vit = { imageSize: 24, patchSize: 8, embedSize: 24, numBlocks: 2, numHeads: 3 };
  const classifier = {
    imageSize: 12,
    patchSize: 4,
    numLayers: 2,
    numHeads: 3,
    hiddenDim: 12,
    mlpDim: 20,
    numClasses: 7,
  };
  const models: [label: string, make: () => nn.Module, python: string, shape: number[]][] = [
    [
      'the Vision Transformer',
      () => new VisionTransformerForSegmentation(vit),
      pythonTwin('vit', 'VisionTransformerForSegmentation', vit),
      [2, 3, 24, 24],
    ],
    [
      'the Vision Transformer with head and stem',
      () => new VisionTransformerForSegmentation({ ...vit, head: 'mlp', hybridStride: 4 }),
      pythonTwin('vit', 'VisionTransformerForSegmentation', { ...vit, head: 'mlp', hybridStride: 4 }),
      [3, 3, 24, 24],
    ],
    ['SegNet', () => new SegNet({ width: 3 }), pythonTwin('segnet', 'SegNet', { width: 3 }), [2, 3, 20, 33]],
    ['SegNet-DSC', () => new SegNetDsc({ width: 3 }), pythonTwin('segnet', 'SegNetDsc', { width: 3 }), [1, 3, 32, 16]],
    ['U-Net', () => new UNet({ width: 3 }), pythonTwin('unet', 'UNet', { width: 3 }), [2, 3, 40, 37]],
    [
      'U-Net, small',
      () => new UNet({ width: 2, depth: 2, stemStride: 2, upsample: 'bilinear' }),
      pythonTwin('unet', 'UNet', { width: 2, depth: 2, stemStride: 2, upsample: 'bilinear' }),
      [2, 3, 40, 36],
    ],
    [
      'the classifier',
      () => new VisionTransformer(classifier),
      `import_torchvision().models.VisionTransformer(${pythonArguments(classifier)})`,
      [2, 3, 12, 12],
    ],
  ];

  it.each(models)('of %s are those of PyTorch, module by module', async (_, make, python, shape) => {
    const ours = summary(make(), shape);
    const theirs = await countInPython(oracle(), python, shape);
    expect(ours.macs).toBe(theirs.total);
    const { byModule } = theirs;
    // Attention computes with its projection, but does not call it.
    expect(macsByModule(ours)).toEqual(Object.fromEntries(Object.entries(byModule).filter(([, macs]) => macs > 0)));
  });

  it.each(['sdpa', 'eager'] as const)(
    'of SegFormer with %s attention are those of PyTorch',
    async (attnImplementation) => {
      const model = new SegFormer({ variant: 'b0', attnImplementation });
      const python = `__import__('segformer').make(${JSON.stringify(model.args)})`;
      const shape = [2, 3, 64, 96];
      expect(summary(model, shape).macs).toBe((await countInPython(oracle(), python, shape)).total);
    },
  );

  it('of layers of all kinds are those of PyTorch', async () => {
    const draws = new Draws(3);
    for (let round = 0; round < 12; round++) {
      const [dims, groups] = [draws.int(1, 3), draws.int(1, 2)];
      const [inside, outside, kernel, stride] = [
        groups * draws.int(1, 3),
        groups * draws.int(1, 3),
        draws.int(1, 3),
        draws.int(1, 2),
      ];
      const shape = [draws.int(1, 3), inside, ...Array.from({ length: dims }, () => draws.int(6, 9))];
      const options = { stride, padding: 1, dilation: draws.int(1, 2), groups, bias: draws.flag() };
      const kind = `Conv${draws.flag() ? 'Transpose' : ''}${dims}d` as 'Conv2d';
      const layer = new nn[kind](inside, outside, kernel, options);
      const python = `torch.nn.Sequential(torch.nn.${kind}(${inside}, ${outside}, ${kernel}, stride=${stride}, padding=1, dilation=${options.dilation}, groups=${groups}))`;
      expect([kind, summary(layer, shape).macs]).toEqual([kind, (await countInPython(oracle(), python, shape)).total]);
    }
    const linear = await countInPython(oracle(), 'torch.nn.Linear(5, 3)', [2, 4, 7, 5]);
    expect(summary(new nn.Linear(5, 3), [2, 4, 7, 5]).macs).toBe(linear.total);
  });

  it.each([
    [{}, [4, 2, 8], 'model(x, x, x, need_weights=False)'],
    [{ batchFirst: true }, [4, 3, 8], 'model(x, x, x)'],
    [{ batchFirst: true, addBiasKv: true, addZeroAttn: true }, [4, 3, 8], 'model(x, x, x)'],
    [{ kdim: 3, vdim: 5, batchFirst: true }, [4, 3, 8], 'model(x, x[:, :2, :3], x[:, :2, :5])'],
    [{}, [6, 8], 'model(x, x[:2], x[:2])'],
  ])('of attention are those of PyTorch: %j', async (options, shape, call) => {
    class Attending extends nn.Module {
      readonly attention = new nn.MultiheadAttention(8, 2, options);

      forward(x: Tensor): Tensor {
        const few = x.narrow(x.ndim - 2, 0, 2);
        const others = call.includes(':2')
          ? [few.narrow(-1, 0, this.attention.kdim), few.narrow(-1, 0, this.attention.vdim)]
          : [x, x];
        return this.attention.forward(x, others[0] as Tensor, others[1] as Tensor)[0];
      }
    }
    const named = Object.entries(options).map(
      ([option, value]) =>
        `${option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}=${value === true ? 'True' : Number(value)}`,
    );
    const python = `torch.nn.MultiheadAttention(8, 2${named.map((text) => `, ${text}`).join('')})`;
    const theirs = await countInPython(oracle(), python, shape, call);
    expect(summary(new Attending(), shape).macs).toBe(theirs.total);
  });

  it('of scaled dot product attention are what a module says by attentionMacs', async () => {
    class Own extends nn.Module implements CountsMacs {
      multiplyAccumulates([x]: readonly [Tensor]): number {
        const [batch = 0, heads = 0, queries = 0, keySize = 0] = x.shape;
        return attentionMacs({ batch: batch * heads, queries, keys: 3, keySize, valueSize: 2 });
      }

      forward(x: Tensor): Tensor {
        const keys = x.narrow(2, 0, 3);
        return nn.functional.scaledDotProductAttention(x, keys, keys.narrow(3, 0, 2));
      }
    }
    const call = 'torch.matmul(torch.matmul(x, x[:, :, :3].transpose(2, 3)).softmax(-1), x[:, :, :3, :2])';
    const theirs = await countInPython(oracle(), 'torch.nn.Identity()', [2, 3, 5, 4], call);
    expect(summary(new Own(), [2, 3, 5, 4]).macs).toBe(theirs.total);
  });
});

describe('summary', () => {
  it('leaves weights, buffers, modes, gradients and generators as they were', () => {
    const model = create('segnet', { width: 2 });
    model.train();
    model.getSubmodule('dc1').eval();
    const dropping = new nn.Sequential(model, new nn.Dropout(0.5));
    const state = new Map([...dropping.stateDict()].map(([key, tensor]) => [key, tensor.clone()]));
    const modes = dropping.modules().map(({ training }) => training);
    const generator = getRngState();
    summary(dropping, [1, 3, 16, 16]);
    expect(() => summary(dropping, [1, 4, 16, 16])).toThrow(/channels|4/);
    expect(dropping.modules().map(({ training }) => training)).toEqual(modes);
    expect(modes).toContain(false);
    expectSameBits(getRngState(), generator);
    for (const [key, tensor] of dropping.stateDict())
      expect([key, equal(tensor, state.get(key) as Tensor)]).toEqual([key, true]);
    expect(dropping.parameters().every(({ grad }) => grad === null)).toBe(true);
    expect(dropping.modules().some(({ hasForwardHooks }) => hasForwardHooks)).toBe(false);
    expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([true, false]);
  });

  it('counts shared modules and parameters once, and their calls each time', () => {
    class Twice extends nn.Module {
      readonly first = new nn.Linear(4, 4, { bias: false });
      readonly again = this.first;
      readonly frozen = new nn.Linear(4, 2).requiresGrad_(false);
      readonly unused = new nn.Linear(3, 3);

      forward(x: Tensor): Tensor {
        return this.frozen.forward(this.again.forward(this.first.forward(x)));
      }
    }
    const found = summary(new Twice(), [5, 4]);
    expect(found).toMatchObject({
      model: 'Twice',
      inputShape: [5, 4],
      outputShape: [5, 2],
      parameters: 16 + 10 + 12,
      trainableParameters: 16 + 12,
      buffers: 0,
      macs: 2 * 5 * 16 + 5 * 8,
    });
    expect(found.layers.map(({ path, calls, macs, outputShape }) => [path, calls, macs, outputShape])).toEqual([
      ['', 1, 200, [5, 2]],
      ['first', 2, 160, [5, 4]],
      ['frozen', 1, 40, [5, 2]],
      ['unused', 0, 0, null],
    ]);
  });

  it('prints a table to the depth that is asked for', () => {
    const block = new nn.Sequential(new nn.Conv2d(3, 1000, 3, { padding: 1 }), new nn.BatchNorm2d(1000));
    const model = new nn.Sequential({ block, head: new nn.Conv2d(1000, 2, 1, { bias: false }).requiresGrad_(false) });
    expect(String(summary(model, [2, 3, 8, 8]))).toBe(
      [
        'Sequential: [2, 3, 8, 8] to [2, 2, 8, 8]',
        '',
        'layer  module       output shape     parameters       MACs',
        'block  Sequential   [2, 1000, 8, 8]      30,000  3,456,000',
        '  0    Conv2d       [2, 1000, 8, 8]      28,000  3,456,000',
        '  1    BatchNorm2d  [2, 1000, 8, 8]       2,000          -',
        'head   Conv2d       [2, 2, 8, 8]          2,000    256,000',
        '',
        'parameters  32,000, of which 2,000 are not trained',
        'buffers     2,001',
        'MACs        3,712,000',
      ].join('\n'),
    );
    expect(String(summary(model, [2, 3, 8, 8], { depth: 1 }))).not.toContain('BatchNorm2d');
  });

  it('computes where and in what the model does', () => {
    const model = new nn.Linear(2, 3).to('float64');
    expect(summary(model, [4, 2]).outputShape).toEqual([4, 3]);
  });

  const refused: [args: unknown[], sentence: string][] = [
    [[new nn.LazyLinear(3), [1, 2]], 'the lazy `weight` has seen no input yet'],
    [[randn([2]), [1, 2]], 'expected a Module for argument `model`, received Tensor[2] float32'],
    [[new nn.Identity(), 3], 'expected a list for argument `inputShape`, received 3'],
    [[new nn.Identity(), [1, 0]], 'expected sizes of at least 1'],
    [[new nn.Identity(), []], 'expected sizes of at least 1'],
    [[new nn.Identity(), [1], { depht: 1 }], 'unknown option `depht`'],
    [[new nn.Identity(), [1], { depth: 0 }], 'an integer from 1'],
  ];
  it.each(refused)('refuses what it cannot use: %#', (args, sentence) => {
    expect(() => summary(...(args as Parameters<typeof summary>))).toThrow(sentence);
  });
});
