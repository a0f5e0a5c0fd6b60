/** Weights that the older normalisations compute in every forward: what becomes of them, with and without scopes. */
import { memory, resetPeak, scope, sweep } from '../../../lib/engine';
import * as nn from '../../../lib/nn';
import * as optim from '../../../lib/optim';
import { ones, randn } from '../../../lib/tensor';
import { expectNothingLeftBy } from '../../support/steps';

describe.each([
  ['weightNorm', nn.utils.weightNorm],
  ['spectralNorm', nn.utils.spectralNorm],
] as const)('nn.utils.%s', (_, normalize) => {
  it('leaves nothing behind a step, and what it has computed can be read after it', () => {
    const layer = scope(() => normalize(new nn.Linear(8, 3)));
    expect(layer.weight.isDisposed).toBe(false);
    const x = randn([4, 8]);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
    let used: unknown;
    const step = (): void =>
      scope(() => {
        optimizer.zeroGrad();
        layer.forward(x).add(layer.forward(x)).sum().backward();
        used = layer.weight.tolist();
        optimizer.step();
      });
    expectNothingLeftBy(step);
    expect(layer.weight.tolist()).toEqual(used);
  });

  it('leaves what a program holds of an earlier forward as it was', () => {
    const layer = normalize(new nn.Linear(3, 2));
    layer.forward(ones([1, 3]));
    const held = layer.weight;
    const values = held.tolist();
    layer.forward(ones([1, 3]));
    expect(layer.weight).not.toBe(held);
    expect(held.tolist()).toEqual(values);
  });

  it('stays flat in a plain loop', () => {
    const layer = normalize(new nn.Linear(512, 512));
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.01 });
    const x = randn([1, 512]);
    const step = (): void => {
      optimizer.zeroGrad();
      layer.forward(x).sum().backward();
      optimizer.step();
    };
    step();
    sweep();
    const before = memory();
    resetPeak();
    for (let i = 0; i < 300; i++) step();
    // 300 weights would be 300 MiB.
    const { peak } = memory();
    expect((peak['cpu'] ?? Infinity) - (before.allocated['cpu'] ?? 0)).toBeLessThan(150 * 2 ** 20);
  });
});
