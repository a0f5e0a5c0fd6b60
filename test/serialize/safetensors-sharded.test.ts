import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ArgumentError, memory } from '../../lib/engine';
import {
  FileError,
  FormatError,
  loadSafetensorsSharded,
  loadSafetensorsShardedAsync,
  saveSafetensorsSharded,
  stateSha256,
} from '../../lib/serialize';
import * as torch from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sharded-'));
  file = path.join(folder, 'model.safetensors');
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const state = (): Map<string, torch.Tensor> =>
  new Map(Array.from({ length: 9 }, (_, index) => [String(8 - index), torch.rand([index, 5])]));

const five = (index: number): string => String(index).padStart(5, '0');

describeWithOracle('sharded safetensors', (oracle) => {
  it('are read by Python file by file, as the index says, and the other way round', async () => {
    const tensors = state();
    const index = saveSafetensorsSharded(file, tensors, { maxShardSize: 200, metadata: { format: 'pt' } });
    expect(index).toBe(`${file}.index.json`);
    const { names, values, total, fits, again } = await oracle().run(
      `import json, os
from safetensors.torch import load_file, save_file
index = json.load(open(path))
files = {name: load_file(os.path.join(os.path.dirname(path), name)) for name in set(index["weight_map"].values())}
names = list(index["weight_map"])
values = [files[index["weight_map"][name]][name] for name in names]
total = index["metadata"]["total_size"]
fits = all(sum(t.nbytes for t in tensors.values()) <= 200 or len(tensors) == 1 for tensors in files.values())
again = os.path.join(os.path.dirname(path), "again.safetensors.index.json")
for name in ("one", "two"):
    keys = names[:4] if name == "one" else names[4:]
    save_file({key: values[names.index(key)] for key in keys}, os.path.join(os.path.dirname(path), name + ".safetensors"))
json.dump({"weight_map": {n: ("one" if n in names[:4] else "two") + ".safetensors" for n in names}}, open(again, "w"))`,
      {
        inputs: { path: index },
        outputs: { names: 'strings', values: 'tensors', total: 'number', fits: 'boolean', again: 'string' },
      },
    );
    expect(names).toEqual([...tensors.keys()]);
    expect(fits).toBe(true);
    expect(total).toBe([...tensors.values()].reduce((sum, { nbytes }) => sum + nbytes, 0));
    const digest = stateSha256(tensors);
    expect(stateSha256(new Map(names.map((name, at) => [name, values[at] as torch.Tensor])))).toBe(digest);
    const shards = fs.readdirSync(folder).filter((name) => name.includes('-of-')).length;
    expect(fs.existsSync(path.join(folder, `model-${five(1)}-of-${five(shards)}.safetensors`))).toBe(true);
    for (const each of [index, again]) {
      expect(stateSha256(loadSafetensorsSharded(each).tensors)).toBe(digest);
      expect(stateSha256((await loadSafetensorsShardedAsync(each)).tensors)).toBe(digest);
    }
    expect(loadSafetensorsSharded(index).metadata).toEqual(new Map([['format', 'pt']]));
  });
});

describe('sharded safetensors', () => {
  it('are one file where one is enough', async () => {
    const tensors = state();
    expect(saveSafetensorsSharded(file, tensors)).toBe(file);
    expect(fs.readdirSync(folder)).toEqual(['model.safetensors']);
    expect(stateSha256(loadSafetensorsSharded(file).tensors)).toBe(stateSha256(tensors));
    expect(stateSha256((await loadSafetensorsShardedAsync(file)).tensors)).toBe(stateSha256(tensors));
  });

  it.each([
    ['{}', /no `weight_map`/],
    [
      '{"weight_map": {"a": "../model.safetensors"}}',
      /has "\.\.\/model\.safetensors" for the tensor "a", expected the name/,
    ],
    ['{"weight_map": {"a": 3}}', /expected the name of a file beside it/],
    ['{"weight_map": {"a": "x.pt"}}', /expected the name of a file beside it/],
    ['{"weight_map": ', /the JSON ends too early/],
    ['{"weight_map": {"a": "model.safetensors", "zz": "model.safetensors"}}', /lacks the tensor "zz", which/],
  ])('refuses %s', async (text, fault) => {
    saveSafetensorsSharded(file, { a: torch.ones([2]) });
    const index = path.join(folder, 'x.safetensors.index.json');
    fs.writeFileSync(index, text);
    const before = memory().tensors;
    expect(() => loadSafetensorsSharded(index)).toThrow(FormatError);
    expect(() => loadSafetensorsSharded(index)).toThrow(fault);
    await expect(loadSafetensorsShardedAsync(index)).rejects.toThrow(fault);
    expect(memory().tensors).toBeLessThanOrEqual(before);
  });

  it('names a file that is missing, and arguments that are none', () => {
    const index = path.join(folder, 'x.safetensors.index.json');
    fs.writeFileSync(index, '{"weight_map": {"a": "gone.safetensors"}}');
    expect(() => loadSafetensorsSharded(index)).toThrow(FileError);
    expect(() => loadSafetensorsSharded(index)).toThrow(/gone\.safetensors: it does not exist/);
    expect(() => saveSafetensorsSharded(file, {}, { maxShardSize: 0 })).toThrow(ArgumentError);
    expect(() => saveSafetensorsSharded(file, {}, { maxSize: 3 } as never)).toThrow(/unknown option `maxSize`/);
  });
});
