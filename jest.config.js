'use strict';

// Two workers and their Python oracles share the cores: threads that spin while they wait would starve the ones that work.
process.env.OMP_WAIT_POLICY ??= 'passive';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  setupFilesAfterEnv: ['<rootDir>/test/support/live-tensors.ts'],
  // Two workers at most: each loads libtorch and runs its own OpenMP team.
  maxWorkers: 2,
  testTimeout: 120_000,
};
