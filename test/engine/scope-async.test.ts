import { AsyncResource } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { dispose, keep, memory, scope, scopeAsync } from '../../lib/engine';
import { ones, type Tensor, zeros } from '../../lib/tensor';
import { settle } from '../support/settle';

beforeEach(settle);

const live = (): number => memory().tensors;

/** Ways in which an asynchronous function gives way to others. */
const pauses: (() => Promise<unknown>)[] = [
  () => Promise.resolve(),
  () => nextTurn(),
  () => sleep(1),
  () => readFile(__filename),
  () => new Promise((resolve) => process.nextTick(resolve)),
];

describe('scopeAsync', () => {
  it('frees what was made before and after awaits, and keeps what it returns', async () => {
    const before = live();
    const made: Tensor[] = [];
    const result = await scopeAsync(async () => {
      made.push(ones([2]));
      for (const pause of pauses) {
        await pause();
        made.push(ones([2]));
      }
      return { deep: [made[0]?.add(1)] };
    });
    expect(made.map((t) => t.isDisposed)).toEqual(made.map(() => true));
    expect(result.deep[0]?.tolist()).toEqual([2, 2]);
    expect(live()).toBe(before + 1);
  });

  it('leaves alone what others make meanwhile', async () => {
    let inner: Tensor | undefined;
    const running = scopeAsync(async () => {
      inner = ones([1]);
      await sleep(20);
      inner = inner.add(1);
      await sleep(20);
    });
    const outside = [ones([1])];
    await sleep(5);
    outside.push(ones([1]));
    const scoped = scope(() => ones([1]).add(1));
    await running;
    expect(inner?.isDisposed).toBe(true);
    expect([...outside, scoped].map((t) => t.isDisposed)).toEqual([false, false, false]);
  });

  it('holds for any interleaving of many scopes', async () => {
    const before = live();
    const draw = (below: number): number => Math.floor(Math.random() * below);
    const work = async (depth: number): Promise<Tensor> => {
      let total = zeros([1]);
      for (let i = draw(4) + 1; i > 0; i--) {
        await pauses[draw(pauses.length)]?.();
        const part =
          depth > 0 && draw(2) === 0 ? await scopeAsync(() => work(depth - 1)) : scope(() => ones([1]).mul(1));
        total = total.add(part);
      }
      expect(total.isDisposed).toBe(false);
      return total;
    };
    const results = await Promise.all(Array.from({ length: 40 }, () => scopeAsync(() => work(3))));
    expect(results.every((t) => !t.isDisposed)).toBe(true);
    expect(live()).toBe(before + results.length);
    dispose(...results);
  });

  it('hands its result to the scope around it, asynchronous or not', async () => {
    const before = live();
    let inner: Tensor | undefined;
    await scopeAsync(async () => {
      inner = await scopeAsync(async () => {
        await nextTurn();
        return ones([1]).add(1);
      });
      expect(inner.isDisposed).toBe(false);
    });
    expect(inner?.isDisposed).toBe(true);

    let own: Tensor | undefined;
    let started: Promise<Tensor> | undefined;
    scope(() => {
      started = scopeAsync(async () => {
        own = ones([1]);
        await nextTurn();
        return own.add(1);
      });
      ones([1]);
    });
    // The scope around has ended, but the asynchronous one holds its own.
    expect(own?.isDisposed).toBe(false);
    const late = await started;
    expect([own?.isDisposed, late?.isDisposed]).toEqual([true, false]);
    late?.dispose();
    expect(live()).toBe(before);
  });

  it('frees when the function fails, before or after an await', async () => {
    const before = live();
    const failing = [
      scopeAsync(() => {
        ones([1]);
        throw new Error('at once');
      }),
      scopeAsync(async () => {
        ones([1]);
        await nextTurn();
        ones([1]);
        throw new Error('later');
      }),
    ];
    const outcomes = await Promise.allSettled(failing);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { message: 'at once' } },
      { status: 'rejected', reason: { message: 'later' } },
    ]);
    expect(live()).toBe(before);
    scope(() => ones([1])).dispose();
    expect(live()).toBe(before);
  });

  it('keeps what keep() is given, and takes timers and callbacks along', async () => {
    const before = live();
    let kept: Tensor | undefined;
    let timed: Tensor | undefined;
    await scopeAsync(async () => {
      kept = keep(ones([1]));
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          timed = ones([1]);
          resolve();
        }, 1);
      });
    });
    expect([kept?.isDisposed, timed?.isDisposed]).toEqual([false, true]);
    kept?.dispose();
    expect(live()).toBe(before);
  });

  it('gives work that outlives it to the scope around', async () => {
    let straggler: Tensor | undefined;
    await scopeAsync(async () => {
      let late: Promise<void> | undefined;
      await scopeAsync(async () => {
        late = sleep(10).then(() => {
          straggler = ones([1]);
        });
        await nextTurn();
      });
      await late;
      expect(straggler?.isDisposed).toBe(false);
    });
    expect(straggler?.isDisposed).toBe(true);
  });

  it('does not reach into code that runs in the context of its maker', async () => {
    const resource = new AsyncResource('elsewhere');
    let foreign: Tensor | undefined;
    await scopeAsync(async () => {
      await nextTurn();
      foreign = resource.runInAsyncScope(() => ones([1]));
    });
    expect(foreign?.isDisposed).toBe(false);
  });
});
