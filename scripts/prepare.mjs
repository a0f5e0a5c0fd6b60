/**
 * npm's prepare script, which runs in a clone only: generates the typed op signatures from the addon and compiles
 * TypeScript into dist/. Does nothing where everything is up to date.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { runChild } from './lib/child.mjs';
import { InstallError, runMain } from './lib/errors.mjs';
import { addonPath, buildDir, logPath, root, stampPath } from './lib/project.mjs';
import { openReport } from './lib/report.mjs';
import { writeJson } from './lib/stamp.mjs';

const require = createRequire(import.meta.url);
const preparedPath = path.join(buildDir, 'prepared.json');
const dist = path.join(root, 'dist');
const generated = path.join(root, 'lib', 'tensor', 'generated');

/** Hash of everything that the generated and compiled files come from. */
function hashInputs() {
  const lib = readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(root, 'lib', name))
    .filter((file) => file.endsWith('.ts') && !file.startsWith(generated + path.sep))
    .sort();
  const others = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'scripts/generate-ops.mjs',
    'scripts/lib/op-overloads.mjs',
    'scripts/lib/op-types.mjs',
    'lib/tensor/op-help.json',
  ];
  const hash = createHash('sha256');
  for (const file of [...lib, ...others.map((name) => path.join(root, name)), stampPath]) {
    if (existsSync(file))
      hash
        .update(`${path.relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} inputs */
function isPrepared(inputs) {
  if (!existsSync(path.join(dist, 'index.js')) || !existsSync(generated) || !existsSync(preparedPath)) return false;
  return JSON.parse(readFileSync(preparedPath, 'utf8')).inputs === inputs;
}

/**
 * Compiles beside dist/ and swaps: a failed compilation leaves the old one. The folder lies as deep, for the source maps.
 * @param {import('./lib/report.mjs').Report} report
 */
async function compile(report) {
  const aside = path.join(root, 'build-dist');
  const old = path.join(root, 'build-dist-old');
  rmSync(aside, { recursive: true, force: true });
  const tsc = require.resolve('typescript/bin/tsc');
  const result = await runChild(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', aside], {
    report,
    cwd: root,
  });
  if (result.status !== 0) {
    rmSync(aside, { recursive: true, force: true });
    throw new InstallError(
      'TYPESCRIPT',
      `TypeScript does not compile:\n${result.telling}`,
      `the whole output is in ${logPath}`,
    );
  }
  rmSync(old, { recursive: true, force: true });
  if (statSync(dist, { throwIfNoEntry: false })) renameSync(dist, old);
  renameSync(aside, dist);
  rmSync(old, { recursive: true, force: true });
}

await runMain(async () => {
  const report = openReport({ append: true });
  try {
    require.resolve('typescript');
  } catch {
    report.say('the development dependencies are not installed: TypeScript is not compiled.');
    return;
  }
  if (!existsSync(addonPath) && !existsSync(generated)) {
    report.say(
      'there is no addon to take the op signatures from: TypeScript is not compiled (npm run build does all).',
    );
    return;
  }
  const inputs = hashInputs();
  if (isPrepared(inputs)) {
    report.say('dist/ is up to date.');
    return;
  }
  if (existsSync(addonPath)) {
    report.say('generating the op signatures');
    const result = await runChild(process.execPath, [path.join(root, 'scripts', 'generate-ops.mjs')], {
      report,
      cwd: root,
    });
    if (result.status !== 0) {
      throw new InstallError(
        'GENERATE',
        `The op signatures cannot be generated:\n${result.telling}`,
        'node scripts/doctor.mjs',
      );
    }
  }
  report.say('compiling TypeScript');
  await compile(report);
  writeJson(preparedPath, { inputs });
  report.say('dist/ is ready.');
});
