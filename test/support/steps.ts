import { memory, sweep } from '../../lib/engine';

/** A training step leaves as many tensors and bytes as it found; the first one makes what stays, such as gradients. */
export function expectNothingLeftBy(step: () => void): void {
  step();
  sweep();
  const before = memory();
  const counts = Array.from({ length: 5 }, () => {
    step();
    const { tensors, bytes } = memory();
    return [tensors, bytes['cpu']];
  });
  expect(counts).toEqual(counts.map(() => [before.tensors, before.bytes['cpu']]));
}
