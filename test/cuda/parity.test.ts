/**
 * The programs that `npm run check:cuda` compares on a GPU, here on the CPU: so that it is known, where there is no GPU,
 * that they are the same program. In children, for train.mjs uses dist/.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { cuda } from '../../lib';
import { describeWithPython } from '../oracle/oracle';
import { findOraclePython, projectRoot } from '../oracle/python';

describeWithPython('the programs of check:cuda', () => {
  const oracle = findOraclePython();

  it.each(['adam', 'sgd'])(
    'train to the same bits on the CPU, with %s',
    (optimizer) => {
      const program = `
      import { difference, MODELS, runOurs, runPython } from './test/cuda/programs.mjs';
      const options = { device: 'cpu', optimizer: '${optimizer}', steps: 4, model: MODELS.small, batch: 3 };
      const ours = runOurs(options);
      const theirs = runPython(process.env.ORACLE_PYTHON, options);
      const worse = { ...theirs, losses: [...theirs.losses.slice(0, 3), 0] };
      console.log(JSON.stringify([difference(ours, theirs), difference(ours, worse), ours.losses.length]));
    `;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        cwd: projectRoot,
        encoding: 'utf8',
        env: { ...process.env, ...oracle?.env, ORACLE_PYTHON: oracle?.python },
      });
      expect(stderr).toBe('');
      const [same, different, steps] = JSON.parse(stdout) as [string, string, number];
      expect(same).toBe('');
      expect(different).toMatch(/^the loss of step 4 is/);
      expect(steps).toBe(4);
    },
    300_000,
  );

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
