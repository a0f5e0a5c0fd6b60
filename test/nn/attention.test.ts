import * as nn from '../../lib/nn';
import { inferenceMode, noGrad } from '../../lib/autograd';
import { manualSeed, randn, tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { compareModule } from './compare-module';
import { Draws } from './draws';

beforeEach(() => manualSeed(5));

const py = (value: boolean | number | null): string =>
  value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : String(value);

/** A mask of `true` and `false` that leaves every row something to see. */
function boolMask(draws: Draws, shape: readonly [number, ...number[]]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const columns = shape[shape.length - 1] as number;
  const flags = Array.from({ length: count }, (_, index) => index % columns !== 0 && draws.next() < 0.3);
  return tensor(flags).reshape([...shape]);
}

describeWithOracle('MultiheadAttention', (oracle) => {
  it('self attention: heads odd and even, with and without weights, dropout, masks', async () => {
    const draws = new Draws(10);
    for (let round = 0; round < 14; round++) {
      const heads = draws.int(1, 6);
      const embed = heads * draws.int(1, 9);
      const [batch, length] = [draws.int(1, 4), draws.int(1, 9)];
      const [batchFirst, bias, needWeights, average] = [
        draws.next() < 0.7,
        draws.next() < 0.8,
        draws.flag(),
        draws.flag(),
      ];
      const dropout = draws.pick([0, 0.2]);
      const [addBiasKv, addZeroAttn] = [draws.next() < 0.2, draws.next() < 0.2];
      const x = randn(batchFirst ? [batch, length, embed] : [length, batch, embed]);
      const attnMask = draws.pick([
        null,
        boolMask(draws, [length, length]),
        randn([length, length]),
        boolMask(draws, [batch * heads, length, length]),
      ]);
      // Python warns about masks of different kinds; each kind by itself is enough here.
      const keyPaddingMask = draws.pick([
        null,
        attnMask?.dtype === 'float32' ? randn([batch, length]) : boolMask(draws, [batch, length]),
      ]);
      await compareModule(oracle(), {
        make: () => new nn.MultiheadAttention(embed, heads, { dropout, bias, addBiasKv, addZeroAttn, batchFirst }),
        python: `torch.nn.MultiheadAttention(${embed}, ${heads}, dropout=${dropout}, bias=${py(bias)}, add_bias_kv=${py(addBiasKv)}, add_zero_attn=${py(addZeroAttn)}, batch_first=${py(batchFirst)})`,
        inputs: { x, attn_mask: attnMask, padding: keyPaddingMask },
        forward: (module) =>
          module
            .forward(x, x, x, { keyPaddingMask, needWeights, attnMask, averageAttnWeights: average })
            .filter((output) => output !== null),
        pythonForward: `module(x, x, x, key_padding_mask=padding, need_weights=${py(needWeights)}, attn_mask=attn_mask, average_attn_weights=${py(average)})`,
        differentiate: ['x'],
        seed: round,
      });
    }
  });

  it('cross attention, keys and values of other sizes, shared keys and values', async () => {
    const draws = new Draws(20);
    for (let round = 0; round < 10; round++) {
      const heads = draws.int(1, 4);
      const embed = heads * draws.int(2, 6);
      const [kdim, vdim] = draws.pick([
        [null, null],
        [draws.int(2, 12), draws.int(2, 12)],
        [null, draws.int(2, 12)],
      ] as const);
      const [batch, target, source] = [draws.int(1, 3), draws.int(1, 6), draws.int(1, 7)];
      const [bias, needWeights] = [draws.flag(), draws.flag()];
      const q = randn([batch, target, embed]);
      const k = randn([batch, source, kdim ?? embed]);
      const v = kdim === null && vdim === null && draws.flag() ? k : randn([batch, source, vdim ?? embed]);
      await compareModule(oracle(), {
        make: () => new nn.MultiheadAttention(embed, heads, { bias, kdim, vdim, batchFirst: true, dropout: 0.1 }),
        python: `torch.nn.MultiheadAttention(${embed}, ${heads}, dropout=0.1, bias=${py(bias)}, kdim=${py(kdim)}, vdim=${py(vdim)}, batch_first=True)`,
        inputs: v === k ? { q, k } : { q, k, v },
        forward: (module) => module.forward(q, k, v, { needWeights }).filter((output) => output !== null),
        pythonForward: `module(q, k, ${v === k ? 'k' : 'v'}, need_weights=${py(needWeights)})`,
        differentiate: v === k ? ['q', 'k'] : ['q', 'k', 'v'],
        seed: round,
      });
    }
  });

  it('without a batch, and causal', async () => {
    const [embed, heads, length] = [12, 3, 6];
    const x = randn([length, embed]);
    const mask = tensor(Array.from({ length }, (_, row) => Array.from({ length }, (_, column) => column > row)));
    for (const needWeights of [true, false]) {
      x.grad = null;
      await compareModule(oracle(), {
        make: () => new nn.MultiheadAttention(embed, heads, { batchFirst: true }),
        python: `torch.nn.MultiheadAttention(${embed}, ${heads}, batch_first=True)`,
        inputs: { x, mask },
        forward: (module) =>
          module.forward(x, x, x, { needWeights, attnMask: mask, isCausal: true }).filter((output) => output !== null),
        pythonForward: `module(x, x, x, need_weights=${py(needWeights)}, attn_mask=mask, is_causal=True)`,
        differentiate: ['x'],
      });
    }
  });

  it('takes the fused kernel under noGrad and inferenceMode in evaluation, for equal objects only', async () => {
    manualSeed(1);
    const mha = new nn.MultiheadAttention(64, 4, { batchFirst: true }).eval();
    const x = randn([3, 33, 64]);
    const { fast, slow, grads } = await oracle().run(
      `
      torch.manual_seed(1)
      mha = torch.nn.MultiheadAttention(64, 4, batch_first=True).eval()
      grads = mha(x, x, x, need_weights=False)[0].detach()
      with torch.no_grad():
          fast = mha(x, x, x, need_weights=False)[0]
          slow = mha(x, x.clone(), x, need_weights=False)[0]
      `,
      { inputs: { x }, outputs: ['fast', 'slow', 'grads'] },
    );
    expectSameBits(
      noGrad(() => mha.forward(x, x, x, { needWeights: false })[0]),
      fast,
      'noGrad',
    );
    expectSameBits(
      inferenceMode(() => mha.forward(x, x, x, { needWeights: false })[0].clone()),
      fast,
      'inferenceMode',
    );
    expectSameBits(
      noGrad(() => mha.forward(x, x.clone(), x, { needWeights: false })[0]),
      slow,
      'other objects',
    );
    expectSameBits(mha.forward(x, x, x, { needWeights: false })[0].detach(), grads, 'with gradients');
    // Else nothing above could tell the paths apart.
    expect(fast.equal(slow)).toBe(false);
  });

  it('refuses heads that do not divide the embedding, and masks that are neither bool nor float', () => {
    expect(() => new nn.MultiheadAttention(10, 3)).toThrow(
      'embed_dim must be divisible by num_heads, got embed_dim=10 and num_heads=3',
    );
    expect(() => new nn.MultiheadAttention(0, 3)).toThrow('must be greater than 0');
    const mha = new nn.MultiheadAttention(4, 2, { batchFirst: true });
    const x = randn([1, 2, 4]);
    expect(() =>
      mha.forward(x, x, x, {
        attnMask: tensor([
          [1, 0],
          [0, 1],
        ]),
      }),
    ).toThrow('only bool and floating types of attnMask are supported, received int64');
    expect(() => mha.forward(x, x, x, { isCausal: true })).toThrow('Need attn_mask if specifying the is_causal hint');
    expect(() => mha.forward(x, randn([1, 3, 5]), randn([1, 3, 5]))).toThrow('[1, 3, 5]');
  });
});
