import { binding } from '../../lib/engine';
import { type AnyModule, deepcopy } from '../../lib/nn';
import { isLazy } from '../../lib/nn/uninitialized';
import { getRngState, manualSeed, type Tensor } from '../../lib/tensor';
import { expectSameBits } from '../oracle/oracle';

const dense = (gradient: Tensor | null | undefined): Tensor | null =>
  gradient?.isSparse ? gradient.toDense() : (gradient ?? null);

/**
 * Copies a module and has both compute in training: the copy draws nothing, has memory of its own, and outputs, gradients and
 * the state afterwards are the module's, bit for bit.
 */
export function compareCopy(module: AnyModule, forward: (module: AnyModule) => Tensor[]): void {
  module.train();
  module.zeroGrad();
  const before = getRngState();
  const copy = deepcopy(module);
  expectSameBits(getRngState(), before, 'generator after deepcopy');
  expect(copy.constructor).toBe(module.constructor);
  expect(copy.toString()).toBe(module.toString());
  const tensors = (of: AnyModule): [string, Tensor][] => [...of.namedParameters(), ...of.namedBuffers()];
  const storages = new Set(
    tensors(module)
      .filter(([, tensor]) => !isLazy(tensor))
      .map(([, { handle }]) => binding.storageOf(handle)?.id),
  );
  for (const [name, tensor] of tensors(copy)) {
    if (!isLazy(tensor) && tensor.numel() > 0)
      expect([name, storages.has(binding.storageOf(tensor.handle)?.id)]).toEqual([name, false]);
  }

  const run = (of: AnyModule): Tensor[] => {
    manualSeed(3);
    const outputs = forward(of);
    if (outputs[0]?.requiresGrad) outputs[0].sum().backward();
    return outputs;
  };
  const [wanted, outputs] = [run(module), run(copy)];
  for (const [index, output] of outputs.entries())
    expectSameBits(output, wanted[index] as Tensor, `copy's output ${index}`);
  const originals = new Map(tensors(module));
  expect(tensors(copy).map(([name]) => name)).toEqual([...originals.keys()]);
  for (const [name, tensor] of tensors(copy)) {
    const original = originals.get(name) as Tensor;
    expectSameBits(tensor, original, `copy's ${name}`);
    expect([name, tensor.requiresGrad]).toEqual([name, original.requiresGrad]);
    const [gradient, wantedGradient] = [dense(tensor.grad), dense(original.grad)];
    if (wantedGradient === null) expect([name, gradient]).toEqual([name, null]);
    else expectSameBits(gradient as Tensor, wantedGradient, `gradient of the copy's ${name}`);
  }
}
