import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { FileError, FormatError, getUnsafeGlobalsInCheckpoint, load, saveToBuffer } from '../../lib/serialize';
import * as torch from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { damage, dice } from './damage';

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'unsafe-globals-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describeWithOracle('getUnsafeGlobalsInCheckpoint', (oracle) => {
  it('names what Python names, in both formats, and in the protocols that Python does not look through', async () => {
    const file = path.join(folder, 'x');
    const { expected, safe } = await oracle().run(
      `import argparse, collections, datetime, decimal, numpy, os
class Evil:
    def __reduce__(self):
        return (os.system, ("touch " + path + ".executed",))
value = {
    "args": argparse.Namespace(lr=0.1), "default": collections.defaultdict(list, {"a": [1]}),
    "when": datetime.date(2026, 1, 2), "exact": decimal.Decimal("0.1"), "scalar": numpy.float64(1), "slice": slice(1, 2),
    "evil": [Evil()], "net": torch.nn.Linear(1, 1), "again": argparse.Namespace(), "tensor": torch.ones(3),
    "set": {1}, "size": torch.Size([1]), "dtype": torch.float32,
}
torch.save(value, path + ".pt")
torch.save(value, path + ".legacy.pt", _use_new_zipfile_serialization=False)
value["long"], value["many"] = 2 ** 5000, [f"{n} " + "x" * 1000 for n in range(200)] + [argparse.FileType("r")]
for protocol in (3, 4, 5):
    torch.save(value, f"{path}.{protocol}.pt", pickle_protocol=protocol)
torch.save({key: value[key] for key in ("tensor", "set", "size", "dtype")}, path + ".safe.pt")
expected = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path + ".pt"))
safe = torch.serialization.get_unsafe_globals_in_checkpoint(path + ".safe.pt")`,
      { inputs: { path: file }, outputs: { expected: 'strings', safe: 'strings' } },
    );
    expect(expected).toEqual(
      expect.arrayContaining(['argparse.Namespace', 'posix.system', 'torch.nn.modules.linear.Linear']),
    );
    expect(getUnsafeGlobalsInCheckpoint(`${file}.pt`).sort()).toEqual(expected);
    expect(getUnsafeGlobalsInCheckpoint(`${file}.legacy.pt`).sort()).toEqual(expected);
    const more = [...expected, 'argparse.FileType'].sort();
    for (const protocol of [3, 4, 5]) {
      expect(getUnsafeGlobalsInCheckpoint(`${file}.${protocol}.pt`).sort()).toEqual(more);
    }
    expect([getUnsafeGlobalsInCheckpoint(`${file}.safe.pt`), safe]).toEqual([[], []]);
    expect(getUnsafeGlobalsInCheckpoint(fs.readFileSync(`${file}.safe.pt`))).toEqual([]);
    expect(fs.existsSync(`${file}.executed`)).toBe(false);
  });
});

describe('getUnsafeGlobalsInCheckpoint', () => {
  it('refuses what is no checkpoint, and names none in what load takes', () => {
    expect(() => getUnsafeGlobalsInCheckpoint(path.join(folder, 'no.pt'))).toThrow(FileError);
    expect(() => getUnsafeGlobalsInCheckpoint(Buffer.from('epoch'))).toThrow(
      /^<bytes> cannot be loaded as a checkpoint: /,
    );
    expect(() => getUnsafeGlobalsInCheckpoint(3 as never)).toThrow(/the name of a file or bytes/);
    const bytes = saveToBuffer({ a: torch.ones([2]), b: new Set([1]), c: Uint8Array.of(1), d: { re: 1, im: 2 } });
    expect(getUnsafeGlobalsInCheckpoint(bytes)).toEqual([]);
    for (let seed = 0; seed < 2000; seed++) {
      const damaged = damage(bytes, bytes, dice(seed));
      let unsafe: readonly string[] = [];
      try {
        unsafe = getUnsafeGlobalsInCheckpoint(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
      if (unsafe.length > 0) expect(() => load(damaged)).toThrow(FormatError);
    }
  });
});
