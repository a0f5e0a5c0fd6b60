/** Embeddings: rows of a table, alone and in bags. */
import { noGrad } from '../../autograd';
import { ArgumentError, checkTensors, describe } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row that gets no gradient. */
  paddingIdx?: number | null;
  /** Rows that are used are shortened to this norm, in place. */
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
}

/** The rows of `weight` [V, E] at the indices [*], as [*, E]. */
export function embedding(
  input: Tensor,
  ...rest: Arguments<
    [weight: Tensor],
    { weight: Tensor } & EmbeddingOptions,
    ['weight', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse']
  >
): Tensor {
  const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = readTail<
    Required<{ weight: Tensor } & EmbeddingOptions>
  >(
    'embedding',
    { weight: required, paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false, sparse: false },
    rest,
  );
  checkTensors('embedding', { input, weight });
  const rows = weight.size(0);
  if (paddingIdx !== null && (paddingIdx >= rows || paddingIdx < -rows)) {
    throw new ArgumentError(`embedding: expected a row below ${rows} for \`paddingIdx\`, received ${paddingIdx}`);
  }
  const padding = paddingIdx === null ? -1 : paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  if (maxNorm !== null) renormalize(weight, input, maxNorm, normType);
  return ops.embedding(weight, input, padding, scaleGradByFreq, sparse);
}

/** Not recorded, as in Python: the rows that the gradient belongs to are the shortened ones. */
function renormalize(weight: Tensor, input: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => ops.embeddingRenorm_(weight, input.contiguous(), maxNorm, normType));
}

const BAG_MODES = ['sum', 'mean', 'max'] as const;

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions {
  /** Where each bag begins in an input of one dimension; none for two dimensions, where each row is a bag. */
  offsets?: Tensor | null;
  /** Rows that are used are shortened to this norm, in place. */
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  mode?: (typeof BAG_MODES)[number];
  sparse?: boolean;
  /** Factor of each row, of the input's shape; for the mode `sum`. */
  perSampleWeights?: Tensor | null;
  /** The last offset is where the last bag ends. */
  includeLastOffset?: boolean;
  /** A row that does not count. */
  paddingIdx?: number | null;
}

const BAG_DEFAULTS: Required<EmbeddingBagOptions> = {
  offsets: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  mode: 'mean',
  sparse: false,
  perSampleWeights: null,
  includeLastOffset: false,
  paddingIdx: null,
};

const fail = (message: string): never => {
  throw new ArgumentError(`embeddingBag: ${message}`, 'TORCH_VALUE');
};

/** The mode's number in the op, after the checks that Python makes of it. */
function bagMode({ mode, scaleGradByFreq, sparse, perSampleWeights }: Required<EmbeddingBagOptions>): number {
  const index = BAG_MODES.indexOf(mode);
  if (index < 0) fail(`expected one of ${BAG_MODES.join(', ')} for \`mode\`, received ${describe(mode)}`);
  if (mode === 'max' && (scaleGradByFreq || sparse)) {
    fail('mode max has neither gradients scaled by frequency nor sparse ones');
  }
  if (perSampleWeights !== null && mode !== 'sum') {
    fail(`\`perSampleWeights\` need the mode sum, received ${mode}`);
  }
  return index;
}

/** The sums, means or maxima of the rows of `weight` [V, E] in each bag of indices, [bags, E]. */
export function embeddingBag(
  input: Tensor,
  ...rest: Arguments<
    [weight: Tensor],
    { weight: Tensor } & EmbeddingBagOptions,
    [
      'weight',
      'offsets',
      'maxNorm',
      'normType',
      'scaleGradByFreq',
      'mode',
      'sparse',
      'perSampleWeights',
      'includeLastOffset',
      'paddingIdx',
    ]
  >
): Tensor {
  const options = readTail<Required<{ weight: Tensor } & EmbeddingBagOptions>>(
    'embeddingBag',
    { weight: required, ...BAG_DEFAULTS },
    rest,
  );
  const { weight } = options;
  checkTensors('embeddingBag', { input, weight });
  const { maxNorm, normType, scaleGradByFreq, sparse, paddingIdx } = options;
  let { offsets, perSampleWeights, includeLastOffset } = options;
  let indices = input;
  if (offsets !== null) checkTensors('embeddingBag', { offsets });
  if (perSampleWeights !== null) checkTensors('embeddingBag', { perSampleWeights });
  if (perSampleWeights !== null && perSampleWeights.shape.join() !== input.shape.join()) {
    fail(`expected weights of the input's shape, received ${describe(perSampleWeights)} for ${describe(input)}`);
  }
  if (weight.ndim !== 2) fail(`expected a table of two dimensions for \`weight\`, received ${describe(weight)}`);
  if (input.ndim === 2) {
    if (offsets !== null) fail(`expected no \`offsets\` for an input of two dimensions, each row of which is a bag`);
    const { dtype, device } = input;
    const length = input.size(1);
    if (length === 0) fail(`expected bags of one index or more, received ${describe(input)}`);
    offsets = ops.arange(0, input.numel(), length, { dtype, device });
    includeLastOffset = false;
    indices = input.reshape([-1]);
    perSampleWeights = perSampleWeights?.reshape([-1]) ?? null;
  } else if (input.ndim !== 1 || offsets?.ndim !== 1) {
    fail(
      `expected an input of two dimensions, or of one with \`offsets\` of one, received ${describe(input)} and ${describe(offsets)}`,
    );
  }
  const mode = bagMode(options);
  if (maxNorm !== null) renormalize(weight, indices, maxNorm, normType);
  const [bags, ...others] = ops.embeddingBag(
    weight,
    indices,
    offsets as Tensor,
    scaleGradByFreq,
    mode,
    sparse,
    perSampleWeights,
    includeLastOffset,
    paddingIdx,
  );
  for (const other of others) other.dispose();
  return bags;
}
