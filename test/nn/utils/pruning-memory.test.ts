/** Pruned tensors are computed in every forward: what becomes of those before, with and without scopes. */
import { inferenceMode, noGrad } from '../../../lib/autograd';
import { memory, resetPeak, scope, scopeAsync } from '../../../lib/engine';
import * as nn from '../../../lib/nn';
import * as optim from '../../../lib/optim';
import { ones, randn, type Tensor } from '../../../lib/tensor';
import { expectSameBits } from '../../oracle/bits';
import { settle } from '../../support/settle';
import { expectNothingLeftBy } from '../../support/steps';

const { prune } = nn.utils;

describe('nn.utils.prune', () => {
  it('leaves nothing behind a step, and what it has computed can be read after it', () => {
    const model = new nn.Sequential(
      prune.l1Unstructured(new nn.Linear(8, 8), 'weight', 0.5),
      scope(() => prune.randomStructured(new nn.Linear(8, 2), 'weight', 0.5, 0)),
    );
    const x = randn([4, 8]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const step = (): void =>
      scope(() => {
        optimizer.zeroGrad();
        model.forward(x).add(model.forward(x)).sum().backward();
        optimizer.step();
      });
    expectNothingLeftBy(step);
    for (const layer of model as Iterable<nn.Linear>) expect(layer.weight.eq(0).sum().item()).toBeGreaterThan(7);
  });

  it('keeps what a program holds of an earlier forward, and its graph', () => {
    const layer = prune.l1Unstructured(new nn.Linear(3, 3), 'weight', 0.5);
    const held = layer.weight;
    const values = held.tolist();
    noGrad(() => layer.weight_orig.mul_(2));
    scope(() => {
      noGrad(() => layer.forward(ones([1, 3])));
      const inside = layer.weight;
      layer.forward(ones([1, 3]));
      expect(inside.sum().item()).toBe(layer.weight.sum().item());
    });
    // The scope's, for it took the place of what was there in it.
    expect(held.isDisposed).toBe(true);
    const outside = layer.weight;
    noGrad(() => layer.forward(ones([1, 3])));
    outside.sum().backward();
    expect(layer.weight_orig.grad?.tolist()).toEqual(layer.weight_mask.tolist());
    expect(outside.tolist()).toEqual((values as number[][]).map((row) => row.map((value) => 2 * value)));
  });

  it('stays flat in a plain loop', () => {
    const layer = prune.l1Unstructured(new nn.Linear(512, 512), 'weight', 0.5);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
    const x = randn([1, 512]);
    const steps = (count: number): void => {
      for (let i = 0; i < count; i++) {
        optimizer.zeroGrad();
        layer.forward(x).square().mean().backward();
        optimizer.step();
      }
    };
    steps(5);
    settle();
    resetPeak();
    const before = memory();
    steps(400); // 400 MiB of weights, if they stayed
    const { peak } = memory();
    settle();
    const after = memory();
    expect(after.tensors).toBeLessThanOrEqual(before.tensors);
    expect((peak['cpu'] ?? 0) - (before.allocated['cpu'] ?? 0)).toBeLessThan(150 * 2 ** 20);
  });

  it('computes in every mode, and on the compute thread', async () => {
    const layer = prune.l1Unstructured(new nn.Linear(6, 3), 'weight', 0.5);
    const x = randn([2, 6]);
    const wanted = layer.forward(x).detach();
    const turns = [
      () => noGrad(() => layer.forward(x)),
      () => inferenceMode(() => layer.forward(x)),
      () => layer.forward(x),
    ];
    for (const index of [0, 1, 2, 1, 0, 2, 2]) expectSameBits((turns[index] as () => Tensor)().detach(), wanted);
    const step = async (): Promise<void> => {
      const y = await layer.forwardAsync(x);
      expectSameBits(y.detach(), wanted);
      await y.sum().backwardAsync();
      layer.zeroGrad();
    };
    await scopeAsync(step);
    settle();
    const before = memory().tensors;
    for (let i = 0; i < 3; i++) await scopeAsync(step);
    expect(memory().tensors).toBe(before);
    const [first, second] = await Promise.all([layer.forwardAsync(x), layer.forwardAsync(x)]);
    expectSameBits(first.detach(), wanted);
    expectSameBits(second.detach(), wanted);
    inferenceMode(() => layer.forward(x));
    prune.l1Unstructured(layer, 'weight', 1);
    layer.forward(x).sum().backward();
    expect(layer.weight.eq(0).sum().item()).toBe(10);
  });

  it('copies what a scope has freed: the next forward computes it', () => {
    const layer = prune.customFromMask(new nn.Linear(2, 2), 'weight', ones([2, 2]).setAt(0, 0));
    noGrad(() => layer.forward(ones([1, 2])));
    let copy = layer;
    scope(() => {
      copy = nn.deepcopy(layer);
    });
    prune.l1Unstructured(copy, 'weight', 1);
    expect(copy.weight.eq(0).sum().item()).toBe(3);
    expect(copy.forward(ones([1, 2])).shape).toEqual([1, 2]);
  });
});
