/**
 * `npm run parity`: the article's program in Python and in libtorch-node, from the same image files, compared to the bit.
 *
 * Each config runs twice in Python (the control: a difference between those two says nothing about us) and once here.
 * A difference ends with exit code 1 and the name of the first tensor and step that differ.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compareFacts, factsOf, firstDifferentTensor } from '../test/parity/compare.mjs';
import { full, quick, realExtra, standard } from '../test/parity/configs.mjs';
import { realData, sampleData } from '../test/parity/datasets.mjs';
import { readLines, runOurs, runPython, traceOurs } from '../test/parity/programs.mjs';
import { describeError } from './lib/errors.mjs';
import { addonPath, root } from './lib/project.mjs';
import { setUpOracle } from './oracle-setup.mjs';

/** @typedef {import('../test/parity/configs.mjs').ParityConfig} ParityConfig */

const help = `node scripts/parity.mjs [options]
  --quick        two small configs (half a minute)
  --full         one epoch of 640 images with the article's 86 million parameters, instead (many minutes)
  --data DIR     the real set, unpacked or as its two archives; else $OXFORD_PETS_DIR, else the one beside the project;
                 without one, the drawn sample alone
  --only TEXT    only the configs whose name contains TEXT
  --once         Python once: no control
LIBTORCH_NODE_PYTHON names the interpreter to compare with; else one is set up in .cache/oracle.
`;

const columns = [
  'config',
  'data',
  'threads',
  'steps',
  'batches',
  'losses',
  'states',
  'scores',
  'python = python',
  'seconds',
];
const widths = [26, 6, 7, 5, 7, 6, 6, 6, 15, 22];

async function main() {
  const { values: options } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      data: { type: 'string' },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (options.help) return void process.stdout.write(help);
  if (!existsSync(addonPath) || !existsSync(path.join(root, 'dist'))) throw new Error('not built yet: npm install');

  const python = process.env['LIBTORCH_NODE_PYTHON'] || setUpOracle().python;
  const realFolder = await realData(options.data);
  const real = realFolder === null ? null : { name: 'pets', folder: realFolder };
  const sample = {
    name: 'sample',
    folder: await (options.full && real === null ? sampleData(640, 210) : sampleData()),
  };
  if (real === null) process.stdout.write('no real data set (--data DIR or OXFORD_PETS_DIR): the drawn sample alone\n');

  const runs = plan(options, sample, real).filter(({ config }) => config.name.includes(options.only));
  if (runs.length === 0) throw new Error(`no config's name contains "${options.only}"`);
  process.stdout.write(`\n${row(columns)}\n${row(widths.map((width) => '-'.repeat(width)))}\n`);
  let different = 0;
  for (const { config, data } of runs) {
    const problems = await compareOnce(python, config, data, !options.once);
    for (const problem of problems) process.stdout.write(`  ${problem}\n`);
    if (problems.length > 0) different++;
  }
  process.stdout.write(
    different === 0
      ? `\n${runs.length} of ${runs.length} runs are equal to the bit\n`
      : `\n${different} of ${runs.length} runs DIFFER\n`,
  );
  if (different > 0) process.exitCode = 1;
}

/**
 * @param {{ quick: boolean, full: boolean }} options
 * @param {{ name: string, folder: string }} sample
 * @param {{ name: string, folder: string } | null} real
 */
function plan(options, sample, real) {
  if (options.full) return full.map((config) => ({ config, data: real ?? sample }));
  const configs = options.quick ? quick : standard;
  const onReal = real === null || options.quick ? [] : realExtra;
  return [
    ...configs.map((config) => ({ config, data: config.embedSize === 768 ? (real ?? sample) : sample })),
    ...onReal.map((config) => ({ config, data: real ?? sample })),
  ];
}

/**
 * Runs one config on both sides, prints its row, and returns what is wrong.
 * @param {string} python
 * @param {ParityConfig} config
 * @param {{ name: string, folder: string }} data
 * @param {boolean} control
 * @returns {Promise<string[]>}
 */
async function compareOnce(python, config, data, control) {
  const first = await timed(() => runPython(python, data.folder, config));
  const ours = await timed(() => runOurs(data.folder, config));
  const second = control ? await timed(() => runPython(python, data.folder, config)) : null;

  const theirs = factsOf(first.result);
  const result = compareFacts(factsOf(ours.result), theirs);
  const repeated = second === null ? null : compareFacts(factsOf(second.result), theirs);
  const mark = (/** @type {boolean} */ equal) => (equal ? 'equal' : 'DIFFER');
  const cells = [
    config.name,
    data.name,
    String(config.threads),
    String(result.steps),
    mark(result.equal.batch),
    mark(result.equal.loss),
    mark(result.equal.state),
    mark(result.equal.score),
    repeated === null ? 'not run' : mark(repeated.first === null),
    `python ${first.seconds.toFixed(0)}, ours ${ours.seconds.toFixed(0)}`,
  ];
  process.stdout.write(`${row(cells)}\n`);

  const problems = [];
  if (repeated !== null && repeated.first !== null) problems.push(`Python against itself: ${repeated.first}`);
  if (result.first !== null) problems.push(result.first, await nameTheTensor(python, config, data.folder));
  return problems;
}

/**
 * Runs both sides again with every tensor hashed, to say where the difference begins.
 * @param {string} python
 * @param {ParityConfig} config
 * @param {string} data
 */
async function nameTheTensor(python, config, data) {
  const cache = path.join(root, '.cache', 'parity');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'trace-'));
  const [ours, theirs] = ['ours.jsonl', 'python.jsonl'].map((name) => path.join(folder, name));
  try {
    await runPython(python, data, config, { trace: theirs });
    await traceOurs(data, config, ours);
    const found = firstDifferentTensor(readLines(ours), readLines(theirs));
    if (found === null)
      return 'written out, the steps give the same tensors: the difference is in the scores or in the program around the steps';
    return `first different tensor: ${found.tensor}, ${found.step === 0 ? 'before step 1' : `in step ${found.step}`}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @template T
 * @param {() => Promise<T>} body
 */
async function timed(body) {
  const began = performance.now();
  const result = await body();
  return { result, seconds: (performance.now() - began) / 1000 };
}

/** @param {string[]} cells */
function row(cells) {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

main().catch((error) => {
  process.stderr.write(`parity: ${describeError(error)}\n`);
  process.exitCode = 1;
});
