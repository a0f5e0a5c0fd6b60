import fs from 'node:fs';
import path from 'node:path';

import { memory, peakRssBytes, resetPeak } from '../../lib/engine';
import {
  FormatError,
  getUnsafeGlobalsInCheckpoint,
  load,
  loadSafetensors,
  safeOpen,
  save,
  saveSafetensors,
} from '../../lib/serialize';
import { pickleOf } from '../../lib/serialize/pickle-objects';
import * as torch from '../../lib/tensor';
import { Buffer as TensorBuffer, Linear, Parameter } from '../../lib/nn';
import { damage, dice } from './damage';

// A child process: damages good files and loads each, by its name and as bytes. Damage can be harmless; everything else must be
// refused by a FormatError that names the file, the same by both doors, and no more memory may be allocated than twice the file's.
//
//   fuzz-files.ts FOLDER SEED COUNT

const [, , folder = '', seedText = '', countText = ''] = process.argv;
const [seed, count] = [Number(seedText), Number(countText)];

torch.manualSeed(1);
const base = torch.rand([6, 8]);
const dense = torch.eye(5);
const value = {
  epoch: 3,
  model: new Linear(4, 3).stateDict(),
  optimizer: {
    state: { 0: { step: torch.tensor(3), exp_avg: torch.zeros([4]) } },
    param_groups: [{ lr: 0.1, params: [0] }],
  },
  views: [base, base.t(), base.narrow(1, 2, 3)],
  tensors: [
    new Parameter(torch.rand([3])),
    new TensorBuffer(torch.ones([2])),
    torch.tensor([true, false, true]),
    torch.ones([3], { dtype: 'uint16' }),
    torch.viewAsComplex(torch.rand([3, 2])).conj(),
    dense.toSparse(),
    dense.toSparseCsr(),
    torch.empty([2, 0]),
    torch.ones([2], { device: 'meta' }),
  ],
  others: new Map<unknown, unknown>([
    ['bytes', Uint8Array.of(1, 2, 255)],
    [1.5, Object.freeze([1, 'two', null, 2n ** 70n, { re: 1, im: 2 }])],
    ['set', new Set([1, 'a'])],
  ]),
};

/** The legacy format, which only Python writes: pickles one after the other, and the storages behind them. */
function legacyFile(): Buffer {
  const pickled = pickleOf(value);
  const keys = [...pickled.storages.keys()].map(String);
  const storages = pickled.storages.flatMap(({ memory: bytes, dtype }) => {
    const length = Buffer.alloc(8);
    const isYoung = dtype === 'uint16';
    length.writeBigInt64LE(BigInt(bytes.numel() / (isYoung ? 1 : torch.itemSize(dtype))));
    return [length, bytes.toBytes()];
  });
  const head = [0x1950a86a20f9469cfc6cn, 1001, { little_endian: true }].map((item) => pickleOf(item).bytes);
  return Buffer.concat([...head, pickled.bytes, pickleOf(keys).bytes, ...storages]);
}

const zip = path.join(folder, `zip-${seed}.pt`);
save(value, zip);
const safe = path.join(folder, `fuzz-${seed}.safetensors`);
saveSafetensors(safe, { base, flags: torch.tensor([true, false]), n: torch.tensor(3) });
const legacy = path.join(folder, `legacy-${seed}.pt`);
fs.writeFileSync(legacy, legacyFile());

const [zipBytes, legacyBytes, safeBytes] = [zip, legacy, safe].map((file) => fs.readFileSync(file)) as [
  Buffer,
  Buffer,
  Buffer,
];
/** The file by its name, or its bytes. */
type Source = string | Buffer;

const targets = [
  { file: zip, good: zipBytes, other: legacyBytes, read: (source: Source) => touch(load(source)) },
  { file: legacy, good: legacyBytes, other: zipBytes, read: (source: Source) => touch(load(source)) },
  { file: zip, good: zipBytes, other: safeBytes, read: () => touch(load(zip, { mmap: true })), isByName: true },
  { file: safe, good: safeBytes, other: legacyBytes, read: (source: Source) => touch(loadSafetensors(source).tensors) },
  { file: safe, good: safeBytes, other: zipBytes, read: touchParts },
  {
    file: zip,
    good: zipBytes,
    other: legacyBytes,
    read: (source: Source) => touch(getUnsafeGlobalsInCheckpoint(source)),
  },
];

/** Reads a file of safetensors in parts. */
function touchParts(source: Source): void {
  using opened = safeOpen(source);
  for (const name of opened.keys()) {
    const part = opened.getSlice(name);
    touch(part.at(...part.getShape().map((size) => torch.slice(1, size - 1, 2))));
  }
}

/** Uses what was loaded: an index or a size that leads astray shows itself then. */
function touch(loaded: unknown, seen = new Set<unknown>()): void {
  if (typeof loaded !== 'object' || loaded === null || seen.has(loaded)) return;
  seen.add(loaded);
  if (loaded instanceof torch.Tensor) {
    if (loaded.device === 'cpu' && loaded.numel() < 10_000) {
      const plain = loaded.layout === 'strided' ? loaded : loaded.toDense();
      plain.detach().resolveConj().toBytes();
    }
  } else if (loaded instanceof Map) {
    for (const [key, item] of loaded as Map<unknown, unknown>) {
      touch(key, seen);
      touch(item, seen);
    }
  } else for (const item of loaded instanceof Set ? loaded : Object.values(loaded)) touch(item, seen);
}

const strange: string[] = [];
const faults = new Set<string>();
let [refused, harmless, greedy] = [0, 0, 0];
for (const { read, file } of targets) read(file);
const before = peakRssBytes();
for (let round = 0; round < count; round++) {
  const { file, good, other, read, isByName = false } = targets[round % targets.length] as (typeof targets)[number];
  const bytes = damage(good, other, dice(seed + round));
  fs.writeFileSync(file, bytes);
  const note = (find: string): void => void strange.push(`seed ${seed + round} of ${path.basename(file)}: ${find}`);
  /** What is wrong with the file; null where the damage is harmless. */
  const attempt = (source: Source, name: string): string | null => {
    const allocated = memory().allocated['cpu'] ?? 0;
    resetPeak();
    const begun = performance.now();
    let fault: string | null = null;
    try {
      read(source);
    } catch (error) {
      const isProper = error instanceof FormatError && error.message.startsWith(`${name} `);
      fault = isProper ? error.message.slice(name.length) : String(error);
      if (!isProper) note(fault);
    }
    const took = performance.now() - begun;
    if (took > 5000) note(`took ${took} ms`);
    // What is used of the loaded is allocated besides, at most once more; 64 KiB are for the small things around it.
    if ((memory().peak['cpu'] ?? 0) - allocated > 2 * bytes.length + 65_536) greedy++;
    return fault;
  };
  const fault = attempt(file, file);
  if (fault === null) harmless++;
  else {
    refused++;
    faults.add(fault.replace(/"[^"]*"|\d+/g, ''));
  }
  if (isByName) continue;
  const sameFault = attempt(bytes, '<bytes>');
  if (sameFault !== fault) note(`by its name ${String(fault)}, as bytes ${String(sameFault)}`);
}

const grown = peakRssBytes() - before;
process.stdout.write(JSON.stringify({ refused, harmless, greedy, grown, strange, faults: faults.size }));
