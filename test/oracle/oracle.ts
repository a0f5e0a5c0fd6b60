import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { getNumThreads, libraryInfo } from '../../lib/engine';
import type { Tensor } from '../../lib/tensor';
import { readKind, type Kind, type Kinds } from './kinds';
import { findOraclePython } from './python';
import { decode, encode, type OracleInput, type OracleValue, type Wire } from './values';

export { describeDifference, expectSameBits } from './bits';
export type { OracleInput, OracleValue } from './values';

/** An exception raised by the Python source; `message` is Python's own. */
export class OracleError extends Error {
  constructor(
    /** Name of the Python exception, such as `RuntimeError`. */
    readonly pythonType: string,
    message: string,
    readonly traceback: string,
  ) {
    super(message);
    this.name = 'OracleError';
  }
}

interface Hello {
  torch: string;
  python: string;
  threads: number;
}

interface Answer {
  id: number;
  outputs?: Record<string, Wire>;
  error?: { type: string; message: string; traceback: string };
}

interface Pending {
  resolve: (values: Record<string, OracleValue>) => void;
  reject: (error: Error) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Python's torch in one persistent process, to compare bits with.
 *
 * ```ts
 * describeWithOracle('gelu', (oracle) => {
 *   it('has the bits of PyTorch', async () => {
 *     const x = randn([3, 5]);
 *     const { y } = await oracle().run('y = torch.nn.functional.gelu(x)', { inputs: { x }, outputs: ['y'] });
 *     expectSameBits(gelu(x), y, 'gelu');
 *   });
 * });
 * ```
 */
export class Oracle {
  private nextId = 0;
  private readonly pending = new Map<number, Pending>();
  private ended: Error | null = null;

  private constructor(
    private readonly child: Child,
    private readonly hello: Hello,
    lines: AsyncIterableIterator<string>,
    /** What Python wrote on stderr last. */
    private readonly lastWords: () => string,
  ) {
    child.stdin.on('error', () => undefined); // A dead process is reported where its answers end.
    void this.read(lines);
    this.setReferenced(false);
  }

  /** `2.13.0+cpu`, of Python. */
  get torchVersion(): string {
    return this.hello.torch;
  }

  /**
   * Starts Python with as many intra-op threads as ours has (they decide bits), or `threads`.
   * Fails where no Python with torch is found, or where its torch is another version than the addon's libtorch.
   */
  static async start({ threads = getNumThreads() }: { threads?: number } = {}): Promise<Oracle> {
    const found = findOraclePython();
    if (!found) throw new Error(absent);
    const child = spawn(found.python, ['-u', path.join(__dirname, 'server.py'), String(threads)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...found.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    let errors = '';
    child.stderr.on('data', (text: string) => (errors = (errors + text).slice(-2000)));
    const spawned = new Promise<never>((_, reject) => child.once('error', reject));
    spawned.catch(() => undefined);

    const lines = createInterface({ input: child.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), spawned]);
    const which = `${found.python}, from ${found.origin}`;
    if (first.done) throw new Error(`The oracle's Python (${which}) did not start.\n${errors}`);
    const hello = JSON.parse(first.value) as Hello;
    const ours = libraryInfo().loaded;
    if (base(hello.torch) !== base(ours)) {
      child.kill();
      throw new Error(
        `The oracle's torch is ${hello.torch} (${which}), the addon's libtorch ${ours}: ` +
          'bits can only be compared within one version. Run: node scripts/oracle-setup.mjs',
      );
    }
    return new Oracle(child, hello, lines, () => errors);
  }

  /**
   * Runs `source` in a fresh namespace with the `inputs`, `torch`, `math`, `struct`, `collections` and
   * `import_torchvision()` in scope, and brings back the variables named in `outputs`: an array of names for tensors, or
   * the kind of each by name. What it prints goes nowhere; what it raises comes back as an {@link OracleError}. Runs are
   * queued; the random state persists, so seed it.
   */
  async run<const Name extends string>(
    source: string,
    options: { inputs?: Record<string, OracleInput>; outputs: readonly Name[] },
  ): Promise<Record<Name, Tensor>>;
  async run<const Outputs extends Record<string, Kind>>(
    source: string,
    options: { inputs?: Record<string, OracleInput>; outputs: Outputs },
  ): Promise<{ [Name in keyof Outputs]: Kinds[Outputs[Name]] }>;
  async run(source: string, options?: { inputs?: Record<string, OracleInput> }): Promise<Record<string, never>>;
  async run(
    source: string,
    options: { inputs?: Record<string, OracleInput>; outputs?: readonly string[] | Record<string, Kind> } = {},
  ): Promise<Record<string, Kinds[Kind]>> {
    const kinds = kindsOf(options.outputs ?? []);
    const inputs = Object.fromEntries(
      Object.entries(options.inputs ?? {}).map(([name, value]) => [name, encode(value)]),
    );
    const values = await this.send({ source: dedent(source), inputs, outputs: kinds.map(([name]) => name) });
    return Object.fromEntries(kinds.map(([name, kind]) => [name, readKind(name, kind, values[name] ?? null)]));
  }

  /** Ends the process; what is still queued fails. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.ref();
    this.child.stdin.end();
    await exited;
  }

  private send(request: {
    source: string;
    inputs: Record<string, Wire>;
    outputs: string[];
  }): Promise<Record<string, OracleValue>> {
    if (this.ended) return Promise.reject(this.ended);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.setReferenced(true);
      this.child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  private async read(lines: AsyncIterableIterator<string>): Promise<void> {
    for await (const line of lines) this.settle(JSON.parse(line) as Answer);
    this.ended = new Error(`The oracle's Python has ended.\n${this.lastWords()}`);
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }

  private settle({ id, outputs, error }: Answer): void {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (this.pending.size === 0) this.setReferenced(false);
    if (error) return waiting?.reject(new OracleError(error.type, error.message, error.traceback));
    try {
      waiting?.resolve(Object.fromEntries(Object.entries(outputs ?? {}).map(([name, value]) => [name, decode(value)])));
    } catch (decodeError) {
      waiting?.reject(decodeError instanceof Error ? decodeError : new Error(String(decodeError)));
    }
  }

  /** An idle oracle must not keep a test process alive; one that computes must. */
  private setReferenced(referenced: boolean): void {
    const handles: unknown[] = [this.child, this.child.stdin, this.child.stdout, this.child.stderr];
    for (const handle of handles as { ref?(): void; unref?(): void }[]) {
      if (referenced) handle.ref?.();
      else handle.unref?.();
    }
  }
}

const absent =
  'No Python with torch to compare with. Run `node scripts/oracle-setup.mjs`, or set LIBTORCH_NODE_PYTHON to an interpreter.';

/**
 * A `describe` whose tests compare with Python; `oracle()` is ready inside them. Where no Python is found the tests are
 * skipped with one clear line, and fail if `CI` is set, so that a build never passes without its oracle.
 */
export function describeWithOracle(
  name: string,
  body: (oracle: () => Oracle) => void,
  options?: { threads?: number },
): void {
  describeWithPython(name, () => {
    let oracle: Oracle | undefined;
    beforeAll(async () => {
      oracle = await Oracle.start(options);
    });
    afterAll(() => oracle?.close());
    body(() => {
      if (!oracle) throw new Error('oracle() may be called inside tests and hooks, not while they are declared');
      return oracle;
    });
  });
}

/** A suite that needs Python with PyTorch: a loud skip where there is none, and a failure in CI. */
export function describeWithPython(name: string, body: () => void): void {
  if (findOraclePython() !== null) {
    describe(name, body);
    return;
  }
  if (process.env['CI']) {
    describe(name, () => {
      it('needs the oracle', () => {
        throw new Error(absent);
      });
    });
    return;
  }
  process.stderr.write(`\nSKIPPED, NOT COMPARED WITH PYTHON: ${name}. ${absent}\n`);
  // Said above, loudly: a user need not have Python.
  describe.skip(name, body);
}

function kindsOf(outputs: readonly string[] | Record<string, Kind>): [string, Kind][] {
  return isNames(outputs) ? outputs.map((name) => [name, 'tensor']) : Object.entries(outputs);
}

function isNames(outputs: readonly string[] | Record<string, Kind>): outputs is readonly string[] {
  return Array.isArray(outputs);
}

/** Lets a test indent its Python with its TypeScript. */
function dedent(source: string): string {
  const lines = source
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join('\n');
}

function base(version: string): string {
  return version.split('+')[0] ?? version;
}
