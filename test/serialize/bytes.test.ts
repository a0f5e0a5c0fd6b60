import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ArgumentError, memory } from '../../lib/engine';
import { Linear } from '../../lib/nn';
import {
  FormatError,
  load,
  loadAsync,
  loadSafetensors,
  loadSafetensorsAsync,
  save,
  saveSafetensors,
  saveSafetensorsToBuffer,
  saveToBuffer,
  stateSha256,
} from '../../lib/serialize';
import * as torch from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { canon } from './checkpoint-values';

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bytes-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const python = fs.readFileSync(path.join(__dirname, 'checkpoints.py'), 'utf8');

/** The same bytes in each kind of memory, also where they do not begin at its beginning. */
function kindsOf(bytes: Uint8Array): (ArrayBufferLike | ArrayBufferView)[] {
  const inside = new Uint8Array(bytes.length + 10);
  inside.set(bytes, 5);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  const own = Uint8Array.from(bytes);
  return [
    ...[own, own.buffer, Buffer.from(own.buffer), shared],
    ...[
      inside.subarray(5, -5),
      Buffer.from(inside.buffer, 5, bytes.length),
      new DataView(inside.buffer, 5, bytes.length),
    ],
  ];
}

/** Something of every kind, with a tensor of more than a piece and an empty one. */
function everything(): unknown {
  const tied = torch.rand([1500, 1000]);
  return {
    ...{
      tied,
      again: tied.t(),
      none: torch.empty([0, 3]),
      flags: torch.tensor([true, false]),
      scalar: torch.tensor(2),
    },
    ...{ model: new Linear(3, 2).stateDict(), n: [1, 'two', null, 2.5], bytes: Uint8Array.of(1, 2) },
  };
}

describeWithOracle('checkpoints in memory', (oracle) => {
  it('load takes what Python wrote into a BytesIO, in both formats', async () => {
    const files = 60;
    const { written, texts } = await oracle().run(
      `${python}
import io
written, texts = [], []
for index in range(files):
    rng = random.Random(index)
    torch.manual_seed(index)
    value = random_value(rng, [])
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=index % 2 == 0)
    written.append(buffer.getvalue().hex())
    texts.append(canon(value))`,
      { inputs: { files }, outputs: { written: 'strings', texts: 'strings' } },
    );
    for (const [index, hex] of written.entries()) {
      const kinds = kindsOf(Buffer.from(hex, 'hex'));
      expect(canon(load(kinds[index % kinds.length] as Uint8Array))).toBe(texts[index]);
      if (index % 5 === 0) expect(canon(await loadAsync(kinds[0] as Uint8Array))).toBe(texts[index]);
    }
  });

  it('Python loads what saveToBuffer wrote', async () => {
    const value = everything();
    const bytes = saveToBuffer(value);
    const { text, sound } = await oracle().run(
      `${python}
import io
data = bytes(data)
text = canon(torch.load(io.BytesIO(data), weights_only=True))
sound = zipfile.ZipFile(io.BytesIO(data)).testzip() is None`,
      { inputs: { data: bytes }, outputs: { text: 'string', sound: 'boolean' } },
    );
    expect(text).toBe(canon(value));
    expect(sound).toBe(true);
  });

  it('safetensors go to Python and back as bytes', async () => {
    const state = { large: torch.rand([1500, 1000]).t(), flag: torch.tensor(true), half: torch.ones([3]).half() };
    const { written, sum, metadata } = await oracle().run(
      `import safetensors.torch, tempfile, os
data = bytes(data)
tensors = safetensors.torch.load(data)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x")
    open(path, "wb").write(data)
    with safetensors.safe_open(path, "pt") as opened: metadata = opened.metadata()
sum = tensors["large"].double().sum().item()
written = safetensors.torch.save({"b": torch.arange(5), "a": torch.ones(2, 3).bfloat16()}, {"by": "Python"})`,
      {
        inputs: { data: saveSafetensorsToBuffer(state, { by: 'us' }) },
        outputs: { written: 'bytes', sum: 'number', metadata: 'value' },
      },
    );
    expect(sum).toBe(state.large.double().sum().item());
    expect(metadata).toEqual({ by: 'us' });
    for (const kind of kindsOf(written)) {
      const loaded = loadSafetensors(kind);
      expect(Object.fromEntries(loaded.metadata)).toEqual({ by: 'Python' });
      expect(loaded.tensors.get('b')?.tolist()).toEqual([0, 1, 2, 3, 4]);
      expect(loaded.tensors.get('a')?.dtype).toBe('bfloat16');
      expect(stateSha256((await loadSafetensorsAsync(kind)).tensors)).toBe(stateSha256(loaded.tensors));
    }
  });
});

describe('saveToBuffer, saveSafetensorsToBuffer', () => {
  it('have the bytes of the file, in memory of just that size', () => {
    const [value, file] = [everything(), path.join(folder, 'archive.pt')];
    save(value, file);
    const state = { a: torch.rand([3, 4]).t(), c: torch.viewAsComplex(torch.rand([3, 2])).conj(), e: torch.empty([0]) };
    saveSafetensors(path.join(folder, 'x.safetensors'), state, { by: 'us' });
    for (const [bytes, name] of [
      [saveToBuffer(value), 'archive.pt'],
      [saveSafetensorsToBuffer(state, { by: 'us' }), 'x.safetensors'],
    ] as const) {
      expect(bytes.equals(fs.readFileSync(path.join(folder, name)))).toBe(true);
      expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, bytes.length]);
    }
    expect(canon(load(saveToBuffer(3)))).toBe(canon(3));
    expect(loadSafetensors(saveSafetensorsToBuffer({})).tensors.size).toBe(0);
  });

  it('refuse what no file holds', () => {
    const [sparse, meta] = [torch.eye(2).toSparse(), torch.ones([2], { device: 'meta' })];
    const before = memory().tensors;
    expect(() => saveToBuffer({ a: [() => 1] })).toThrow(/`obj\.a\[0\]` is function/);
    expect(() => saveToBuffer({}, { mmap: true } as never)).toThrow(/saveToBuffer\(\): unknown option `mmap`/);
    expect(() => saveSafetensorsToBuffer({ sparse })).toThrow(
      /cannot hold 'sparse', a tensor of the layout sparse_coo/,
    );
    expect(() => saveSafetensorsToBuffer({ meta })).toThrow(/cannot hold 'meta', a tensor on the meta device/);
    expect(() => saveSafetensorsToBuffer({ n: 1 } as never)).toThrow(ArgumentError);
    expect(memory().tensors).toBe(before);
  });
});

describe('loading bytes', () => {
  it('shares no memory with them', () => {
    const bytes = saveToBuffer(torch.ones([4]));
    const safe = saveSafetensorsToBuffer({ x: torch.ones([4]) });
    const [loaded, x] = [load(bytes) as torch.Tensor, loadSafetensors(safe).tensors.get('x')];
    bytes.fill(0);
    safe.fill(0);
    expect([loaded.tolist(), x?.tolist()]).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
  });

  it('says <bytes> where a file would have its name', async () => {
    const bytes = saveToBuffer({ x: torch.ones([40]) });
    const safe = saveSafetensorsToBuffer({ x: torch.ones([40]) });
    const before = memory().tensors;
    for (const damaged of [new Uint8Array(0), bytes.subarray(0, 700), bytes.subarray(3), Buffer.from('epoch'), safe]) {
      expect(() => load(damaged)).toThrow(FormatError);
      expect(() => load(damaged)).toThrow(/^<bytes> cannot be loaded as a checkpoint: it /);
      await expect(loadAsync(damaged)).rejects.toThrow(/^<bytes> cannot be loaded as a checkpoint: it /);
    }
    for (const damaged of [new ArrayBuffer(0), safe.subarray(0, -1), bytes, Buffer.from('file.safetensors')]) {
      expect(() => loadSafetensors(damaged)).toThrow(FormatError);
      expect(() => loadSafetensors(damaged)).toThrow(/^<bytes> is not a valid safetensors file: it/);
      await expect(loadSafetensorsAsync(damaged)).rejects.toThrow(/^<bytes> is not a valid safetensors file: it/);
    }
    expect(memory().tensors).toBe(before);
  });

  it('refuses what is neither a name nor bytes, and a map of what is in memory', async () => {
    for (const wrong of [3, null, undefined, {}, ['x.pt'], torch.ones([1])]) {
      expect(() => load(wrong as never)).toThrow(/load\(\): expected the name of a file or bytes \(a Buffer/);
      expect(() => loadSafetensors(wrong as never)).toThrow(
        /loadSafetensors\(\): expected the name of a file or bytes/,
      );
      await expect(loadAsync(wrong as never)).rejects.toThrow(ArgumentError);
      await expect(loadSafetensorsAsync(wrong as never)).rejects.toThrow(ArgumentError);
    }
    const bytes = saveToBuffer([1]);
    expect(() => load(bytes, { mmap: true })).toThrow(/load\(\): option `mmap` maps a file by its name/);
    await expect(loadAsync(bytes, { mmap: true })).rejects.toThrow(/option `mmap` maps a file by its name/);
    expect(load(bytes, { mmap: false })).toEqual([1]);
  });

  it('stops where the memory is taken away meanwhile', async () => {
    const bytes = saveToBuffer(torch.ones([4]));
    // The types of this version of JavaScript do not know it yet.
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize: (bytes: number) => void };
    const resizable = new Resizable(bytes.length, { maxByteLength: bytes.length });
    new Uint8Array(resizable).set(bytes);
    const mapLocation = (): 'cpu' => {
      resizable.resize(100);
      return 'cpu';
    };
    expect(() => load(resizable, { mapLocation })).toThrow(/^<bytes> .* it became shorter while it was read$/);
    const own = Uint8Array.from(bytes);
    const loading = loadAsync(own);
    structuredClone(own.buffer, { transfer: [own.buffer] });
    await expect(loading).rejects.toThrow(/^<bytes> .* it became shorter while it was read$/);
  });

  it('lets the event loop go on, and can be aborted', async () => {
    const bytes = saveToBuffer(torch.ones([8, 1 << 20]));
    const controller = new AbortController();
    const loading = loadAsync(bytes, { signal: controller.signal });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(loading).rejects.toThrow('enough');
  });
});

describe('options of load', () => {
  it('mapLocation: what it throws comes out as it is', () => {
    const file = path.join(folder, 'map.pt');
    save(torch.ones([2]), file);
    const mapLocation = (): 'cpu' => {
      fs.readFileSync(path.join(folder, 'devices.json'));
      return 'cpu';
    };
    for (const source of [file, fs.readFileSync(file)]) {
      expect(() => load(source, { mapLocation })).toThrow(/^ENOENT.*devices\.json/);
    }
  });

  it('weightsOnly: both load the same, and nothing is run', async () => {
    const bytes = saveToBuffer({ a: 1 });
    for (const weightsOnly of [true, false, null, undefined]) {
      expect(load(bytes, { weightsOnly })).toEqual({ a: 1 });
      expect(await loadAsync(bytes, { weightsOnly })).toEqual({ a: 1 });
    }
    expect(() => load(bytes, { weightsOnly: 'no' as never })).toThrow(/a boolean for argument `options.weightsOnly`/);
  });

  it('device: where the tensors of a safetensors file go', async () => {
    const bytes = saveSafetensorsToBuffer({ a: torch.ones([2, 3]), b: torch.tensor([true]) });
    for (const { tensors } of [
      loadSafetensors(bytes, { device: 'meta' }),
      await loadSafetensorsAsync(bytes, { device: 'meta' }),
    ]) {
      const { device, shape } = tensors.get('a') as torch.Tensor;
      expect([device, shape, tensors.get('b')?.dtype]).toEqual(['meta', [2, 3], 'bool']);
    }
    const before = memory().tensors;
    expect(() => loadSafetensors(bytes, { device: 'tpu' as never })).toThrow(ArgumentError);
    await expect(loadSafetensorsAsync(bytes, { device: 'tpu' as never })).rejects.toThrow(ArgumentError);
    expect(() => loadSafetensors(bytes, { devise: 'cpu' } as never)).toThrow(/unknown option `devise`/);
    expect(memory().tensors).toBe(before);
  });
});
