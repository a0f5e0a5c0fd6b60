import { noGrad } from '../autograd';
import { checkString, checkTensor, NotImplementedError, TorchError, valueError } from '../engine';
import { tellWarning } from '../engine/warnings';
import { callOp, type Device, type DType, empty, Tensor, zeros } from '../tensor';
import type { Tail } from '../tensor/tail';
import { checkCount, readOptions } from './arguments';
import { isAnyAutocastEnabled } from './autocast-state';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { floatRepr, tupleRepr } from './repr';
import { PackedSequence } from './utils/packed-sequence';

/** Options that all recurrent modules have. */
export interface RecurrentOptions extends FactoryOptions {
  /** How many layers, each on the outputs of the one before. */
  numLayers?: number;
  /** Learn two biases for each layer and direction. */
  bias?: boolean;
  /** Inputs and outputs are [N, L, *], not [L, N, *]; states are not concerned. */
  batchFirst?: boolean;
  /** In training, the probability of an output of a layer but the last to become zero. */
  dropout?: number;
  /** A second set of weights reads the sequence from its end. */
  bidirectional?: boolean;
}

/** Options of {@link RNNBase} and of {@link LSTM}. */
export interface ProjectedOptions extends RecurrentOptions {
  /** The outputs are projected to so many features; 0 for no projection. */
  projSize?: number;
}

/** What kind of cell, in PyTorch's words. */
export type RecurrentMode = 'RNN_TANH' | 'RNN_RELU' | 'LSTM' | 'GRU';

/** Of each mode: its op, how many times hiddenSize its weights have rows, and cuDNN's number for it. */
const modes: Readonly<Record<RecurrentMode, { op: string; gates: number; cudnn: number }>> = {
  RNN_RELU: { op: 'rnn_relu', gates: 1, cudnn: 0 },
  RNN_TANH: { op: 'rnn_tanh', gates: 1, cudnn: 1 },
  LSTM: { op: 'lstm', gates: 4, cudnn: 2 },
  GRU: { op: 'gru', gates: 3, cudnn: 3 },
};

/** @inline */
type WeightKind = 'weightIh' | 'weightHh' | 'biasIh' | 'biasHh' | 'weightHr';

/** The property of a weight: `weightIhL0`, and `weightIhL0Reverse` for the way back. */
export type WeightName = `${WeightKind}L${number}` | `${WeightKind}L${number}Reverse`;

/** Arguments of {@link RNNBase} after the sizes. @inline */
export type RecurrentTail = Tail<ProjectedOptions, RecurrentNames>;

/** @internal */
export type RecurrentNames = [
  'numLayers',
  'bias',
  'batchFirst',
  'dropout',
  'bidirectional',
  'projSize',
  'device',
  'dtype',
];

/** @internal */
export const recurrentDefaults: Required<ProjectedOptions> = {
  numLayers: 1,
  bias: true,
  batchFirst: false,
  dropout: 0,
  bidirectional: false,
  projSize: 0,
  device: null,
  dtype: null,
};

/** What goes into a recurrent module: a sequence, a batch of sequences, or packed ones. */
export type Sequence = Tensor | PackedSequence;

/**
 * What RNN, LSTM and GRU share (`torch.nn.RNNBase`): their weights, and what they say of their arguments. It has no forward.
 *
 * Layer k has `weightIhL{k}` [gates · hiddenSize, inputs], `weightHhL{k}` [gates · hiddenSize, hiddenSize] and, with `bias`,
 * `biasIhL{k}` and `biasHhL{k}` [gates · hiddenSize]; with `bidirectional` the same ones again, whose names end in `Reverse`.
 * All are drawn evenly from ±1/√hiddenSize.
 *
 * @typeParam Hidden the hidden state: a tensor, or two
 */
export class RNNBase<Hidden = unknown> extends Module<
  [input: Sequence, hx?: Hidden | null],
  [output: Sequence, hidden: Hidden]
> {
  readonly mode: RecurrentMode;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  /** Names of the weights, for each layer and direction. */
  private readonly weightNames: readonly (readonly WeightName[])[];
  [weight: WeightName]: Parameter;

  constructor(mode: RecurrentMode, inputSize: number, hiddenSize: number, ...rest: RecurrentTail) {
    super();
    const options = readOptions(new.target.name, recurrentDefaults, rest);
    const { numLayers, dropout, projSize, device, dtype } = options;
    checkSizes(new.target.name, { inputSize, hiddenSize, numLayers, projSize, dropout });
    checkString(new.target.name, 'mode', mode);
    if (!Object.hasOwn(modes, mode)) throw valueError(`Unrecognized RNN mode: ${mode}`);
    this.mode = mode;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = options.bias;
    this.batchFirst = options.batchFirst;
    this.dropout = dropout;
    this.bidirectional = options.bidirectional;
    this.projSize = projSize;
    this.weightNames = namesOf(this);
    this.makeWeights({ device, dtype });
    this.flattenParameters();
    this.resetParameters();
  }

  private makeWeights(factory: { device: Device | null; dtype: DType | null }): void {
    const { hiddenSize, projSize } = this;
    const rows = modes[this.mode].gates * hiddenSize;
    for (const [place, names] of this.weightNames.entries()) {
      const columns = place < this.directions ? this.inputSize : this.outputSize * this.directions;
      const shapes = { weightIh: [rows, columns], weightHh: [rows, this.outputSize], biasIh: [rows], biasHh: [rows] };
      for (const name of names) {
        const kind = name.slice(0, name.indexOf('L')) as WeightKind;
        const shape = kind === 'weightHr' ? [projSize, hiddenSize] : shapes[kind];
        this[name] = new Parameter(empty(shape, factory));
      }
    }
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Features of the output in one direction. */
  private get outputSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  /** The weights of each layer and direction: weight_ih, weight_hh, bias_ih, bias_hh and weight_hr, those that there are. */
  get allWeights(): Parameter[][] {
    return this.weightNames.map((names) => names.map((name) => this[name] as Parameter));
  }

  /** Draws all weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.parameters()) init.uniform_(weight, -bound, bound);
  }

  /**
   * Lays the weights one behind the other in memory, as cuDNN wants them; elsewhere does nothing. A new module and one that
   * was moved to a GPU by `to` have been laid so.
   */
  flattenParameters(): void {
    const weights = this.allWeights.flat();
    const [first] = weights;
    if (first === undefined || !weights.every((weight) => weight instanceof Tensor && weight.isCuda)) return;
    if (!weights.every((weight) => weight.dtype === first.dtype && isAcceptableToCudnn(weight))) return;
    // Weights that share their memory cannot be laid apart.
    if (new Set(weights.map((weight) => weight.dataPtr())).size < weights.length) return;
    if (!callOp<boolean>('aten::_use_cudnn_rnn_flatten_weight', [])) return;
    noGrad(() => {
      callOp('aten::_cudnn_rnn_flatten_weight', [
        weights,
        this.weightNames[0]?.length ?? 0,
        this.inputSize,
        modes[this.mode].cudnn,
        this.hiddenSize,
        this.projSize,
        this.numLayers,
        this.batchFirst,
        this.bidirectional,
      ]);
    });
  }

  /** @internal */
  override parametersMoved(): void {
    this.flattenParameters();
  }

  /** @throws NotImplementedError There is no cell to compute with: RNN, LSTM and GRU have one. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for the classes below, which need them
  forward(input: Sequence, hx?: Hidden | null): [output: Sequence, hidden: Hidden] {
    throw new NotImplementedError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /**
   * What the derived classes compute, on states in a list: `h`, or `h` and `c`.
   *
   * @param refusal what is said of an input that has neither two nor three dimensions
   */
  protected compute(
    input: Sequence,
    states: readonly Tensor[] | null,
    refusal: (dims: number) => string,
  ): [output: Sequence, states: Tensor[]] {
    if (input instanceof PackedSequence) return this.computePacked(input, states);
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    const dims = input.dim();
    if (dims !== 2 && dims !== 3) throw valueError(refusal(dims));
    const batched = dims === 3;
    if (states?.some((state) => state.dim() !== dims)) throw new TorchError(wrongDimensions(dims, states));

    const batchDim = this.batchFirst ? 0 : 1;
    const batch = batched ? input : input.unsqueeze(batchDim);
    const hx =
      states === null
        ? this.zeroStates(batch, batch.size(batchDim))
        : states.map((state) => (batched ? state : state.unsqueeze(1)));
    this.checkInput(batch, 3);
    this.checkStates(hx, batch.size(batchDim));
    const [output, ...hidden] = this.call('input', [batch], hx, [this.batchFirst]);
    if (batched) return [output, hidden];
    return [output.squeeze(batchDim), hidden.map((state) => state.squeeze(1))];
  }

  private computePacked(input: PackedSequence, states: readonly Tensor[] | null): [PackedSequence, Tensor[]] {
    const { data, batchSizes, sortedIndices, unsortedIndices } = input;
    const batch = batchSizes.at(0).item();
    const permuted = (hx: readonly Tensor[], order: Tensor | null): Tensor[] =>
      hx.map((state) => (order === null ? state : state.indexSelect(1, order)));
    const hx = states === null ? this.zeroStates(data, batch) : permuted(states, sortedIndices);
    this.checkInput(data, 2);
    this.checkStates(hx, batch);
    const [output, ...hidden] = this.call('data', [data, batchSizes], hx, []);
    return [new PackedSequence(output, batchSizes, sortedIndices, unsortedIndices), permuted(hidden, unsortedIndices)];
  }

  private call(
    overload: 'input' | 'data',
    input: readonly Tensor[],
    hx: readonly Tensor[],
    rest: boolean[],
  ): TensorList {
    const { bias, numLayers, dropout, training, bidirectional } = this;
    const states = this.mode === 'LSTM' ? hx : hx[0];
    const options = [bias, numLayers, dropout, training, bidirectional, ...rest];
    const args = [...input, states, this.allWeights.flat(), ...options];
    return callOp<TensorList>(`aten::${modes[this.mode].op}.${overload}`, args);
  }

  /** Shapes of the states. */
  private stateShapes(batch: number): number[][] {
    const layers = this.numLayers * this.directions;
    const hidden = [layers, batch, this.outputSize];
    return this.mode === 'LSTM' ? [hidden, [layers, batch, this.hiddenSize]] : [hidden];
  }

  private zeroStates({ dtype, device }: Tensor, batch: number): Tensor[] {
    return this.stateShapes(batch).map((shape) => zeros(shape, { dtype, device }));
  }

  private checkInput(input: Tensor, dims: number): void {
    const weight = this.allWeights[0]?.[0];
    checkTensor(`${this.constructor.name}.forward()`, 'weightIhL0', weight);
    const [given, wanted] = [input.dtype, (weight as Parameter).dtype];
    // Where anything casts, the op brings both to one dtype.
    if (given !== wanted && !isAnyAutocastEnabled()) {
      throw valueError(
        `RNN input dtype (torch.${given}) does not match weight dtype (torch.${wanted}). ` +
          `Convert input: input.to(torch.${wanted}), or convert model: model.to(torch.${given})`,
      );
    }
    if (input.dim() !== dims) throw new TorchError(`input must have ${dims} dimensions, got ${input.dim()}`);
    if (input.size(-1) !== this.inputSize) {
      throw new TorchError(
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${input.size(-1)}`,
      );
    }
  }

  private checkStates(states: readonly Tensor[], batch: number): void {
    const shapes = this.stateShapes(batch);
    for (const [index, shape] of shapes.entries()) {
      const given = states[index]?.shape ?? [];
      if (given.join() === shape.join()) continue;
      const name = shapes.length === 1 ? 'hidden' : `hidden[${index}]`;
      throw new TorchError(`Expected ${name} size ${tupleRepr(shape)}, got [${given.join(', ')}]`);
    }
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.projSize !== 0) parts.push(`proj_size=${this.projSize}`);
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push('bias=False');
    if (this.batchFirst) parts.push('batch_first=True');
    if (this.dropout !== 0) parts.push(`dropout=${floatRepr(this.dropout)}`);
    if (this.bidirectional) parts.push('bidirectional=True');
    return parts.join(', ');
  }
}

type TensorList = [output: Tensor, ...states: Tensor[]];

/** Names of the weights in Python's order: layer by layer, and in each the way back after the way there. */
function namesOf({ numLayers, bidirectional, bias, projSize }: RNNBase): WeightName[][] {
  const kinds: WeightKind[] = ['weightIh', 'weightHh'];
  if (bias) kinds.push('biasIh', 'biasHh');
  if (projSize > 0) kinds.push('weightHr');
  return Array.from({ length: numLayers }, (_, layer) => {
    const names = kinds.map((kind): WeightName => `${kind}L${layer}`);
    return bidirectional ? [names, names.map((name): WeightName => `${name}Reverse` as WeightName)] : [names];
  }).flat();
}

function checkSizes(
  callee: string,
  sizes: Record<'inputSize' | 'hiddenSize' | 'numLayers' | 'projSize' | 'dropout', number>,
): void {
  const { inputSize, hiddenSize, numLayers, projSize, dropout } = sizes;
  if (!(dropout >= 0 && dropout <= 1)) {
    throw valueError(
      'dropout should be a number in range [0, 1] representing the probability of an element being zeroed',
    );
  }
  if (dropout > 0 && numLayers === 1) {
    tellWarning(
      'dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects numLayers greater than ' +
        `1, but got dropout=${dropout} and numLayers=${numLayers}`,
    );
  }
  for (const [name, size] of Object.entries({ inputSize, hiddenSize, numLayers, projSize })) {
    checkCount(callee, name, size, Number.MIN_SAFE_INTEGER);
  }
  if (inputSize <= 0) throw valueError('input_size must be greater than zero');
  if (hiddenSize <= 0) throw valueError('hidden_size must be greater than zero');
  if (numLayers <= 0) throw valueError('num_layers must be greater than zero');
  if (projSize < 0) throw valueError('proj_size should be a positive integer or zero to disable projections');
  if (projSize >= hiddenSize) throw valueError('proj_size has to be smaller than hidden_size');
}

function wrongDimensions(dims: 2 | 3, states: readonly Tensor[]): string {
  const kind = dims === 3 ? 'batched' : 'unbatched';
  const given = states.map((state) => `${state.dim()}-D`);
  return given.length === 1
    ? `For ${kind} ${dims}-D input, hx should also be ${dims}-D but got ${given.join()} tensor`
    : `For ${kind} ${dims}-D input, hx and cx should also be ${dims}-D but got (${given.join(', ')}) tensors`;
}

function isAcceptableToCudnn(weight: Tensor): boolean {
  return callOp<boolean>('aten::cudnn_is_acceptable', [weight]);
}
