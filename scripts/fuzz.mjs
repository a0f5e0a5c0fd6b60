/**
 * The long form of test/fuzz: calls every function with hostile arguments, in child processes, and prints what crashed,
 * hung or threw something that is no proper error. Exit status 1 if anything did.
 *
 *   node scripts/fuzz.mjs [--lists 200] [--seed TEXT] [--filter REGEX] [--internal]
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
require('../test/support/register.cjs');
const { hunt } = require('../test/fuzz/hunt.ts');

const { values } = parseArgs({
  options: {
    lists: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
    filter: { type: 'string', default: '' },
    internal: { type: 'boolean', default: false },
  },
});
const { seed, filter, internal } = values;
console.log(`seed ${seed}`);
const { finds, functions } = await hunt({
  ...{ seed, filter, internal, lists: Number(values.lists) },
  report: ({ problem, call }) => console.log(`${problem.trim()}\n  ${call}`),
});
console.log(`${functions} functions, ${finds.length} finds (seed ${seed})`);
process.exitCode = finds.length === 0 ? 0 : 1;
