import { noGrad } from '../../lib/autograd';
import { AsyncError, computeAsync, IndexError, memory, resetPeak, scopeAsync } from '../../lib/engine';
import { VisionTransformerForSegmentation } from '../../lib/models';
import * as nn from '../../lib/nn';
import { Adam, type Optimizer, SGD } from '../../lib/optim';
import * as torch from '../../lib/tensor';
import type { Tensor } from '../../lib/tensor';
import { settle } from '../support/settle';

beforeEach(settle);

const bitsOf = (tensors: readonly Tensor[]): string[] =>
  tensors.map((t) => Buffer.from(t.toBytes()).toString('base64'));

const small = { imageSize: 16, patchSize: 4, embedSize: 16, numBlocks: 2, numHeads: 2, dropout: 0.2 };

/** Parameters, buffers and losses of a few steps of training, random numbers included. */
async function train(
  model: nn.Module,
  optimizer: Optimizer<{ lr: number }, object>,
  input: number[],
  asynchronous: boolean,
): Promise<string[]> {
  torch.manualSeed(7);
  const losses: Tensor[] = [];
  for (let step = 0; step < 4; step++) {
    const x = torch.rand(input);
    if (asynchronous) {
      const loss = await computeAsync(() => {
        optimizer.zeroGrad();
        const mean = model.forward(x).square().mean();
        mean.backward();
        return mean.detach();
      });
      await optimizer.stepAsync();
      losses.push(loss);
    } else {
      optimizer.zeroGrad();
      const loss = model.forward(x).square().mean();
      loss.backward();
      optimizer.step();
      losses.push(loss.detach());
    }
  }
  return bitsOf([...losses, ...model.parameters(), ...model.buffers()]);
}

describe('computeAsync', () => {
  const models: [string, () => nn.Module, number[]][] = [
    ['vision transformer with dropout', () => new VisionTransformerForSegmentation(small), [2, 3, 16, 16]],
    [
      'batch norm, whose buffers forward changes',
      () => new nn.Sequential(new nn.Linear(6, 8), new nn.BatchNorm1d(8), new nn.GELU(), new nn.Linear(8, 3)),
      [5, 6],
    ],
  ];
  const optimizers: [string, (params: nn.Parameter[]) => Optimizer<{ lr: number }, object>][] = [
    ['Adam', (params) => new Adam(params, { lr: 1e-2, amsgrad: true })],
    ['SGD with momentum', (params) => new SGD(params, { lr: 1e-2, momentum: 0.9, nesterov: true })],
  ];
  it.each(models.flatMap((model) => optimizers.map((optimizer) => [...model, ...optimizer] as const)))(
    'trains a %s with the bits of synchronous training',
    async (_, make, input, __, optimizerOf) => {
      const run = (asynchronous: boolean): Promise<string[]> => {
        torch.manualSeed(3);
        const model = make();
        return train(model, optimizerOf(model.parameters()), input, asynchronous);
      };
      expect(await run(true)).toEqual(await run(false));
    },
  );

  it('gives random chains of ops the bits that they have outside', async () => {
    const ops: ((t: Tensor) => Tensor)[] = [
      (t) => t.add(t.mean()),
      (t) => t.transpose(0, 1).contiguous().view(t.size(0), t.size(1)),
      (t) => t.clone().mul_(1.5),
      (t) => torch.cat([t.narrow(0, 0, 1), t.narrow(0, 1, t.size(0) - 1).neg()]),
      (t) => t.matmul(t.t()).matmul(t).tanh(),
      (t) => t.softmax(-1),
      (t) =>
        t
          .split(1)
          .reduce((sum, part) => sum.add(part))
          .expand(t.size(0), t.size(1)),
      (t) => t.add(torch.rand(t.shape as number[])),
      (t) => t.at('...', [0, 0]).repeat([1, 2]).narrow(1, 0, 1).expand(-1, t.size(1)).mul(t),
      (t) => t.topk(1, 0)[0].add(t),
      (t) => {
        const copy = t.contiguous();
        copy.contiguous().add_(1);
        return copy;
      },
    ];
    for (let round = 0; round < 20; round++) {
      const chain = Array.from(
        { length: 12 },
        () => ops[Math.floor(Math.random() * ops.length)] as (t: Tensor) => Tensor,
      );
      const x = torch.rand([4, 4]);
      const apply = (): Tensor => chain.reduce((t, op) => op(t), x.clone());
      torch.manualSeed(round);
      const expected = apply();
      torch.manualSeed(round);
      const actual = await computeAsync(apply);
      expect(actual.shape).toEqual(expected.shape);
      expect(bitsOf([actual])).toEqual(bitsOf([expected]));
    }
  });

  it('knows shapes, dtypes and devices at once, and values later', async () => {
    const x = torch.ones([2, 3]);
    const result = await computeAsync(() => {
      const y = x.sum(1).to('float64');
      expect([y.shape, y.dtype, y.device, y.numel(), y.ndim]).toEqual([[2], 'float64', 'cpu', 2, 1]);
      return y;
    });
    expect(result.tolist()).toEqual([3, 3]);
  });

  it('waits where values are read, and where a shape depends on them', async () => {
    const x = torch.rand([5, 4]);
    const read = (): unknown => {
      const y = x.mul(2).add(1);
      const mask = y.gt(2);
      const picked = y.maskedSelect(mask);
      const places = mask.nonzero();
      // libtorch has no meta kernel for these either.
      const turned = y.flip([0]).roll([1], [1]).square();
      return [
        y.sum().item(),
        y.equal(x),
        picked.shape,
        places.shape,
        bitsOf([picked.add(1), places, turned, y.at(mask)]),
        turned.t().shape,
        y.split(2).map((part) => part.shape),
        turned.split(2).map((part) => bitsOf([part.exp()])),
      ];
    };
    expect(await computeAsync(read)).toEqual(read());
  });

  it('waits where a tensor is read that what is queued writes to', async () => {
    const counts = Array.from({ length: 20 }, () => torch.ones([]));
    const read: unknown[] = [];
    await computeAsync(() => {
      for (const count of counts) {
        torch.randn([64, 64]).matmul(torch.randn([64, 64]));
        count.mul_(0.5);
        read.push(count.item(), count.tolist());
      }
    });
    expect(read).toEqual(counts.flatMap(() => [0.5, 0.5]));
  });

  it('refuses promises, and itself inside', async () => {
    const x = torch.ones([2]);
    await expect(computeAsync(async () => Promise.resolve(x))).rejects.toThrow(/computeAsync\(\) takes a synchronous/);
    await expect(computeAsync(() => computeAsync(() => x))).rejects.toThrow(AsyncError);
    // None of these left a region open.
    expect(x.add(1).tolist()).toEqual([2, 2]);
  });

  it('refuses use of a result that was not awaited, by name', async () => {
    let early: Tensor | undefined;
    const running = computeAsync(() => (early = torch.ones([2]).add(1)));
    expect(() => early?.add(1)).toThrow(/still being computed.*\n.*in add\(/);
    await running;
    expect(early?.tolist()).toEqual([2, 2]);

    // Of this one not even the shape is known.
    let picked: Tensor | undefined;
    const picking = computeAsync(() => (picked = torch.ones([2]).nonzero()));
    expect(() => picked?.shape).toThrow(AsyncError);
    expect(() => picked?.add(1)).toThrow(/still being computed.*\n.*in add\(Tensor \(being computed\), 1\)/);
    await picking;
    expect(picked?.shape).toEqual([2, 1]);
  });

  it('runs several in the order of their calls, and lets a later one use what an earlier one makes', async () => {
    const x = torch.zeros([1]);
    let first: Tensor | undefined;
    const all = [
      computeAsync(() => {
        x.add_(1);
        first = x.mul(10);
        return first;
      }),
      computeAsync(() => {
        x.mul_(3);
        return (first as Tensor).add(x);
      }),
    ];
    const [a, b] = await Promise.all(all);
    expect([x.item(), a?.item(), b?.item()]).toEqual([3, 10, 13]);
  });

  it('runs through the model and its loss without waiting', async () => {
    const model = new VisionTransformerForSegmentation(small);
    const criterion = new nn.CrossEntropyLoss();
    const x = torch.rand([2, 3, 16, 16]);
    const targets = torch.randint(0, 3, [2, 16, 16]);
    let ranThrough = false;
    // Behind an op that fails, whoever waits gets its error.
    const failing = computeAsync(() => {
      torch.callOp('aten::embedding', [torch.ones([1, 1]), torch.tensor([7])]);
      criterion.forward(model.forward(x), targets).backward();
      ranThrough = true;
    });
    await expect(failing).rejects.toThrow(IndexError);
    expect(ranThrough).toBe(true);
  });

  it('rejects with the error of an op: at once where shapes show it, else when it is computed', async () => {
    const x = torch.ones([2, 3]);
    await expect(computeAsync(() => x.matmul(x))).rejects.toThrow(/in matmul\(Tensor\[2, 3\]/);
    const table = torch.ones([4, 2]);
    const far = torch.tensor([9]);
    const failing = computeAsync(() => torch.callOp<Tensor>('aten::embedding', [table, far]).add(1));
    await expect(failing).rejects.toThrow(IndexError);
    await expect(failing).rejects.toThrow(/index out of range.*\n.*in aten::embedding/);
    // What waits for it in the middle gets the error as well.
    await expect(
      computeAsync(() => torch.callOp<Tensor>('aten::embedding', [table, far]).sum().item()),
    ).rejects.toThrow(IndexError);
    expect((await computeAsync(() => x.add(1))).sum().item()).toBe(12);
  });

  it('takes gradient mode from each call', async () => {
    const w = torch.ones([2], { requiresGrad: true });
    const [recorded, bare] = await computeAsync(() => [w.mul(2), noGrad(() => w.mul(2))] as const);
    expect([recorded.requiresGrad, bare.requiresGrad]).toEqual([true, false]);
    await recorded.sum().backwardAsync();
    expect(w.grad?.tolist()).toEqual([2, 2]);
  });

  it('keeps gradients to itself until the backward pass is done', async () => {
    const w = torch.ones([2], { requiresGrad: true });
    const loss = w.square().sum();
    const running = loss.backwardAsync();
    for (const early of [() => w.grad, () => (w.grad = null), () => new SGD([w], { lr: 1 }).step()]) {
      expect(early).toThrow(/gradients are being computed: await/);
    }
    await running;
    expect(w.grad?.tolist()).toEqual([2, 2]);
  });

  it('is aborted before it begins, and between its ops', async () => {
    const x = torch.rand([300, 300]);
    const gone = AbortSignal.abort(new Error('changed my mind'));
    let called = false;
    await expect(computeAsync(() => (called = true), { signal: gone })).rejects.toThrow('changed my mind');
    expect(called).toBe(false);

    const counter = torch.zeros([1]);
    const controller = new AbortController();
    const running = computeAsync(
      () => {
        let y = x;
        for (let i = 0; i < 400; i++) {
          y = y.matmul(x).tanh();
          counter.add_(1);
        }
        return y;
      },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await expect(running).rejects.toThrow('enough');
    await computeAsync(() => undefined);
    expect(counter.item()).toBeLessThan(400);
  });

  it('frees what it does not return, in a scope of its own and in those around', async () => {
    const before = memory().tensors;
    const x = torch.rand([8, 8]);
    const y = await computeAsync(() => x.matmul(x).tanh().add(1));
    expect(memory().tensors).toBe(before + 2);
    const z = await scopeAsync(async () => {
      const inner = await computeAsync(() => x.add(y));
      await computeAsync(() => inner.add(1));
      return inner.add(1);
    });
    expect(memory().tensors).toBe(before + 3);
    expect(z.shape).toEqual([8, 8]);
  });

  it('gives inner results back before it ends, so that a long chain needs little', async () => {
    const x = torch.rand([512, 512]); // 1 MiB
    resetPeak();
    const before = memory().allocated['cpu'] ?? 0;
    await computeAsync(() => {
      let y = x;
      for (let i = 0; i < 200; i++) y = y.add(1);
      return y;
    });
    expect(((memory().peak['cpu'] ?? 0) - before) / (1 << 20)).toBeLessThan(32);
  });

  it('predicts by forwardAsync', async () => {
    const model = new VisionTransformerForSegmentation(small).eval();
    const x = torch.rand([1, 3, 16, 16]);
    const expected = noGrad(() => model.forward(x));
    const actual = await noGrad(() => [model.forwardAsync(x)])[0];
    expect(bitsOf([actual as Tensor])).toEqual(bitsOf([expected]));
    expect(actual?.requiresGrad).toBe(false);
  });
});
