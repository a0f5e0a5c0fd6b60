import type * as nn from '../../../lib/nn';
import { randn, type Tensor } from '../../../lib/tensor';
import type { Draws } from '../draws';
import type { Configuration, Entries, Entry, Value } from './entry';

interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
}

const sizesOf = (draws: Draws, round: number): Sizes => ({
  inputSize: draws.int(1, 9),
  hiddenSize: draws.int(2, 9),
  layers: round === 0 ? 1 : draws.int(1, 3),
});

/** Options that all recurrent modules have. Dropout in a module of one layer would only warn. */
const optionsOf = (draws: Draws, { layers }: Sizes, bidirectional: boolean): Record<string, Value> => ({
  ...(layers > 1 ? { numLayers: layers } : {}),
  ...(draws.flag() ? { bias: draws.flag() } : {}),
  ...(draws.flag() ? { batchFirst: draws.flag() } : {}),
  ...(layers > 1 && draws.flag() ? { dropout: draws.pick([0.3, 0.5]) } : {}),
  ...(bidirectional ? { bidirectional } : {}),
});

/** A sequence or a batch of them, and states for it or none. */
function inputsOf(draws: Draws, { inputSize }: Sizes, states: (batch: readonly number[]) => Value): Value[] {
  const [length, batch] = [draws.int(1, 5), draws.int(1, 4)];
  const batched = draws.int(0, 3) > 0;
  const input = randn(batched ? [length, batch, inputSize] : [length, inputSize]);
  return draws.flag() ? [input] : [input, states(batched ? [batch] : [])];
}

/** With `batchFirst` the batch of the input stands in front. */
const arranged = (inputs: Value[], options: Record<string, Value>): Value[] => {
  const [input, ...rest] = inputs as [Tensor, ...Value[]];
  return [options['batchFirst'] === true && input.dim() === 3 ? input.transpose(0, 1).contiguous() : input, ...rest];
};

const oneState =
  (withNonlinearity: boolean): Entry =>
  (draws, round): Configuration => {
    const sizes = sizesOf(draws, round);
    const bidirectional = draws.flag();
    const options = optionsOf(draws, sizes, bidirectional);
    const layers = sizes.layers * (bidirectional ? 2 : 1);
    const inputs = inputsOf(draws, sizes, (batch) => randn([layers, ...batch, sizes.hiddenSize]));
    return {
      args: [sizes.inputSize, sizes.hiddenSize],
      options: {
        ...options,
        ...(withNonlinearity && draws.flag() ? { nonlinearity: draws.pick(['tanh', 'relu']) } : {}),
      },
      inputs: arranged(inputs, options),
    };
  };

const flattened = 'lambda y: [y[0], *y[1]]';

const lstm: Entry = (draws, round) => {
  const sizes = sizesOf(draws, round);
  const bidirectional = draws.flag();
  const projSize = round % 3 === 2 ? draws.int(1, sizes.hiddenSize - 1) : 0;
  const options = {
    ...optionsOf(draws, sizes, bidirectional),
    ...(projSize > 0 ? { projSize } : {}),
  };
  const layers = sizes.layers * (bidirectional ? 2 : 1);
  const inputs = inputsOf(draws, sizes, (batch) => [
    randn([layers, ...batch, projSize > 0 ? projSize : sizes.hiddenSize]),
    randn([layers, ...batch, sizes.hiddenSize]),
  ]);
  return { args: [sizes.inputSize, sizes.hiddenSize], options, inputs: arranged(inputs, options), unpack: flattened };
};

const cell =
  (states: 1 | 2, withNonlinearity = false): Entry =>
  (draws): Configuration => {
    const [inputSize, hiddenSize] = [draws.int(1, 9), draws.int(1, 9)];
    const batch = draws.flag() ? [draws.int(1, 4)] : [];
    const state = (): Tensor => randn([...batch, hiddenSize]);
    const input = randn([...batch, inputSize]);
    return {
      args: [inputSize, hiddenSize],
      options: {
        ...(draws.flag() ? { bias: draws.flag() } : {}),
        ...(withNonlinearity && draws.flag() ? { nonlinearity: draws.pick(['tanh', 'relu']) } : {}),
      },
      inputs: draws.flag() ? [input] : [input, states === 1 ? state() : [state(), state()]],
    };
  };

export const recurrent: Entries = {
  RNN: oneState(true),
  GRU: oneState(false),
  LSTM: lstm,
  RNNCell: cell(1, true),
  GRUCell: cell(1),
  LSTMCell: cell(2),
  // The bases have no forward: their weights are compared.
  RNNBase: (draws, round) => {
    const sizes = sizesOf(draws, round);
    const mode = draws.pick(['LSTM', 'GRU', 'RNN_TANH', 'RNN_RELU']);
    return {
      args: [mode, sizes.inputSize, sizes.hiddenSize],
      options: { ...optionsOf(draws, sizes, draws.flag()), ...(mode === 'LSTM' ? { projSize: 1 } : {}) },
      inputs: [randn([1])],
      forward: (module, x) => (module as unknown as nn.RNNBase).allWeights.flat().map((weight) => weight.mul(x)),
      pythonForward: '[w * tensor0 for ws in module.all_weights for w in ws]',
    };
  },
  RNNCellBase: (draws) => ({
    args: [draws.int(1, 5), draws.int(0, 5), draws.flag(), draws.int(1, 4)],
    inputs: [randn([1])],
    forward: (module, x) => module.parameters().map((weight) => weight.mul(x)),
    pythonForward: '[w * tensor0 for w in module.parameters()]',
  }),
};
