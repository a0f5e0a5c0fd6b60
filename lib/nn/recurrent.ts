/** Recurrent modules over whole sequences: RNN, LSTM and GRU. */
import { ArgumentError, checkTensor, describe, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { readOptions } from './arguments';
import {
  type ProjectedOptions,
  recurrentDefaults,
  type RecurrentNames,
  type RecurrentOptions,
  RNNBase,
  type Sequence,
} from './recurrent-base';
import type { PackedSequence } from './utils/packed-sequence';

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** What a sum goes through. */
  nonlinearity?: 'tanh' | 'relu';
}

/** What RNN and GRU share: one state, and no projection. */
abstract class OneState extends RNNBase<Tensor> {
  /**
   * Runs over sequences.
   *
   * @param input - [L, N, inputSize], with `batchFirst` [N, L, inputSize], [L, inputSize] for one sequence, or packed ones
   * @param hx - the state before, [D · numLayers, N, hiddenSize], without N for one sequence; zeros by default
   * @returns the outputs of the last layer, [L, N, D · hiddenSize], packed if the input is, and the state after, shaped
   *   as `hx`; D is 2 if the module is bidirectional, else 1
   */
  override forward(input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  override forward(input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  override forward(input: Sequence, hx: Tensor | null = null): [output: Sequence, hidden: Tensor] {
    const { name } = this.constructor;
    if (hx !== null) checkTensor(`${name}.forward()`, 'hx', hx);
    const [output, states] = this.compute(input, hx === null ? null : [hx], (dims) => this.refusal(dims));
    return [output, states[0] as Tensor];
  }

  /** What is said of an input of so many dimensions. */
  protected abstract refusal(dims: number): string;
}

/** @inline */
interface Sizes {
  inputSize: number;
  hiddenSize: number;
}

function refuseProjection(options: unknown): void {
  if (typeof options !== 'object' || options === null || !('projSize' in options)) return;
  throw valueError('proj_size argument is only supported for LSTM, not RNN or GRU');
}

/**
 * An Elman network (`torch.nn.RNN`): hₜ = tanh(W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh) in each layer, or max(0, …) of that. For
 * its weights see {@link RNNBase}.
 *
 * @example
 * ```ts
 * const rnn = new nn.RNN(10, 20, 2, { batchFirst: true });
 * console.log(rnn); // RNN(10, 20, num_layers=2, batch_first=True)
 * const [output, hidden] = rnn.forward(torch.zeros([3, 5, 10]));
 * console.log(output.shape, hidden.shape); // [ 3, 5, 20 ] [ 2, 3, 20 ]
 * ```
 */
export class RNN extends OneState {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    ...args: Arguments<
      [inputSize: number, hiddenSize: number],
      Sizes & RNNOptions,
      [
        'inputSize',
        'hiddenSize',
        'numLayers',
        'nonlinearity',
        'bias',
        'batchFirst',
        'dropout',
        'bidirectional',
        'device',
        'dtype',
      ]
    >
  ) {
    refuseProjection(args.at(-1));
    const { inputSize, hiddenSize, nonlinearity, ...options } = readOptions<Sizes & Required<RNNOptions>>(
      'RNN',
      {
        inputSize: required,
        hiddenSize: required,
        numLayers: 1,
        nonlinearity: 'tanh',
        bias: true,
        batchFirst: false,
        dropout: 0,
        bidirectional: false,
        device: null,
        dtype: null,
      },
      args,
    );
    if (!['tanh', 'relu'].includes(nonlinearity)) {
      throw valueError(`Unknown nonlinearity ${describe(nonlinearity)}. Select from 'tanh' or 'relu'.`);
    }
    super(nonlinearity === 'tanh' ? 'RNN_TANH' : 'RNN_RELU', inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  protected override refusal(dims: number): string {
    return `RNN: Expected input to be 2D or 3D, got ${dims}D tensor instead`;
  }
}

/**
 * Gated recurrent units (`torch.nn.GRU`, Cho et al. 2014): the state is a mixture of the one before and a new one, by gates
 * that are learnt. For its weights see {@link RNNBase}: those of the reset, the update and the new gate one below the other.
 *
 * @example
 * ```ts
 * const gru = new nn.GRU(4, 8, { bidirectional: true });
 * const sequences = [torch.rand([5, 4]), torch.rand([2, 4])];
 * const [output, hidden] = gru.forward(nn.utils.rnn.packSequence(sequences));
 * console.log(output.data.shape, hidden.shape); // [ 7, 16 ] [ 2, 2, 8 ]
 * ```
 */
export class GRU extends OneState {
  constructor(
    ...args: Arguments<
      [inputSize: number, hiddenSize: number],
      Sizes & RecurrentOptions,
      ['inputSize', 'hiddenSize', 'numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'device', 'dtype']
    >
  ) {
    refuseProjection(args.at(-1));
    const { inputSize, hiddenSize, ...options } = readOptions<Sizes & Required<RecurrentOptions>>(
      'GRU',
      {
        inputSize: required,
        hiddenSize: required,
        numLayers: 1,
        bias: true,
        batchFirst: false,
        dropout: 0,
        bidirectional: false,
        device: null,
        dtype: null,
      },
      args,
    );
    super('GRU', inputSize, hiddenSize, options);
  }

  protected override refusal(dims: number): string {
    return `GRU: Expected input to be 2D or 3D, got ${dims}D instead`;
  }
}

/** The states of an {@link LSTM}: hidden and cell. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/**
 * Long short-term memory (`torch.nn.LSTM`, Hochreiter and Schmidhuber 1997): a cell state that gates change, and a hidden
 * state that is read from it. For its weights see {@link RNNBase}: those of the input, the forget, the cell and the output
 * gate one below the other. With `projSize` each layer and direction has `weightHrL{k}` [projSize, hiddenSize] too, which
 * makes hidden states and outputs of that size (Sak et al. 2014).
 *
 * @example
 * ```ts
 * const lstm = new nn.LSTM(10, 20, { numLayers: 2, dropout: 0.1 });
 * const [output, [h, c]] = lstm.forward(torch.zeros([5, 3, 10]));
 * console.log(output.shape, h.shape, c.shape); // [ 5, 3, 20 ] [ 2, 3, 20 ] [ 2, 3, 20 ]
 * ```
 */
export class LSTM extends RNNBase<LSTMState> {
  constructor(
    ...args: Arguments<
      [inputSize: number, hiddenSize: number],
      Sizes & ProjectedOptions,
      ['inputSize', 'hiddenSize', ...RecurrentNames]
    >
  ) {
    const { inputSize, hiddenSize, ...options } = readOptions<Sizes & Required<ProjectedOptions>>(
      'LSTM',
      { inputSize: required, hiddenSize: required, ...recurrentDefaults },
      args,
    );
    super('LSTM', inputSize, hiddenSize, options);
  }

  /**
   * Runs over sequences.
   *
   * @param input - [L, N, inputSize], with `batchFirst` [N, L, inputSize], [L, inputSize] for one sequence, or packed ones
   * @param hx - the states before: h [D · numLayers, N, projSize or hiddenSize] and c [D · numLayers, N, hiddenSize], without
   *   N for one sequence; zeros by default
   * @returns the outputs of the last layer, [L, N, D · (projSize or hiddenSize)], packed if the input is, and the states
   *   after, shaped as `hx`; D is 2 if the module is bidirectional, else 1
   */
  override forward(input: Tensor, hx?: LSTMState | null): [output: Tensor, hidden: [h: Tensor, c: Tensor]];
  override forward(
    input: PackedSequence,
    hx?: LSTMState | null,
  ): [output: PackedSequence, hidden: [h: Tensor, c: Tensor]];
  override forward(input: Sequence, hx: LSTMState | null = null): [output: Sequence, hidden: [h: Tensor, c: Tensor]] {
    if (hx !== null) checkStates('LSTM.forward()', hx);
    const [output, [h, c]] = this.compute(
      input,
      hx,
      (dims) => `LSTM: Expected input to be 2D or 3D, got ${dims}D instead`,
    );
    return [output, [h as Tensor, c as Tensor]];
  }
}

/** Refuses what is no pair of a hidden and a cell state. */
export function checkStates(callee: string, hx: unknown): void {
  if (!Array.isArray(hx) || hx.length !== 2) {
    throw new ArgumentError(`${callee}: expected two tensors [h, c] for argument \`hx\`, received ${describe(hx)}`);
  }
  for (const [index, state] of hx.entries()) checkTensor(callee, `hx[${index}]`, state);
}
