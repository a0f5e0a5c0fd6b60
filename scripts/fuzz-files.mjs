/**
 * The long form of test/serialize/fuzz-files: loads damaged checkpoints and safetensors files in child processes, and prints
 * what crashed, hung, took memory of more than twice the file, or threw something that does not name the file and its fault.
 * Exit status 1 if anything did.
 *
 *   node scripts/fuzz-files.mjs [--files 100000] [--seed NUMBER]
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
require('../test/support/register.cjs');
const { huntFiles } = require('../test/serialize/hunt-files.ts');

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const [files, seed] = [Number(values.files), Number(values.seed)];
console.log(`seed ${seed}`);
const { refused, harmless, faults, finds } = await huntFiles({ files, seed, report: (find) => console.log(find) });
console.log(
  `${files} files: ${refused} refused for ${faults} kinds of faults, ${harmless} harmless, ${finds.length} finds (seed ${seed})`,
);
process.exitCode = finds.length === 0 ? 0 : 1;
