/**
 * Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer and runs tests with it: those of the native parts,
 * and the addon's functions with hostile arguments. Where the compiler has no sanitizers it says so and does nothing, in CI
 * it fails.
 *
 *   node scripts/test-sanitize.mjs [--no-build] [TEST …]
 *
 * Leaks are not looked for: V8 and libtorch keep memory until the process ends and never free it, thousands of blocks
 * among which one of ours would not be found. Live tensors are counted by the tests instead (test/support/live-tensors.ts).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildSanitized } from './build.mjs';
import { InstallError, runMain } from './lib/errors.mjs';
import { buildDir, root } from './lib/project.mjs';

const KINDS = 'address,undefined';
const DEFAULT_TESTS = [
  'test/native',
  'test/engine',
  'test/tensor/dispatch',
  'test/tensor/indexing',
  'test/tensor/random',
  'test/serialize/zip',
];

/** The sanitizers' own libraries, which must be in the process before anything else; null where there are none. */
function sanitizerLibraries() {
  const compiler = process.env.CXX ?? 'g++';
  // libstdc++ as well: Node.js has one of its own inside, and AddressSanitizer looks for the shared one's __cxa_throw.
  const libraries = ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map((name) => {
    const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
    return (stdout ?? '').trim();
  });
  return libraries.every((file) => path.isAbsolute(file) && existsSync(file)) ? libraries : null;
}

function environment(addon, libraries) {
  return {
    ...process.env,
    LIBTORCH_NODE_ADDON: addon,
    LD_PRELOAD: libraries.join(':'),
    ASAN_OPTIONS: [
      'detect_leaks=0',
      // libtorch and Node.js are not built with the sanitizer, so that what crosses between them and us looks odd to it.
      'detect_container_overflow=0',
      'alloc_dealloc_mismatch=0',
      'detect_odr_violation=0',
      // A request for terabytes fails as it does elsewhere.
      'allocator_may_return_null=1',
      'max_allocation_size_mb=8192',
    ].join(':'),
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
}

/** A fault of each kind, compiled and run in the same way: without their reports, no reports of ours would say nothing. */
const FAULTS = `
  #include <climits>
  #include <cstdlib>
  int main(int count, char**) {
    volatile int most = INT_MAX;
    if (count > 1) most = most + count;
    int* freed = new int[4];
    delete[] freed;
    return count > 1 ? most : freed[count];
  }`;

const REPORT = /ERROR: AddressSanitizer|: runtime error: /;

/** @param {Record<string, string>} env */
function requireReports(folder, env) {
  const [source, program] = ['faults.cc', 'faults'].map((name) => path.join(folder, name));
  writeFileSync(source, FAULTS);
  const flags = ['-O0', '-g1', `-fsanitize=${KINDS}`, '-fno-sanitize-recover=undefined', source, '-o', program];
  spawnSync(process.env.CXX ?? 'g++', flags, { stdio: 'inherit' });
  for (const args of [[], ['overflow']]) {
    const { status, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    if (status !== 0 && REPORT.test(stderr)) continue;
    throw new InstallError('SANITIZE', `the sanitizers report nothing of a fault (${args[0] ?? 'use after free'})`);
  }
}

await runMain(async () => {
  const { values, positionals } = parseArgs({
    options: { 'no-build': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const libraries = process.platform === 'linux' ? sanitizerLibraries() : null;
  if (libraries === null) {
    const message = 'the C++ compiler has no sanitizers here (no libasan.so and libubsan.so of g++)';
    if (process.env.CI) throw new InstallError('SANITIZE', `${message}.`);
    console.log(`SKIPPED: ${message}`);
    return;
  }
  const addon = values['no-build']
    ? path.join(buildDir, 'sanitize', 'libtorch_node.node')
    : await buildSanitized(KINDS);
  const env = environment(addon, libraries);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'libtorch-node-sanitize-'));
  requireReports(folder, env);
  rmSync(folder, { recursive: true });

  // A report ends its process. In a child of a test, that fails the test, which shows the report.
  let reports = 0;
  const run = (...args) => {
    const { status, stderr } = spawnSync(process.execPath, args, {
      ...{ cwd: root, env, encoding: 'utf8', maxBuffer: 2 ** 28 },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    process.stderr.write(stderr);
    if (REPORT.test(stderr)) reports += 1;
    return status === 0;
  };
  const tests = positionals.length > 0 ? positionals : DEFAULT_TESTS;
  // Not the test that measures memory: AddressSanitizer keeps what is freed, to see it used. The option comes last, for it
  // takes all that follows for more patterns.
  let passed = run('node_modules/jest/bin/jest.js', ...tests, '--testPathIgnorePatterns', 'test/engine/memory');
  if (positionals.length === 0) {
    const filter = '^native|^Tensor.(at|setAt|to|grad|item)|^(tensor|frombytes|scope)$';
    passed = run('scripts/fuzz.mjs', '--seed', 'sanitize', '--lists', '30', '--filter', filter) && passed;
  }
  console.log(`tests ${passed ? 'passed' : 'failed'}, ${reports} reports of the sanitizers outside of child processes`);
  process.exitCode = passed && reports === 0 ? 0 : 1;
});
