/**
 * `npm run bench`: the same work in Node and in Python, one process per measurement, alternating, so that both meet the
 * same machine. Prints minima and medians of several repetitions and the peak memory of each process. A minimum is the
 * better number on a machine that does other things; trust no ratio from a busy one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '../scripts/lib/errors.mjs';
import { addonPath, root } from '../scripts/lib/project.mjs';
import { setUpOracle } from '../scripts/oracle-setup.mjs';
import { twins } from '../test/oracle/twins.mjs';
import { realData, sampleData } from '../test/parity/datasets.mjs';

const here = path.join(root, 'bench');

const help = `node bench/run.mjs [options]
  --only NAMES     of ops,vit,models,optimizer,checkpoint,images,loader,memory, separated by commas (default: all but models)
  --models NAMES   of the models' benchmark, separated by commas (default: all)
  --repeat N       processes per side and benchmark (default 3)
  --threads N      inside one op, both sides (default: the machine's cores)
  --steps N        training steps per process (default 8)
  --device D       of the vit, the models and the optimizers: cpu, cuda or cuda:i (default cpu)
  --batch N        of their steps (default 8)
  --iterations N   of the memory benchmarks (default 20000)
  --small          small models instead of the article's: 86 million parameters in the ViT
  --data DIR       images to decode; else $OXFORD_PETS_DIR, else the set beside the project, else the drawn sample
  --json           one JSON object instead of the tables
`;

const articleModel = { imageSize: 128, patchSize: 16, embedSize: 768, numBlocks: 12, numHeads: 8, dropout: 0.2 };
const smallModel = { ...articleModel, imageSize: 64, patchSize: 8, embedSize: 128, numBlocks: 4, numHeads: 4 };

/** @type {Record<string, object>} */
const smallSizes = {
  'vit-segmentation': smallModel,
  segnet: { width: 8 },
  'segnet-dsc': { width: 8 },
  'segformer-b0': { depths: [1, 1, 1, 1] },
  unet: { width: 8 },
};

/**
 * A number that a benchmark's process reports, lower is better.
 * @typedef {{ name: string, unit: string, of: (result: any) => number, target?: number, limit?: number }} Metric
 * `target`: the most that our minimum may be, as a share of Python's; `limit`: the most that it may be.
 *
 * @typedef {{ name: string, title: string, settings: object, metrics: Metric[] | ((result: any) => Metric[]), bits?: (result: any) => string,
 *   model?: string, script?: string, environment?: Record<string, string>, pythonEnvironment?: Record<string, string> }} Benchmark
 * `bits`: what must be equal on both sides for the comparison to be fair; `model`: what --models chooses by;
 * `script`: the programs, where they have another name; `environment`, `pythonEnvironment`: what a side runs with.
 *
 * @typedef {{ model: string, twin: string, small: object }} ModelOfBenchmark
 */

/** The loops of bench/memory.mjs. */
const memoryLoops = {
  plain: 'x.relu().add(x).sum(), nothing disposed',
  awaiting: 'the same, each a turn of the event loop',
  scope: 'the same in a scope each; Python without',
  views: 'views of what relu() made, nothing disposed',
};

/**
 * The models with their Python twins, and what makes each of them small.
 * @type {ModelOfBenchmark[]}
 */
const models = Object.entries(twins).map(([model, twin]) => ({ model, twin, small: smallSizes[model] ?? {} }));

/** @type {Metric} */
const peakMemory = { name: 'peak memory', unit: 'MB', of: (result) => result.peakRssBytes / 1e6 };

/** @type {Metric} Of the tensors: what the allocator gave out. */
const peakGpuMemory = { name: 'peak GPU memory', unit: 'MB', of: (result) => result.peakGpuBytes / 1e6, target: 1 };

/** @param {number[]} values */
const minimum = (values) => Math.min(...values);

/**
 * @param {{ threads: number, steps: number, batch: number, device: string, iterations: number, small: boolean, data: string }} options
 * @returns {Benchmark[]}
 */
function benchmarks({ threads, steps, batch, device, iterations, small, data }) {
  const onGpu = device === 'cpu' ? [] : [peakGpuMemory];
  const model = small ? smallModel : articleModel;
  // As the program decodes. Too late to be set in the process itself, whose modules are read by those threads.
  const { processSettings } = createRequire(import.meta.url)(path.join(root, 'dist', 'cli', 'process-settings'));
  /**
   * @param {ModelOfBenchmark} model
   * @param {string} dtype
   * @returns {Benchmark}
   */
  const step = ({ model: name, twin, small: smallOptions }, dtype) => {
    const { imageSize } = model;
    return {
      name: 'models',
      script: 'models',
      title: `training step of ${name}${small ? ', small' : ''}, batch ${batch}, ${imageSize}x${imageSize}, ${dtype === 'float32' ? dtype : `${dtype} by autocast`}, ${device}`,
      settings: {
        ...{ threads, batch, steps, device, model: name, twin, dtype, imageSize },
        options: small ? smallOptions : {},
      },
      metrics: [
        // The first steps make the optimizer's state and warm caches up.
        { name: 'step', unit: 's', of: (result) => minimum(result.seconds.slice(2)), target: 1 },
        { ...peakMemory, target: 1 },
        ...onGpu,
      ],
      bits: (result) => result.losses.join(' '),
    };
  };
  return [
    {
      name: 'ops',
      title: 'small ops, nanoseconds per call',
      // Batches of about a millisecond: the fastest of many was not interrupted.
      settings: { threads, calls: 1000, batches: 200 },
      // One for each op that the processes report: the list is theirs.
      metrics: (result) =>
        Object.keys(result.nanoseconds).map((name) => ({
          name,
          unit: 'ns',
          of: (each) => each.nanoseconds[name],
          target: name === 'a.add(b)' ? 0.75 : name.startsWith('a.add(b), d') ? 1 : 0.8,
        })),
    },
    ...models.slice(0, 1).map((each) => ({ ...step(each, 'float32'), name: 'vit' })),
    ...models.flatMap((each) => ['float32', 'bfloat16'].map((dtype) => ({ ...step(each, dtype), model: each.model }))),
    ...optimizersWithoutClosure().map((optimizer) => ({
      name: 'optimizer',
      title: `step of ${optimizer}, ${small ? 'small' : '86,284,806 parameters'}, ${device}`,
      // Muon takes matrices only.
      settings: { threads, steps, device, model, optimizer, matrices: optimizer === 'Muon' },
      metrics: [
        {
          name: 'step',
          unit: 's',
          of: (/** @type {{ seconds: number[] }} */ result) => minimum(result.seconds.slice(1)),
          // Of those that step in one pass over the memory; the others are PyTorch's ops, one after the other.
          target: optimizer.startsWith('Adam') && optimizer !== 'Adamax' && device === 'cpu' ? 0.6 : 1,
        },
        { ...peakMemory, target: 1.05 },
        ...onGpu,
      ],
      bits: (/** @type {{ sum: string }} */ result) => result.sum,
    })),
    {
      name: 'checkpoint',
      title: `checkpoint of the ViT with Adam's state, ${small ? 'small' : '1 GB'}`,
      settings: { threads, passes: 3, model },
      metrics: [
        { name: 'save, on the disk (fsync)', unit: 's', of: (result) => minimum(result.save), target: 1 },
        // Ours always waits for the disk, Python's here does not.
        { name: "save, Python's without fsync", unit: 's', of: (result) => minimum(result.unsynced ?? result.save) },
        { name: 'load', unit: 's', of: (result) => minimum(result.load), target: 1 },
        { name: 'load, mapped', unit: 's', of: (result) => minimum(result.map) },
        { ...peakMemory, target: 1.05 },
      ],
      bits: (result) => result.sum,
    },
    {
      name: 'images',
      title: "decode, the article's transforms, batches of 64",
      settings: { threads, data, limit: 640, imageSize: 128, passes: 3 },
      environment: processSettings(),
      metrics: [
        {
          name: 'per image, decoded again',
          unit: 'ms',
          of: (result) => (minimum(result.seconds) / result.images) * 1e3,
          target: 1,
        },
        { name: 'per image, kept', unit: 'ms', of: (result) => (minimum(result.keptSeconds) / result.images) * 1e3 },
        peakMemory,
      ],
      bits: (result) => result.checksum,
    },
    ...[0, 1, 2].map((workers) => ({
      name: 'loader',
      title: `the article's loader, ${workers} workers, every image decoded`,
      settings: { threads, data, limit: 1280, imageSize: 128, passes: 3, workers },
      environment: processSettings(workers),
      // Else Python's threads spin on the processors that its workers need.
      pythonEnvironment: { OMP_WAIT_POLICY: 'passive' },
      metrics: [
        {
          name: 'per image',
          unit: 'ms',
          of: (/** @type {any} */ result) => (minimum(result.seconds) / result.images) * 1e3,
          target: 1,
        },
        { name: 'start to first batch', unit: 's', of: (/** @type {any} */ result) => result.firstBatch },
        { name: 'memory, all processes', unit: 'MB', of: (/** @type {any} */ result) => result.memory / 1e6 },
      ],
      bits: (/** @type {any} */ result) => result.checksum,
    })),
    ...Object.entries(memoryLoops).map(([loop, title]) => ({
      name: 'memory',
      title: `${iterations} iterations at 512x512: ${title}`,
      settings: { threads, iterations, loop },
      metrics: [
        {
          name: 'whole loop',
          unit: 's',
          of: (/** @type {{ seconds: number[] }} */ result) => minimum(result.seconds),
        },
        { ...peakMemory, limit: 600 },
      ],
      bits: (/** @type {{ total: string }} */ result) => result.total,
    })),
  ];
}

/** The optimizers that step by dense gradients alone, by their names in torch.optim. */
function optimizersWithoutClosure() {
  const optim = createRequire(import.meta.url)(path.join(root, 'dist', 'optim'));
  return Object.keys(optim).filter(
    (name) => optim[name].prototype instanceof optim.Optimizer && !['LBFGS', 'SparseAdam'].includes(name),
  );
}

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: 'ops,vit,optimizer,checkpoint,images,loader,memory' },
      models: { type: 'string', default: models.map(({ model }) => model).join(',') },
      repeat: { type: 'string', default: '3' },
      threads: { type: 'string', default: String(os.availableParallelism()) },
      steps: { type: 'string', default: '8' },
      device: { type: 'string', default: 'cpu' },
      batch: { type: 'string', default: '8' },
      iterations: { type: 'string', default: '20000' },
      small: { type: 'boolean', default: false },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  if (!existsSync(addonPath) || !existsSync(path.join(root, 'dist'))) throw new Error('not built yet: npm install');
  const [repeat, threads, steps, batch, iterations] = ['repeat', 'threads', 'steps', 'batch', 'iterations'].map(
    (name) => positiveNumber(name, String(values[/** @type {'repeat'} */ (name)])),
  );
  const { device } = values;
  if (!/^(cpu|cuda(:\d+)?)$/.test(device))
    throw new Error(`expected cpu, cuda or cuda:i for --device, received ${device}`);
  const python = process.env['LIBTORCH_NODE_PYTHON'] || setUpOracle().python;
  const data = (await realData(values.data)) ?? (await sampleData(640, 32));
  const [names, modelNames] = [values.only.split(','), values.models.split(',')];
  const all = benchmarks({ threads, steps, batch, device, iterations, small: values.small, data });
  const chosen = all.filter(
    ({ name, model }) => names.includes(name) && (model === undefined || modelNames.includes(model)),
  );
  if (chosen.length === 0) {
    const known = [...new Set(all.map(({ name }) => name))].join(',');
    throw new Error(`expected some of ${known} for --only, received ${values.only}, and for --models ${values.models}`);
  }
  if (steps < 3) throw new Error('expected at least 3 for --steps: the first two warm up');

  const cpu = os.cpus()[0]?.model ?? 'unknown CPU';
  const load = os.loadavg()[0]?.toFixed(1);
  if (!values.json) process.stdout.write(`${cpu}, ${threads} threads, load ${load}, ${repeat} processes per side\n`);
  const tables = [];
  for (const benchmark of chosen) {
    const table = await measure(benchmark, python, repeat);
    tables.push(table);
    if (!values.json) print(table);
    if (table.sameBits === false) process.exitCode = 1;
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ cpu, threads, load, repeat, tables })}\n`);
}

/**
 * @param {Benchmark} benchmark
 * @param {string} python
 * @param {number} repeat
 */
async function measure(benchmark, python, repeat) {
  const { name, script = name, title, settings, metrics, bits, environment = {}, pythonEnvironment = {} } = benchmark;
  /** @type {{ node: any[], python: any[] }} */
  const results = { node: [], python: [] };
  for (let round = 0; round < repeat; round++) {
    results.node.push(
      await run(process.execPath, [path.join(here, `${script}.mjs`), JSON.stringify(settings)], environment),
    );
    results.python.push(
      await run(python, [path.join(here, `${script}.py`), JSON.stringify(settings)], pythonEnvironment),
    );
  }
  const all = [...results.node, ...results.python];
  /** @param {any[]} some */
  const areSame = (some) => bits !== undefined && some.every((result) => bits(result) === bits(some[0]));
  return {
    name,
    title,
    // Some kernels of a GPU add in no order: where Python's processes differ among themselves, nothing can be said.
    bitsCompared: bits !== undefined,
    sameBits: bits === undefined || !areSame(results.python) ? null : areSame(all),
    rows: (typeof metrics === 'function' ? metrics(all[0]) : metrics).map(
      ({ name: metric, unit, of, target, limit }) => {
        const node = results.node.map(of);
        const theirs = results.python.map(of);
        return {
          metric,
          unit,
          node: { min: minimum(node), median: median(node), max: Math.max(...node) },
          python: { min: minimum(theirs), median: median(theirs), max: Math.max(...theirs) },
          ratio: minimum(node) / minimum(theirs),
          target: target ?? null,
          limit: limit ?? null,
        };
      },
    ),
  };
}

/** @param {Awaited<ReturnType<typeof measure>>} table */
function print({ title, rows, sameBits, bitsCompared }) {
  const lines = rows.map(({ metric, unit, node, python, ratio, target, limit }) => [
    `${metric} [${unit}]`,
    digits(node.min),
    digits(node.median),
    digits(python.min),
    digits(python.median),
    ratio.toFixed(2),
    target !== null
      ? `${target.toFixed(2)} ${ratio <= target ? 'met' : 'MISSED'}`
      : limit !== null
        ? `${limit} ${unit} ${node.max <= limit ? 'met' : 'MISSED'}`
        : '',
  ]);
  const table = [['', 'node min', 'median', 'python min', 'median', 'ratio', 'target'], ...lines];
  process.stdout.write(`\n${title}\n`);
  for (const cells of table) {
    const [first = '', ...rest] = cells;
    process.stdout.write(`  ${first.padEnd(30)}${rest.map((cell) => cell.padStart(13)).join('')}\n`);
  }
  if (bitsCompared && sameBits === null)
    process.stdout.write("  results on both sides: Python's differ among themselves\n");
  if (sameBits !== null)
    process.stdout.write(`  results on both sides: ${sameBits ? 'the same bits' : 'DIFFERENT BITS'}\n`);
}

/**
 * @param {string} name
 * @param {string} text
 */
function positiveNumber(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`expected a whole number above 0 for --${name}, received ${text}`);
}

/** @param {number} value */
const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} environment
 */
function run(command, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...environment, ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${command} ${args[0]} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

main().catch((error) => {
  process.stderr.write(`bench: ${describeError(error)}\n`);
  process.exitCode = 1;
});
