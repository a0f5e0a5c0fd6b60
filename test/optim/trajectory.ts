import type { Optimizer } from '../../lib/optim';
import { randn, zeros, type Tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { expectSameBits, type Oracle } from '../oracle/oracle';

/** Any optimizer. */
export type AnyOptimizer = Optimizer<{ lr: number }, object>;

export interface Trajectory {
  /** Makes the optimizer here and, as the variable `optimizer` over the list `params`, in Python. */
  make: (params: Tensor[]) => AnyOptimizer;
  python: string;
  steps: number;
  seed?: number;
  shapes?: readonly (readonly number[])[];
  /** Called after each step, here and as Python source with the step number `i`. */
  afterStep?: (optimizer: AnyOptimizer, step: number) => void;
  pythonAfterStep?: string;
}

/** Vectors below and above the width of SIMD, matrices, one element, none at all. */
const mixedShapes: readonly (readonly number[])[] = [[7], [33, 5], [1], [], [3, 2, 17], [129, 67], [0, 4]];

/**
 * Runs an optimizer on both sides over the same random gradients, some of them zero and some missing for a step, and
 * compares parameters after every step and the whole state dict at the end, bit for bit.
 */
export async function compareTrajectory(oracle: Oracle, trajectory: Trajectory): Promise<AnyOptimizer> {
  const { make, python, steps, seed = 1, shapes = mixedShapes, afterStep, pythonAfterStep = 'pass' } = trajectory;
  const draws = new Draws(seed);
  const initial = shapes.map((shape) => randn([...shape]));
  const gradients = Array.from({ length: steps }, () =>
    initial.map((param): Tensor | null => {
      const kind = draws.next();
      if (kind < 0.15) return null;
      if (kind < 0.25) return zeros([...param.shape]);
      return randn([...param.shape]).mul(10 ** draws.int(-6, 3));
    }),
  );
  const params = initial.map((param) => param.clone().requiresGrad_());
  const optimizer = make(params);
  const visited: Tensor[][] = [];
  for (const [step, stepGradients] of gradients.entries()) {
    for (const [index, gradient] of stepGradients.entries()) (params[index] as Tensor).grad = gradient?.clone() ?? null;
    optimizer.step();
    afterStep?.(optimizer, step);
    visited.push(params.map((param) => param.detach().clone()));
  }

  const expected = await oracle.run(
    `
params = [p.clone().requires_grad_() for p in initial]
${python}
visited = []
for i, step_gradients in enumerate(gradients):
    for p, g in zip(params, step_gradients):
        p.grad = None if g is None else g.clone()
    optimizer.step()
    ${pythonAfterStep}
    visited.append([p.detach().clone() for p in params])
visited = [p for step in visited for p in step]
packed = optimizer.state_dict()
state = {f'{k}.{name}': v for k, s in packed['state'].items() for name, v in s.items() if v is not None}
groups = packed['param_groups']
`,
    {
      inputs: { initial, gradients },
      outputs: { visited: 'tensors', state: 'tensorDict', groups: 'value' },
    },
  );
  for (const [index, wanted] of expected.visited.entries()) {
    const [step, param] = [Math.floor(index / params.length), index % params.length];
    expectSameBits(visited[step]?.[param] as Tensor, wanted, `parameter ${param} after step ${step}`);
  }
  const packed = optimizer.stateDict();
  const state = new Map(
    Object.entries(packed.state).flatMap(([number, remembered]) =>
      Object.entries(remembered).map(([name, tensor]) => [`${number}.${name}`, tensor] as const),
    ),
  );
  expect([...state.keys()].sort()).toEqual(Object.keys(expected.state).sort());
  for (const [name, tensor] of state) expectSameBits(tensor, expected.state[name] as Tensor, `state ${name}`);
  expect(packed.param_groups).toEqual(expected.groups);
  return optimizer;
}
