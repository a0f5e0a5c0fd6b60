/** The ways of pruning that PyTorch has: at random or by size, single elements or slices along a dimension. */
import { noGrad } from '../../autograd';
import { checkInteger, checkNumbers, checkTensor, checkTensors, describe, scope, valueError } from '../../engine';
import { norm, rand, randLike, slice, type Tensor, zerosLike } from '../../tensor';
import { pythonRound } from '../../tensor/python-float';
import { type Arguments, readTail, required } from '../../tensor/tail';
import { Buffer } from '../parameter';
import { BasePruningMethod } from './pruning-method';

/** Options of {@link RandomUnstructured} and {@link L1Unstructured}. */
export interface AmountOptions {
  /**
   * How much to prune: a whole number is that many elements or slices, a fraction between 0 and 1 is that share of them, rounded
   * (halves to even). Python's `1.0`, all, is JavaScript's `1`, one: give their number.
   */
  amount: number;
}

/** Options of {@link RandomStructured}. */
export interface StructuredOptions extends AmountOptions {
  /** The dimension whose slices are pruned. */
  dim?: number;
}

/** Options of {@link LnStructured}. */
export interface LnStructuredOptions extends StructuredOptions {
  /** The norm: a number, `Infinity` and `-Infinity` too, or of matrices `fro` or `nuc`. */
  n: number | 'fro' | 'nuc';
}

/** Prunes nothing: a mask of ones. */
export class Identity extends BasePruningMethod {
  readonly pruningType = 'unstructured';

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensor('Identity.computeMask()', 'defaultMask', defaultMask);
    return defaultMask;
  }
}

/** Prunes elements at random. */
export class RandomUnstructured extends BasePruningMethod {
  readonly pruningType = 'unstructured';
  readonly amount: number;

  constructor(...args: Arguments<[amount: number], AmountOptions, ['amount']>) {
    super();
    const { amount } = readTail<AmountOptions>('RandomUnstructured', { amount: required }, args);
    checkAmount('RandomUnstructured', amount);
    this.amount = amount;
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensors('RandomUnstructured.computeMask', { t, defaultMask });
    return withoutElements(this, t, defaultMask, (count) => randLike(t).view(-1).topk(count)[1]);
  }
}

/** Prunes the elements with the smallest absolute values. */
export class L1Unstructured extends BasePruningMethod {
  readonly pruningType = 'unstructured';
  readonly amount: number;

  constructor(...args: Arguments<[amount: number], AmountOptions, ['amount']>) {
    super();
    const { amount } = readTail<AmountOptions>('L1Unstructured', { amount: required }, args);
    checkAmount('L1Unstructured', amount);
    this.amount = amount;
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensors('L1Unstructured.computeMask', { t, defaultMask });
    const smallest = (count: number): Tensor => t.abs().view(-1).topk(count, { largest: false })[1];
    return withoutElements(this, t, defaultMask, smallest);
  }
}

/** Prunes slices along a dimension at random. */
export class RandomStructured extends BasePruningMethod {
  readonly pruningType = 'structured';
  readonly amount: number;
  readonly dim: number;

  constructor(...args: Arguments<[amount: number], StructuredOptions, ['amount', 'dim']>) {
    super();
    const { amount, dim } = readTail<Required<StructuredOptions>>(
      'RandomStructured',
      { amount: required, dim: -1 },
      args,
    );
    checkAmount('RandomStructured', amount);
    checkInteger('RandomStructured', 'dim', dim);
    this.amount = amount;
    this.dim = dim;
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensors('RandomStructured.computeMask', { t, defaultMask });
    const slices = slicesOf(this, t);
    const count = countOf(this, slices);
    if (count === 0) return defaultMask;
    return noGrad(() =>
      scope(() => {
        const draws = rand([slices]);
        return onlySlices(this, t, defaultMask, draws.gt(draws.kthvalue(count)[0]));
      }),
    );
  }
}

/** Prunes the slices along a dimension with the smallest norms. */
export class LnStructured extends BasePruningMethod {
  readonly pruningType = 'structured';
  readonly amount: number;
  readonly n: number | 'fro' | 'nuc';
  readonly dim: number;

  constructor(
    ...args: Arguments<[amount: number, n: number | 'fro' | 'nuc'], LnStructuredOptions, ['amount', 'n', 'dim']>
  ) {
    super();
    const defaults: Required<LnStructuredOptions> = { amount: required, n: required, dim: -1 };
    const { amount, n, dim } = readTail('LnStructured', defaults, args);
    checkAmount('LnStructured', amount);
    if (typeof n === 'number' ? Number.isNaN(n) : !['fro', 'nuc'].includes(n)) {
      throw valueError(`LnStructured: expected a number, 'fro' or 'nuc' for \`n\`, received ${describe(n)}`);
    }
    checkInteger('LnStructured', 'dim', dim);
    this.amount = amount;
    this.n = n;
    this.dim = dim;
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensors('LnStructured.computeMask', { t, defaultMask });
    const slices = slicesOf(this, t);
    const count = countOf(this, slices);
    const dims = t.dim() - 1;
    if (typeof this.n === 'string' && !(dims === 2 || (dims === 1 && this.n === 'fro'))) {
      throw valueError(
        `LnStructured: expected a number for \`n\`, received '${this.n}', which is a norm of matrices: the slices of a tensor of ` +
          `shape [${t.shape.join(', ')}] have ${dims} dimensions`,
      );
    }
    return noGrad(() =>
      scope(() => {
        const others = t.shape.map((_, index) => index).filter((index) => index !== dimOf(this, t));
        // Also where nothing is to be pruned, as in PyTorch: no norm of nothing at all may have a value.
        const largest = norm(t, this.n, others).topk(slices - count)[1];
        return count === 0 ? defaultMask : onlySlices(this, t, defaultMask, largest);
      }),
    );
  }
}

/** Prunes where a mask is 0. */
export class CustomFromMask extends BasePruningMethod {
  readonly pruningType = 'global';
  /** Shares the memory of the tensor that was given. */
  readonly mask: Buffer;

  /** @param mask - of the shape of what it prunes, of any dtype */
  constructor(...args: Arguments<[mask: Tensor], { mask: Tensor }, ['mask']>) {
    super();
    const { mask } = readTail<{ mask: Tensor }>('CustomFromMask', { mask: required }, args);
    checkTensor('CustomFromMask()', 'mask', mask);
    this.mask = new Buffer(mask);
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    checkTensor('CustomFromMask.computeMask()', 'defaultMask', defaultMask);
    if (defaultMask.shape.join() !== this.mask.shape.join()) {
      throw valueError(
        `CustomFromMask: expected a tensor of shape [${defaultMask.shape.join(', ')}] for \`mask\`, received ${describe(this.mask)}`,
      );
    }
    return defaultMask.mul(this.mask.to(defaultMask.dtype));
  }
}

/** Refuses what is neither a share nor a number of elements. */
function checkAmount(callee: string, amount: unknown): void {
  checkNumbers(callee, { amount });
  if (typeof amount === 'number' && amount >= 0 && (amount <= 1 || Number.isSafeInteger(amount))) return;
  throw valueError(
    `${callee}: expected a fraction from 0 to 1 or a whole number of at least 0 for \`amount\`, received ${describe(amount)}`,
  );
}

/** How many of `size` elements or slices are to be pruned. */
function countOf({ amount, constructor }: BasePruningMethod & AmountOptions, size: number): number {
  if (!Number.isInteger(amount)) return pythonRound(amount * size);
  if (amount <= size) return amount;
  throw valueError(
    `${constructor.name}: expected at most ${size} for \`amount\`, as there are no more to prune, received ${amount}`,
  );
}

/** A mask with zeros at the places of so many elements of `t` as a method prunes, which `choose` tells. */
function withoutElements(
  method: RandomUnstructured | L1Unstructured,
  t: Tensor,
  defaultMask: Tensor,
  choose: (count: number) => Tensor,
): Tensor {
  const count = countOf(method, t.numel());
  return noGrad(() =>
    scope(() => {
      const mask = defaultMask.clone({ memoryFormat: 'contiguous_format' });
      if (count > 0) mask.view(-1).setAt([choose(count)], 0);
      return mask;
    }),
  );
}

type Structured = RandomStructured | LnStructured;

/** The number of slices along the dimension of a method. */
function slicesOf(method: Structured, t: Tensor): number {
  const { name } = method.constructor;
  if (t.dim() < 2) {
    throw valueError(
      `${name}: expected a tensor of two dimensions or more to prune slices of, received ${describe(t)}`,
    );
  }
  checkInteger(name, 'dim', method.dim, -t.dim(), t.dim() - 1);
  return t.size(method.dim);
}

function dimOf({ dim }: Structured, t: Tensor): number {
  return dim < 0 ? dim + t.dim() : dim;
}

/** The mask that leaves of `defaultMask` only some slices, told by their places or by a mask of them. */
function onlySlices(method: Structured, t: Tensor, defaultMask: Tensor, chosen: Tensor): Tensor {
  const before = Array.from({ length: dimOf(method, t) }, () => slice());
  const mask = zerosLike(t).setAt([...before, chosen], 1);
  return mask.mul_(defaultMask.to(mask.dtype));
}
