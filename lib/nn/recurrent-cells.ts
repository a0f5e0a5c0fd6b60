/** Recurrent modules over one step of a sequence: RNNCell, LSTMCell and GRUCell. */
import { checkTensor, NotImplementedError, TorchError, valueError } from '../engine';
import { callOp, empty, type Tensor, zeros } from '../tensor';
import { type Arguments, required, type Tail } from '../tensor/tail';
import { checkCount, readOptions } from './arguments';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { checkStates, type LSTMState } from './recurrent';

/** Options of {@link LSTMCell} and {@link GRUCell}. */
export interface RecurrentCellOptions extends FactoryOptions {
  /** Learn two biases. */
  bias?: boolean;
}

/** Options of {@link RNNCell}. */
export interface RNNCellOptions extends RecurrentCellOptions {
  /** What the sum goes through. */
  nonlinearity?: 'tanh' | 'relu';
}

/** @inline */
interface Sizes {
  inputSize: number;
  hiddenSize: number;
}

type CellArguments = Arguments<
  [inputSize: number, hiddenSize: number],
  Sizes & RecurrentCellOptions,
  ['inputSize', 'hiddenSize', 'bias', 'device', 'dtype']
>;

/**
 * What the cells share (`torch.nn.RNNCellBase`): `weightIh` [numChunks · hiddenSize, inputSize], `weightHh` [numChunks ·
 * hiddenSize, hiddenSize], and `biasIh` and `biasHh` [numChunks · hiddenSize], all drawn evenly from ±1/√hiddenSize. It has no
 * forward.
 *
 * @typeParam Hidden the state before a step: a tensor, or two
 * @typeParam Next the state after it
 */
export class RNNCellBase<Hidden = unknown, Next = unknown> extends Module<[input: Tensor, hx?: Hidden | null], Next> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  constructor(
    inputSize: number,
    hiddenSize: number,
    bias: boolean,
    numChunks: number,
    ...rest: Tail<FactoryOptions, ['device', 'dtype']>
  ) {
    super();
    const { name } = new.target;
    const factory = readOptions<Required<FactoryOptions>>(name, { device: null, dtype: null }, rest);
    checkCount(name, 'inputSize', inputSize);
    checkCount(name, 'hiddenSize', hiddenSize);
    checkCount(name, 'numChunks', numChunks);
    const rows = numChunks * hiddenSize;
    const parameter = (...shape: number[]): Parameter => new Parameter(empty(shape, factory));
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    this.weightIh = parameter(rows, inputSize);
    this.weightHh = parameter(rows, hiddenSize);
    this.biasIh = bias ? parameter(rows) : null;
    this.biasHh = bias ? parameter(rows) : null;
    this.resetParameters();
  }

  /** Draws all weights anew. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const weight of this.parameters()) init.uniform_(weight, -bound, bound);
  }

  /** @throws NotImplementedError There is no cell to compute with: RNNCell, LSTMCell and GRUCell have one. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for the classes below, which need them
  forward(input: Tensor, hx?: Hidden | null): Next {
    throw new NotImplementedError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /**
   * What the derived classes compute, on states in a list: `h`, or `h` and `c`.
   *
   * @param op the cell's, which takes a list if there are two states
   */
  protected step(op: string, input: Tensor, states: readonly Tensor[] | null, count: 1 | 2): Tensor[] {
    const { name } = this.constructor;
    checkTensor(`${name}.forward()`, 'input', input);
    const dims = input.dim();
    if (dims !== 1 && dims !== 2) {
      throw valueError(`${name}: Expected input to be 1D or 2D, got ${dims}D instead`);
    }
    for (const [index, state] of (states ?? []).entries()) {
      if (state.dim() === 1 || state.dim() === 2) continue;
      const argument = count === 1 ? 'hidden' : `hx[${index}]`;
      throw valueError(`${name}: Expected ${argument} to be 1D or 2D, got ${state.dim()}D instead`);
    }
    const batch = dims === 2 ? input : input.unsqueeze(0);
    const hx =
      states === null
        ? Array<Tensor>(count).fill(this.zeroState(batch))
        : states.map((state) => (dims === 2 ? state : state.unsqueeze(0)));
    const weights = [this.weightIh, this.weightHh, this.biasIh, this.biasHh];
    const next = callOp<Tensor | Tensor[]>(op, [batch, count === 1 ? hx[0] : hx, ...weights]);
    const list = Array.isArray(next) ? next : [next];
    return dims === 2 ? list : list.map((state) => state.squeeze(0));
  }

  private zeroState(batch: Tensor): Tensor {
    return zeros([batch.size(0), this.hiddenSize], { dtype: batch.dtype, device: batch.device });
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? '' : ', bias=False'}`;
  }
}

/**
 * One step of an Elman network (`torch.nn.RNNCell`): tanh(W_ih x + b_ih + W_hh h + b_hh), or max(0, …) of that. Inputs
 * [N, inputSize] or [inputSize]; for the weights see {@link RNNCellBase}.
 *
 * @example
 * ```ts
 * const cell = new nn.RNNCell(10, 20, { nonlinearity: 'relu' });
 * let h = torch.zeros([3, 20]);
 * for (const x of torch.rand([6, 3, 10])) h = cell.forward(x, h);
 * console.log(h.shape); // [ 3, 20 ]
 * ```
 */
export class RNNCell extends RNNCellBase<Tensor, Tensor> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    ...args: Arguments<
      [inputSize: number, hiddenSize: number],
      Sizes & RNNCellOptions,
      ['inputSize', 'hiddenSize', 'bias', 'nonlinearity', 'device', 'dtype']
    >
  ) {
    const { inputSize, hiddenSize, bias, nonlinearity, device, dtype } = readOptions<Sizes & Required<RNNCellOptions>>(
      'RNNCell',
      { inputSize: required, hiddenSize: required, bias: true, nonlinearity: 'tanh', device: null, dtype: null },
      args,
    );
    // Python says it in forward only.
    if (!['tanh', 'relu'].includes(nonlinearity)) throw new TorchError(`Unknown nonlinearity: ${nonlinearity}`);
    super(inputSize, hiddenSize, bias, 1, { device, dtype });
    this.nonlinearity = nonlinearity;
  }

  /**
   * One step.
   *
   * @param hx - the state before, [N, hiddenSize] or [hiddenSize]; zeros by default
   * @returns the state after
   */
  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    if (hx !== null) checkTensor('RNNCell.forward()', 'hx', hx);
    const op = this.nonlinearity === 'tanh' ? 'aten::rnn_tanh_cell' : 'aten::rnn_relu_cell';
    return this.step(op, input, hx === null ? null : [hx], 1)[0] as Tensor;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`);
  }
}

/**
 * One step of an {@link LSTM} (`torch.nn.LSTMCell`). Inputs [N, inputSize] or [inputSize]; for the weights see
 * {@link RNNCellBase}.
 *
 * @example
 * ```ts
 * const cell = new nn.LSTMCell(10, 20);
 * const [h, c] = cell.forward(torch.rand([3, 10]));
 * console.log(h.shape, c.shape); // [ 3, 20 ] [ 3, 20 ]
 * ```
 */
export class LSTMCell extends RNNCellBase<LSTMState, [h: Tensor, c: Tensor]> {
  constructor(...args: CellArguments) {
    const { inputSize, hiddenSize, bias, device, dtype } = readOptions('LSTMCell', cellDefaults, args);
    super(inputSize, hiddenSize, bias, 4, { device, dtype });
  }

  /**
   * One step.
   *
   * @param hx - hidden and cell state before, each [N, hiddenSize] or [hiddenSize]; zeros by default
   * @returns both states after
   */
  override forward(input: Tensor, hx: LSTMState | null = null): [h: Tensor, c: Tensor] {
    if (hx !== null) checkStates('LSTMCell.forward()', hx);
    const [h, c] = this.step('aten::lstm_cell', input, hx, 2);
    return [h as Tensor, c as Tensor];
  }
}

const cellDefaults: Sizes & Required<RecurrentCellOptions> = {
  inputSize: required,
  hiddenSize: required,
  bias: true,
  device: null,
  dtype: null,
};

/**
 * One step of a {@link GRU} (`torch.nn.GRUCell`). Inputs [N, inputSize] or [inputSize]; for the weights see
 * {@link RNNCellBase}.
 */
export class GRUCell extends RNNCellBase<Tensor, Tensor> {
  constructor(...args: CellArguments) {
    const { inputSize, hiddenSize, bias, device, dtype } = readOptions('GRUCell', cellDefaults, args);
    super(inputSize, hiddenSize, bias, 3, { device, dtype });
  }

  /**
   * One step.
   *
   * @param hx - the state before, [N, hiddenSize] or [hiddenSize]; zeros by default
   * @returns the state after
   */
  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    if (hx !== null) checkTensor('GRUCell.forward()', 'hx', hx);
    return this.step('aten::gru_cell', input, hx === null ? null : [hx], 1)[0] as Tensor;
  }
}
