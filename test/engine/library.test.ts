import { cuda, getNumThreads, libm, libraryInfo, setNumThreads, withNumThreads } from '../../lib/engine';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';

describeWithOracle('the C library', (oracle) => {
  it('computes numbers with the bits of Python', async () => {
    const draws = new Draws(4);
    const xs = Array.from({ length: 2000 }, () => draws.next() * 8 - 3);
    const ys = xs.map(() => draws.next() * 6 - 3);
    const theirs = await oracle().run(
      `
      pow = [abs(x) ** y for x, y in zip(xs, ys)]
      functions = math.exp, math.sin, math.cos, math.tan, math.atan, math.tanh
      exp, sin, cos, tan, atan, tanh = ([f(x) for x in xs] for f in functions)
      log = [math.log(abs(x)) for x in xs]
      `,
      {
        inputs: { xs, ys },
        outputs: {
          pow: 'numbers',
          exp: 'numbers',
          sin: 'numbers',
          cos: 'numbers',
          tan: 'numbers',
          atan: 'numbers',
          tanh: 'numbers',
          log: 'numbers',
        },
      },
    );
    expect(xs.map((x, i) => libm.pow(Math.abs(x), ys[i] ?? 0))).toEqual(theirs.pow);
    expect(xs.map(libm.exp)).toEqual(theirs.exp);
    expect(xs.map(libm.sin)).toEqual(theirs.sin);
    expect(xs.map(libm.cos)).toEqual(theirs.cos);
    expect(xs.map(libm.tan)).toEqual(theirs.tan);
    expect(xs.map(libm.atan)).toEqual(theirs.atan);
    expect(xs.map(libm.tanh)).toEqual(theirs.tanh);
    expect(xs.map((x) => libm.log(Math.abs(x)))).toEqual(theirs.log);
  });
});

describe('the library', () => {
  it('tells its version, and why there is no CUDA', () => {
    const info = libraryInfo();
    expect(info.loaded).toMatch(/^2\.\d+\.\d+/);
    expect(info.loaded.split('+')[0]).toBe(info.compiled.split('+')[0]);
    expect(cuda.isAvailable() || info.cudaReason !== '').toBe(true);
    expect(cuda.deviceCount() > 0).toBe(cuda.isAvailable());
  });

  it('runs a function with another number of threads, and puts the number back', () => {
    const before = getNumThreads();
    expect(withNumThreads(before + 3, getNumThreads)).toBe(before + 3);
    const fails = (): never => {
      throw new Error('inside');
    };
    expect(() => withNumThreads(before + 3, fails)).toThrow('inside');
    expect(getNumThreads()).toBe(before);
  });

  it('sets the number of threads', () => {
    const before = getNumThreads();
    setNumThreads(1);
    expect(getNumThreads()).toBe(1);
    setNumThreads(before);
    expect(() => setNumThreads(0)).toThrow(/positive integer.*received 0/);
    expect(() => setNumThreads(1.5)).toThrow(/positive integer/);
  });
});
