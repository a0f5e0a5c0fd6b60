// Writes COVERAGE.md: what of PyTorch is here. `--check` fails where the file is not what this script would write.
//
// What there is comes from the libtorch that is loaded, from lib/ as it stands, and, for what is written in Python, from the
// Python of the tests (scripts/oracle-setup.mjs). There is no list to keep.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import prettier from 'prettier';
import { absence } from './lib/absences.mjs';
import { InstallError, runMain } from './lib/errors.mjs';
import { addonPath, root } from './lib/project.mjs';

const require = createRequire(import.meta.url);
const file = path.join(root, 'COVERAGE.md');

/** Public names of Python's package, by module. */
const PYTHON = `
import inspect, json, sys, torch, torch.utils.data as data
sys.path.insert(0, sys.argv[1])
from torchvision_shim import import_torchvision
import_torchvision()
from torch.nn.utils import prune
from torchvision import transforms, tv_tensors
from torchvision.transforms import v2
def names(module, keep):
    return sorted(n for n in dir(module) if not n.startswith('_') and keep(getattr(module, n)))
own = lambda v: inspect.isfunction(v) and v.__module__.split('.')[0] == 'torch' or inspect.isbuiltin(v)
vision = lambda v: (inspect.isclass(v) or inspect.isfunction(v)) and v.__module__.startswith('torchvision')
kernels = ('_image', '_mask', '_video', '_bounding_boxes', '_keypoints')
classes = lambda base: lambda v: inspect.isclass(v) and issubclass(v, base)
print(json.dumps({
    'torch': names(torch, own),
    'torch.Tensor': names(torch.Tensor, lambda v: True),
    'torch.autograd.functional': list(torch.autograd.functional.__all__),
    'torch.linalg': names(torch.linalg, inspect.isbuiltin),
    'torch.fft': names(torch.fft, inspect.isbuiltin),
    'torch.special': names(torch.special, inspect.isbuiltin),
    'torch.nn': names(torch.nn, lambda v: inspect.isclass(v)),
    'torch.nn.functional': [n for n in names(torch.nn.functional, own) if not n.startswith(('has_torch', 'handle_', 'assert_'))],
    'torch.nn.init': [n for n in names(torch.nn.init, own)],
    'torch.nn.utils': [n for n in torch.nn.utils.__all__ if n not in ('parametrizations', 'parametrize', 'rnn', 'stateless')],
    'torch.nn.utils.parametrizations': list(torch.nn.utils.parametrizations.__all__),
    'torch.nn.utils.parametrize': list(torch.nn.utils.parametrize.__all__),
    'torch.nn.utils.prune': names(prune, lambda v: getattr(v, '__module__', None) == prune.__name__),
    'torch.optim': names(torch.optim, classes(torch.optim.Optimizer)),
    'torch.optim.lr_scheduler': names(torch.optim.lr_scheduler, classes(torch.optim.lr_scheduler.LRScheduler)),
    'torchvision.transforms': names(transforms, vision),
    'torchvision.transforms.functional': [n for n in names(transforms.functional, vision) if n != 'pil_modes_mapping'],
    'torchvision.transforms.v2': names(v2, vision),
    'torchvision.transforms.v2.functional': [n for n in names(v2.functional, vision) if not n.endswith(kernels) or n in ('to_image', 'to_pil_image')],
    'torchvision.tv_tensors': names(tv_tensors, vision),
    'torch.utils.data': [n for n in data.__all__ if not n.startswith('_')],
}))
`;

function pythonNames() {
  const stamp = path.join(root, '.cache', 'oracle', 'oracle.json');
  const found =
    process.env['LIBTORCH_NODE_PYTHON'] ?? (existsSync(stamp) && JSON.parse(readFileSync(stamp, 'utf8')).python);
  if (!found) {
    throw new InstallError(
      'COVERAGE',
      'No Python with torch to read the names of its package from.',
      'node scripts/oracle-setup.mjs',
    );
  }
  const { env = {} } = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {};
  return JSON.parse(
    execFileSync(found, ['-W', 'ignore', '-c', PYTHON, path.join(root, 'test', 'oracle')], {
      env: { ...process.env, ...env },
    }),
  );
}

/** lib/ as it stands, through the loader that the child-process tests use. */
function loadLibrary() {
  require(path.join(root, 'test', 'support', 'register.cjs'));
  return {
    torch: require(path.join(root, 'lib', 'index.ts')),
    rules: require(path.join(root, 'lib', 'tensor', 'signature.ts')),
  };
}

/** Reads a module of the library by Python's name; undefined where there is none. */
function here(torch, module) {
  const { vision } = torch;
  const places = { torch, 'torch.Tensor': torch.Tensor.prototype, 'torch.utils.data': torch.data };
  places['torchvision.transforms'] = vision;
  places['torchvision.transforms.functional'] = vision.functional;
  places['torchvision.transforms.v2'] = vision.v2;
  places['torchvision.transforms.v2.functional'] = vision.v2.functional;
  places['torchvision.tv_tensors'] = vision.tvTensors;
  places['torch.optim.lr_scheduler'] = { ...torch.optim, ...torch.optim.lrScheduler };
  return (
    places[module] ??
    module
      .split('.')
      .slice(1)
      .reduce((value, name) => value?.[name], torch)
  );
}

const list = (names) => (names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(' '));

function has(module, name, rules) {
  if (module === undefined) return false;
  const camel = rules.camelCase(name);
  return name in module || camel in module || camel.replace(/^(.)/, (letter) => letter.toLowerCase()) in module;
}

function opsSection(torch, rules) {
  const addon = require(addonPath);
  const rows = [];
  const hidden = new Map();
  const hide = (reason, name) => hidden.set(reason, [...(hidden.get(reason) ?? []), name]);
  const overloads = new Map();
  for (const full of addon.opNames()) {
    const [, name] = /^aten::([^.]*)/.exec(full) ?? [];
    if (name === undefined) continue;
    if (!overloads.has(name)) overloads.set(name, []);
    overloads.get(name).push(addon.opSchema(full));
  }
  let variants = 0;
  for (const [name, schemas] of overloads) {
    const reason = rules.hiddenBecause(name);
    if (reason !== null) {
      hide(reason, name);
      continue;
    }
    const outs = schemas.filter((schema) => schema.arguments.some(({ kwargOnly, written }) => kwargOnly && written));
    const plain = schemas.filter((schema) => !outs.includes(schema));
    const reasons = plain.map((schema) => rules.overloadHiddenBecause(schema));
    const camel = rules.camelCase(name);
    const asFunction = typeof torch[camel] === 'function';
    const asMethod = camel in torch.Tensor.prototype;
    if (!asFunction && !asMethod) {
      hide([...new Set(reasons.filter((text) => text !== null))].join('; ') || 'out variant', name);
      continue;
    }
    variants += outs.length;
    const left = plain
      .map(({ overload }, index) => (reasons[index] === null ? null : `\`${overload}\`: ${reasons[index]}`))
      .filter((text) => text !== null);
    const mark = (value) => (value ? '✓' : '');
    rows.push(
      `| \`${camel}\` | ${mark(asFunction)} | ${mark(asMethod)} | ${mark(outs.length > 0)} | ${plain.length - left.length} | ${left.join('; ').replaceAll('|', '\\|')} |`,
    );
  }
  const total = [...overloads.keys()].length;
  const gone = [...hidden].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '## Ops',
    '',
    `libtorch ${addon.libraryInfo().compiled} has ${total} names in \`aten::\`. ${rows.length} are functions or methods here. The others can be ` +
      `called by \`callOp\`. ${variants} overloads that write to \`out\` are the option \`out\` of their function.`,
    '',
    '| not exposed because | names |',
    '| --- | --- |',
    ...gone.map(([reason, names]) => `| ${reason} | ${names.length} |`),
    '',
    '| op | function | method | `out` | overloads | overloads left out |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '### Not exposed',
    '',
    ...gone.flatMap(([reason, names]) => [`**${reason}**: ${list(names)}`, '']),
  ];
}

/** What is missing, by the reason why. */
function absentLines(absent) {
  const byReason = new Map();
  for (const name of absent) {
    const reason = absence(name) ?? 'not yet';
    byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  }
  if (byReason.size === 0) return ['Not here: –', ''];
  return ['Not here:', '', ...[...byReason].map(([reason, names]) => `- ${reason}: ${list(names)}`), ''];
}

/** Where most are here, what is missing says all, but for what no op says. */
function presentLines(present) {
  if (present.length < 200) return [`Here: ${list(present)}`, ''];
  const addon = require(addonPath);
  const ops = new Set(addon.opNames().map((full) => /^aten::([^.]*)/.exec(full)?.[1]));
  return [`Here, without an op of the name: ${list(present.filter((name) => !ops.has(name)))}`, ''];
}

/** Where each absence has a reason; of the others it is told by name only what is missing. */
const EXPLAINED = ['torch', 'torch.Tensor', 'torch.nn', 'torch.nn.functional', 'torch.nn.init'];

function pythonSection(torch, rules) {
  const lines = ['## Names of the Python package', ''];
  for (const [module, names] of Object.entries(pythonNames())) {
    const place = here(torch, module);
    const present = names.filter((name) => has(place, name, rules));
    const absent = names.filter((name) => !present.includes(name));
    lines.push(`### ${module}: ${present.length} of ${names.length}`, '');
    lines.push(...presentLines(present));
    lines.push(...(EXPLAINED.includes(module) ? absentLines(absent) : [`Not here: ${list(absent)}`, '']));
  }
  return lines;
}

await runMain(async () => {
  const { torch, rules } = loadLibrary();
  const text = [
    '# What of PyTorch is here',
    '',
    'Written by `node scripts/coverage.mjs`; `--check` fails where it is stale. Names on this page are PyTorch’s, or ours in camelCase.',
    '',
    ...pythonSection(torch, rules),
    ...opsSection(torch, rules),
  ].join('\n');
  const options = await prettier.resolveConfig(file);
  const wanted = await prettier.format(text, { ...options, parser: 'markdown', filepath: file });
  if (process.argv.includes('--check')) {
    if (existsSync(file) && readFileSync(file, 'utf8') === wanted) return 0;
    process.stderr.write('COVERAGE.md is stale: run node scripts/coverage.mjs\n');
    return 1;
  }
  writeFileSync(file, wanted);
  process.stdout.write('wrote COVERAGE.md\n');
  return 0;
});
