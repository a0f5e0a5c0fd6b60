/**
 * Builds the addon: finds or fetches libtorch, compiles with cmake-js (or with node-gyp where CMake is missing), loads
 * the result once, and writes build/libtorch.json for the loader. Does nothing where everything is up to date.
 *
 *   node scripts/build.mjs [--route cmake|gyp] [--force]
 *   node scripts/build.mjs --sanitize address,undefined    a second addon, build/sanitize/libtorch_node.node
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { provideLibtorch } from './download.mjs';
import { runChild } from './lib/child.mjs';
import { InstallError, runMain } from './lib/errors.mjs';
import { withLock } from './lib/lock.mjs';
import { addonPath, buildDir, isMain, libtorchJsonPath, logPath, root, stampPath } from './lib/project.mjs';
import { openReport } from './lib/report.mjs';
import { readSettings } from './lib/settings.mjs';
import { describeLibrary, describeRequest, hashSources, isUpToDate, runtimeName, writeJson } from './lib/stamp.mjs';
import { chooseRoute, findNodeHeaders } from './lib/toolchain.mjs';

/** @typedef {import('./locate.mjs').LocatedLibtorch} LocatedLibtorch */
/** @typedef {import('./lib/report.mjs').Report} Report */
/** @typedef {import('./lib/toolchain.mjs').Route} Route */

const require = createRequire(import.meta.url);
/** A translation unit with ATen's headers takes about this much memory. */
const BYTES_PER_JOB = 1.5e9;

function parallelJobs() {
  return Math.max(1, Math.min(os.availableParallelism(), Math.floor(os.totalmem() / BYTES_PER_JOB)));
}

/**
 * @param {{ status: number, telling: string }} result
 * @param {string} what
 */
function requireSuccess(result, what) {
  if (result.status === 0) return;
  throw new InstallError('BUILD', `${what} failed:\n${result.telling}`, `the whole output is in ${logPath}`);
}

/**
 * @param {LocatedLibtorch} libtorch
 * @param {Report} report
 * @param {{ out: string, target: string, sanitize: string }} where
 */
async function runCMake(libtorch, report, { out, target, sanitize }) {
  const cmakeJs = path.join(path.dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const options = [
    ...['--directory', root, '--out', out, '--log-level', 'warn'],
    `--CDLIBTORCH_DIR=${libtorch.path}`,
    `--CDLIBTORCH_RELEASE=${libtorch.release}`,
    ...(libtorch.cxx11Abi === '' ? [] : [`--CDLIBTORCH_CXX11_ABI=${libtorch.cxx11Abi}`]),
    ...(sanitize === '' ? [] : [`--CDLIBTORCH_NODE_SANITIZE=${sanitize.replaceAll(',', '|')}`]),
  ];
  const configure = () => runChild(process.execPath, [cmakeJs, 'configure', ...options], { report, cwd: root });
  let configured = await configure();
  if (configured.status !== 0 && existsSync(out)) {
    // A cache of another generator or compiler cannot be reused, and CMake only says so.
    rmSync(out, { recursive: true, force: true });
    configured = await configure();
  }
  requireSuccess(configured, 'Configuring with CMake');
  const built = await runChild(process.execPath, [cmakeJs, 'build', ...options, '--parallel', String(parallelJobs())], {
    report,
    cwd: root,
    isProgress: (line) => /^\[\s*\d+(%|\/\d+)\]/.test(line),
  });
  requireSuccess(built, 'Compiling');

  // A process that has the old addon mapped keeps its file: the new one is written aside and renamed.
  mkdirSync(path.dirname(target), { recursive: true });
  const aside = `${target}.${process.pid}.tmp`;
  copyFileSync(path.join(out, 'Release', path.basename(addonPath)), aside);
  renameSync(aside, target);
}

/**
 * @param {LocatedLibtorch} libtorch
 * @param {Report} report
 */
function buildWithCMake(libtorch, report) {
  return runCMake(libtorch, report, { out: path.join(buildDir, 'cmake'), target: addonPath, sanitize: '' });
}

/**
 * @param {LocatedLibtorch} libtorch
 * @param {Report} report
 */
async function buildWithGyp(libtorch, report) {
  const nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
  // make writes the addon in place; a process that has the old one mapped must keep its own file.
  rmSync(addonPath, { force: true });
  const headers = process.env.npm_config_nodedir ? undefined : findNodeHeaders();
  const result = await runChild(
    process.execPath,
    [nodeGyp, 'configure', 'build', '--jobs', String(parallelJobs()), ...(headers ? [`--nodedir=${headers}`] : [])],
    {
      report,
      cwd: root,
      // binding.gyp asks locate.mjs, which must answer with the libtorch that was chosen here.
      env: { ...process.env, LIBTORCH: libtorch.path, LIBTORCH_NODE_SOURCE: 'env' },
      isProgress: (line) => /^\s+(CXX|SOLINK_MODULE)\(/.test(line),
    },
  );
  requireSuccess(result, 'Compiling with node-gyp');
}

/** Loads the addon in a process of its own: a missing symbol or library is found here, and not by the first user. */
function requireLoadable() {
  const result = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', addonPath], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (result.status === 0) return;
  const reason = /^(?:\w*Error: )(.+)$/m.exec(result.stderr)?.[1] ?? result.stderr.trim() ?? `signal ${result.signal}`;
  throw new InstallError('ADDON_LOAD', `The addon was built and does not load: ${reason}`, 'node scripts/doctor.mjs');
}

/**
 * @param {{ route?: Route, force?: boolean, report?: Report }} [options]
 * @returns {Promise<'built' | 'up to date' | 'skipped'>}
 */
export async function buildAddon({ route: asked, force = false, report = openReport() } = {}) {
  const settings = readSettings();
  if (settings.skipBuild) {
    report.say('LIBTORCH_NODE_SKIP_BUILD is set: the addon is not built.');
    return 'skipped';
  }
  if (!force && isUpToDate(settings, asked)) {
    report.say('the addon is up to date.');
    return 'up to date';
  }
  return withLock(path.join(buildDir, '.lock'), report, async () => {
    // The process that was waited for may have done the work.
    if (!force && isUpToDate(settings, asked)) {
      report.say('the addon is up to date.');
      return 'up to date';
    }
    const route = chooseRoute(asked);
    const libtorch = await provideLibtorch(settings, report);
    report.say(
      `building with ${route === 'cmake' ? 'CMake' : 'node-gyp'}, ${parallelJobs()} at a time (log: ${logPath})`,
    );
    const started = Date.now();
    const sources = hashSources();
    rmSync(stampPath, { force: true });
    await (route === 'cmake' ? buildWithCMake : buildWithGyp)(libtorch, report);
    requireLoadable();
    writeJson(libtorchJsonPath, {
      path: libtorch.path,
      version: libtorch.version,
      variant: libtorch.variant,
      source: libtorch.source,
      torchLib: libtorch.lib,
    });
    writeJson(stampPath, {
      sources,
      runtime: runtimeName(),
      route,
      request: describeRequest(settings),
      libtorch: libtorch.path,
      library: describeLibrary(libtorch.path),
    });
    report.say(`built ${path.relative(root, addonPath)} in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
    return 'built';
  });
}

/**
 * The addon with the compiler's sanitizers, beside the usual one; scripts/test-sanitize.mjs runs tests with it.
 *
 * @param {string} kinds - what `-fsanitize=` takes
 */
export async function buildSanitized(kinds, report = openReport()) {
  const settings = readSettings();
  return withLock(path.join(buildDir, '.lock'), report, async () => {
    const libtorch = await provideLibtorch(settings, report);
    const target = path.join(buildDir, 'sanitize', path.basename(addonPath));
    report.say(`building with -fsanitize=${kinds} (log: ${logPath})`);
    // No check that it loads: it does so only in a process that has the sanitizer's own library first.
    await runCMake(libtorch, report, { out: path.join(buildDir, 'sanitize', 'cmake'), target, sanitize: kinds });
    report.say(`built ${path.relative(root, target)}`);
    return target;
  });
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const { values } = parseArgs({
      options: { route: { type: 'string' }, force: { type: 'boolean' }, sanitize: { type: 'string' } },
    });
    if (values.sanitize !== undefined) {
      if (!/^[a-z]+(,[a-z]+)*$/.test(values.sanitize)) {
        throw new InstallError(
          'USAGE',
          `expected such as address,undefined for --sanitize, received "${values.sanitize}".`,
        );
      }
      await buildSanitized(values.sanitize);
      return;
    }
    if (values.route !== undefined && values.route !== 'cmake' && values.route !== 'gyp') {
      throw new InstallError('USAGE', `expected cmake or gyp for --route, received "${values.route}".`);
    }
    await buildAddon({ route: values.route, force: values.force });
  });
}
