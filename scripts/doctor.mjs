/**
 * Looks at everything that the library needs on this machine, and says how to cure what is wrong.
 *
 *   node scripts/doctor.mjs [--json]         exit 0 where the library can be used, 1 where it cannot
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, runMain } from './lib/errors.mjs';
import { inspectLibtorch } from './lib/libtorch-folder.mjs';
import { addonPath, libtorchJsonPath, root } from './lib/project.mjs';
import { pythonCandidates } from './lib/python.mjs';
import { cacheRoot, hasNvidiaDriver, readSettings } from './lib/settings.mjs';
import { findCMake, findCompiler, installCommand } from './lib/toolchain.mjs';
import { requireAcceptedVersion } from './lib/versions.mjs';
import { which } from './lib/child.mjs';

const BUILD = 'npm run build:native';
const LOW_DISK_BYTES = 2e9;

/**
 * @typedef {object} Finding
 * @property {string} name
 * @property {'ok' | 'warning' | 'failure'} status A warning hinders building or comfort; a failure hinders use.
 * @property {string} detail
 * @property {string} [cure]
 */

/**
 * @param {string} name
 * @param {string} detail
 * @returns {Finding}
 */
const ok = (name, detail) => ({ name, status: 'ok', detail });

/**
 * Runs a JavaScript expression in a Node of its own, where a crash harms nobody, and gives its value.
 * @param {string} expression
 * @param {string} [argument] `process.argv[1]` of the expression.
 * @returns {{ value?: unknown, problem: string }}
 */
function evaluate(expression, argument = '') {
  const program = `process.stdout.write(JSON.stringify(${expression}))`;
  const result = spawnSync(process.execPath, ['-e', program, argument], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  if (result.status === 0) return { value: JSON.parse(result.stdout), problem: '' };
  const message = /^\w*Error: (.+)$/m.exec(result.stderr)?.[1];
  return { problem: message ?? `it ended with ${result.signal ?? `exit code ${result.status}`}` };
}

/** @returns {Finding} */
function checkNode() {
  const name = 'Node.js';
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major >= 20) return ok(name, `${process.versions.node}, Node-API ${process.versions.napi}`);
  return {
    name,
    status: 'failure',
    detail: `${process.versions.node} is too old`,
    cure: 'install Node.js 20 or newer',
  };
}

/**
 * @param {string} name
 * @param {import('./lib/toolchain.mjs').Tool} tool
 * @param {{ path: string, text: string, problem: string }} found
 * @returns {Finding}
 */
function checkTool(name, tool, found) {
  if (found.problem === '') return ok(name, `${found.text} (${found.path})`);
  return { name, status: 'warning', detail: found.problem, cure: installCommand(tool) };
}

/** @returns {Finding} */
function checkPython() {
  const name = 'Python';
  const found = pythonCandidates()
    .map((candidate) => which(candidate))
    .find((file) => file !== undefined);
  if (found !== undefined) return ok(name, found);
  return { name, status: 'warning', detail: 'needed by node-gyp, pip and the oracle', cure: installCommand('python') };
}

/** @returns {Finding[]} */
function checkLibtorch() {
  const name = 'libtorch';
  try {
    const settings = readSettings();
    if (!existsSync(libtorchJsonPath)) {
      return [{ name, status: 'failure', detail: 'the addon was not built yet', cure: BUILD }];
    }
    const recorded = JSON.parse(readFileSync(libtorchJsonPath, 'utf8'));
    const found = inspectLibtorch(recorded.path);
    requireAcceptedVersion(found.version, found.path, settings.bypassVersionCheck);
    if (found.version !== recorded.version) {
      const detail = `${found.path} is ${found.version} now, and the addon was built for ${recorded.version}`;
      return [{ name, status: 'failure', detail, cure: BUILD }];
    }
    const findings = [ok(name, `${found.version} (${found.variant}) at ${found.path}`)];
    if (hasNvidiaDriver() && found.variant === 'cpu') {
      const detail = 'an NVIDIA driver is here, and this libtorch has no CUDA';
      findings.push({ name: 'CUDA', status: 'warning', detail, cure: `LIBTORCH_NODE_VARIANT=cuda ${BUILD}` });
    }
    return findings;
  } catch (error) {
    return [{ name, status: 'failure', detail: describeError(error).replace(/\s*\n\s*/g, ' '), cure: BUILD }];
  }
}

/** @returns {Finding[]} */
function checkAddon() {
  const name = 'addon';
  if (!existsSync(addonPath)) return [{ name, status: 'failure', detail: `there is no ${addonPath}`, cure: BUILD }];
  const { value, problem } = evaluate('require(process.argv[1]).libraryInfo()', addonPath);
  if (problem !== '') return [{ name, status: 'failure', detail: `it does not load: ${problem}`, cure: BUILD }];
  const info =
    /** @type {{ loaded: string, compiled: string, cpuCapability: string, cudaLoaded: boolean, cudaReason: string }} */ (
      value
    );
  const driver = hasNvidiaDriver() ? 'driver found' : 'no NVIDIA driver';
  const cuda = info.cudaLoaded ? 'loaded' : `not used${info.cudaReason ? ` (${info.cudaReason})` : ''}`;
  return [
    ok(name, `loads; built for libtorch ${info.compiled}, runs with ${info.loaded}, ${info.cpuCapability}`),
    ok('CUDA backend', `${cuda}; ${driver}`),
  ];
}

/** @returns {Finding} */
function checkSharp() {
  const { value, problem } = evaluate("require('sharp').versions.sharp");
  if (problem === '') return ok('sharp', String(value));
  return {
    name: 'sharp',
    status: 'failure',
    detail: `it does not load: ${problem}`,
    cure: 'npm install --include=optional sharp',
  };
}

/** @returns {Finding} */
function checkDist() {
  const name = 'dist';
  if (existsSync(path.join(root, 'dist', 'index.js'))) return ok(name, 'TypeScript is compiled');
  return { name, status: 'failure', detail: 'TypeScript is not compiled', cure: 'npm run build' };
}

/**
 * @param {string} name
 * @param {string} folder
 * @returns {Finding}
 */
function checkDisk(name, folder) {
  let existing = folder;
  while (!existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  const detail = `${((bavail * bsize) / 1e9).toFixed(1)} GB free (${folder})`;
  if (bavail * bsize >= LOW_DISK_BYTES) return ok(name, detail);
  return { name, status: 'warning', detail, cure: 'free some; checkpoints and downloads need it' };
}

await runMain(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
  const findings = [
    checkNode(),
    checkTool('C++ compiler', 'compiler', findCompiler()),
    checkTool('CMake', 'cmake', findCMake()),
    checkPython(),
    ...checkLibtorch(),
    ...checkAddon(),
    checkSharp(),
    checkDist(),
    checkDisk('disk', root),
    checkDisk('disk of the cache', cacheRoot(process.env)),
  ];
  const healthy = findings.every((finding) => finding.status !== 'failure');
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ok: healthy, findings }, null, 2)}\n`);
  } else {
    const marks = { ok: '✓', warning: '!', failure: '✗' };
    for (const { name, status, detail, cure } of findings) {
      process.stdout.write(`${marks[status]} ${name}: ${detail}${cure === undefined ? '' : `\n    → ${cure}`}\n`);
    }
  }
  return healthy ? 0 : 1;
});
