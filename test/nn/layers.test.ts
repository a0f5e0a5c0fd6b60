import * as nn from '../../lib/nn';
import { manualSeed, randint, randn, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { compareModule } from './compare-module';
import { Draws } from './draws';

beforeEach(() => manualSeed(11));

const py = (flag: boolean): string => (flag ? 'True' : 'False');

describeWithOracle('layers', (oracle) => {
  it('Linear', async () => {
    const draws = new Draws(1);
    for (let round = 0; round < 6; round++) {
      const [inputs, outputs, bias] = [draws.int(1, 70), draws.int(1, 70), draws.flag()];
      const leading = draws.pick([[], [draws.int(1, 9)], [draws.int(1, 4), draws.int(1, 20)]]);
      const x = randn([...leading, inputs]);
      await compareModule(oracle(), {
        make: () => new nn.Linear(inputs, outputs, bias),
        python: `torch.nn.Linear(${inputs}, ${outputs}, ${py(bias)})`,
        inputs: { x },
        forward: (module) => [module.forward(x)],
        pythonForward: '[module(x)]',
        differentiate: ['x'],
        seed: round,
      });
    }
  });

  it('LayerNorm', async () => {
    const draws = new Draws(2);
    for (let round = 0; round < 6; round++) {
      const shape = draws.pick([[draws.int(2, 64)], [draws.int(2, 6), draws.int(2, 9)]]);
      const [affine, bias] = [draws.flag(), draws.flag()];
      const x = randn([draws.int(1, 5), ...shape]);
      await compareModule(oracle(), {
        make: () => new nn.LayerNorm(shape, { eps: 1e-6, elementwiseAffine: affine, bias }),
        python: `torch.nn.LayerNorm(${JSON.stringify(shape)}, 1e-6, ${py(affine)}, ${py(bias)})`,
        inputs: { x },
        forward: (module) => [module.forward(x)],
        pythonForward: '[module(x)]',
        differentiate: ['x'],
      });
    }
  });

  it.each([
    ['BatchNorm1d', [6, 5]],
    ['BatchNorm1d', [3, 5, 7]],
    ['BatchNorm2d', [4, 3, 9, 8]],
    ['BatchNorm3d', [2, 3, 4, 5, 6]],
  ] as const)('%s of %j', async (name, shape) => {
    const variants: nn.BatchNormOptions[] = [
      {},
      { momentum: null },
      { affine: false },
      { trackRunningStats: false, eps: 1e-3 },
      { momentum: 0.3 },
    ];
    for (const options of variants) {
      const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
      const [x, second] = [randn([...shape]), randn([...shape])];
      await compareModule(oracle(), {
        make: () => new nn[name](shape[1], options),
        python: `torch.nn.${name}(${shape[1]}, ${eps}, ${momentum === null ? 'None' : momentum}, ${py(affine)}, ${py(trackRunningStats)})`,
        inputs: { x, second },
        // Two batches: the running statistics depend on their number.
        forward: (module) => [module.forward(x), module.forward(second)],
        pythonForward: '[module(x), module(second)]',
        differentiate: ['x'],
      });
    }
  });

  it('GELU, ReLU, Softmax, Flatten, Identity', async () => {
    const x = randn([3, 17, 5]);
    const modules: [() => nn.Module, string][] = [
      [() => new nn.GELU(), 'GELU()'],
      [() => new nn.GELU('tanh'), "GELU(approximate='tanh')"],
      [() => new nn.ReLU(), 'ReLU()'],
      [() => new nn.Softmax(1), 'Softmax(dim=1)'],
      [() => new nn.Softmax(-1), 'Softmax(dim=-1)'],
      [() => new nn.Flatten(), 'Flatten()'],
      [() => new nn.Flatten(0, 1), 'Flatten(0, 1)'],
      [() => new nn.Identity(), 'Identity()'],
    ];
    for (const [make, python] of modules) {
      x.grad = null;
      await compareModule(oracle(), {
        make,
        python: `torch.nn.${python}`,
        inputs: { x },
        forward: (module) => [module.forward(x)],
        pythonForward: '[module(x)]',
        differentiate: ['x'],
      });
    }
  });

  it('Dropout draws as in Python, and returns its input where there is nothing to do', async () => {
    for (const p of [0.2, 0.5, 0.9, 1]) {
      const x = randn([13, 40]);
      await compareModule(oracle(), {
        make: () => new nn.Dropout(p),
        python: `torch.nn.Dropout(float(${p}))`,
        inputs: { x },
        forward: (module) => [module.forward(x)],
        pythonForward: '[module(x)]',
        differentiate: ['x'],
      });
    }
    const x = randn([4]);
    expect(new nn.Dropout(0.5).eval().forward(x)).toBe(x);
    expect(new nn.Dropout(0).forward(x)).toBe(x);
    expect(() => new nn.Dropout(1.5)).toThrow('dropout probability has to be between 0 and 1, but got 1.5');
  });

  it('Unfold and Fold', async () => {
    const draws = new Draws(3);
    for (let round = 0; round < 6; round++) {
      const kernel = draws.int(1, 4);
      const [stride, padding, dilation] = [draws.int(1, 4), draws.int(0, 1), draws.int(1, 2)];
      const size: [number, number] = [kernel * 3 + draws.int(2, 6), kernel * 4 + draws.int(2, 6)];
      const x = randn([2, 3, ...size]);
      const options = { stride, padding, dilation };
      const python = `dilation=${dilation}, padding=${padding}, stride=${stride}`;
      const unfold = await compareModule(oracle(), {
        make: () => new nn.Unfold(kernel, options),
        python: `torch.nn.Unfold(${kernel}, ${python})`,
        inputs: { x },
        forward: (module) => [module.forward(x)],
        pythonForward: '[module(x)]',
        differentiate: ['x'],
      });
      const columns = unfold.forward(x).detach();
      await compareModule(oracle(), {
        make: () => new nn.Fold(size, kernel, options),
        python: `torch.nn.Fold((${size.join(', ')}), ${kernel}, ${python})`,
        inputs: { x: columns },
        forward: (module) => [module.forward(columns)],
        pythonForward: '[module(x)]',
        differentiate: ['x'],
      });
    }
  });

  it('CrossEntropyLoss with every option, classes and probabilities', async () => {
    const draws = new Draws(4);
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      for (let round = 0; round < 4; round++) {
        const classes = draws.int(2, 7);
        const spatial = draws.pick([[], [draws.int(1, 5)], [draws.int(1, 5), draws.int(1, 6)]]);
        const batch = draws.int(1, 6);
        const [weighted, smoothing] = [draws.flag(), draws.pick([0, 0.1])];
        const probabilities = draws.flag();
        const x = randn([batch, classes, ...spatial]);
        const target: Tensor = probabilities
          ? randn([batch, classes, ...spatial]).softmax(1)
          : randint(classes, [batch, ...spatial]);
        const weight = weighted ? randn([classes]).abs() : null;
        const ignoreIndex = probabilities ? -100 : 1;
        const ours = nn.functional.crossEntropy(x.requiresGrad_(), target, {
          weight,
          ignoreIndex,
          reduction,
          labelSmoothing: smoothing,
        });
        const module = new nn.CrossEntropyLoss({ weight, ignoreIndex, reduction, labelSmoothing: smoothing });
        const upstream = randn([...ours.shape]);
        ours.backward(upstream);
        const { y, grad, keys } = await oracle().run(
          `
          loss = torch.nn.CrossEntropyLoss(weight=weight, ignore_index=ignore, reduction=reduction, label_smoothing=smoothing)
          x.requires_grad_()
          y = loss(x, target)
          y.backward(upstream)
          grad, keys = x.grad, list(loss.state_dict())
          `,
          {
            inputs: { x, target, weight, ignore: ignoreIndex, reduction, smoothing, upstream },
            outputs: { y: 'tensor', grad: 'tensor', keys: 'strings' },
          },
        );
        expectSameBits(ours, y, 'crossEntropy');
        expectSameBits(module.forward(x, target), y, 'CrossEntropyLoss');
        expectSameBits(x.grad as Tensor, grad, 'gradient');
        expect([...module.stateDict().keys()]).toEqual(keys);
      }
    }
  });

  it('scaledDotProductAttention and oneHot', async () => {
    const [q, k, v] = [randn([2, 3, 5, 8]), randn([2, 3, 7, 8]), randn([2, 3, 7, 4])];
    const mask = randn([5, 7]);
    const labels = randint(4, [2, 3]);
    const { plain, masked, causal, hot } = await oracle().run(
      `
      F = torch.nn.functional
      plain = F.scaled_dot_product_attention(q, k, v)
      masked = F.scaled_dot_product_attention(q, k, v, mask)
      causal = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3)
      hot = F.one_hot(labels, 4)
      `,
      { inputs: { q, k, v, mask, labels }, outputs: ['plain', 'masked', 'causal', 'hot'] },
    );
    const attention = nn.functional.scaledDotProductAttention;
    expectSameBits(attention(q, k, v), plain);
    expectSameBits(attention(q, k, v, mask), masked);
    expectSameBits(attention(q, k, v, { isCausal: true, scale: 0.3 }), causal);
    expectSameBits(nn.functional.oneHot(labels, 4), hot);
  });
});

describe('arguments of layers', () => {
  it('refuses unknown options, and those that are given twice', () => {
    expect(() => new nn.Linear(2, 3, { bais: true } as never)).toThrow('received `bais`');
    const twice = [1e-5, { eps: 1e-6 }] as unknown as [number];
    expect(() => new nn.LayerNorm(2, ...twice)).toThrow('received `eps` twice');
    expect(() => new nn.Linear(-1, 3)).toThrow('`inFeatures`, received -1');
    expect(() => new nn.BatchNorm2d(3).forward(randn([2, 3]))).toThrow(
      'expected 4D input (got 2D input of shape [2, 3])',
    );
    expect(() => new nn.BatchNorm1d(3).forward(randn([1, 3]))).toThrow('Expected more than 1 value per channel');
  });
});
