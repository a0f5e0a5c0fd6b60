import { isTorchError } from '../../lib/engine';
import { scope } from '../../lib/engine';
import { manualSeed, Tensor } from '../../lib/tensor';
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

/** Runs all calls here and in Python, each from the same seed. Returns what differs; a call that both refuse does not. */
export async function differences<Inputs extends Record<string, Tensor>>(
  oracle: Oracle,
  inputs: Inputs,
  calls: readonly Call<Inputs>[],
): Promise<{ different: string[]; values: number }> {
  const { theirs } = await oracle.run(
    `
    import warnings
    warnings.simplefilter('ignore')
    F = torch.nn.functional
    def plain(v):
        return [plain(e) for e in v] if isinstance(v, (tuple, list)) else str(v)[6:] if isinstance(v, torch.dtype) else v
    names = dict(globals())
    def run(source):
        torch.manual_seed(3)
        try:
            given = {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in names.items()}
            return ['value', plain(eval(source, given))]
        except Exception as error:
            return ['error', str(error)]
    theirs = [run(source) for source in sources]
    `,
    { inputs: { ...inputs, sources: calls.map(([source]) => source) }, outputs: { theirs: 'value' } },
  );
  const different: string[] = [];
  let values = 0;
  for (const [index, [source, here]] of calls.entries()) {
    const [kind, value] = (theirs as [string, unknown][])[index] as [string, unknown];
    scope(() => {
      const copies = Object.fromEntries(
        Object.entries(inputs).map(([name, tensor]) => [name, tensor.clone()]),
      ) as Inputs;
      manualSeed(3);
      try {
        const ours = here(copies);
        const text = kind === 'error' ? `gave a value, Python refused: ${String(value)}` : difference(ours, value);
        if (text !== null) different.push(`${source}: ${text}`);
        values += 1;
      } catch (error) {
        if (!isTorchError(error)) throw error;
        if (kind !== 'error') different.push(`${source}: refused, ${error.message}`);
      }
    });
  }
  return { different, values };
}
