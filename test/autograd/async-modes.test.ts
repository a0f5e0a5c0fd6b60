import { setTimeout as sleep } from 'node:timers/promises';

import {
  enableGradAsync,
  inferenceModeAsync,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  noGradAsync,
  setGradEnabledAsync,
} from '../../lib/autograd';
import { AsyncError } from '../../lib/engine';
import { ones } from '../../lib/tensor';

afterEach(() => expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([true, false]));

const tick = (): Promise<void> => sleep(Math.random() * 3);

/** Looks at both modes again and again, between awaits of every kind. */
async function watch(times = 8): Promise<Set<string>> {
  const seen = new Set<string>();
  const look = (): void => void seen.add(`${isGradEnabled()} ${isInferenceModeEnabled()}`);
  for (let i = 0; i < times; i += 1) {
    look();
    await Promise.resolve();
    look();
    await tick();
    look();
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        look();
        resolve();
      });
    });
    await Promise.all([tick(), Promise.resolve().then(look)]);
    await new Promise<void>((resolve) => {
      process.nextTick(() => {
        look();
        resolve();
      });
    });
    look();
  }
  return seen;
}

describe('asynchronous modes', () => {
  it('hold inside, and nowhere else, however the functions interleave', async () => {
    const [outside, none, inference, enabled, off, after] = await Promise.all([
      watch(),
      noGradAsync(watch),
      inferenceModeAsync(watch),
      enableGradAsync(watch),
      setGradEnabledAsync(false, watch),
      (async () => {
        await noGradAsync(tick);
        return watch();
      })(),
    ]);
    expect([outside, none, inference, enabled, off, after].map((seen) => [...seen])).toEqual([
      ['true false'],
      ['false false'],
      ['false true'],
      ['true false'],
      ['false false'],
      ['true false'],
    ]);
  });

  it('nest, each until its own end', async () => {
    const log: boolean[] = [];
    const look = (): void => void log.push(isGradEnabled());
    await noGradAsync(async () => {
      await tick();
      look();
      await enableGradAsync(async () => {
        look();
        await tick();
        look();
        noGrad(look);
        look();
      });
      look();
      await tick();
      look();
    });
    look();
    expect(log).toEqual([false, true, true, false, true, false, false, true]);
  });

  it('give results and errors on, thrown at once or later', async () => {
    const x = ones([2], { requiresGrad: true });
    const y = await noGradAsync(async () => {
      await tick();
      return x.mul(2);
    });
    expect([y.requiresGrad, x.mul(2).requiresGrad]).toEqual([false, true]);
    const late = new Error('late');
    await expect(
      noGradAsync(async () => {
        await tick();
        throw late;
      }),
    ).rejects.toBe(late);
    const early = new Error('early');
    await expect(
      noGradAsync((): Promise<void> => {
        throw early;
      }),
    ).rejects.toBe(early);
    await expect(noGradAsync(() => 5)).resolves.toBe(5);
  });

  it('end with their promise, also for work that was left behind', async () => {
    let left: Promise<boolean> | undefined;
    await noGradAsync(async () => {
      left = sleep(20).then(() => isGradEnabled());
      await tick();
    });
    const other = noGradAsync(() => sleep(40));
    await expect(left).resolves.toBe(true);
    await other;
  });

  it('are named by the synchronous forms that refuse a promise', () => {
    expect(() => noGrad(async () => tick())).toThrow(AsyncError);
    expect(() => noGrad(async () => tick())).toThrow(/noGradAsync\(\)/);
  });
});
