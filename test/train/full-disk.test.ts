import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

import { finish, jsonLines, only, tiny, trainScript, Workshop, type Finished } from './program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

/**
 * Runs the program where no file may grow beyond some KiB: the system then refuses a write in the middle, with an error
 * of its own, as on a full disk.
 */
function runLimited(kibibytes: number, args: readonly string[]): Promise<Finished> {
  const limited = `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$@"`;
  const child = spawn('bash', ['-c', limited, 'bash', process.execPath, trainScript, ...args], {
    cwd: workshop.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: workshop.env,
  });
  return finish(child);
}

test('a disk that is full from the beginning: one sentence, exit code 1, no run folder', async () => {
  const { code, stderr } = await runLimited(8, ['--data', workshop.data, ...tiny, '--quiet', '--out', 'full']);
  expect(stderr).toMatch(/^error: cannot write .*full\/001-vit-segmentation\/.*\n$/);
  expect(code).toBe(1);
  expect(readdirSync(workshop.path('full'))).toEqual([]);
});

test('a disk that fills up later: the last checkpoint stays whole, and the run goes on when there is room', async () => {
  // The picture of an epoch is smaller than its checkpoint with Adam's state: epoch 0 fits, epoch 1 does not.
  const args = ['--data', workshop.data, ...tiny, '--json', '--epochs', '2'];
  const whole = await workshop.run([...args, '--out', 'whole']);
  const { code, stdout, stderr } = await runLimited(60, [...args, '--out', 'late']);
  expect(only(jsonLines(stdout), 'epoch').length).toBeGreaterThan(0);
  expect(stderr).toMatch(/^error: cannot write .*\n$/);
  expect(code).toBe(1);
  const run = 'late/001-vit-segmentation';
  expect(readdirSync(workshop.path(run, 'checkpoints')).sort()).toEqual(['best', 'last']);
  const resumed = await workshop.run(['--resume', run, '--json']);
  expect(resumed.code).toBe(0);
  const states = (text: string): unknown[] => only(jsonLines(text), 'epoch').map((line) => line['stateSha256']);
  expect(states(workshop.read(run, 'metrics.jsonl'))).toEqual(states(whole.stdout));
  expect(existsSync(workshop.path(run, 'test.json'))).toBe(true);
});
