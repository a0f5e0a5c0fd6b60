import { inspect } from 'node:util';

import { isTorchError } from '../../lib/engine';
import { manualSeed, randn, type Tensor } from '../../lib/tensor';
import { methodOps } from '../../lib/tensor/generated/methods';
import { signaturesOf } from '../../lib/tensor/resolve';
import { camelCase } from '../../lib/tensor/signature';
import { describeDifference, describeWithOracle } from '../oracle/oracle';

/** Uninitialised memory, or a change of the process: nothing to compare. */
const NOTHING_TO_COMPARE =
  /^(empty_like|new_empty|resize|share_memory|pin_memory|is_pinned|record_stream|set_data|set_)/;

/** Ops that a receiver alone is enough for. */
const unary = methodOps.filter(
  (name) =>
    !NOTHING_TO_COMPARE.test(name) &&
    signaturesOf(name, true).some(
      ({ positional, keyword, outs }) =>
        outs.length === 0 &&
        positional.slice(1).every(({ required }) => !required) &&
        keyword.every(({ required }) => !required),
    ),
);

function difference(ours: unknown, theirs: unknown): string | null {
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    if (ours.length !== theirs.length) return `${ours.length} results, expected ${theirs.length}`;
    return ours.map((item, index) => difference(item, theirs[index])).find((text) => text !== null) ?? null;
  }
  if (typeof ours === 'object' && ours !== null) return describeDifference(ours as Tensor, theirs as Tensor);
  return Object.is(ours, theirs) || (ours === undefined && theirs === null)
    ? null
    : `${String(ours)}, expected ${String(theirs)}`;
}

describeWithOracle('every op that takes a tensor only', (oracle) => {
  it.each([
    ['a matrix', [4, 4], 'float32'],
    ['a batch of integers', [2, 3, 3], 'int64'],
  ] as const)('gives the bits or refuses as Python does, on %s', async (_, shape, dtype) => {
    expect(unary.length).toBeGreaterThan(200);
    manualSeed(8);
    const x = randn(shape).mul(3).to(dtype);
    const { theirs } = await oracle().run(
      `
      import warnings
      warnings.simplefilter('ignore')
      def plain(v):
          return [plain(e) for e in v] if isinstance(v, (tuple, list)) else v
      def call(name):
          torch.manual_seed(1)
          try:
              y = plain(getattr(torch.ops.aten, name)(x.clone()))
              flat = y if isinstance(y, list) else [y]
              ok = all(not isinstance(t, torch.Tensor) or (t.layout == torch.strided and not t.is_quantized) for t in flat)
              return ['value', y] if ok else ['skip', None]
          except Exception as e:
              return ['error', str(e)]
      theirs = [call(name) for name in unary]
      `,
      { inputs: { x, unary }, outputs: { theirs: 'value' } },
    );
    const differences: string[] = [];
    let compared = 0;
    for (const [index, name] of unary.entries()) {
      const [kind, value] = (theirs as unknown[][])[index] as [string, unknown];
      if (kind === 'skip') continue;
      manualSeed(1);
      const receiver = x.clone() as unknown as Record<string, () => unknown>;
      let ours: unknown;
      let error: unknown = null;
      try {
        ours = receiver[camelCase(name)]?.();
      } catch (caught) {
        error = caught;
      }
      if (error !== null && !isTorchError(error)) differences.push(`${name}: ${inspect(error)}`);
      else if ((error !== null) !== (kind === 'error'))
        differences.push(
          `${name}: ours ${error === null ? 'gave a value' : (error as Error).message}, Python ${kind} ${String(value)}`,
        );
      else if (error === null) {
        compared += 1;
        const text = difference(ours, value);
        if (text !== null) differences.push(`${name}: ${text}`);
      }
    }
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });
});
