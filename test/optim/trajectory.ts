import type { AnyOptimizer, AnyStateDict, StateValue } from '../../lib/optim';
import { randn, sparseCooTensor, Tensor, zeros, type DType } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeDifference, expectSameBits, type Oracle, type OracleInput, type OracleValue } from '../oracle/oracle';

export type { AnyOptimizer };

/** Which gradients a walk meets. */
export interface GradientKinds {
  /** Share of the gradients that are missing, and of those that are zero. */
  missing?: number;
  zero?: number;
  /** Share of the matrices' gradients that are sparse, some rows of them; their rows may come twice. */
  sparse?: number;
  dtype?: DType;
}

export interface Trajectory extends GradientKinds {
  /** Makes the optimizer here and, as the variable `optimizer` over the list `params`, in Python. */
  make: (params: Tensor[]) => AnyOptimizer;
  python: string;
  steps: number;
  seed?: number;
  shapes?: readonly (readonly number[])[];
  /** Called after each step, here and as Python source with the step number `i`. */
  afterStep?: (optimizer: AnyOptimizer, step: number) => void;
  pythonAfterStep?: string;
  /** The step after which the state goes to the other side, which walks on with it; none by default. */
  handOver?: number;
}

/** Vectors below and above the width of SIMD, matrices, one element, none at all. */
export const mixedShapes: readonly (readonly number[])[] = [[7], [33, 5], [1], [], [3, 2, 17], [129, 67], [0, 4]];

/** A walk's random starting points and gradients. */
export interface Walk {
  initial: Tensor[];
  gradients: (Tensor | null)[][];
}

/** Draws a walk; the gradients' magnitudes reach over nine decades. */
export function drawWalk(trajectory: Pick<Trajectory, 'steps' | 'seed' | 'shapes'> & GradientKinds): Walk {
  const {
    steps,
    seed = 1,
    shapes = mixedShapes,
    missing = 0.15,
    zero = 0.1,
    sparse = 0,
    dtype = 'float32',
  } = trajectory;
  const draws = new Draws(seed);
  const initial = shapes.map((shape) => randn([...shape], { dtype }));
  const gradients = Array.from({ length: steps }, () =>
    initial.map((param): Tensor | null => {
      const kind = draws.next();
      if (kind < missing) return null;
      const size = 10 ** draws.int(-6, 3);
      if (param.ndim === 2 && param.numel() > 0 && draws.next() < sparse) {
        const rows = Array.from({ length: draws.int(0, 4) }, () => draws.int(0, (param.shape[0] as number) - 1));
        const indices = zeros([1, rows.length], { dtype: 'int64' });
        for (const [place, row] of rows.entries()) indices.narrow(1, place, 1).fill_(row);
        const values = randn([rows.length, param.shape[1] as number], { dtype }).mul(size);
        return sparseCooTensor(indices, values, [...param.shape]);
      }
      if (kind < missing + zero) return zeros([...param.shape], { dtype });
      return randn([...param.shape], { dtype }).mul(size);
    }),
  );
  return { initial, gradients };
}

/** A walk over some of the steps in Python. */
export const pythonWalk = `
import copy
def walk(optimizer, params, steps, after=lambda i, optimizer: None):
    visited = []
    for i in steps:
        for p, g in zip(params, gradients[i]):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        after(i, optimizer)
        visited += [p.detach().clone() for p in params]
    return visited
def packed(optimizer):
    s = optimizer.state_dict()
    cloned = lambda v: v.clone() if isinstance(v, torch.Tensor) else v
    state = {k: {n: cloned(v) for n, v in each.items() if v is not None} for k, each in s['state'].items()}
    return {'state': state, 'param_groups': copy.deepcopy(s['param_groups'])}
def unpacked(s):
    return {'state': {int(k): v for k, v in s['state'].items()}, 'param_groups': s['param_groups']}
`;

/** Walks here, and returns the parameters after each step. */
export function walkHere(
  optimizer: AnyOptimizer,
  params: readonly Tensor[],
  gradients: Walk['gradients'],
  steps: { from: number; to: number },
  afterStep?: Trajectory['afterStep'],
): Tensor[] {
  const visited: Tensor[] = [];
  for (let step = steps.from; step < steps.to; step++) {
    for (const [index, gradient] of (gradients[step] as (Tensor | null)[]).entries()) {
      (params[index] as Tensor).grad = gradient?.clone() ?? null;
    }
    optimizer.step();
    afterStep?.(optimizer, step);
    visited.push(...params.map((param) => param.detach().clone()));
  }
  return visited;
}

/** Leaves with the values of `start`. */
export function leavesOf(start: readonly Tensor[]): Tensor[] {
  return start.map((param) => param.clone().requiresGrad_());
}

/**
 * Runs an optimizer on both sides over the same random gradients, some of them zero and some missing for a step, and
 * compares parameters after every step and the whole state dict at the end, bit for bit. With `handOver` the state in the
 * middle goes to fresh optimizers on the other side, here and there, which must arrive at the same end.
 *
 * @returns how many tensors were compared
 */
export async function compareTrajectory(oracle: Oracle, trajectory: Trajectory): Promise<number> {
  const { make, python, steps, afterStep, pythonAfterStep = 'pass', handOver = 0 } = trajectory;
  const { initial, gradients } = drawWalk(trajectory);
  const params = leavesOf(initial);
  const optimizer = make(params);
  const visited = walkHere(optimizer, params, gradients, { from: 0, to: handOver }, afterStep);
  const middle = { params: params.map((param) => param.detach().clone()), state: copyOf(optimizer.stateDict()) };
  visited.push(...walkHere(optimizer, params, gradients, { from: handOver, to: steps }, afterStep));

  const expected = await oracle.run(
    `${pythonWalk}
def make(params):
    ${python}
    return optimizer
params = [p.clone().requires_grad_() for p in initial]
optimizer = make(params)
def after(i, optimizer):
    ${pythonAfterStep}
visited = walk(optimizer, params, range(hand_over), after)
middle_params = [p.detach().clone() for p in params]
middle = packed(optimizer)
visited += walk(optimizer, params, range(hand_over, steps), after)
end = packed(optimizer)
def resume(start, state):
    params = [p.clone().requires_grad_() for p in start]
    optimizer = make(params)
    # Python does not copy what it loads.
    optimizer.load_state_dict(copy.deepcopy(state))
    walk(optimizer, params, range(hand_over, steps), after)
    return [p.detach() for p in params], packed(optimizer)
# Python's own state first: loading casts some of it to the parameter's dtype, so that the end may be another one.
resumed, resumed_end = resume(middle_params, middle) if hand_over > 0 else ([], None)
arrived, _ = resume(our_params, unpacked(our_state)) if hand_over > 0 else ([], None)
`,
    {
      inputs: {
        initial,
        gradients,
        hand_over: handOver,
        steps,
        our_params: middle.params,
        our_state: middle.state as unknown as OracleInput,
      },
      outputs: {
        visited: 'tensors',
        middle_params: 'tensors',
        middle: 'value',
        end: 'value',
        resumed: 'tensors',
        resumed_end: 'value',
        arrived: 'tensors',
      },
    },
  );
  for (const [index, wanted] of expected.visited.entries()) {
    const [step, param] = [Math.floor(index / params.length), index % params.length];
    expectSameBits(visited[index] as Tensor, wanted, `parameter ${param} after step ${step}`);
  }
  const compared = expectSameState(optimizer.stateDict(), expected.end);
  if (handOver > 0) {
    for (const [index, param] of expected.arrived.entries()) {
      expectSameBits(
        param,
        expected.resumed[index] as Tensor,
        `parameter ${index}, where Python went on with our state`,
      );
    }
    const resumedParams = leavesOf(expected.middle_params);
    const resumed = make(resumedParams);
    resumed.loadStateDict(expected.middle as unknown as AnyStateDict);
    walkHere(resumed, resumedParams, gradients, { from: handOver, to: steps }, afterStep);
    for (const [index, param] of resumedParams.entries()) {
      expectSameBits(
        param.detach(),
        expected.resumed[index] as Tensor,
        `parameter ${index}, where we went on with Python's state`,
      );
    }
    expectSameState(resumed.stateDict(), expected.resumed_end);
  }
  return visited.length + compared;
}

/** Compares a state dict with Python's; returns how many tensors it has. */
export function expectSameState(ours: AnyStateDict, theirs: OracleValue): number {
  type Values = Record<string, StateValue>;
  const python = theirs as unknown as { state: Record<string, Values>; param_groups: Values[] };
  expect(Object.keys(ours.state)).toEqual(Object.keys(python.state));
  let count = 0;
  const compare = (actual: StateValue | undefined, wanted: StateValue | undefined, where: string): void => {
    if (wanted instanceof Tensor) {
      if (!(actual instanceof Tensor)) throw new Error(`${where}: ${String(actual)}, expected a tensor`);
      expectSameBits(actual, wanted, where);
      count += 1;
    } else if (Array.isArray(wanted)) {
      expect((actual as readonly StateValue[]).length).toBe(wanted.length);
      for (const [index, each] of wanted.entries()) {
        compare((actual as readonly StateValue[])[index], each as StateValue, `${where}[${index}]`);
      }
    } else {
      expect({ [where]: actual }).toEqual({ [where]: wanted });
    }
  };
  for (const [number, wanted] of Object.entries(python.state)) {
    const actual = ours.state[Number(number)] as Values;
    expect(Object.keys(actual).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, value] of Object.entries(wanted)) compare(actual[name], value, `state ${number}.${name}`);
  }
  expect(ours.param_groups.length).toBe(python.param_groups.length);
  for (const [index, wanted] of python.param_groups.entries()) {
    const actual = ours.param_groups[index] as Values;
    expect(Object.keys(actual).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, value] of Object.entries(wanted)) compare(actual[name], value, `${name} of group ${index}`);
  }
  return count;
}

/** A copy that later steps do not change. */
function copyOf({ state, param_groups }: AnyStateDict): AnyStateDict {
  const copy = (value: StateValue): StateValue => {
    if (value instanceof Tensor) return value.detach().clone();
    return Array.isArray(value) ? value.map((each: StateValue) => copy(each)) : value;
  };
  return {
    state: Object.fromEntries(
      Object.entries(state).map(([number, values]) => [
        number,
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, copy(value)])),
      ]),
    ),
    param_groups: param_groups.map(({ params, ...options }) => ({
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, copy(value)])),
      params,
    })),
  };
}

export { describeDifference };
