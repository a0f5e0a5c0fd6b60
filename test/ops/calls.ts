import { grad } from '../../lib/autograd';
import { isTorchError } from '../../lib/engine';
import { scope } from '../../lib/engine';
import { arange, isFloatingDType, manualSeed, Tensor, viewAsReal } from '../../lib/tensor';
import { describeDifference, type Oracle } from '../oracle/oracle';

/** One call in both languages; what it takes is in scope by name. */
export type Call<Inputs> = readonly [python: string, here: (inputs: Inputs) => unknown];

function difference(ours: unknown, theirs: unknown): string | null {
  if (ours instanceof Tensor) {
    return theirs instanceof Tensor ? describeDifference(ours, theirs) : `a tensor, expected ${String(theirs)}`;
  }
  if (Array.isArray(ours)) {
    if (!Array.isArray(theirs) || ours.length !== theirs.length)
      return `${ours.length} results, expected another number`;
    return ours.map((item, index) => difference(item, theirs[index])).find((text) => text !== null) ?? null;
  }
  return Object.is(ours, theirs) ? null : `${String(ours)}, expected ${String(theirs)}`;
}

/** The gradients of all floating inputs, of a sum in which each element of the results has a factor of its own. */
function gradientsOf(result: unknown, leaves: readonly Tensor[]): (Tensor | null)[] {
  const list: unknown[] = Array.isArray(result) ? (result as unknown[]) : [result];
  const sums = list
    .filter((item): item is Tensor => item instanceof Tensor && item.requiresGrad)
    .map((item) => (item.isComplex() ? viewAsReal(item) : item))
    .map((item) => item.mul(arange(item.numel(), { dtype: item.dtype }).cos().reshape(item.shape)).sum());
  if (sums.length === 0) return [];
  const found = grad(
    sums.reduce((total, sum) => total.add(sum)),
    leaves,
    { allowUnused: true },
  );
  return found.map((gradient) => (gradient !== null && gradient.layout !== 'strided' ? gradient.toDense() : gradient));
}

/**
 * Runs all calls here and in Python, each from the same seed, and compares what they return and the gradients of it.
 * Returns what differs; a call that both refuse does not.
 */
export async function differences<Inputs extends Record<string, Tensor>>(
  oracle: Oracle,
  inputs: Inputs,
  calls: readonly Call<Inputs>[],
  /** Python that defines what the calls need besides, unindented. */
  preamble = '',
): Promise<{ different: string[]; values: number }> {
  const { theirs } = await oracle.run(
    `
    import warnings
    warnings.simplefilter('ignore')
    F = torch.nn.functional
    def plain(v):
        return [plain(e) for e in v] if isinstance(v, (tuple, list)) else str(v)[6:] if isinstance(v, torch.dtype) else v
    def gradients(result, leaves):
        sums = []
        for item in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(item, torch.Tensor) and item.requires_grad:
                item = torch.view_as_real(item) if item.is_complex() else item
                sums.append((item * torch.arange(item.numel(), dtype=item.dtype).cos().reshape(item.shape)).sum())
        if not sums:
            return []
        total = sums[0]
        for item in sums[1:]:
            total = total + item
        found = torch.autograd.grad(total, leaves, allow_unused=True)
        return [g if g is None or g.layout == torch.strided else g.to_dense() for g in found]
    exec(preamble, globals())
    names = dict(globals())
    def run(source):
        torch.manual_seed(3)
        leaves = {name: value.clone().requires_grad_() for name, value in names.items()
                  if isinstance(value, torch.Tensor) and value.is_floating_point()}
        try:
            given = {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in names.items()}
            given.update((name, leaf.clone()) for name, leaf in leaves.items())
            result = eval(source, given)
        except Exception as error:
            return ['error', str(error)]
        try:
            return ['value', plain(result), gradients(result, list(leaves.values()))]
        except Exception as error:
            return ['value', plain(result), str(error)]
    theirs = [run(source) for source in sources]
    `,
    { inputs: { ...inputs, sources: calls.map(([source]) => source), preamble }, outputs: { theirs: 'value' } },
  );
  const different: string[] = [];
  let values = 0;
  for (const [index, [source, here]] of calls.entries()) {
    const [kind, value, expected] = (theirs as [string, unknown, unknown][])[index] as [string, unknown, unknown];
    scope(() => {
      const leaves = new Map<string, Tensor>();
      for (const [name, tensor] of Object.entries(inputs)) {
        if (isFloatingDType(tensor.dtype)) leaves.set(name, tensor.clone().requiresGrad_());
      }
      const copies = Object.fromEntries(
        Object.entries(inputs).map(([name, tensor]) => [name, (leaves.get(name) ?? tensor).clone()]),
      ) as Inputs;
      manualSeed(3);
      let ours: unknown;
      try {
        ours = here(copies);
      } catch (error) {
        if (!isTorchError(error)) throw error;
        if (kind !== 'error') different.push(`${source}: refused, ${error.message}`);
        return;
      }
      values += 1;
      const text = kind === 'error' ? `gave a value, Python refused: ${String(value)}` : difference(ours, value);
      if (text !== null) different.push(`${source}: ${text}`);
      else {
        const wrong = gradientDifference(ours, [...leaves.values()], expected);
        if (wrong !== null) different.push(`${source}: gradients: ${wrong}`);
      }
    });
  }
  return { different, values };
}

function gradientDifference(ours: unknown, leaves: readonly Tensor[], expected: unknown): string | null {
  let found: unknown;
  try {
    found = gradientsOf(ours, leaves);
  } catch (error) {
    if (!isTorchError(error)) throw error;
    return typeof expected === 'string' ? null : `refused, ${error.message}`;
  }
  return typeof expected === 'string' ? `gave a value, Python refused: ${expected}` : difference(found, expected);
}
