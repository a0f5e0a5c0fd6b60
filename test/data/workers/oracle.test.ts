import { spawn } from 'node:child_process';
import path from 'node:path';
import { runChild } from '../../support/child';
import { describeWithPython } from '../../oracle/oracle';
import { findOraclePython } from '../../oracle/python';
import { type Case, cases } from './cases';

interface Result {
  readonly epochs: unknown[][];
  readonly drawn: number[];
  readonly state: string;
}

const DEADLINE = 220_000;

async function runHere(some: readonly Case[]): Promise<Result[]> {
  const child = await runChild(path.join(__dirname, 'oracle.ts'), {
    args: [JSON.stringify(some)],
    milliseconds: DEADLINE,
  });
  expect({ code: child.code, stderr: child.stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(child.stdout) as Result[];
}

/** In a process of its own: the oracle's server cannot fork, its torch has run threads. */
function runPython(some: readonly Case[]): Promise<Result[]> {
  const found = findOraclePython();
  if (found === null) throw new Error('there is no Python to compare with');
  const child = spawn(found.python, [path.join(__dirname, 'programs.py'), JSON.stringify(some)], {
    env: { ...process.env, ...found.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout) as Result[]);
      else reject(new Error(`Python ended with ${code}: ${stderr.slice(-1000)}`));
    });
  });
}

describeWithPython('DataLoader with workers, and Python', () => {
  it.each([0, 1, 2, 3])(
    'draw and hand out the same with %d workers',
    async (workers) => {
      const some = cases.filter((each) => each.workers === workers);
      const [ours, theirs] = await Promise.all([runHere(some), runPython(some)]);
      expect(some.length).toBeGreaterThan(10);
      some.forEach((config, at) => expect({ config, ...ours[at] }).toEqual({ config, ...theirs[at] }));
      const batches = theirs.flatMap(({ epochs }) => epochs.flat());
      expect(batches.length).toBeGreaterThan(150);
    },
    2 * DEADLINE,
  );
});
