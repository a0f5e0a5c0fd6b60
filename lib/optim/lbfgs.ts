import { enableGrad, noGrad } from '../autograd';
import { ArgumentError, checkNumbers, describe, keep, scope, TorchError, valueError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { cat, Tensor, zeros } from '../tensor';
import { asReal } from './foreach';
import { type Found, InUse, strongWolfe } from './line-search';
import { Optimizer } from './optimizer';
import { checkLr } from './options';
import { type NewParamGroup, type ParamGroup, type Params, type RateOf } from './param-groups';
import { less, lessOrEqual, min, mul, type Num, toScalar, valueOf } from './python-number';
import { copyTo, type StateValue } from './state-dict';

/** Options of {@link LBFGS}. */
export interface LBFGSOptions<L extends Tensor | number = Tensor | number> {
  /** Learning rate. */
  lr?: L;
  /** Most iterations of a step. */
  maxIter?: number;
  /** Most calls of the closure in a step; null is 5/4 of `maxIter`. */
  maxEval?: number | null;
  /** Largest magnitude of the gradient at which a step ends. */
  toleranceGrad?: number;
  /** Change of the loss or of the parameters below which a step ends. */
  toleranceChange?: number;
  /** How many iterations are remembered, each with two copies of all parameters. */
  historySize?: number;
  /** `strong_wolfe`, or null for steps of the length `lr`. */
  lineSearchFn?: 'strong_wolfe' | null;
}

/** Options of a group. */
export type LBFGSGroup<L extends Tensor | number = Tensor | number> = Required<LBFGSOptions<RateOf<L>>>;

const defaults: LBFGSGroup<never> = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
};

/** Of all parameters together; it stands with the first one. @inline */
interface LBFGSState {
  funcEvals: number;
  nIter: number;
  /** Direction of the last step. */
  d?: Tensor;
  /** Length of the last step. */
  t?: Num;
  oldDirs?: Tensor[];
  oldStps?: Tensor[];
  ro?: Tensor[];
  hDiag?: Num;
  prevFlatGrad?: Tensor;
  prevLoss?: number;
  al?: (Tensor | null)[];
}

/** PyTorch's names of the state, which the rule of snake_case does not give in one case. */
const names: Readonly<Record<keyof LBFGSState, string>> = {
  funcEvals: 'func_evals',
  nIter: 'n_iter',
  d: 'd',
  t: 't',
  oldDirs: 'old_dirs',
  oldStps: 'old_stps',
  ro: 'ro',
  hDiag: 'H_diag',
  prevFlatGrad: 'prev_flat_grad',
  prevLoss: 'prev_loss',
  al: 'al',
};

/**
 * `torch.optim.LBFGS`: a quasi-Newton method with a limited memory, for losses without noise. Its step calls the closure
 * several times, and takes one group of parameters only.
 *
 * @example
 * ```ts
 * const x = torch.tensor([3, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.LBFGS([x], { lineSearchFn: 'strong_wolfe' });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = x.sub(1).square().sum();
 *   loss.backward();
 *   return loss;
 * });
 * console.log(x.detach()); // tensor([1.0000, 1.0000])
 * ```
 */
export class LBFGS<L extends Tensor | number = number> extends Optimizer<LBFGSGroup<L>, LBFGSState, StateValue> {
  constructor(
    params: Params<LBFGSGroup<L>>,
    ...rest: Tail<
      LBFGSOptions<L>,
      ['lr', 'maxIter', 'maxEval', 'toleranceGrad', 'toleranceChange', 'historySize', 'lineSearchFn']
    >
  ) {
    const options = readTail('LBFGS', defaults, rest);
    super(params, { ...options, maxEval: options.maxEval ?? Math.floor((options.maxIter * 5) / 4) });
  }

  override addParamGroup(group: NewParamGroup<LBFGSGroup<L>>): void {
    if (this.paramGroups.length > 0) {
      throw valueError("LBFGS doesn't support per-parameter options (parameter groups)");
    }
    super.addParamGroup(group);
  }

  protected override validate({ lr, maxEval, lineSearchFn, ...numbers }: LBFGSGroup<L>): void {
    checkLr('LBFGS', lr);
    checkNumbers('LBFGS', numbers);
    if (maxEval !== null) checkNumbers('LBFGS', { maxEval });
    if (!Number.isInteger(numbers.historySize) || numbers.historySize < 0 || numbers.historySize > 2 ** 24) {
      throw valueError(`expected a whole number, not negative, for \`historySize\`, received ${numbers.historySize}`);
    }
    if (lineSearchFn !== null && (lineSearchFn as string) !== 'strong_wolfe') {
      throw valueError(`only 'strong_wolfe' is supported for \`lineSearchFn\`, received ${describe(lineSearchFn)}`);
    }
  }

  protected override updateGroup(): void {
    // Its step is not one over a group: see perform.
  }

  protected override requiredState(): readonly string[] {
    return ['funcEvals', 'nIter'];
  }

  /** Aliases: a tensor that the next step replaces is freed, and lives on in a state dict that somebody holds. */
  protected override packState(state: LBFGSState): Record<string, StateValue> {
    const alias = (value: StateValue): StateValue => {
      if (value instanceof Tensor) return value.detach();
      return Array.isArray(value) ? value.map((element: StateValue) => alias(element)) : value;
    };
    const entries = Object.entries(state) as [keyof LBFGSState, StateValue][];
    return Object.fromEntries(entries.map(([name, value]) => [names[name], alias(value)]));
  }

  protected override unpackState(packed: Readonly<Record<string, StateValue>>, param: Tensor): LBFGSState {
    const entries = Object.entries(names).flatMap(([name, python]) => {
      const value = packed[python];
      if (value === undefined || value === null) return [];
      if (!fits[name as keyof LBFGSState](value)) {
        throw valueError(
          `expected another kind of value for \`${python}\` in the state of LBFGS, received ${describe(value)}`,
        );
      }
      return [[name, copyTo(value, param)]];
    });
    const state = Object.fromEntries(entries) as Partial<LBFGSState>;
    return { ...state, funcEvals: state.funcEvals ?? 0, nIter: state.nIter ?? 0 };
  }

  protected override perform<T>(closure: (() => T) | undefined): T | undefined {
    if (closure === undefined) {
      throw new ArgumentError(
        'LBFGS.step(): expected a function that computes the loss and its gradients anew, received none',
      );
    }
    return noGrad(() => {
      const [group] = this.paramGroups as [ParamGroup<LBFGSGroup<L>>];
      const owner = group.params[0] as Tensor;
      const state = this.state.get(owner) ?? { funcEvals: 0, nIter: 0 };
      this.state.set(owner, state);
      return minimize(() => enableGrad(closure), group, state);
    });
  }
}

const isNum = (value: StateValue): boolean => typeof value === 'number' || value instanceof Tensor;
const isTensor = (value: StateValue): boolean => value instanceof Tensor;
const areTensors = (value: StateValue): boolean => Array.isArray(value) && value.every(isTensor);

const fits: Readonly<Record<keyof LBFGSState, (value: StateValue) => boolean>> = {
  funcEvals: (value) => typeof value === 'number',
  nIter: (value) => typeof value === 'number',
  d: isTensor,
  t: isNum,
  oldDirs: areTensors,
  oldStps: areTensors,
  ro: areTensors,
  hDiag: isNum,
  prevFlatGrad: isTensor,
  prevLoss: (value) => typeof value === 'number',
  al: (value) => Array.isArray(value) && value.every((each: StateValue) => each === null || isTensor(each)),
};

/** One step, which is as many iterations as the options allow or the tolerances ask for. */
function minimize<T>(closure: () => T, group: ParamGroup<LBFGSGroup>, state: LBFGSState): T {
  const { maxIter, toleranceGrad, toleranceChange, lineSearchFn, params } = group;
  const maxEval = group.maxEval ?? Math.floor((maxIter * 5) / 4);
  const inUse = new InUse();
  for (const tensor of tensorsOf(state)) inUse.add(tensor);

  const original = closure();
  let loss = lossOf(original);
  let evaluations = 1;
  state.funcEvals += 1;
  let grad = inUse.add(gather(params));
  let isOptimal = isWithin(grad, toleranceGrad);

  for (let iteration = 1; !isOptimal && iteration <= maxIter; iteration++) {
    state.nIter += 1;
    const direction = findDirection(state, grad, group.historySize, inUse);
    state.d = direction;
    if (state.prevFlatGrad === undefined) state.prevFlatGrad = inUse.add(grad.clone());
    else state.prevFlatGrad.copy_(grad);
    state.prevLoss = loss;
    const current = grad;
    const lr = inUse.add(rateOf(group));
    state.t = state.nIter === 1 ? inUse.add(scope(() => mul(min(1, current.abs().sum().reciprocal()), lr))) : lr;
    const slope = inUse.add(scope(() => current.dot(direction)));
    if (scope(() => less(-toleranceChange, slope))) break;

    let made = 0;
    if (lineSearchFn !== null) {
      const found = search(closure, params, state.t, { direction, loss, grad, slope }, maxEval - evaluations);
      loss = found.loss;
      grad = inUse.add(found.grad);
      state.t = inUse.add(found.t);
      made = found.evaluations;
      move(params, found.t, direction);
      isOptimal = isWithin(grad, toleranceGrad);
    } else {
      move(params, state.t, direction);
      if (iteration !== maxIter) {
        loss = lossOf(closure());
        grad = inUse.add(gather(params));
        isOptimal = isWithin(grad, toleranceGrad);
        made = 1;
      }
    }
    evaluations += made;
    state.funcEvals += made;
    inUse.keepOnly([grad, ...tensorsOf(state)]);

    if (iteration === maxIter || evaluations >= maxEval || isOptimal) break;
    const { t, prevLoss } = state;
    if (scope(() => lessOrEqual(mul(direction, t).abs().max(), toleranceChange))) break;
    if (Math.abs(loss - prevLoss) < toleranceChange) break;
  }
  const live = [...tensorsOf(state)];
  inUse.keepOnly(live);
  for (const tensor of live) keep(tensor);
  return original;
}

/** The learning rate; of a tensor an alias, as Python's `t` is one, which sees what a schedule makes of it. */
function rateOf({ lr }: LBFGSGroup): Num {
  return typeof lr === 'number' ? lr : scope(() => (toScalar(lr) as Tensor).detach());
}

/** The direction in which the remembered curvature says that the minimum lies. */
function findDirection(state: LBFGSState, grad: Tensor, historySize: number, inUse: InUse): Tensor {
  if (state.nIter === 1 || state.d === undefined || state.prevFlatGrad === undefined) {
    state.oldDirs = [];
    state.oldStps = [];
    state.ro = [];
    state.hDiag = 1;
    return inUse.add(grad.neg());
  }
  const [dirs, steps, ro] = [(state.oldDirs ??= []), (state.oldStps ??= []), (state.ro ??= [])];
  const change = inUse.add(grad.sub(state.prevFlatGrad));
  const step = inUse.add(mul(state.d, state.t ?? 1));
  const product = inUse.add(change.dot(step));
  if (scope(() => less(1e-10, product))) {
    if (dirs.length === historySize) for (const list of [dirs, steps, ro]) list.shift();
    dirs.push(change);
    steps.push(step);
    ro.push(inUse.add(product.reciprocal()));
    state.hDiag = inUse.add(scope(() => product.div(change.dot(change))));
  }
  const al = (state.al ??= Array.from({ length: historySize }, () => null));
  const q = inUse.add(grad.neg());
  for (let index = dirs.length - 1; index >= 0; index--) {
    const share = inUse.add(scope(() => (steps[index] as Tensor).dot(q).mul(ro[index] as Tensor)));
    al[index] = share;
    q.add_(dirs[index] as Tensor, { alpha: -share.item() });
  }
  const direction = inUse.add(mul(q, state.hDiag ?? 1));
  for (const [index, dir] of dirs.entries()) {
    const alpha = scope(() => (al[index] as Tensor).sub(dir.dot(direction).mul(ro[index] as Tensor)).item());
    direction.add_(steps[index] as Tensor, { alpha });
  }
  return direction;
}

/** The line search from where the parameters stand, to where they are brought back after each look. */
function search(
  closure: () => unknown,
  params: readonly Tensor[],
  first: Num,
  { direction, ...start }: { direction: Tensor; loss: number; grad: Tensor; slope: Tensor },
  most: number,
): Found {
  const places = params.map((param) => param.clone());
  const evaluate = (t: Num): { loss: number; grad: Tensor } => {
    move(params, t, direction);
    const loss = lossOf(closure());
    const grad = gather(params);
    for (const [index, param] of params.entries()) param.copy_(places[index] as Tensor);
    return { loss, grad };
  };
  try {
    return strongWolfe(evaluate, direction, start, first, most);
  } finally {
    for (const place of places) place.dispose();
  }
}

/** All gradients in one row; zeros where there is none. */
function gather(params: readonly Tensor[]): Tensor {
  return scope(() =>
    cat(
      params.map((param) => {
        const { grad } = param;
        if (grad === null) {
          const { dtype, device } = asReal(param);
          return zeros([asReal(param).numel()], { dtype, device });
        }
        return asReal(grad.isSparse ? grad.toDense() : grad).reshape([-1]);
      }),
      0,
    ),
  );
}

/** Goes a way along a direction that is in one row. */
function move(params: readonly Tensor[], length: Num, direction: Tensor): void {
  scope(() => {
    const alpha = valueOf(length);
    let offset = 0;
    for (const param of params.map(asReal)) {
      const count = param.numel();
      param.add_(direction.narrow(0, offset, count).viewAs(param), { alpha });
      offset += count;
    }
  });
}

function isWithin(grad: Tensor, tolerance: number): boolean {
  return scope(() => lessOrEqual(grad.abs().max(), tolerance));
}

function lossOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value instanceof Tensor) return value.item();
  throw new TorchError(
    `LBFGS.step(): expected the closure to return the loss, a number or a tensor, received ${describe(value)}`,
  );
}

function* tensorsOf(state: LBFGSState): Iterable<Tensor> {
  for (const value of Object.values(state) as (StateValue | undefined)[]) {
    for (const each of Array.isArray(value) ? (value as StateValue[]) : [value]) if (each instanceof Tensor) yield each;
  }
}
