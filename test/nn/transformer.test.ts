/**
 * When transformer layers take libtorch's fused kernel, and nested tensors: what they return beside Python's, bit for bit, for
 * conditions that test/nn/every-module does not draw. Where the ways differ in bits, taking the wrong one fails.
 */
import { autocast } from '../../lib/amp';
import { noGrad } from '../../lib/autograd';
import { backends } from '../../lib/backends';
import * as nn from '../../lib/nn';
import { manualSeed, ones, randn, tensor, type Tensor, zerosLike } from '../../lib/tensor';
import { describeWithOracle, expectSameBits, OracleError } from '../oracle/oracle';
import { Draws } from './draws';

beforeEach(() => manualSeed(4));

const [SIZE, HEADS, BATCH, LENGTH] = [32, 4, 3, 9];
const python = `torch.nn.TransformerEncoderLayer(${SIZE}, ${HEADS}, 48, batch_first=True)`;
const makeLayer = (): nn.TransformerEncoderLayer =>
  new nn.TransformerEncoderLayer(SIZE, HEADS, { dimFeedforward: 48, batchFirst: true });

/** Padding at the ends of the sequences. */
const padded = (ends: readonly number[]): Tensor =>
  tensor(ends.map((end) => Array.from({ length: LENGTH }, (_, at) => at >= end)));

/** Changes to a layer on both sides, and whether Python takes the fused kernel then. */
const conditions: readonly [
  name: string,
  fused: boolean,
  ours: (layer: nn.TransformerEncoderLayer) => void,
  python: string,
][] = [
  ['evaluation without gradients', true, () => undefined, 'pass'],
  ['training of the layer alone', false, (layer) => (layer.training = true), 'layer.training = True'],
  ['training of a part', true, (layer) => (layer.norm1.training = true), 'layer.norm1.training = True'],
  [
    'a hook within',
    false,
    (layer) => layer.linear1.registerForwardHook(() => undefined),
    'layer.linear1.register_forward_hook(lambda *args: None)',
  ],
  [
    'a hook before the layer',
    false,
    (layer) => layer.registerForwardPreHook(() => undefined),
    'layer.register_forward_pre_hook(lambda *args: None)',
  ],
  [
    'a hook that was removed',
    true,
    (layer) => layer.linear1.registerForwardHook(() => undefined).remove(),
    'layer.linear1.register_forward_hook(lambda *args: None).remove()',
  ],
  [
    'a backward hook',
    true,
    (layer) => layer.linear2.registerFullBackwardHook(() => undefined),
    'layer.linear2.register_full_backward_hook(lambda *args: None)',
  ],
  [
    'another activation since construction',
    true,
    (layer) => (layer.activation = nn.functional.gelu),
    'layer.activation = torch.nn.functional.gelu',
  ],
  ['normalisation first', true, (layer) => (layer.normFirst = true), 'layer.norm_first = True'],
];

describeWithOracle('TransformerEncoderLayer', (oracle) => {
  it.each(conditions)('%s: the fused kernel: %s', async (_, fused, ours, theirs) => {
    const layer = makeLayer().eval();
    const state = Object.fromEntries(layer.stateDict());
    ours(layer);
    const x = randn([BATCH, LENGTH, SIZE]);
    const { out, taken } = await oracle().run(
      `
      layer = ${python}.eval()
      layer.load_state_dict(state)
      for part in layer.modules():
          if isinstance(part, torch.nn.Dropout): part.p = 0.0
      ${theirs}
      from unittest.mock import patch
      with torch.no_grad(), patch('torch._transformer_encoder_layer_fwd', wraps=torch._transformer_encoder_layer_fwd) as kernel:
          out = layer(x)
      taken = kernel.called
      `,
      { inputs: { x, state }, outputs: { out: 'tensor', taken: 'boolean' } },
    );
    expect(taken).toBe(fused);
    for (const part of layer.modules()) if (part instanceof nn.Dropout) part.p = 0;
    expectSameBits(
      noGrad(() => layer.forward(x)),
      out,
      'output',
    );
  });

  it('asks for no gradient where nothing in it does', async () => {
    const layer = makeLayer().eval().requiresGrad_(false);
    const x = randn([BATCH, LENGTH, SIZE]);
    const { fused, recorded } = await oracle().run(
      `
      layer = ${python}.eval().requires_grad_(False)
      layer.load_state_dict(state)
      fused = layer(x)
      recorded = layer(x.requires_grad_()).detach()
      `,
      { inputs: { x, state: Object.fromEntries(layer.stateDict()) }, outputs: ['fused', 'recorded'] },
    );
    expectSameBits(layer.forward(x), fused, 'without gradients');
    expectSameBits(layer.forward(x.clone().requiresGrad_()).detach(), recorded, 'with gradients');
    // Else nothing here could tell the ways apart.
    expect(fused.equal(recorded)).toBe(false);
  });

  it('takes it under autocast of the CPU, as Python does', async () => {
    const layer = makeLayer().eval();
    const attention = new nn.MultiheadAttention(SIZE, HEADS, { batchFirst: true }).eval();
    const x = randn([BATCH, LENGTH, SIZE]);
    const { out, attended } = await oracle().run(
      `
      layer = ${python}.eval()
      layer.load_state_dict(state)
      attention = torch.nn.MultiheadAttention(${SIZE}, ${HEADS}, batch_first=True).eval()
      attention.load_state_dict(attention_state)
      with torch.no_grad(), torch.autocast('cpu'):
          out, attended = layer(x), attention(x, x, x)[0]
      `,
      {
        inputs: {
          x,
          state: Object.fromEntries(layer.stateDict()),
          attention_state: Object.fromEntries(attention.stateDict()),
        },
        outputs: ['out', 'attended'],
      },
    );
    const [ours, oursAttended] = autocast('cpu', () =>
      noGrad(() => [layer.forward(x), attention.forward(x, x, x)[0]] as const),
    );
    expectSameBits(ours, out, 'layer');
    expectSameBits(oursAttended, attended, 'attention');
  });
});

describeWithOracle('torch.backends.mha', (oracle) => {
  afterEach(() => backends.mha.setFastpathEnabled(true));

  it('is on at first, and refuses what is neither true nor false', async () => {
    const { first } = await oracle().run('first = torch.backends.mha.get_fastpath_enabled()', {
      outputs: { first: 'boolean' },
    });
    expect(backends.mha.getFastpathEnabled()).toBe(first);
    expect(() => backends.mha.setFastpathEnabled(1 as never)).toThrow('expected true or false for argument `value`');
    backends.mha.setFastpathEnabled(false);
    expect(backends.mha.getFastpathEnabled()).toBe(false);
  });

  it.each([3, BATCH * 2])('decides for attention and encoders as in Python, with a batch of %d', async (batch) => {
    const encoder = new nn.TransformerEncoder(makeLayer(), 2).eval();
    const attention = new nn.MultiheadAttention(SIZE, HEADS, { batchFirst: true }).eval();
    const decoder = new nn.TransformerDecoderLayer(SIZE, HEADS, { dimFeedforward: 48, batchFirst: true }).eval();
    const draws = new Draws(batch);
    const x = randn([batch, LENGTH, SIZE]);
    const padding = padded(Array.from({ length: batch }, () => draws.int(1, LENGTH)));
    const of = (module: nn.AnyModule): Record<string, Tensor> => Object.fromEntries(module.stateDict());
    const expected = await oracle().run(
      `
      encoder = torch.nn.TransformerEncoder(${python}, 2).eval()
      attention = torch.nn.MultiheadAttention(${SIZE}, ${HEADS}, batch_first=True).eval()
      decoder = torch.nn.TransformerDecoderLayer(${SIZE}, ${HEADS}, 48, batch_first=True).eval()
      for module, state in zip((encoder, attention, decoder), states):
          module.load_state_dict(state)
      from unittest.mock import patch
      names = ['_transformer_encoder_layer_fwd', '_native_multi_head_attention', '_nested_tensor_from_mask']
      outputs, calls = [], []
      for on in (True, False):
          torch.backends.mha.set_fastpath_enabled(on)
          patches = [patch('torch.' + name, wraps=getattr(torch, name)) for name in names]
          kernels = [each.start() for each in patches]
          with torch.no_grad():
              outputs += [encoder(x, src_key_padding_mask=padding), encoder.layers[0](x), decoder(x, x)]
              outputs += [attention(x, x, x, need_weights=False)[0], attention(x, x, x)[1]]
          for each in patches:
              each.stop()
          calls.append([kernel.called for kernel in kernels])
      torch.backends.mha.set_fastpath_enabled(True)
      `,
      {
        inputs: { x, padding, states: [encoder, attention, decoder].map(of) },
        outputs: { outputs: 'tensors', calls: 'value' },
      },
    );
    expect(expected.calls).toEqual([
      [true, true, true],
      [false, false, false],
    ]);
    const ours = [true, false].flatMap((on) => {
      backends.mha.setFastpathEnabled(on);
      return noGrad(() => {
        const layer = encoder.layers.at(0);
        const outputs = [encoder.forward(x, { srcKeyPaddingMask: padding }), layer.forward(x), decoder.forward(x, x)];
        const [attended] = attention.forward(x, x, x, { needWeights: false });
        return [...outputs, attended, attention.forward(x, x, x)[1] as Tensor];
      });
    });
    for (const [index, wanted] of expected.outputs.entries()) {
      expectSameBits(ours[index] as Tensor, wanted, `output ${index}`);
    }
    // Else nothing above could tell the settings apart.
    expect(ours[0]?.equal(ours[5] as Tensor)).toBe(false);
    expect(ours[1]?.equal(ours[6] as Tensor)).toBe(false);
    expect(ours[3]?.equal(ours[8] as Tensor)).toBe(false);
  });
});

describeWithOracle('TransformerEncoder', (oracle) => {
  it('leaves padding out of the computation where Python does', async () => {
    const draws = new Draws(12);
    for (let round = 0; round < 16; round++) {
      const [nested, check, aligned, hooked, norm] = [
        draws.int(0, 3) > 0,
        draws.flag(),
        draws.int(0, 3) > 0,
        round % 5 === 4,
        draws.flag(),
      ];
      const ends = Array.from({ length: BATCH }, () => draws.int(1, LENGTH));
      const mask = aligned ? padded(ends) : padded(ends).flip([1]);
      const options = { enableNestedTensor: nested, maskCheck: check };
      const encoder = new nn.TransformerEncoder(makeLayer(), 2, norm ? new nn.LayerNorm(SIZE) : null, options).eval();
      const state = Object.fromEntries(encoder.stateDict());
      const seen: unknown[] = [];
      // The second layer computes by its parts then, on whatever the first one hands to it.
      if (hooked) encoder.layers.at(1).registerForwardPreHook(() => void seen.push(1));
      const x = randn([BATCH, LENGTH, SIZE]);
      const py = (flag: boolean): string => (flag ? 'True' : 'False');
      const { out, made } = await oracle().run(
        `
        encoder = torch.nn.TransformerEncoder(${python}, 2, ${norm ? `torch.nn.LayerNorm(${SIZE})` : 'None'},
            enable_nested_tensor=${py(nested)}, mask_check=${py(check)}).eval()
        encoder.load_state_dict(state)
        if ${py(hooked)}: encoder.layers[1].register_forward_pre_hook(lambda *args: None)
        from unittest.mock import patch
        with torch.no_grad(), patch('torch._nested_tensor_from_mask', wraps=torch._nested_tensor_from_mask) as nest:
            out = encoder(x, src_key_padding_mask=mask)
        made = nest.called
        `,
        { inputs: { x, mask, state }, outputs: { out: 'tensor', made: 'boolean' } },
      );
      const ours = noGrad(() => encoder.forward(x, { srcKeyPaddingMask: mask }));
      expectSameBits(ours, out, `round ${round}`);
      expect(made).toBe(nested && (!check || aligned || ends.every((end) => end === LENGTH)));
      expect(seen.length).toBe(hooked ? 1 : 0);
      // What was padded is zero, before the last normalisation.
      if (made && aligned && !norm) expect(ours.maskedSelect(mask.unsqueeze(2)).abs().sum().item()).toBe(0);
    }
  });

  it('finds out that a mask is causal, and believes what it is told', async () => {
    const encoder = new nn.TransformerEncoder(makeLayer(), 1).eval();
    const x = randn([BATCH, LENGTH, SIZE]);
    const causal = nn.Transformer.generateSquareSubsequentMask(LENGTH);
    const masks = [causal, causal.isinf(), zerosLike(causal)];
    const { theirs, outs } = await oracle().run(
      `
      encoder = torch.nn.TransformerEncoder(${python}, 1).eval()
      encoder.load_state_dict(state)
      theirs = torch.nn.Transformer.generate_square_subsequent_mask(${LENGTH})
      outs = [encoder(x, mask=m, is_causal=c).detach() for m in masks for c in (None, True, False)]
      `,
      {
        inputs: { x, masks, state: Object.fromEntries(encoder.stateDict()) },
        outputs: { theirs: 'tensor', outs: 'tensors' },
      },
    );
    expectSameBits(causal, theirs, 'mask');
    const ours = masks.flatMap((mask) =>
      [null, true, false].map((isCausal) => encoder.forward(x, { mask, isCausal }).detach()),
    );
    for (const [index, output] of ours.entries()) expectSameBits(output, outs[index]!, `output ${index}`);
  });

  it('gives the same on the compute thread', async () => {
    const encoder = new nn.TransformerEncoder(makeLayer(), 2).eval().requiresGrad_(false);
    const x = randn([BATCH, LENGTH, SIZE]);
    const srcKeyPaddingMask = padded([2, 9, 5]);
    expectSameBits(await encoder.forwardAsync(x), encoder.forward(x), 'output');
    expectSameBits(
      await encoder.forwardAsync(x, { srcKeyPaddingMask }),
      encoder.forward(x, { srcKeyPaddingMask }),
      'padded',
    );
  });
});

/** Our call and Python's, which fail for the same reason. */
const refused: readonly [python: string, ours: () => unknown][] = [
  [
    "TransformerEncoderLayer(4, 2, activation='elu')",
    () => new nn.TransformerEncoderLayer(4, 2, { activation: 'elu' as 'relu' }),
  ],
  ['TransformerDecoderLayer(4, 3)', () => new nn.TransformerDecoderLayer(4, 3)],
  ['TransformerEncoderLayer(4, 2, dropout=2.5)', () => new nn.TransformerEncoderLayer(4, 2, { dropout: 2.5 })],
  [
    'Transformer(4, 2, 1, 1, 4)(torch.ones(3, 2, 4), torch.ones(3, 1, 4))',
    () => new nn.Transformer(4, 2, 1, 1, 4).forward(ones([3, 2, 4]), ones([3, 1, 4])),
  ],
  [
    'Transformer(4, 2, 1, 1, 4, batch_first=True)(torch.ones(3, 2, 4), torch.ones(2, 2, 4))',
    () => new nn.Transformer(4, 2, 1, 1, 4, { batchFirst: true }).forward(ones([3, 2, 4]), ones([2, 2, 4])),
  ],
  [
    'Transformer(4, 2, 1, 1, 4)(torch.ones(3, 2, 5), torch.ones(3, 2, 4))',
    () => new nn.Transformer(4, 2, 1, 1, 4).forward(ones([3, 2, 5]), ones([3, 2, 4])),
  ],
];

describeWithOracle('TransformerDecoder', (oracle) => {
  it('computes with ReLU where the layer that it copies has a module for its activation, as Python does', async () => {
    const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 6, activation: new nn.GELU() });
    const decoder = new nn.TransformerDecoder(layer, 2).eval();
    const [x, memory] = [randn([3, 1, 8]), randn([2, 1, 8])];
    const { single, stacked } = await oracle().run(
      `
      layer = torch.nn.TransformerDecoderLayer(8, 2, 6, activation=torch.nn.GELU())
      decoder = torch.nn.TransformerDecoder(layer, 2).eval()
      layer.eval().load_state_dict(layer_state)
      decoder.load_state_dict(state)
      single, stacked = layer(x, memory).detach(), decoder(x, memory).detach()
      `,
      {
        inputs: {
          x,
          memory,
          layer_state: Object.fromEntries(layer.stateDict()),
          state: Object.fromEntries(decoder.stateDict()),
        },
        outputs: ['single', 'stacked'],
      },
    );
    expectSameBits(layer.eval().forward(x, memory).detach(), single, 'layer');
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation();
    expectSameBits(decoder.forward(x, memory).detach(), stacked, 'decoder');
    const said = warned.mock.calls.map(([warning]) => String(warning));
    warned.mockRestore();
    expect(said).toEqual([expect.stringContaining('whose activation is a module computes with ReLU')]);
  });
});

describeWithOracle('transformers', (oracle) => {
  it.each(refused)('%s is refused with the sentence of Python', async (python, ours) => {
    const error: unknown = await oracle()
      .run(`torch.nn.${python}`)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OracleError);
    expect(ours).toThrow((error as OracleError).message);
  });
});

describe('transformers', () => {
  it('are made of copies of a layer that share nothing with it', () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 4, activation: new nn.GELU() });
    const { layers } = new nn.TransformerEncoder(layer, 2);
    const [a, b] = [...layers].map((copy) => copy.parameters());
    for (const [index, parameter] of layer.parameters().entries()) {
      expect([a, b].map((copy) => copy![index]!.equal(parameter))).toEqual([true, true]);
      expect([a, b].map((copy) => copy![index]!.sharesStorage(parameter))).toEqual([false, false]);
    }
    expect(a![0]!.sharesStorage(b![0]!)).toBe(false);
    expect(layers.at(1).getSubmodule('activation')).not.toBe(layer.activation);
    expect(layers.at(0).toString()).toBe(layer.toString());
  });

  it('take layers, encoders and decoders of other classes', () => {
    class Doubled extends nn.Module<Parameters<nn.EncoderLayer['forward']>> {
      readonly linear = new nn.Linear(4, 4);

      forward(src: Tensor): Tensor {
        return src.mul(2);
      }
    }
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation();
    const encoder = new nn.TransformerEncoder(new Doubled(), 3);
    expect(warned.mock.calls.map(String)).toEqual([
      expect.stringContaining('is False because encoder_layer was not TransformerEncoderLayer'),
    ]);
    warned.mockRestore();
    const x = randn([2, 1, 4]);
    expect(encoder.forward(x).equal(x.mul(8))).toBe(true);

    class Sum extends nn.Module<Parameters<nn.Decoder['forward']>> {
      forward(tgt: Tensor, memory: Tensor): Tensor {
        return tgt.add(memory);
      }
    }
    const transformer = new nn.Transformer({ dModel: 4, customEncoder: encoder, customDecoder: new Sum() });
    expect(transformer.forward(x, x).equal(x.mul(9))).toBe(true);
    expect([...transformer.stateDict().keys()][0]).toBe('encoder.layers.0.linear.weight');
  });

  const wrong: readonly [expected: string, () => unknown][] = [
    ['expected a module for argument `encoderLayer`, received 3', () => new nn.TransformerEncoder(3 as never, 1)],
    ['expected a module for argument `decoderLayer`, received null', () => new nn.TransformerDecoder(null as never, 1)],
    [
      'expected a module or null for argument `norm`, received 1',
      (): unknown => Reflect.construct(nn.TransformerEncoder, [makeLayer(), 1, 1]),
    ],
    [
      "expected 'relu', 'gelu', a function or a module for argument `activation`, received 3",
      () => new nn.TransformerEncoderLayer(4, 2, { activation: 3 as never }),
    ],
    [
      'only bool and floating types of srcMask are supported',
      () => makeLayer().forward(ones([1, 2, SIZE]), ones([2, 2]).long()),
    ],
    ['expected a Tensor for argument `srcMask`, received 5', () => makeLayer().forward(ones([1, 2, SIZE]), 5 as never)],
    [
      'index 0 is out of range for 0 elements',
      () => new nn.TransformerEncoder(makeLayer(), 0).forward(ones([1, 2, SIZE])),
    ],
    ['expected a module or null for argument `customEncoder`', () => new nn.Transformer({ customEncoder: 1 as never })],
    ['expected an integer from 0 for argument `sz`', () => nn.Transformer.generateSquareSubsequentMask(-1)],
  ];

  it.each(wrong)('say of wrong arguments: %s', (expected, make) => {
    expect(make).toThrow(expected);
  });
});
