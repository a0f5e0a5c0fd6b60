/**
 * Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer and runs tests with it: those of the native parts,
 * and the addon's functions with hostile arguments. Where the compiler has no sanitizers it says so and does nothing.
 *
 *   node scripts/test-sanitize.mjs [--no-build] [TEST …]
 *
 * Leaks are not looked for: V8 and libtorch keep memory until the process ends and never free it, thousands of blocks
 * among which one of ours would not be found. Live tensors are counted by the tests instead (test/support/live-tensors.ts).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildSanitized } from './build.mjs';
import { runMain } from './lib/errors.mjs';
import { buildDir, root } from './lib/project.mjs';

const KINDS = 'address,undefined';
const DEFAULT_TESTS = [
  'test/native',
  'test/engine',
  'test/tensor/dispatch',
  'test/tensor/indexing',
  'test/tensor/random',
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

/** @param {string} reports - files that the sanitizers write begin with this path */
function environment(addon, libraries, reports) {
  return {
    ...process.env,
    LIBTORCH_NODE_ADDON: addon,
    // Blocks that libtorch frees go back to AddressSanitizer, not into our cache, or their later use would not be seen.
    LIBTORCH_NODE_ALLOCATOR: 'system',
    LD_PRELOAD: libraries.join(':'),
    ASAN_OPTIONS: [
      `log_path=${reports}`,
      'detect_leaks=0',
      // libtorch and Node.js are not built with the sanitizer, so that what crosses between them and us looks odd to it.
      'detect_container_overflow=0',
      'alloc_dealloc_mismatch=0',
      'detect_odr_violation=0',
      // A request for terabytes fails as it does elsewhere.
      'allocator_may_return_null=1',
      'max_allocation_size_mb=8192',
    ].join(':'),
    UBSAN_OPTIONS: `log_path=${reports}:print_stacktrace=1:halt_on_error=1`,
  };
}

await runMain(async () => {
  const { values, positionals } = parseArgs({
    options: { 'no-build': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const libraries = process.platform === 'linux' ? sanitizerLibraries() : null;
  if (libraries === null) {
    console.log('SKIPPED: the C++ compiler has no sanitizers here (no libasan.so and libubsan.so of g++)');
    return;
  }
  const addon = values['no-build']
    ? path.join(buildDir, 'sanitize', 'libtorch_node.node')
    : await buildSanitized(KINDS);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'libtorch-node-sanitize-'));
  const env = environment(addon, libraries, path.join(folder, 'report'));
  const run = (...args) => spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status === 0;
  const tests = positionals.length > 0 ? positionals : DEFAULT_TESTS;
  let passed = run('node_modules/jest/bin/jest.js', '-i', ...tests);
  if (positionals.length === 0) passed = run('scripts/fuzz.mjs', '--lists', '30', '--filter', '^native') && passed;
  const reports = readdirSync(folder);
  for (const report of reports) console.log(readFileSync(path.join(folder, report), 'utf8'));
  rmSync(folder, { recursive: true });
  console.log(`tests ${passed ? 'passed' : 'failed'}, ${reports.length} reports of the sanitizers`);
  process.exitCode = passed && reports.length === 0 ? 0 : 1;
});
