import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ArgumentError, memory } from '../../lib/engine';
import { Linear } from '../../lib/nn';
import { FileError, FormatError, load, loadAsync, save, saveAsync } from '../../lib/serialize';
import { pickleOf } from '../../lib/serialize/pickle-objects';
import * as torch from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoint-faults-'))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** The message without the file's name, which it must begin with. */
function faultOf(file: string): string {
  const before = memory().tensors;
  try {
    load(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    const { message } = error as Error;
    const head = `${file} cannot be loaded as a checkpoint: `;
    expect(message.slice(0, head.length)).toBe(head);
    expect(message).not.toContain('\n');
    expect(memory().tensors).toBe(before);
    return message.slice(head.length);
  }
  throw new Error(`${file} was loaded`);
}

/** What Python writes, by the name of its file, and what is said of it. */
const refused: readonly (readonly [name: string, python: string, fault: RegExp])[] = [
  [
    'evil',
    `class Evil:
    def __reduce__(self):
        return (os.system, ("touch " + path + ".executed",))
torch.save({"model": Evil()}, path)`,
    /it asks for "posix.system", which is none of the functions and classes that are safe to load/,
  ],
  [
    'evil-legacy',
    `class Evil:
    def __reduce__(self):
        return (eval, ("open(" + repr(path + ".executed") + ", 'w')",))
torch.save({"model": Evil()}, path, _use_new_zipfile_serialization=False)`,
    /it asks for "__builtin__.eval"|it asks for "builtins.eval"/,
  ],
  ['module', 'torch.save(torch.nn.Linear(1, 1), path)', /it asks for "torch.nn.modules.linear.Linear"/],
  ['numpy', 'torch.save(__import__("numpy").float64(1), path)', /it asks for "numpy._core.multiarray.scalar"/],
  ['slice', 'torch.save([slice(1, 2)], path)', /it asks for "__builtin__.slice"|it asks for "builtins.slice"/],
  [
    'quantised',
    'torch.save(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), path)',
    /quantised tensor.*save it dequantised/,
  ],
  ['quantised-dtype', 'torch.save([torch.quint8], path)', /quantised tensor/],
  ['nested', 'torch.save(torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]), path)', /nested tensor/],
  ['bits', 'torch.save([torch.bits8], path)', /it asks for "torch.bits8"/],
  [
    'big-endian',
    `torch.save(torch.ones(2), path)
with zipfile.ZipFile(path) as archive:
    entries = {name: archive.read(name) for name in archive.namelist() if not name.endswith("byteorder")}
with zipfile.ZipFile(path, "w") as archive:
    for name, content in entries.items():
        archive.writestr(name, content)
    archive.writestr(name.split("/")[0] + "/byteorder", "big")`,
    /written on a big-endian machine/,
  ],
  [
    'big-endian-legacy',
    `import unittest.mock, sys
with unittest.mock.patch.object(sys, "byteorder", "big"):
    torch.save(torch.ones(2), path, _use_new_zipfile_serialization=False)`,
    /written on a big-endian machine/,
  ],
  [
    'compressed',
    `torch.save(torch.zeros(100), path)
with zipfile.ZipFile(path) as archive:
    entries = {name: archive.read(name) for name in archive.namelist()}
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in entries.items():
        archive.writestr(name, content)`,
    /its entry ".*" is compressed or encrypted/,
  ],
  [
    'overlapping',
    `torch.save([torch.zeros(100), torch.zeros(100)], path)
data = bytearray(open(path, "rb").read())
with zipfile.ZipFile(path) as archive:
    first, second = (archive.getinfo(f"overlapping/data/{index}").header_offset for index in (0, 1))
at = data.rindex(second.to_bytes(4, "little"))
data[at:at + 4] = first.to_bytes(4, "little")
open(path, "wb").write(data)`,
    /its storage 1 lies over another one|its storage 0 lies over another one/,
  ],
  ['script', 'torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), path)', /TorchScript archive/],
  [
    'tar',
    `import io, tarfile
with tarfile.open(path, "w") as tar:
    tar.addfile(tarfile.TarInfo("sys_info"), io.BytesIO())`,
    /tar format that PyTorch wrote before 0\.1\.10/,
  ],
  ['other-zip', 'zipfile.ZipFile(path, "w").writestr("a/b", "c")', /zip file without a data\.pkl/],
  ['other-pickle', 'import pickle; pickle.dump([1], open(path, "wb"), 2)', /a pickle that torch.save did not write/],
  ['text', 'open(path, "w").write("epoch,loss")', /begins neither as a zip file nor as a pickle/],
  ['empty', 'open(path, "w").close()', /it is empty/],
  [
    'half',
    `torch.save(torch.zeros(1000), path)
data = open(path, "rb").read()
open(path, "wb").write(data[:2000])`,
    /it is cut off: it begins as a zip file but has no directory at its end/,
  ],
  [
    'half-legacy',
    `torch.save(torch.zeros(1000), path, _use_new_zipfile_serialization=False)
data = open(path, "rb").read()
open(path, "wb").write(data[:2000])`,
    /it is cut off: 4000 bytes are claimed, \d+ are left/,
  ],
  [
    'deep',
    `import sys
value = []
for _ in range(3000):
    value = [value]
sys.setrecursionlimit(100_000)
torch.save(value, path)`,
    /nested deeper than 1000 levels/,
  ],
  [
    'cuda',
    `torch.save(torch.ones(2), path, _use_new_zipfile_serialization=False)
data = open(path, "rb").read()
open(path, "wb").write(data.replace(b"\\x03\\0\\0\\0cpu", b"\\x06\\0\\0\\0cuda:7"))`,
    /a storage on the device "cuda:7", and \d+ CUDA devices are there; give mapLocation/,
  ],
];

describeWithOracle('files that are refused', (oracle) => {
  it.each(refused)('%s', async (name, python, fault) => {
    const file = path.join(folder, name);
    await oracle().run(`import os, zipfile\n${python}`, { inputs: { path: file } });
    expect(faultOf(file)).toMatch(fault);
    await expect(loadAsync(file)).rejects.toThrow(fault);
    expect(fs.existsSync(`${file}.executed`)).toBe(false);
  });

  it('mapLocation: one device for all, or each by where it was', async () => {
    const file = path.join(folder, 'cuda.pt');
    await oracle().run(
      `torch.save([torch.ones(2), torch.nn.Parameter(torch.zeros(3))], path, _use_new_zipfile_serialization=False)
data = open(path, "rb").read()
open(path, "wb").write(data.replace(b"\\x03\\0\\0\\0cpu", b"\\x06\\0\\0\\0cuda:7"))`,
      { inputs: { path: file } },
    );
    const places: unknown[] = [];
    const function_ = (location: string): 'cpu' => {
      places.push(location);
      return 'cpu';
    };
    for (const mapLocation of ['cpu', { 'cuda:7': 'cpu' }, new Map([['cuda:7', 'cpu' as const]]), function_] as const) {
      const [ones, zeros] = load(file, { mapLocation }) as [torch.Tensor, torch.Tensor];
      expect([ones.tolist(), ones.device, zeros.tolist()]).toEqual([[1, 1], 'cpu', [0, 0, 0]]);
    }
    expect(new Set(places)).toEqual(new Set(['cuda:7']));
    const [meta] = load(file, { mapLocation: 'meta' }) as [torch.Tensor];
    expect([meta.device, meta.shape]).toEqual(['meta', [2]]);
    expect(() => load(file, { mapLocation: { cpu: 'cpu' } })).toThrow(/"cuda:7"/);
    expect(() => load(file, { mapLocation: 'tpu' as never })).toThrow(/"tpu", which is not there/);
    expect(() => load(file, { mapLocation: 7 as never })).toThrow(ArgumentError);
  });
});

describe('load and save', () => {
  it('name what is wrong with the arguments and with the place of the file', async () => {
    expect(() => load(path.join(folder, 'no.pt'))).toThrow(FileError);
    expect(() => load(folder)).toThrow(`cannot read ${folder}: it is a folder`);
    expect(() => load(3 as never)).toThrow(ArgumentError);
    expect(() => load('x', { weights_only: true } as never)).toThrow(/unknown option `weights_only`/);
    expect(() => save({}, path.join(folder, 'no', 'x.pt'))).toThrow(/the folder .* does not exist/);
    expect(() => save({}, undefined as never)).toThrow(ArgumentError);
    expect(() => save('x.pt', {} as never)).toThrow(
      'save(): expected the name of a file for argument `file`, received {  }; saveToBuffer() returns the bytes',
    );
    expect(() => save({}, 'x', { pickleProtocol: 4 } as never)).toThrow(/save\(\): unknown option `pickleProtocol`/);
    await expect(saveAsync({}, 'x', { sygnal: 4 } as never)).rejects.toThrow(/unknown option `sygnal`/);
    await expect(loadAsync(path.join(folder, 'no.pt'))).rejects.toThrow(FileError);
    await expect(saveAsync({}, path.join(folder, 'no', 'x.pt'))).rejects.toThrow(FileError);
  });

  const linear = new Linear(1, 1);
  const loop: unknown[] = [];
  loop.push(loop);
  Object.freeze(loop);
  const deep = Array.from({ length: 1200 }).reduce<unknown>((inner) => [inner], []);
  it.each([
    [{ model: { net: linear } }, /`obj\.model\.net` is Linear: expected .*; save its stateDict\(\)/],
    [[1, () => 2], /`obj\[1\]` is function/],
    [new Map([['when', new Date()]]), /`obj\.get\('when'\)` is Date/],
    [[Symbol('x')], /`obj\[0\]` is Symbol\(x\)/],
    [new Float32Array(2), /`obj` is Float32Array\(8 bytes\)/],
    [new Map([[[1], 2]]), /\[1\] as a key of a Map: expected a string, a number or a frozen array/],
    [new Set([{}]), /as an item of a Set/],
    [{ n: 2n ** 3000n }, /`obj\.n` is a bigint of more than 255 bytes/],
    [loop, /nested deeper than 1000 levels/],
    [deep, /nested deeper than 1000 levels/],
    [
      { q: [torch.quantizePerTensor(torch.ones([2]), 0.1, 0, 'qint8' as never)] },
      /`obj\.q\[0\]`: a tensor of qint8 cannot be saved; dequantize\(\) it first/,
    ],
  ])('save refuses %p', async (value, message) => {
    const file = path.join(folder, 'x.pt');
    expect(() => save(value, file)).toThrow(ArgumentError);
    expect(() => save(value, file)).toThrow(message);
    await expect(saveAsync(value, file)).rejects.toThrow(message);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('saveAsync writes the bytes of save, and stops where it is told to', async () => {
    const value = { large: torch.rand([1500, 1000]), small: torch.rand([3, 2]).t(), n: [1, 'two'] };
    save(value, path.join(folder, 'x.pt'));
    const bytes = fs.readFileSync(path.join(folder, 'x.pt'));
    await saveAsync(value, path.join(folder, 'x.pt'));
    expect(fs.readFileSync(path.join(folder, 'x.pt')).equals(bytes)).toBe(true);
    const controller = new AbortController();
    const saving = saveAsync(value, path.join(folder, 'y.pt'), { signal: controller.signal });
    controller.abort();
    await expect(saving).rejects.toThrow(/abort/);
    await expect(loadAsync(path.join(folder, 'x.pt'), { signal: controller.signal })).rejects.toThrow(/abort/);
    expect(fs.readdirSync(folder)).toEqual(['x.pt']);
  });

  it('a mapped file is not written to, and its tensors are saved without the rest of it', () => {
    const [file, part] = [path.join(folder, 'x.pt'), path.join(folder, 'part.pt')];
    save({ a: torch.ones([1000]), b: torch.zeros([4]) }, file);
    const bytes = fs.readFileSync(file);
    const { a, b } = load(file, { mmap: true }) as { a: torch.Tensor; b: torch.Tensor };
    expect(a.sharesStorage(b)).toBe(false);
    b.add_(1);
    a.fill_(3);
    expect(b.tolist()).toEqual([1, 1, 1, 1]);
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    save(b, part);
    expect(fs.statSync(part).size).toBeLessThan(2000);
    expect((load(part) as torch.Tensor).tolist()).toEqual([1, 1, 1, 1]);
  });

  it('a value that contains itself comes back as it was', () => {
    const list: unknown[] = [1];
    const tuple = Object.freeze([list, 2]);
    list.push(list, tuple, { list });
    const file = path.join(folder, 'x.pt');
    save(tuple, file);
    const [back, two] = load(file) as [unknown[], number];
    expect([back[0], two, back.length]).toEqual([1, 2, 4]);
    expect(back[1]).toBe(back);
    expect((back[2] as unknown[])[0]).toBe(back);
    expect((back[3] as { list: unknown }).list).toBe(back);
    expect(Object.isFrozen(back[2])).toBe(true);
    // Frozen by load() already, and still the same kind of thing in a pickle.
    expect(pickleOf(Object.freeze([])).bytes).not.toEqual(pickleOf([]).bytes);
  });

  it('objects keep their keys: ints and strings apart, and what an object could not hold in a Map', () => {
    const file = path.join(folder, 'x.pt');
    const odd = new Map<unknown, unknown>([
      ['0', 1],
      [0, 2],
      ['__proto__', 3],
      [null, 4],
      [true, 5],
    ]);
    save({ state: { 0: 'a', 10: 'b' }, odd, none: undefined, complex: { re: 1, im: -2 } }, file);
    const back = load(file) as Record<string, unknown>;
    expect(back).toEqual({ state: { 0: 'a', 10: 'b' }, odd, none: null, complex: { re: 1, im: -2 } });
    expect([...(back['odd'] as Map<unknown, unknown>).keys()]).toEqual([...odd.keys()]);
  });
});
