/** What recurrent modules refuse, in Python's sentences, and how their weights are named, moved and shared. */
import { autocast } from '../../lib/amp';
import * as nn from '../../lib/nn';
import { AveragedModel } from '../../lib/optim/swa-utils';
import { manualSeed, ones, randn, zeros, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits, OracleError } from '../oracle/oracle';

beforeEach(() => manualSeed(3));

const { packSequence } = nn.utils.rnn;
const x = randn([4, 2, 3]);
const flat = randn([4, 3]);
const packed = packSequence([randn([4, 3]), randn([2, 3])]);

/** Our call and Python's, which fail for the same reason. */
const refused: readonly [python: string, ours: () => unknown][] = [
  ['LSTM(0, 4)', () => new nn.LSTM(0, 4)],
  ['GRU(3, -1)', () => new nn.GRU(3, -1)],
  ['RNN(3, 4, 0)', () => new nn.RNN(3, 4, 0)],
  ['LSTM(3, 4, dropout=1.5)', () => new nn.LSTM(3, 4, { dropout: 1.5 })],
  ['LSTM(3, 4, proj_size=-1)', () => new nn.LSTM(3, 4, { projSize: -1 })],
  ['LSTM(3, 4, proj_size=4)', () => new nn.LSTM(3, 4, { projSize: 4 })],
  ['GRU(3, 4, proj_size=2)', () => new nn.GRU(3, 4, { projSize: 2 } as object)],
  ['RNN(3, 4, proj_size=2)', () => new nn.RNN(3, 4, { projSize: 2 } as object)],
  ["RNN(3, 4, nonlinearity='elu')", () => new nn.RNN(3, 4, { nonlinearity: 'elu' as 'relu' })],
  ["RNNBase('MLP', 3, 4)", () => new nn.RNNBase('MLP' as 'LSTM', 3, 4)],
  ["RNNCell(3, 4, nonlinearity='elu')(torch.ones(3))", () => new nn.RNNCell(3, 4, { nonlinearity: 'elu' as 'relu' })],
  ...(['RNN', 'LSTM', 'GRU'] as const).flatMap((name): [string, () => unknown][] => {
    const module = new nn[name](3, 4) as nn.RNNBase;
    const hidden = (...shape: number[]): unknown => (name === 'LSTM' ? [zeros(shape), zeros(shape)] : zeros(shape));
    const python = (...shape: number[]): string =>
      name === 'LSTM' ? `(${`torch.zeros(${shape.join()}), `.repeat(2)})` : `torch.zeros(${shape.join()})`;
    return [
      [`${name}(3, 4)(torch.ones(1, 1, 1, 3))`, () => module.forward(ones([1, 1, 1, 3]))],
      [`${name}(3, 4)(torch.ones(1, 1, 2))`, () => module.forward(ones([1, 1, 2]))],
      [`${name}(3, 4)(x.double())`, () => module.forward(x.double())],
      [`${name}(3, 4)(x, ${python(1, 3, 4)})`, () => module.forward(x, hidden(1, 3, 4))],
      [`${name}(3, 4)(x, ${python(1, 4)})`, () => module.forward(x, hidden(1, 4))],
      [`${name}(3, 4)(flat, ${python(1, 1, 4)})`, () => module.forward(flat, hidden(1, 1, 4))],
      [`${name}(3, 4)(flat, ${python(2, 4)})`, () => module.forward(flat, hidden(2, 4))],
    ];
  }),
  ['GRU(3, 4)(packed, torch.zeros(2, 2, 4))', () => new nn.GRU(3, 4).forward(packed, zeros([2, 2, 4]))],
  ['GRU(2, 4)(packed)', () => new nn.GRU(2, 4).forward(packed)],
  [
    'LSTM(3, 4)(x, (torch.zeros(1, 2, 4), torch.zeros(1, 2, 5)))',
    () => new nn.LSTM(3, 4).forward(x, [zeros([1, 2, 4]), zeros([1, 2, 5])]),
  ],
  ...(['RNNCell', 'LSTMCell', 'GRUCell'] as const).flatMap((name): [string, () => unknown][] => {
    const cell = new nn[name](3, 4) as nn.RNNCellBase;
    const state = zeros([1, 1, 4]);
    const [ours, python] = name === 'LSTMCell' ? [[state, state], '(state, state)'] : [state, 'state'];
    return [
      [`${name}(3, 4)(x)`, () => cell.forward(x)],
      [`${name}(3, 4)(flat, ${python})`, () => cell.forward(flat, ours)],
    ];
  }),
];

describeWithOracle('recurrent modules', (oracle) => {
  it.each(refused)('%s is refused with the sentence of Python', async (python, ours) => {
    const [a, b] = nn.utils.rnn.unpackSequence(packed);
    const error: unknown = await oracle()
      .run(
        `
        packed = torch.nn.utils.rnn.pack_sequence([a, b])
        state = torch.zeros(1, 1, 4)
        torch.nn.${python}
        `,
        { inputs: { x, flat, a: a!, b: b! } },
      )
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OracleError);
    expect(ours).toThrow((error as OracleError).message);
  });

  it('LSTM has the bits of Python under autocast, from another dtype than the weights have', async () => {
    const lstm = new nn.LSTM(3, 4, { numLayers: 2 });
    const given = x.bfloat16();
    const { output, h, c } = await oracle().run(
      `
      lstm = torch.nn.LSTM(3, 4, num_layers=2)
      lstm.load_state_dict(state)
      with torch.autocast('cpu'):
          output, (h, c) = lstm(given)
      `,
      { inputs: { given, state: Object.fromEntries(lstm.stateDict()) }, outputs: ['output', 'h', 'c'] },
    );
    const [ours, states] = autocast('cpu', () => lstm.forward(given));
    for (const [actual, expected] of [
      [ours, output],
      [states[0], h],
      [states[1], c],
    ] as const) {
      expectSameBits(actual.detach(), expected.detach(), 'autocast');
    }
    expect(() => lstm.forward(given)).toThrow('does not match weight dtype (torch.float32)');
  });
});

describe('recurrent modules', () => {
  it('have their weights in properties, and in the state dict under the names of Python', () => {
    const lstm = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2 });
    expect(lstm.weightIhL0!.shape).toEqual([16, 3]);
    expect(lstm.weightHrL1Reverse!.shape).toEqual([2, 4]);
    expect([...lstm.stateDict().keys()].slice(0, 6)).toEqual([
      'weight_ih_l0',
      'weight_hh_l0',
      'bias_ih_l0',
      'bias_hh_l0',
      'weight_hr_l0',
      'weight_ih_l0_reverse',
    ]);
    const parameters = lstm.parameters();
    expect(lstm.allWeights.map((weights) => weights.length)).toEqual([5, 5, 5, 5]);
    expect(lstm.allWeights.flat().every((weight, index) => weight === parameters[index])).toBe(true);
  });

  it('compute with a weight that takes the place of another', () => {
    const gru = new nn.GRU(3, 4);
    const before = gru.forward(x)[0];
    gru.weightIhL0 = new nn.Parameter(zeros([12, 3]));
    expect(gru.forward(x)[0].equal(before)).toBe(false);
    expect(gru.parameters()[0]).toBe(gru.weightIhL0);
  });

  it('go on in the dtype that `to` gives them', () => {
    const lstm = new nn.LSTM(3, 4).to('float64');
    lstm.flattenParameters();
    expect(lstm.forward(x.double())[0].dtype).toBe('float64');
  });

  it('lay their weights anew when a module above them is moved', () => {
    const gru = new nn.GRU(3, 4);
    let laid = 0;
    gru.flattenParameters = () => void (laid += 1);
    new nn.ModuleList<nn.AnyModule>([gru]).to('float64');
    expect(laid).toBe(1);
  });

  it('are copied with weights of their own', () => {
    const lstm = new nn.LSTM(3, 4, 2);
    const { module } = new AveragedModel(lstm);
    expectSameBits(module.forward(x)[0].detach(), lstm.forward(x)[0].detach(), 'output');
    expect(module.weightHhL1!.sharesStorage(lstm.weightHhL1!)).toBe(false);
  });

  it('give the same on the compute thread', async () => {
    const lstm = new nn.LSTM(3, 4, { bidirectional: true });
    const [output, [h]] = lstm.forward(x);
    const [outputLater, [hLater]] = (await lstm.forwardAsync(x)) as [Tensor, [Tensor, Tensor]];
    expectSameBits(outputLater.detach(), output.detach(), 'output');
    expectSameBits(hLater.detach(), h.detach(), 'h');
    const [fromPacked] = await lstm.forwardAsync(packed);
    expectSameBits((fromPacked as typeof packed).data.detach(), lstm.forward(packed)[0].data.detach(), 'packed');
  });

  it('warn of dropout that has nothing to drop', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation();
    new nn.GRU(1, 2, { dropout: 0.25 });
    const said = emitWarning.mock.calls.map(([warning]) => String(warning));
    emitWarning.mockRestore();
    expect(said).toEqual([expect.stringContaining('non-zero dropout expects numLayers greater than 1')]);
  });

  const wrong: readonly [expected: string, () => unknown][] = [
    ['LSTM(): expected a boolean for argument `bias`, received 1', () => new nn.LSTM(1, 2, { bias: 1 as never })],
    ['GRU: expected a whole number', () => new nn.GRU(1.5, 2)],
    ['RNN.forward(): expected a Tensor for argument `input`, received 3', () => new nn.RNN(1, 2).forward(3 as never)],
    ['GRU.forward(): expected a Tensor for argument `hx`, received [', () => new nn.GRU(3, 2).forward(x, [x] as never)],
    [
      'LSTM.forward(): expected two tensors [h, c] for argument `hx`, received Tensor[4, 2, 3] float32',
      () => new nn.LSTM(3, 2).forward(x, x as never),
    ],
    [
      'LSTMCell.forward(): expected a Tensor for argument `hx[1]`',
      () => new nn.LSTMCell(3, 2).forward(x, [x, 1] as never),
    ],
    ['Module [RNNBase] is missing the required "forward" function', () => new nn.RNNBase('GRU', 1, 2).forward(x)],
  ];

  it.each(wrong)('say of wrong arguments: %s', (expected, make) => {
    expect(make).toThrow(expected);
  });
});
