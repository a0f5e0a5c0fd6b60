import {
  ArgumentError,
  AsyncError,
  dispose,
  isDebug,
  isTorchError,
  keep,
  memory,
  scope,
  setDebug,
  sweep,
} from '../../lib/engine';
import { ones, type Tensor, zeros } from '../../lib/tensor';
import { settle } from '../support/settle';

beforeEach(settle);

const live = (): number => memory().tensors;

describe('scope', () => {
  it('frees what was made in it, and keeps what it returns', () => {
    const before = live();
    let inner: Tensor | undefined;
    const result = scope(() => {
      inner = ones([2]);
      return inner.add(1);
    });
    expect([inner?.isDisposed, result.isDisposed]).toEqual([true, false]);
    expect(live()).toBe(before + 1);
    result.dispose();
    expect(live()).toBe(before);
  });

  it('finds tensors in arrays, Maps, Sets, objects and class instances, cycles among them', () => {
    class Holder {
      readonly weight = ones([1]);
    }
    const before = live();
    const result = scope(() => {
      zeros([3]);
      const cyclic: { self?: unknown; t: Tensor } = { t: ones([1]) };
      cyclic.self = cyclic;
      return {
        list: [ones([1]), [ones([1])]],
        map: new Map<unknown, unknown>([
          ['a', ones([1])],
          [ones([1]), 1],
        ]),
        set: new Set([ones([1])]),
        holder: new Holder(),
        cyclic,
        bytes: new Uint8Array(4),
        nothing: null,
        text: 'x',
      };
    });
    expect(live()).toBe(before + 7);
    expect([result.holder.weight.isDisposed, result.cyclic.t.isDisposed]).toEqual([false, false]);
  });

  it('hands its result to the scope around', () => {
    let inner: Tensor | undefined;
    let deepest: Tensor | undefined;
    const before = live();
    scope(() => {
      inner = scope(() => {
        deepest = ones([1]);
        return ones([1]);
      });
      expect([inner.isDisposed, deepest?.isDisposed]).toEqual([false, true]);
    });
    expect(inner?.isDisposed).toBe(true);
    expect(live()).toBe(before);
  });

  it('leaves tensors from outside alone, whether returned or disposed inside', () => {
    const [x, y] = [ones([1]), ones([1])];
    scope(() => {
      y.dispose();
      return x;
    });
    expect([x.isDisposed, y.isDisposed]).toEqual([false, true]);
  });

  it('keeps what keep() is given, out of all scopes', () => {
    const kept = scope(() => {
      let t: Tensor | undefined;
      scope(() => {
        t = keep(ones([1]));
      });
      return { get: () => t };
    });
    expect(kept.get()?.isDisposed).toBe(false);
  });

  it('frees and closes when the function throws', () => {
    const before = live();
    expect(() =>
      scope(() => {
        ones([1]);
        scope(() => {
          ones([1]);
          throw new Error('inside');
        });
      }),
    ).toThrow('inside');
    expect(live()).toBe(before);
    scope(() => ones([1])).dispose();
    expect(live()).toBe(before);
  });

  it('refuses promises, frees, and silences their failure', async () => {
    const before = live();
    expect(() =>
      scope(async () => {
        ones([1]);
        await Promise.resolve();
        throw new Error('must not become an unhandled rejection');
      }),
    ).toThrow(AsyncError);
    expect(() => scope(() => ({ then: () => undefined }))).toThrow(/returned a promise/);
    expect(live()).toBe(before);
    await new Promise(setImmediate);
  });
});

describe('dispose', () => {
  it('may happen twice, by method, function and `using`', () => {
    const [x, y] = [ones([2]), ones([2])];
    x.dispose();
    x.dispose();
    dispose(x, y);
    let used: Tensor | undefined;
    {
      using z = ones([1]);
      used = z;
    }
    expect([x, y, used].map((t) => t.isDisposed)).toEqual([true, true, true]);
  });

  it('leaves the views of a tensor alone', () => {
    const x = ones([2, 2]);
    const row = x.at(0);
    x.dispose();
    expect(row.tolist()).toEqual([1, 1]);
  });

  it('makes later use an error that names the op, and never a tensor of later', () => {
    const x = ones([2]);
    x.dispose();
    const others = Array.from({ length: 10 }, () => zeros([3]));
    for (const use of [
      () => x.add(1),
      () => others[0]?.add(x),
      () => x.shape,
      () => x.item(),
      () => x.add_(1),
      () => x.at(0),
    ]) {
      let error: unknown;
      try {
        use();
      } catch (caught) {
        error = caught;
      }
      expect(isTorchError(error) && error.code).toBe('TORCH_DISPOSED');
    }
    expect(() => x.add(1)).toThrow(/in add\(Tensor \(disposed\), 1\)\nRun with LIBTORCH_NODE_DEBUG=1/);
    expect(String(x)).toBe('tensor(disposed)');
  });
});

describe('debug mode', () => {
  beforeEach(() => setDebug(true));
  afterEach(() => setDebug(false));

  it('says where a tensor was made and where it was freed', () => {
    function makeHere(): Tensor {
      return ones([2]);
    }
    function freeHere(t: Tensor): void {
      t.dispose();
    }
    const x = makeHere();
    freeHere(x);
    expect(isDebug()).toBe(true);
    expect(() => x.add(1)).toThrow(/freed at\n(.|\n)*freeHere(.|\n)*made at\n(.|\n)*makeHere/);
  });

  it('says that a scope freed it', () => {
    let x: Tensor | undefined;
    scope(() => {
      x = ones([2]);
    });
    expect(() => x?.add(1)).toThrow(/freed at\n.*end of a scope/);
  });

  it('counts live tensors by the place that made them', () => {
    const keepThem = Array.from({ length: 3 }, function makeMany() {
      return ones([1]);
    });
    const usage = Object.values(memory().sites ?? {});
    const made = Object.entries(memory().sites ?? {}).find(([site]) => site.includes('makeMany'))?.[1];
    expect(made).toEqual({ tensors: keepThem.length, bytes: 4 * keepThem.length });
    // A view is one more tensor, but adds no bytes.
    const views = keepThem.map((t) => t.view(1));
    const sum = (key: 'tensors' | 'bytes', of: typeof usage): number => of.reduce((all, site) => all + site[key], 0);
    const later = Object.values(memory().sites ?? {});
    expect(sum('tensors', later) - sum('tensors', usage)).toBe(views.length);
    expect(sum('bytes', later)).toBe(sum('bytes', usage));
    dispose(...keepThem, ...views);
    setDebug(false);
    expect(memory().sites).toBeUndefined();
  });
});

describe('memory', () => {
  it('counts the bytes of a storage once, however many views it has', () => {
    const before = memory().bytes['cpu'] ?? 0;
    const x = zeros([1000]);
    const views = [x.view(10, 100), x.at(5)];
    expect((memory().bytes['cpu'] ?? 0) - before).toBe(4000);
    dispose(x, ...views);
    expect((memory().bytes['cpu'] ?? 0) - before).toBe(0);
    expect(sweep()).toBeGreaterThanOrEqual(0);
  });
});

describe('errors', () => {
  it('are known by code from any realm', () => {
    expect(isTorchError(new ArgumentError('x'))).toBe(true);
    expect(isTorchError({ code: 'TORCH_INDEX' })).toBe(true);
    expect(isTorchError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
    expect(isTorchError(null)).toBe(false);
  });
});
