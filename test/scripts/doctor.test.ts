import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, runNode, withFolder } from './run-script';

interface Verdict {
  ok: boolean;
  findings: { name: string; status: 'ok' | 'warning' | 'failure'; detail: string; cure?: string }[];
}

/** A package in which nothing was built. */
function writeBarePackage(folder: string): string {
  for (const name of ['scripts', 'package.json']) cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

test('everything that is wrong comes with its cure, and the exit code is 1', () =>
  withFolder(async (folder) => {
    const cwd = writeBarePackage(folder);
    const { status, stdout } = await runNode(['scripts/doctor.mjs', '--json'], { cwd, env: { PATH: '' } });
    expect(status).toBe(1);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict.ok).toBe(false);
    const bad = verdict.findings.filter((finding) => finding.status !== 'ok');
    expect(bad.filter(({ status: severity }) => severity === 'failure').map(({ name }) => name)).toEqual([
      'libtorch',
      'addon',
      'dist',
    ]);
    expect(bad.map(({ name }) => name)).toEqual(expect.arrayContaining(['C++ compiler', 'CMake', 'Python']));
    for (const { cure } of bad) expect(cure).toBeTruthy();

    const text = (await runNode(['scripts/doctor.mjs'], { cwd, env: { PATH: '' } })).stdout;
    expect(text).toMatch(/^✓ Node\.js: /m);
    expect(text).toMatch(/^✗ addon: there is no .*\n {4}→ npm run build:native$/m);
  }));

test('a wrong setting is told and does not end the examination', () =>
  withFolder(async (folder) => {
    const env = { PATH: '', LIBTORCH_NODE_VARIANT: 'rocm' };
    const { status, stdout } = await runNode(['scripts/doctor.mjs'], { cwd: writeBarePackage(folder), env });
    expect(status).toBe(1);
    expect(stdout).toContain('expected cpu or cuda for LIBTORCH_NODE_VARIANT, received "rocm"');
    expect(stdout).toMatch(/^✓ sharp: /m);
  }));
