/**
 * Makes the Python environment that tests and `npm run parity` compare with: PyTorch of the very version that the addon was
 * built with, torchvision, torchmetrics, transformers and Pillow, in .cache/oracle. Does nothing the second time.
 *
 * Where the addon's libtorch is the `torch` package of a Python (that is how pip delivers it), the environment imports
 * that package: nothing is downloaded twice, and both sides load the same binaries.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeError, InstallError } from './lib/errors.mjs';
import { isMain, libtorchJsonPath, root } from './lib/project.mjs';
import { parseVersion } from './lib/versions.mjs';

const oracleDir = path.join(root, '.cache', 'oracle');
const venvDir = path.join(oracleDir, 'venv');
/** Read by test/oracle/python.ts. */
const stampPath = path.join(oracleDir, 'oracle.json');
/** PyTorch's own index of CPU builds; on Linux the general index holds CUDA builds only. */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/** @param {string} text */
const say = (text) => process.stdout.write(`oracle: ${text}\n`);

/**
 * The interpreter of a complete oracle, made first where it is missing.
 * @returns {{ python: string, torch: string }}
 */
export function setUpOracle() {
  const libtorch = readLibtorch();
  const base = findBasePython(libtorch);
  const reuse = torchPackageOf(libtorch, base);
  const requirements = requirementsFor(libtorch);
  const key = JSON.stringify({ base, reuse: reuse ?? null, torch: libtorch.version, requirements });

  const stamp = existsSync(stampPath) ? JSON.parse(readFileSync(stampPath, 'utf8')) : null;
  if (stamp?.key === key && existsSync(stamp.python)) {
    say(`ready (torch ${stamp.torch}, ${path.relative(root, stamp.python)})`);
    return { python: stamp.python, torch: stamp.torch };
  }

  rmSync(stampPath, { force: true });
  rmSync(venvDir, { recursive: true, force: true });
  mkdirSync(oracleDir, { recursive: true });
  say(`making ${path.relative(root, venvDir)} with ${base.executable} (Python ${base.version})`);
  run(base.executable, ['-m', 'venv', venvDir], 'install the venv module of this Python (on Debian: python3-venv)');
  const python = path.join(venvDir, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));

  if (reuse === undefined) installTorch(python, libtorch);
  else linkTorch(python, reuse);
  say(`installing ${requirements.join(', ')}`);
  pip(python, requirements);
  // torchvision pins the exact build of torch it was published with; only its Python part is needed here.
  const torchvision = torchvisionFor(libtorch.version);
  say(`installing ${torchvision}`);
  pip(python, ['--no-deps', torchvision]);

  const torch = check(python, libtorch);
  const aside = `${stampPath}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify({ python, torch, key }, null, 2)}\n`);
  renameSync(aside, stampPath);
  say(`ready (torch ${torch}, ${path.relative(root, python)})`);
  return { python, torch };
}

/** @returns {{ path: string, version: string, variant: string }} */
function readLibtorch() {
  if (!existsSync(libtorchJsonPath)) {
    throw new InstallError('NOT_BUILT', 'the addon is not built yet, so its libtorch is not known.', 'npm install');
  }
  return JSON.parse(readFileSync(libtorchJsonPath, 'utf8'));
}

/**
 * The Python to make the environment with: PYTHON, or the one that the libtorch's own package was made for, or any.
 * @param {{ path: string }} libtorch
 */
function findBasePython(libtorch) {
  const made = extensionModules(libtorch.path)
    .map((file) => /^_C\.cpython-(\d)(\d+)-/.exec(file))
    .filter((match) => match !== null)
    .map((match) => `python${match[1]}.${match[2]}`);
  const names = process.env['PYTHON'] ? [process.env['PYTHON']] : [...made, 'python3', 'python'];
  const script =
    'import json, sys, sysconfig; print(json.dumps([sys.executable, "%d.%d.%d" % sys.version_info[:3], ' +
    'sysconfig.get_config_var("EXT_SUFFIX")]))';
  for (const name of names) {
    const { status, stdout } = spawnSync(name, ['-c', script], { encoding: 'utf8' });
    if (status !== 0) continue;
    const [executable, version, suffix] = JSON.parse(stdout);
    if (Number(version.split('.')[1]) >= 10) return { executable, version, suffix };
  }
  throw new InstallError(
    'PYTHON_MISSING',
    `no Python of version 3.10 or newer was found (tried ${names.join(', ')}).`,
    'install Python 3 with its venv module, or set PYTHON to an interpreter.',
  );
}

/**
 * The folder to import `torch` from where libtorch is a package that this Python can load.
 * @param {{ path: string }} libtorch
 * @param {{ suffix: string }} base
 */
function torchPackageOf(libtorch, base) {
  const isPackage = existsSync(path.join(libtorch.path, '__init__.py')) && path.basename(libtorch.path) === 'torch';
  return isPackage && extensionModules(libtorch.path).includes(`_C${base.suffix}`)
    ? path.dirname(libtorch.path)
    : undefined;
}

/** @param {string} folder */
function extensionModules(folder) {
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.startsWith('_C.')) : [];
}

/**
 * Beside torch itself, which is installed or linked first.
 * @param {{ version: string }} libtorch
 */
function requirementsFor(libtorch) {
  // torch itself is named again so that pip installs what a linked torch depends on, without replacing it.
  // transformers pinned: where and how its SegFormer draws and multiplies differs from version to version.
  return [
    `torch==${libtorch.version}`,
    ...['torchmetrics==1.9.*', 'numpy', 'pillow', 'safetensors', 'transformers==5.18.*'],
  ];
}

/** @param {string} torch */
function torchvisionFor(torch) {
  const version = parseVersion(torch);
  if (version === undefined) throw new InstallError('LIBTORCH_VERSION', `libtorch calls its version ${torch}.`);
  return `torchvision==0.${version.minor + 15}.*`;
}

/**
 * @param {string} python
 * @param {string} folder
 */
function linkTorch(python, folder) {
  say(`importing torch from ${folder}: the addon's own libtorch`);
  const { stdout } = spawnSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
    encoding: 'utf8',
  });
  writeFileSync(path.join(stdout.trim(), 'libtorch-node.pth'), `${folder}\n`);
  // Unpacked, not installed by pip, it has no bytecode: each start of Python would compile torch anew, for seconds. Where
  // the folder cannot be written, or a file is for another Python, nothing is lost but that time.
  spawnSync(python, ['-m', 'compileall', '-qq', '-j', '0', path.join(folder, 'torch')], { stdio: 'ignore' });
}

/**
 * @param {string} python
 * @param {{ version: string }} libtorch
 */
function installTorch(python, libtorch) {
  const wanted = `torch==${libtorch.version}`;
  say(`installing ${wanted}`);
  const cpu = libtorch.version.endsWith('+cpu');
  // First from where this machine's pip looks (a mirror, a folder of wheels), then from PyTorch's own index.
  if (tryPip(python, [wanted])) return;
  if (cpu && tryPip(python, ['--extra-index-url', CPU_INDEX, wanted])) return;
  throw new InstallError(
    'TORCH_MISSING',
    `pip found no ${wanted} for this Python.`,
    'set PYTHON to a Python that PyTorch publishes this version for, or LIBTORCH_NODE_PYTHON to one that has it.',
  );
}

/**
 * @param {string} python
 * @param {string[]} requirements
 */
function tryPip(python, requirements) {
  const quiet = process.stdout.isTTY ? [] : ['--progress-bar', 'off'];
  // pip asks an index that does not answer six times per package, with pauses: minutes on a machine without a network.
  const retries = process.env['PIP_RETRIES'] ? [] : ['--retries', '2'];
  const flags = ['--disable-pip-version-check', '--no-input', '--prefer-binary', ...retries, ...quiet];
  return spawnSync(python, ['-m', 'pip', 'install', ...flags, ...requirements], { stdio: 'inherit' }).status === 0;
}

/**
 * @param {string} python
 * @param {string[]} requirements
 */
function pip(python, requirements) {
  if (tryPip(python, requirements)) return;
  throw new InstallError(
    'PIP_FAILED',
    `pip could not install ${requirements.join(', ')}.`,
    "see pip's own words above.",
  );
}

/**
 * Imports everything once, so that a broken environment is found here and not in the middle of a test.
 * @param {string} python
 * @param {{ version: string }} libtorch
 */
function check(python, libtorch) {
  const shim = path.join(root, 'test', 'oracle');
  const script = [
    'import sys',
    `sys.path.insert(0, ${JSON.stringify(shim)})`,
    'import torch',
    'from torchvision_shim import import_torchvision',
    'import_torchvision()',
    'import torchmetrics, PIL, numpy, safetensors, transformers',
    'print(torch.__version__)',
  ].join('\n');
  const { status, stdout, stderr } = spawnSync(python, ['-B', '-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new InstallError('ORACLE_BROKEN', `the new environment does not import:\n${stderr}`);
  const version = stdout.trim();
  if (parseVersion(version)?.release !== parseVersion(libtorch.version)?.release) {
    throw new InstallError(
      'ORACLE_VERSION',
      `the new environment has torch ${version}, the addon libtorch ${libtorch.version}.`,
    );
  }
  return version;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cure
 */
function run(command, args, cure) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new InstallError('COMMAND_FAILED', `${command} ${args.join(' ')} failed.`, cure);
}

if (isMain(import.meta.url)) {
  try {
    setUpOracle();
  } catch (error) {
    process.stderr.write(`oracle: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}
