import { checkFunction, describe, valueError } from '../engine';
import {
  abs,
  add,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  div,
  eq,
  floorDivide,
  fmod,
  ge,
  gt,
  isFloatingDType,
  le,
  lt,
  matmul,
  mul,
  ne,
  pow,
  sub,
  Tensor,
  tensor as makeTensor,
} from '../tensor';
import { Buffer } from '../nn';
import { Metric, type MetricLike } from './metric';
import { WrapperMetric } from './wrapper-metric';

/** What stands beside a metric in arithmetic: another of the same inputs, a tensor or a number. */
export type Operand<Inputs extends readonly unknown[]> = MetricLike<Inputs> | Tensor | number;

/**
 * What follows from the scores of one or two metrics by an op: `torchmetrics.metric.CompositionalMetric`. The methods `add`,
 * `sub`, `mul`, `div` and so on of a metric make one.
 *
 * @example
 * ```ts
 * const precision = new torch.metrics.BinaryPrecision();
 * const recall = new torch.metrics.BinaryRecall();
 * const f1 = precision.mul(recall).div(precision.add(recall)).mul(2);
 * f1.update(torch.tensor([1, 1, 0]), torch.tensor([1, 0, 0]));
 * console.log(f1.compute()); // tensor(0.6667)
 * ```
 */
export class CompositionalMetric<
  Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor],
> extends WrapperMetric<Inputs, Tensor> {
  readonly metricA: Metric<Inputs> | Tensor;
  readonly metricB: Metric<Inputs> | Tensor | number | null;

  /**
   * @param op - of one score, or of two
   * @param a - a metric or a tensor
   * @param b - a metric, a tensor or a number; null for an op of one score
   */
  constructor(
    readonly op: (a: Tensor, b: Tensor | number) => Tensor,
    a: MetricLike<Inputs> | Tensor,
    b: Operand<Inputs> | null = null,
  ) {
    super();
    checkFunction('CompositionalMetric', 'op', op);
    if (!(a instanceof Metric || a instanceof Tensor)) {
      throw valueError(
        `CompositionalMetric(): expected a metric or a Tensor for argument \`a\`, received ${describe(a)}`,
      );
    }
    if (!(b === null || typeof b === 'number' || b instanceof Metric || b instanceof Tensor)) {
      throw valueError(
        `CompositionalMetric(): expected a metric, a Tensor, a number or null for argument \`b\`, received ${describe(b)}`,
      );
    }
    this.metricA = held(a as Metric<Inputs> | Tensor);
    this.metricB = held(b as Metric<Inputs> | Tensor | number | null);
  }

  override update(...inputs: Inputs): void {
    for (const metric of this.metrics()) metric.update(...inputs);
  }

  override compute(): Tensor {
    return this.combined((metric) => metric.compute());
  }

  override forward(...inputs: Inputs): Tensor {
    return this.combined((metric) => metric.forward(...inputs));
  }

  override reset(): void {
    for (const metric of this.metrics()) metric.reset();
  }

  override persistent(mode = false): void {
    for (const metric of this.metrics()) metric.persistent(mode);
  }

  override get updateCount(): number {
    return Math.max(0, ...this.metrics().map((metric) => metric.updateCount));
  }

  private metrics(): Metric<Inputs>[] {
    return [this.metricA, this.metricB].filter((part) => part instanceof Metric);
  }

  private combined(scoreOf: (metric: Metric<Inputs>) => Tensor): Tensor {
    const { metricA, metricB } = this;
    const a = metricA instanceof Metric ? scoreOf(metricA) : metricA;
    const b = metricB instanceof Metric ? scoreOf(metricB) : metricB;
    return b === null ? (this.op as (a: Tensor) => Tensor)(a) : this.op(a, b);
  }
}

/** A tensor that outlives the caller's. */
function held<T>(part: T): T {
  return part instanceof Tensor ? (new Buffer(part, { persistent: false }) as T & Buffer) : part;
}

/** Arithmetic on metrics: each method gives a {@link CompositionalMetric}, whose score is this op of the scores. */
export interface MetricArithmetic<Inputs extends readonly unknown[]> {
  /** The sum, Python's `+`. */
  add(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The difference, Python's `-`. */
  sub(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The difference the other way round, as in Python's `1 - metric`. */
  rsub(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The product, Python's `*`. */
  mul(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The quotient, Python's `/`. */
  div(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The quotient the other way round, as in Python's `1 / metric`. */
  rdiv(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The power the other way round, as in Python's `2 ** metric`. */
  rpow(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The quotient rounded down, Python's `//`. */
  floorDivide(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The remainder with the sign of the dividend, Python's `%`. */
  fmod(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The power, Python's `**`. */
  pow(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The matrix product, Python's `@`. */
  matmul(other: MetricLike<Inputs> | Tensor): CompositionalMetric<Inputs>;
  /** Where both are equal, Python's `==`. */
  eq(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Where both differ, Python's `!=`. */
  ne(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Where this is smaller, Python's `<`. */
  lt(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Where this is not larger, Python's `<=`. */
  le(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Where this is larger, Python's `>`. */
  gt(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Where this is not smaller, Python's `>=`. */
  ge(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Bits that both have, Python's `&`. */
  bitwiseAnd(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Bits that either has, Python's `|`. */
  bitwiseOr(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** Bits that one of them has, Python's `^`. */
  bitwiseXor(other: Operand<Inputs>): CompositionalMetric<Inputs>;
  /** The size without the sign, Python's `abs()`. */
  abs(): CompositionalMetric<Inputs>;
  /** Minus the size, whatever the sign: torchmetrics' `-`. */
  neg(): CompositionalMetric<Inputs>;
  /** All other bits, Python's `~`. */
  bitwiseNot(): CompositionalMetric<Inputs>;
  /** One score of several, Python's `[]`. */
  at(index: number): CompositionalMetric<Inputs>;
}

declare module './metric' {
  // The methods are put on the prototype below: the class cannot know the one that derives from it.
  /* eslint-disable @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- what a merge with the class wants */
  interface Metric<
    Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor],
    Output = Tensor,
  > extends MetricArithmetic<Inputs> {}
  /* eslint-enable @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars */
}

type AnyInputs = readonly unknown[];
type Op = (a: Tensor, b: Tensor | number) => Tensor;

const pairs = {
  add,
  sub,
  mul,
  div,
  floorDivide,
  fmod,
  pow,
  matmul,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
} as unknown as Readonly<Record<string, Op>>;

const singles: Readonly<Record<string, (score: Tensor) => Tensor>> = {
  abs: (score) => abs(score),
  neg: (score) => abs(score).neg(),
  bitwiseNot: (score) => bitwiseNot(score),
};

function install(name: string, method: (this: Metric<AnyInputs>, other: Operand<AnyInputs>) => unknown): void {
  Object.defineProperty(Metric.prototype, name, { value: method, writable: true, configurable: true });
}

for (const [name, op] of Object.entries(pairs)) {
  install(name, function (other) {
    return new CompositionalMetric((a, b) => op(a, b), this, other);
  });
}
/** A number as a tensor without dimensions, in floating point as Python's quotient takes it. */
const asTensor = (other: Tensor | number, { dtype, device }: Tensor): Tensor =>
  other instanceof Tensor ? other : makeTensor(other, { dtype: isFloatingDType(dtype) ? dtype : 'float32', device });

const reversed: Readonly<Record<string, (score: Tensor, other: Tensor | number) => Tensor>> = {
  rsub: (score, other) => (other instanceof Tensor ? other.sub(score) : score.rsub(other)),
  // Not the reciprocal times the number, whose last bit may be another.
  rdiv: (score, other) => div(asTensor(other, score), score),
  rpow: (score, other) => (other instanceof Tensor ? other.pow(score) : pow(other, score)),
};

for (const [name, op] of Object.entries(reversed)) {
  install(name, function (other) {
    return new CompositionalMetric((score, given) => op(score, given), this, other);
  });
}
for (const [name, op] of Object.entries(singles)) {
  install(name, function () {
    return new CompositionalMetric((a) => op(a), this);
  });
}
install('at', function (index) {
  return new CompositionalMetric((scores) => scores.at(index as number), this);
});
