/**
 * The programs that `npm run check:cuda` compares on a GPU, here on the CPU: so that it is known, where there is no GPU,
 * that they are the same program. In children, for steps.mjs uses dist/.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { cuda } from '../../lib';
import { describeWithPython } from '../oracle/oracle';
import { findOraclePython, projectRoot } from '../oracle/python';

interface Verdict {
  verdict: 'equal' | 'different' | 'none';
  why: string;
}

describeWithPython('the programs of check:cuda', () => {
  const oracle = findOraclePython();

  it('come to the same bits on the CPU', () => {
    const program = `
      import { optimizers, trainings } from './test/cuda/cases.mjs';
      import { judge, nameOf, runOurs, runPython } from './test/cuda/programs.mjs';
      // float16 is for GPUs: on a processor it takes as long as all others together.
      const cases = [...trainings.filter(({ dtype }) => dtype !== 'float16'), ...optimizers];
      const [ours, theirs] = await Promise.all([runOurs('cpu', cases), runPython(process.env.ORACLE_PYTHON, 'cpu', cases)]);
      const verdicts = cases.map((each, index) => [nameOf(each), judge(ours[index], theirs[index], theirs[index])]);
      const [first] = theirs;
      const worse = { ...first, losses: [...first.losses.slice(0, 3), 0] };
      console.log(JSON.stringify({ verdicts, worse: judge(first, worse, worse), alone: judge(first, first, worse) }));
    `;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, ...oracle?.env, ORACLE_PYTHON: oracle?.python },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { verdicts, worse, alone } = JSON.parse(stdout) as {
      verdicts: [name: string, Verdict][];
      worse: Verdict;
      alone: Verdict;
    };
    expect(verdicts.filter(([, { verdict }]) => verdict !== 'equal')).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(25);
    expect(worse.verdict).toBe('different');
    expect(worse.why).toMatch(/^number 4 of what the steps came to is/);
    // Python that differs from itself is no measure.
    expect(alone.verdict).toBe('none');
  }, 300_000);

  // Where there is one, they would run: minutes, and that is what the command is for.
  const withoutGpu = cuda.isAvailable() ? it.skip : it;

  withoutGpu(
    'say where there is no GPU, and why, and end well',
    () => {
      const script = path.join(projectRoot, 'scripts', 'check-cuda.mjs');
      const { status, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
      expect(stdout).toMatch(/^no GPU here: .+/);
      expect(status).toBe(0);
    },
    120_000,
  );
});
