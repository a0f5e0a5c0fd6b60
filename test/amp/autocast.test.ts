import { join } from 'node:path';

import * as torch from '../../lib';
import { autocast, autocastAsync, computeAsync, nn, type Tensor } from '../../lib';
import { VisionTransformerForSegmentation } from '../../lib/models';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const oracleFolder = join(__dirname, '..', 'oracle');
const config = { imageSize: 16, patchSize: 4, embedSize: 16, numBlocks: 2, numHeads: 2, dropout: 0.2 };
const STEPS = 5;

/** Losses and parameters of a few steps under autocast, run by `run`, which may be the compute thread. */
async function train(
  dtype: torch.DType,
  run: (step: () => Tensor) => Promise<Tensor> | Tensor,
): Promise<{ losses: Tensor[]; model: nn.Module }> {
  torch.manualSeed(3);
  const model = new VisionTransformerForSegmentation(config);
  const optimizer = new torch.optim.AdamW(model.parameters(), 1e-3);
  const criterion = new nn.CrossEntropyLoss();
  const losses: Tensor[] = [];
  for (let step = 0; step < STEPS; step++) {
    const images = torch.rand([3, 3, 16, 16]);
    const truth = torch.randint(3, [3, 16, 16]);
    optimizer.zeroGrad();
    const loss = await run(() => criterion.forward(model.forward(images), truth));
    loss.backward();
    optimizer.step();
    losses.push(loss.detach());
  }
  return { losses, model };
}

describeWithOracle('autocast', (oracle) => {
  it.each(['bfloat16', 'float16'] as const)(
    'trains a transformer in %s with the bits of PyTorch, on either thread',
    async (dtype) => {
      const here = await train(dtype, (step) => autocast('cpu', { dtype }, step));
      const there = await train(dtype, (step) => autocastAsync('cpu', { dtype }, () => computeAsync(step)));
      const expected = await oracle().run(
        `
        import sys
        sys.path.insert(0, folder)
        from vit import VisionTransformerForSegmentation
        torch.manual_seed(3)
        model = VisionTransformerForSegmentation(image_size=16, patch_size=4, embed_size=16, num_blocks=2, num_heads=2, dropout=0.2)
        optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
        criterion = torch.nn.CrossEntropyLoss()
        losses = []
        for step in range(steps):
            images = torch.rand(3, 3, 16, 16)
            truth = torch.randint(3, (3, 16, 16))
            optimizer.zero_grad()
            with torch.autocast('cpu', dtype=getattr(torch, dtype)):
                loss = criterion(model(images), truth)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        state = model.state_dict()
        `,
        {
          inputs: { folder: oracleFolder, steps: STEPS, dtype },
          outputs: { losses: 'tensors', state: 'tensorDict' },
        },
      );
      for (const { losses, model } of [here, there]) {
        for (const [step, loss] of losses.entries())
          expectSameBits(loss, expected.losses[step] as Tensor, `loss ${step}`);
        for (const [name, tensor] of model.stateDict()) {
          expectSameBits(tensor, expected.state[name] as Tensor, name);
        }
      }
    },
    120_000,
  );

  /** What is called, here and in Python, on x and w of float32, h of bfloat16, d of float64 and image of float32. */
  const calls: [call: (t: Record<'x' | 'w' | 'h' | 'd' | 'image', Tensor>) => Tensor, python: string][] = [
    [({ x, w }) => x.matmul(w), 'x @ w'],
    [({ x, h }) => x.matmul(h), 'x @ h'],
    [({ d }) => d.matmul(d.t()), 'd @ d.t()'],
    [({ x, h }) => torch.cat([x, h.t()]), 'torch.cat([x, h.t()])'],
    [({ h }) => torch.stack([h, h]), 'torch.stack([h, h])'],
    [({ h }) => h.prod(), 'h.prod()'],
    [({ h }) => nn.functional.mseLoss(h, torch.zerosLike(h)), 'F.mse_loss(h, torch.zeros_like(h))'],
    [({ x, h }) => x.narrow(0, 0, 1).add(h.t()), 'x[:1] + h.t()'],
    [({ h }) => h.softmax(-1), 'h.softmax(-1)'],
    [({ h }) => nn.functional.layerNorm(h, [4]), 'F.layer_norm(h, [4])'],
    [({ x, w }) => torch.einsum('ij,jk->ik', x, w), "torch.einsum('ij,jk->ik', x, w)"],
    [({ image }) => nn.functional.avgPool2d(image, 2), 'F.avg_pool2d(image, 2)'],
    [({ image, w }) => image.matmul(w.narrow(0, 0, 4)), 'image @ w.narrow(0, 0, 4)'],
    [({ image }) => nn.functional.interpolate(image, { scaleFactor: 2 }), 'F.interpolate(image, scale_factor=2)'],
    [({ x, w }) => torch.cdist(x, w.t()), 'torch.cdist(x, w.t())'],
    [
      ({ image }) => nn.functional.scaledDotProductAttention(image, image, image),
      'F.scaled_dot_product_attention(image, image, image)',
    ],
  ];

  it('casts what PyTorch casts, also inside of computeAsync, where the dtype is known at once', async () => {
    const inputs = {
      x: torch.randn([3, 6]),
      w: torch.randn([6, 4]),
      h: torch.randn([6, 4]).to('bfloat16'),
      d: torch.randn([3, 6], { dtype: 'float64' }),
      image: torch.randn([2, 3, 4, 4]),
    };
    const outputs = await oracle().run(
      `
      F = torch.nn.functional
      results = []
      with torch.autocast('cpu'):
          ${calls.map(([, python]) => `results.append(${python})`).join('\n          ')}
      `,
      { inputs, outputs: { results: 'tensors' } },
    );
    for (const [index, [call, python]] of calls.entries()) {
      const expected = outputs.results[index] as Tensor;
      expectSameBits(
        autocast('cpu', () => call(inputs)),
        expected,
        python,
      );
      let told: readonly [torch.DType, readonly number[]] | null = null;
      const later = await autocastAsync('cpu', () =>
        computeAsync(() => {
          const result = call(inputs);
          told = [result.dtype, [...result.shape]];
          return result;
        }),
      );
      expect([python, told]).toEqual([python, [expected.dtype, [...expected.shape]]]);
      expectSameBits(later, expected, `${python} on the compute thread`);
    }
  });
});

describe('autocast', () => {
  const x = torch.ones([2, 2]);
  const product = (): torch.DType => x.matmul(x).dtype;

  it('nests, can be off inside, and leaves the state as it was, after an error too', () => {
    const state = (): unknown[] => [torch.isAutocastEnabled('cpu'), torch.getAutocastDtype('cpu')];
    const before = state();
    const seen = autocast('cpu', () => [
      product(),
      autocast('cpu', { enabled: false }, product),
      autocast('cpu', { dtype: 'float16' }, product),
      product(),
    ]);
    expect(seen).toEqual(['bfloat16', 'float32', 'float16', 'bfloat16']);
    expect(() =>
      autocast('cpu', { dtype: 'float16' }, () => {
        throw new RangeError('on purpose');
      }),
    ).toThrow(RangeError);
    expect(state()).toEqual(before);
    expect(product()).toBe('float32');
  });

  it('keeps casts of parameters only until it ends', () => {
    const weight = torch.ones([2, 2], { requiresGrad: true });
    const first = autocast('cpu', () => x.matmul(weight).sum().item());
    torch.noGrad(() => weight.add_(1));
    expect(autocast('cpu', () => x.matmul(weight).sum().item())).toBe(2 * first);
  });

  it('keeps no cast of parameters from one computeAsync to the next', async () => {
    const weight = torch.ones([2, 2], { requiresGrad: true });
    const run = (): Promise<Tensor> => autocastAsync('cpu', () => computeAsync(() => x.matmul(weight).sum()));
    const first = (await run()).item();
    torch.noGrad(() => weight.add_(1));
    expect((await run()).item()).toBe(2 * first);
  });

  it('refuses what it cannot do', () => {
    expect(() => autocast('cpu', () => Promise.resolve(1))).toThrow(/autocastAsync/);
    expect(() => autocast('toaster' as 'cpu', () => 1)).toThrow(torch.ArgumentError);
    expect(() => autocast('cpu', { dtyp: 'float16' } as object, () => 1)).toThrow(/dtyp/);
    expect(() => autocast('cpu', { dtype: 'float33' as 'float16' }, () => 1)).toThrow(torch.ArgumentError);
  });
});
