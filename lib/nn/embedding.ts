/** Tables of vectors, looked up by indices. */
import { checkTensor, describe, valueError } from '../engine';
import { noGrad } from '../autograd';
import { empty, type Tensor } from '../tensor';
import { type Arguments, required, type Tail } from '../tensor/tail';
import { checkCount, checkOptionalNumbers, readOptions } from './arguments';
import * as F from './functional';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { floatRepr } from './repr';

/** Options that {@link Embedding} and {@link EmbeddingBag} share. */
export interface TableOptions extends FactoryOptions {
  /** A row that begins as zeros and gets no gradient, or in a bag does not count; negative ones count from the end. */
  paddingIdx?: number | null;
  /** Rows that are used are shortened to this norm, in place. */
  maxNorm?: number | null;
  /** The order of that norm. */
  normType?: number;
  /** Divide each row's gradient by how often it was used. */
  scaleGradByFreq?: boolean;
  /** The weight's gradient is a sparse tensor. */
  sparse?: boolean;
  /** The table [numEmbeddings, embeddingDim], whose memory is shared; drawn by default. Python's `_weight`. */
  weight?: Tensor | null;
}

const tableDefaults = { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false, sparse: false };

/** What both tables share. */
abstract class Table extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: boolean;
  weight: Parameter;

  /** @internal */
  constructor(numEmbeddings: number, embeddingDim: number, options: Required<TableOptions>, frozen: boolean) {
    super();
    const { name } = new.target;
    const { paddingIdx, maxNorm, weight, device, dtype } = options;
    checkCount(name, 'numEmbeddings', numEmbeddings);
    checkCount(name, 'embeddingDim', embeddingDim);
    checkOptionalNumbers(name, { paddingIdx, maxNorm });
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = rowOf(paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = options.normType;
    this.scaleGradByFreq = options.scaleGradByFreq;
    this.sparse = options.sparse;
    if (weight !== null) {
      checkTensor(`${name}()`, 'weight', weight);
      if (weight.shape.join() !== [numEmbeddings, embeddingDim].join()) {
        throw valueError('Shape of weight does not match num_embeddings and embedding_dim');
      }
      this.weight = new Parameter(weight, !frozen);
      return;
    }
    this.weight = new Parameter(empty([numEmbeddings, embeddingDim], { device, dtype }), !frozen);
    this.resetParameters();
  }

  /** Draws the table anew from the normal distribution; the padding row becomes zeros. */
  resetParameters(): void {
    init.normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => this.weight.select(0, paddingIdx).fill_(0));
  }

  /** The beginning of what both print. */
  protected partsOfRepr(): string[] {
    const parts = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    if (this.maxNorm !== null) parts.push(`max_norm=${floatRepr(this.maxNorm)}`);
    if (this.normType !== 2) parts.push(`norm_type=${floatRepr(this.normType)}`);
    if (this.scaleGradByFreq) parts.push('scale_grad_by_freq=True');
    return parts;
  }
}

function rowOf(paddingIdx: number | null, rows: number): number | null {
  if (paddingIdx === null) return null;
  const row = paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  // Python lets the row 0 of an empty table pass, which it then cannot fill.
  if (Number.isSafeInteger(row) && row >= 0 && row < rows) return row;
  throw valueError(`Padding_idx must be within num_embeddings, received ${paddingIdx} for ${rows}`);
}

/** Rows and columns of a table that is there already. */
function sizesOf(callee: string, embeddings: Tensor): [rows: number, columns: number] {
  checkTensor(`${callee}()`, 'embeddings', embeddings);
  if (embeddings.dim() !== 2) {
    throw valueError(`Embeddings parameter is expected to be 2-dimensional, received ${describe(embeddings)}`);
  }
  return [embeddings.size(0), embeddings.size(1)];
}

/** @inline */
interface TableSizes {
  numEmbeddings: number;
  embeddingDim: number;
}

/** Options of {@link Embedding}. */
export interface EmbeddingModuleOptions extends TableOptions {
  /** The table is not trained. Python's `_freeze`. */
  freeze?: boolean;
}

/** @inline */
type PretrainedOptions = Omit<EmbeddingModuleOptions, 'weight' | 'device' | 'dtype'>;

/**
 * Rows of a table at indices (`torch.nn.Embedding`): int64 [*] to [*, embeddingDim]. The weight
 * [numEmbeddings, embeddingDim] is drawn from the normal distribution.
 *
 * @example
 * ```ts
 * const words = new nn.Embedding(10, 3, { paddingIdx: 0 });
 * console.log(words.forward(torch.tensor([[0, 7]])).shape, words.weight.detach().at(0)); // [ 1, 2, 3 ] tensor([0., 0., 0.])
 * ```
 */
export class Embedding extends Table {
  constructor(
    ...args: Arguments<
      [numEmbeddings: number, embeddingDim: number],
      TableSizes & EmbeddingModuleOptions,
      [
        'numEmbeddings',
        'embeddingDim',
        'paddingIdx',
        'maxNorm',
        'normType',
        'scaleGradByFreq',
        'sparse',
        'weight',
        'freeze',
        'device',
        'dtype',
      ]
    >
  ) {
    const { numEmbeddings, embeddingDim, freeze, ...options } = readOptions<
      TableSizes & Required<EmbeddingModuleOptions>
    >(
      'Embedding',
      {
        numEmbeddings: required,
        embeddingDim: required,
        ...tableDefaults,
        weight: null,
        freeze: false,
        device: null,
        dtype: null,
      },
      args,
    );
    super(numEmbeddings, embeddingDim, options, freeze);
  }

  /**
   * A module on a table that is there, whose memory it shares (`torch.nn.Embedding.from_pretrained`). It is not trained
   * unless `freeze` is false; the other options are those of the constructor.
   *
   * @param embeddings - [numEmbeddings, embeddingDim]
   */
  static fromPretrained(
    embeddings: Tensor,
    ...rest: Tail<PretrainedOptions, ['freeze', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse']>
  ): Embedding {
    const [rows, columns] = sizesOf('fromPretrained', embeddings);
    const options = readOptions<Required<PretrainedOptions>>(
      'fromPretrained',
      { freeze: true, ...tableDefaults },
      rest,
    );
    return new Embedding(rows, columns, { ...options, weight: embeddings });
  }

  forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return F.embedding(input, weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse);
  }

  override extraRepr(): string {
    const [sizes = '', ...parts] = this.partsOfRepr();
    const padding = this.paddingIdx === null ? [] : [`padding_idx=${this.paddingIdx}`];
    return [sizes, ...padding, ...parts, ...(this.sparse ? ['sparse=True'] : [])].join(', ');
  }
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagModuleOptions extends TableOptions {
  /** What is made of the rows of a bag. */
  mode?: 'sum' | 'mean' | 'max';
  /** The last offset is where the last bag ends. */
  includeLastOffset?: boolean;
}

/** @inline */
type PretrainedBagOptions = Omit<EmbeddingBagModuleOptions, 'weight' | 'device' | 'dtype'> & { freeze?: boolean };

/**
 * Sums, means or maxima of rows of a table, without the rows in between (`torch.nn.EmbeddingBag`). `forward(input, offsets,
 * perSampleWeights)`: int64 [B, N], each row a bag, or [N] with `offsets` [B], to [B, embeddingDim].
 */
export class EmbeddingBag extends Table {
  readonly mode: 'sum' | 'mean' | 'max';
  readonly includeLastOffset: boolean;

  constructor(
    ...args: Arguments<
      [numEmbeddings: number, embeddingDim: number],
      TableSizes & EmbeddingBagModuleOptions,
      [
        'numEmbeddings',
        'embeddingDim',
        'maxNorm',
        'normType',
        'scaleGradByFreq',
        'mode',
        'sparse',
        'weight',
        'includeLastOffset',
        'paddingIdx',
        'device',
        'dtype',
      ]
    >
  ) {
    const { numEmbeddings, embeddingDim, mode, includeLastOffset, ...options } = readOptions<
      TableSizes & Required<EmbeddingBagModuleOptions>
    >(
      'EmbeddingBag',
      {
        numEmbeddings: required,
        embeddingDim: required,
        maxNorm: null,
        normType: 2,
        scaleGradByFreq: false,
        mode: 'mean',
        sparse: false,
        weight: null,
        includeLastOffset: false,
        paddingIdx: null,
        device: null,
        dtype: null,
      },
      args,
    );
    super(numEmbeddings, embeddingDim, options, false);
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
  }

  /**
   * A module on a table that is there, whose memory it shares (`torch.nn.EmbeddingBag.from_pretrained`). It is not trained
   * unless `freeze` is false; the other options are those of the constructor.
   *
   * @param embeddings - [numEmbeddings, embeddingDim]
   */
  static fromPretrained(
    embeddings: Tensor,
    ...rest: Tail<
      PretrainedBagOptions,
      ['freeze', 'maxNorm', 'normType', 'scaleGradByFreq', 'mode', 'sparse', 'includeLastOffset', 'paddingIdx']
    >
  ): EmbeddingBag {
    const [rows, columns] = sizesOf('fromPretrained', embeddings);
    const { freeze, ...options } = readOptions<Required<PretrainedBagOptions>>(
      'fromPretrained',
      {
        freeze: true,
        maxNorm: null,
        normType: 2,
        scaleGradByFreq: false,
        mode: 'mean',
        sparse: false,
        includeLastOffset: false,
        paddingIdx: null,
      },
      rest,
    );
    const bag = new EmbeddingBag(rows, columns, { ...options, weight: embeddings });
    bag.weight.requiresGrad = !freeze;
    return bag;
  }

  /**
   * Looks up the bags.
   * @param offsets int64, where each bag begins in an input of one dimension
   * @param perSampleWeights a factor for each index, of the input's shape; for the mode `sum`
   */
  forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { weight, mode, includeLastOffset, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return F.embeddingBag(input, weight, {
      offsets,
      perSampleWeights,
      mode,
      includeLastOffset,
      paddingIdx,
      maxNorm,
      normType,
      scaleGradByFreq,
      sparse,
    });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? [] : [`padding_idx=${this.paddingIdx}`];
    return [...this.partsOfRepr(), `mode='${this.mode}'`, ...padding].join(', ');
  }
}
