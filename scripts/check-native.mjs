/**
 * clang-format and clang-tidy over native/.
 *
 *   node scripts/check-native.mjs [--fix] [--format-only]
 *
 * A missing tool is skipped loudly on a person's machine, and a failure where CI is set.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runChild, which } from './lib/child.mjs';
import { InstallError, runMain } from './lib/errors.mjs';
import { buildDir, root } from './lib/project.mjs';
import { openReport } from './lib/report.mjs';
import { nativeSources } from './lib/sources.mjs';
import { writeJson } from './lib/stamp.mjs';

const compileCommands = path.join(buildDir, 'cmake', 'compile_commands.json');
const tidyDir = path.join(buildDir, 'tidy');
const passedPath = path.join(buildDir, 'clang-tidy-passed.json');
// The commands are g++'s: it knows warnings that clang does not, and its OpenMP header is not on clang's path.
const CLANG_ARGS = ['--extra-arg=-Wno-unknown-warning-option', '--extra-arg=-fno-openmp'];
// Older ones match their checks against all of ATen's headers too, which more than doubles their time.
const QUICK_TIDY = ['clang-tidy-22'];
// Each run of clang-tidy reads all of ATen's headers: about 1 GB.
const JOBS = Math.max(1, Math.min(os.availableParallelism(), 2));

/** All C++ files of native/, headers too. */
function nativeFiles() {
  return readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => path.join('native', name))
    .sort();
}

/**
 * @param {string} name
 * @param {string[]} [preferred]
 * @returns {string | undefined}
 */
function findTool(name, preferred = []) {
  const found = [...preferred, name].map((each) => which(each)).find((file) => file !== undefined);
  if (found !== undefined) return found;
  const message = `${name} is missing: native/ is not checked by it`;
  if (process.env.CI) throw new InstallError('TOOL', `${message}.`, `sudo apt-get install -y ${name}`);
  process.stderr.write(`\n*** SKIPPED: ${message} (sudo apt-get install -y ${name}) ***\n\n`);
  return undefined;
}

/**
 * Hash of what the verdict about a source depends on: clang-tidy takes some 10 s for each, so none is checked twice.
 * @param {string} source
 * @param {string} clangTidy - versions differ in what they find
 */
function tidyKey(source, clangTidy) {
  const hash = createHash('sha256').update(`${clangTidy}\0`);
  for (const file of [source, '.clang-tidy', ...nativeFiles().filter((name) => name.endsWith('.h'))]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @returns {Record<string, string>} The key with which each source passed last. */
function readPassed() {
  return existsSync(passedPath) ? JSON.parse(readFileSync(passedPath, 'utf8')) : {};
}

/** The compiler's commands without its precompiled header, which only g++ itself can read. */
function writeTidyCommands() {
  const commands = readFileSync(compileCommands, 'utf8');
  mkdirSync(tidyDir, { recursive: true });
  writeFileSync(
    path.join(tidyDir, 'compile_commands.json'),
    commands.replaceAll(/ -Winvalid-pch -include (?:\\\\ |[^\s\\])*cmake_pch\.hxx/g, ''),
  );
}

/**
 * Runs jobs, a few at a time.
 * @template T
 * @param {readonly T[]} items
 * @param {number} jobs
 * @param {(item: T) => Promise<void>} work
 */
async function inParallel(items, jobs, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

await runMain(async () => {
  const { values } = parseArgs({ options: { fix: { type: 'boolean' }, 'format-only': { type: 'boolean' } } });
  const report = openReport({ file: path.join(buildDir, 'check-native.log') });
  const fix = values.fix === true;
  let failed = false;

  const clangFormat = findTool('clang-format');
  if (clangFormat !== undefined) {
    const args = fix ? ['-i'] : ['--dry-run', '-Werror'];
    const result = await runChild(clangFormat, [...args, ...nativeFiles()], { report, cwd: root });
    if (result.status !== 0) {
      process.stderr.write(result.output);
      failed = true;
    }
  }
  if (values['format-only']) return failed ? 1 : 0;

  const clangTidy = findTool('clang-tidy', QUICK_TIDY);
  if (clangTidy !== undefined) {
    if (!existsSync(compileCommands)) {
      throw new InstallError(
        'TIDY',
        'clang-tidy needs build/cmake/compile_commands.json, which the CMake route writes.',
        'node scripts/build.mjs --route cmake',
      );
    }
    writeTidyCommands();
    const passed = readPassed();
    // Two fixes of one header at once would both be applied.
    await inParallel(nativeSources(), fix ? 1 : JOBS, async (file) => {
      const args = ['-p', tidyDir, '--quiet', ...CLANG_ARGS, ...(fix ? ['--fix'] : [])];
      const key = tidyKey(file, clangTidy);
      if (passed[file] === key) return;
      const result = await runChild(clangTidy, [...args, file], { report, cwd: root });
      if (result.status === 0) {
        writeJson(passedPath, Object.assign(passed, { [file]: key }));
        return;
      }
      process.stderr.write(result.output);
      failed = true;
    });
  }
  if (failed) process.stderr.write('\nnative/ does not pass: `npm run format` fixes what a tool can.\n');
  else {
    const passed = [clangFormat && 'clang-format', clangTidy && 'clang-tidy'].filter(Boolean);
    if (passed.length > 0) process.stdout.write(`native/ passes ${passed.join(' and ')}.\n`);
  }
  return failed ? 1 : 0;
});
