import path from 'node:path';
import { runChild } from '../../support/child';

/** A scenario of behaviour.ts, in a process of its own that must end by itself. */
async function run<T>(scenario: string, ...args: string[]): Promise<T> {
  const child = await runChild(path.join(__dirname, 'behaviour.ts'), {
    args: [scenario, ...args],
    milliseconds: 90_000,
  });
  expect({ scenario, ...child }).toMatchObject({ code: 0, signal: null, stderr: '' });
  return JSON.parse(child.stdout) as T;
}

interface Failed {
  readonly batches: number[][];
  readonly error: { name: string; message: string; code: string; index?: number; workerId?: number; stack: string };
  readonly cause: { name?: string; message?: string; workerId?: number; stack?: string };
  readonly seconds: number;
}

describe('what fails in a worker', () => {
  const before = [[0], [1], [2]];

  it('is a SampleError with the worker and its stack', async () => {
    const { batches, error, cause } = await run<Failed>('throws');
    expect(batches).toEqual(before);
    expect(error).toMatchObject({ name: 'SampleError', code: 'TORCH_SAMPLE', index: 3 });
    expect(error.message).toBe('sample 3: Caught RangeError in DataLoader worker 1: index 3 is bad');
    expect(cause).toMatchObject({ name: 'WorkerError', workerId: 1 });
    expect(cause.stack).toMatch(
      /Original stack, in the worker:\nRangeError: index 3 is bad\n +at Misbehaving\.getItem/,
    );
  });

  it('is a WorkerError where no sample is to blame', async () => {
    const { batches, error } = await run<Failed>('collates');
    expect(batches).toEqual([[0, 1]]);
    expect(error).toMatchObject({ name: 'WorkerError', code: 'TORCH_BATCH', workerId: 1 });
    expect(error.message).toContain(
      'in DataLoader worker 1: the samples 2, 3 do not make a batch: expected samples of one kind',
    );
  });

  it('is an error where the worker ends', async () => {
    const { batches, error } = await run<Failed>('exits');
    expect(batches).toEqual(before);
    expect(error).toMatchObject({ workerId: 1, message: 'DataLoader worker (id(s) 1) exited unexpectedly' });
    const late = await run<Failed>('throws late');
    expect(late.batches).toEqual(before);
    expect(late.error.message).toBe('DataLoader worker (id(s) 1) exited unexpectedly: thrown by nobody');
    expect(late.error.stack).toContain('at Timeout');
  });

  it.each(['hangs', 'spins'])("runs out of time in PyTorch's words where it %s", async (how) => {
    const { batches, error, seconds } = await run<Failed>(how);
    expect(batches).toEqual(before);
    expect(error.message).toBe('DataLoader timed out after 8 seconds');
    expect(seconds).toBeGreaterThanOrEqual(8);
  });

  it('leaves persistent workers as they are', async () => {
    const { errors, counts } = await run<{ errors: string[]; counts: number[] }>('goes on after a failure');
    expect(errors).toHaveLength(2);
    expect(counts).toEqual([5, 5]);
  });

  it('may be that it starts workers', async () => {
    const { error } = await run<Failed>('nested');
    expect(error.message).toContain('a worker of a DataLoader cannot start workers itself');
  });
});

describe('what is sent to workers', () => {
  it('may be a list, of which each sample is handed out once', async () => {
    expect(await run('list')).toEqual([[10, 20], [30]]);
  });

  it('keeps its classes, what it shares and refers to itself, and the memory of tensors', async () => {
    const { batch, here } = await run<{ batch: Record<string, unknown>; here: number[] }>('intricate');
    expect(batch.facts).toEqual([true, true, true, true, true]);
    expect(batch).toMatchObject({ map: [['key', ['1', 'two', '3']]], date: '1970-01-01T00:00:00.000Z', nothing: null });
    // The worker added one.
    expect(here).toEqual([1, 2, 3]);
    expect(batch.tensors).toEqual([
      [1, 2, 3],
      [1, 1],
    ]);
  });

  it('may be a subset, tensors, an object made anew, with a collate of its own', async () => {
    const [constructed, summed, tensors, failed] = await run<unknown[]>('other kinds');
    expect(constructed).toEqual([[0, 10, 20], [30]]);
    expect(summed).toEqual(['sum 30', 'sum 30']);
    expect(tensors).toEqual([
      [
        [4, 2, 0],
        [
          [8, 9],
          [4, 5],
          [0, 1],
        ],
      ],
      [[1], [[2, 3]]],
    ]);
    expect(failed).toContain('in DataLoader worker 0');
  });

  it('is refused by its place where it cannot be', async () => {
    const [dataset, inner, collate, tensor, symbol] = await run<string[]>('refused');
    expect(dataset).toBe(
      'dataset cannot be sent to another thread: no module has registered its class Unregistered. Put ' +
        '`data.forWorkers(import.meta.url, { Unregistered })` into the module that it is in (`__filename` in CommonJS)',
    );
    expect(inner).toContain('dataset.dataset cannot be sent');
    expect(collate).toContain('collateFn cannot be sent to another thread: no module has registered this function');
    expect(tensor).toContain(
      'dataset.tensors[0] cannot be sent to another thread: it requires a gradient and is no leaf',
    );
    expect(symbol).toContain('dataset.inner.list[0] cannot be sent to another thread: a symbol');
  });
});

describe('an iteration with workers', () => {
  it('tells the workers what they are', async () => {
    const batches = await run<[string][]>('infos');
    const seeds = batches.map(([text]) => BigInt(text.split(' ')[3] ?? 0));
    const [seed = 0n] = seeds;
    expect(seeds).toEqual([seed, seed + 1n, seed, seed + 1n]);
    expect(batches.map(([text]) => text.replace(/\d{9,}/, 'seed'))).toEqual([
      '0 0 2 seed true',
      '1 1 2 seed true',
      '2 0 2 seed true',
      '3 1 2 seed true',
    ]);
  });

  it('hands out everything without order, too', async () => {
    expect(await run('out of order')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('goes on from its state to the same bits', async () => {
    const all = await run<boolean[][]>('resume');
    expect(all).toHaveLength(4);
    for (const each of all) expect(each).toEqual([true, true, true, true, true]);
  });

  it('refuses a state that cannot be gone on from', async () => {
    const sentences = await run<string[]>('resume refused');
    expect(sentences).toEqual([
      expect.stringContaining('of an iteration with 2 workers, which drew other random numbers than the 3'),
      expect.stringContaining('of an iteration with 2 workers, which drew other random numbers'),
      expect.stringContaining('iterable data set has no state'),
      expect.stringContaining('iterable data set has no state'),
      expect.stringContaining('inOrder false has no state'),
    ]);
  });

  it('ends when persistent workers begin another', async () => {
    expect(await run('superseded')).toMatchObject({ second: 4, done: true });
  });
});

describe('workers', () => {
  it('leave nothing behind, though iterations are left early', async () => {
    interface Flat {
      samples: { rss: number; tensors: number }[];
      left: number;
    }
    const { samples, left } = await run<Flat>('flat', '60');
    expect(left).toBeLessThan(1);
    expect(Math.max(...samples.map(({ tensors }) => tensors))).toBeLessThan(10);
    const rss = samples.map((each) => each.rss);
    // An iteration makes 10 MB of batches.
    expect(Math.max(...rss.slice(-15)) - Math.max(...rss.slice(15, 30))).toBeLessThan(60);
  });

  it.each(['ends without return', 'exits at once', 'exits before workers have started'])(
    'do not keep the process alive: %s',
    async (scenario) => {
      expect(await run(scenario)).toBe('done');
    },
  );
});
