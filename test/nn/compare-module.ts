import { noGrad } from '../../lib/autograd';
import type { AnyModule } from '../../lib/nn';
import { isLazy } from '../../lib/nn/uninitialized';
import { getRngState, manualSeed, randn, setRngState, type Tensor } from '../../lib/tensor';
import { expectSameBits, type Oracle } from '../oracle/oracle';

export interface ModuleComparison<M extends AnyModule> {
  /** Makes the module, here and in Python. */
  make: () => M;
  python: string;
  /** Inputs by the name that `forward` of both sides uses; float ones get gradients. */
  inputs: Record<string, Tensor | null>;
  /** The forward call; the first output is differentiated. */
  forward: (module: M) => Tensor[];
  pythonForward: string;
  seed?: number;
  /** Names of inputs whose gradients are compared. */
  differentiate?: readonly string[];
}

/**
 * Builds a module on both sides from one seed and compares, bit for bit: the state dict with its keys in order, how it is
 * printed, the generator's state after construction, the outputs in training, the gradients of parameters and inputs, the generator's
 * state and the state dict afterwards, and the outputs in evaluation with and without gradients. Parameters of lazy modules
 * have no bits before the first forward; sparse gradients are compared as dense ones.
 */
export async function compareModule<M extends AnyModule>(oracle: Oracle, comparison: ModuleComparison<M>): Promise<M> {
  const { make, python, inputs, forward, pythonForward, seed = 7, differentiate = [] } = comparison;
  manualSeed(seed);
  const module = make();
  const initial = copies(module);
  const [initialKeys, initiallyPrinted] = [[...module.stateDict().keys()], module.toString()];
  const afterConstruction = getRngState();

  for (const name of differentiate) inputs[name]?.requiresGrad_();
  const outputs = forward(module);
  const afterForward = getRngState();
  const upstream = randn([...(outputs[0]?.shape ?? [])]);
  outputs[0]?.backward(upstream);
  const gradients = module.namedParameters().map(([name, { grad }]) => [name, dense(grad)] as const);
  const trained = copies(module);
  // The gradient of the outputs was drawn here only.
  setRngState(afterForward);
  module.eval();
  const evaluated = forward(module);
  const withoutGradients = noGrad(() => forward(module));

  const expected = await oracle.run(
    `
    torch.manual_seed(seed)
    F = torch.nn.functional
    module = ${python}
    lazy = torch.nn.parameter.is_lazy
    copies = lambda: {k: v.clone() for k, v in module.state_dict().items() if not lazy(v)}
    initial, after_construction = copies(), torch.get_rng_state()
    keys, initially_printed = list(module.state_dict()), str(module)
    leaves = [globals()[name].requires_grad_() for name in differentiate]
    outputs = [t for t in ${pythonForward} if t is not None]
    after_forward = torch.get_rng_state()
    outputs[0].backward(upstream)
    dense = lambda t: t.to_dense() if t.is_sparse else t
    gradients = {k: dense(p.grad) for k, p in module.named_parameters() if p.grad is not None}
    parameter_names = [k for k, _ in module.named_parameters()]
    input_gradients = [leaf.grad for leaf in leaves]
    trained = copies()
    module.eval()
    evaluated = [t for t in ${pythonForward} if t is not None]
    with torch.no_grad():
        without_gradients = [t for t in ${pythonForward} if t is not None]
    printed = str(module)
    `,
    {
      inputs: { ...inputs, seed, upstream, differentiate: [...differentiate] },
      outputs: {
        initial: 'tensorDict',
        keys: 'strings',
        initially_printed: 'string',
        after_construction: 'tensor',
        outputs: 'tensors',
        after_forward: 'tensor',
        gradients: 'tensorDict',
        parameter_names: 'strings',
        input_gradients: 'tensors',
        trained: 'tensorDict',
        evaluated: 'tensors',
        without_gradients: 'tensors',
        printed: 'string',
      },
    },
  );

  expect(initialKeys).toEqual(expected.keys);
  expect(initiallyPrinted).toBe(expected.initially_printed);
  expectSameState(initial, expected.initial, 'initial');
  expectSameBits(afterConstruction, expected.after_construction, 'generator after construction');
  expectSameList(outputs, expected.outputs, 'output');
  expectSameBits(afterForward, expected.after_forward, 'generator after forward');
  expect(gradients.map(([name]) => name)).toEqual(expected.parameter_names);
  for (const [name, gradient] of gradients) {
    const wanted = expected.gradients[name];
    if (wanted === undefined) expect([name, gradient]).toEqual([name, null]);
    else expectSameBits(gradient as Tensor, wanted, `gradient of ${name}`);
  }
  for (const [index, name] of differentiate.entries()) {
    expectSameBits(
      inputs[name]?.grad as Tensor,
      expected.input_gradients[index] as Tensor,
      `gradient of input ${name}`,
    );
  }
  expectSameState(trained, expected.trained, 'after training');
  expectSameList(evaluated, expected.evaluated, 'evaluation');
  expectSameList(withoutGradients, expected.without_gradients, 'evaluation without gradients');
  expect(module.toString()).toBe(expected.printed);
  return module;
}

function copies(module: AnyModule): Map<string, Tensor> {
  const state = [...module.stateDict()].filter(([, tensor]) => !isLazy(tensor));
  return new Map(state.map(([key, tensor]) => [key, tensor.clone()]));
}

function dense(gradient: Tensor | null): Tensor | null {
  return gradient?.isSparse ? gradient.toDense() : gradient;
}

export function expectSameState(
  actual: ReadonlyMap<string, Tensor>,
  expected: Record<string, Tensor>,
  label: string,
): void {
  expect([...actual.keys()]).toEqual(Object.keys(expected));
  for (const [key, tensor] of actual) expectSameBits(tensor, expected[key] as Tensor, `${label}: ${key}`);
}

function expectSameList(actual: readonly Tensor[], expected: readonly Tensor[], label: string): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, tensor] of actual.entries())
    expectSameBits(tensor, expected[index] as Tensor, `${label} ${index}`);
}
