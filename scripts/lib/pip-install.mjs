/** Fetches libtorch as the torch wheel: pip verifies the hashes, and knows the user's mirrors and proxies. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runChild } from './child.mjs';
import { InstallError } from './errors.mjs';
import { findPip } from './python.mjs';
import { installCommand } from './toolchain.mjs';

/** @typedef {import('./settings.mjs').Settings} Settings */
/** @typedef {import('./report.mjs').Report} Report */

/** Bytes on disk: the CPU wheel unpacks to 0.7 GB, the CUDA wheel with NVIDIA's wheels to some 7 GB. */
export const PIP_DISK_BYTES = { cpu: 1.2e9, cuda: 10e9 };

/**
 * What to ask pip for. PyTorch's own index marks CPU builds as `+cpu`; on macOS there is one build only.
 * @param {Settings} settings
 */
function requirement(settings) {
  const marked = settings.variant === 'cpu' && process.platform !== 'darwin';
  return `torch==${settings.version}${marked ? '+cpu' : ''}`;
}

/**
 * The wheels of NVIDIA that an installed torch asks for; its other requirements are Python's, not libtorch's.
 * @param {string} folder
 */
function nvidiaRequirements(folder) {
  const info = readdirSync(folder).find((name) => /^torch-.*\.dist-info$/.test(name));
  if (info === undefined) return [];
  const metadata = readFileSync(path.join(folder, info, 'METADATA'), 'utf8');
  return [...metadata.matchAll(/^Requires-Dist: (.+)$/gm)]
    .map((match) => match[1] ?? '')
    .filter((text) => /^(nvidia-|cuda-toolkit\b)/.test(text) && !/\bextra\s*==/.test(text));
}

/**
 * Installs torch, and for CUDA what it loads, into an empty folder.
 * @param {Settings} settings
 * @param {string} folder
 * @param {Report} report
 */
export async function pipInstall(settings, folder, report) {
  const pip = findPip();
  if (pip === undefined) throw new InstallError('PIP', 'no Python with pip is here', installCommand('python'));
  const [major, minor] = pip.version;
  // libtorch does not depend on the Python, but its wheel's name does: another interpreter's wheel will do.
  const hasWheels = major === 3 && minor >= 10 && minor <= 14;
  const options = [
    ...['-m', 'pip', 'install', '--target', folder, '--only-binary', ':all:', '--no-compile'],
    ...['--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--retries', '1', '--timeout', '15'],
    ...(hasWheels ? [] : ['--python-version', '3.12']),
    ...(settings.offline ? ['--no-index'] : []),
  ];
  // PyPI has no CPU build for Linux. `--extra-index-url` adds to the user's own indexes and find-links.
  const index =
    settings.variant === 'cpu' && process.platform !== 'darwin' && !settings.offline
      ? ['--extra-index-url', `${settings.mirror}/whl/cpu`]
      : [];
  /** @param {readonly string[]} args */
  const run = async (args) => {
    const result = await runChild(pip.python, [...options, ...args], {
      report,
      isProgress: (line) => /^\s*(Collecting|Downloading|Processing|Installing)\b/.test(line),
    });
    if (result.status === 0) return;
    const reason = result.output.split('\n').findLast((line) => line.startsWith('ERROR:')) ?? result.telling;
    throw new InstallError('PIP', `pip found no ${args.at(-1)} (${reason.replace(/^ERROR:\s*/, '').trim()})`);
  };
  await run([...index, '--no-deps', requirement(settings)]);
  if (settings.variant === 'cuda') {
    const wheels = nvidiaRequirements(folder);
    if (wheels.length > 0) await run(wheels);
  }
}
