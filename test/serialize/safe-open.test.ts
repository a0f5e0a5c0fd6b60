import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ArgumentError, binding, IndexError, memory } from '../../lib/engine';
import {
  FileError,
  FormatError,
  loadSafetensors,
  safeOpen,
  saveSafetensors,
  saveSafetensorsToBuffer,
} from '../../lib/serialize';
import { withBytes } from '../../lib/serialize/stored-bytes';
import { BoxBytes, boxOf } from '../../lib/serialize/tensor-box';
import * as torch from '../../lib/tensor';
import { type Index, slice, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { runChild } from '../support/child';
import { dice } from './damage';

let folder: string;
let file: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safe-open-'));
  file = path.join(folder, 'x.safetensors');
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const shapes: readonly (readonly number[])[] = [[], [7], [5, 6], [3, 4, 5], [2, 3, 1, 4], [0, 3], [2, 0, 2]];
const dtypes = ['float32', 'int64', 'bool', 'bfloat16', 'uint8', 'complex64'] as const;

const state = (): Record<string, Tensor> =>
  Object.fromEntries(
    shapes.map((shape, at) => {
      const values = torch
        .rand([...shape])
        .mul(9)
        .sub(3);
      return [`t${at}`, values.to(dtypes[at % dtypes.length] ?? 'float32')];
    }),
  );

/** An index of each kind, valid and not, as both languages write it. */
function randomIndex(shape: readonly number[], roll: (limit: number) => number): [ours: Index[], python: string] {
  const within = (size: number): number => roll(2 * size + 5) - size - 2;
  const ours: Index[] = [];
  const python: string[] = [];
  const add = (index: Index, text: string): void => {
    ours.push(index);
    python.push(text);
  };
  const dimension = (size: number): void => {
    const kind = roll(8);
    if (kind < 3) {
      const at = roll(12) === 0 ? within(size) : roll(Math.max(size, 1)) - roll(2) * size;
      add(at, String(at));
    } else if (kind < 7) {
      const [start, stop] = [roll(3) === 0 ? null : within(size), roll(3) === 0 ? null : within(size)];
      const step = roll(3) === 0 ? 1 + roll(4) : 1;
      add(slice(start, stop, step), `${start ?? ''}:${stop ?? ''}:${step}`);
    } else if (size > 0) {
      const list = [roll(size), roll(size)];
      add(list, `[${list.join(', ')}]`);
    } else add(slice(), ':');
    if (roll(6) === 0) add(null, 'None');
  };
  const named = roll(shape.length + 1);
  const before = roll(named + 1);
  const isGapped = roll(2) === 0;
  for (let dim = 0; dim < named; dim++) {
    if (isGapped && dim === before) add('...', '...');
    dimension(shape[isGapped && dim >= before ? shape.length - named + dim : dim] ?? 0);
  }
  if (isGapped && before === named) add('...', '...');
  return [ours, python.length === 0 ? '()' : `(${python.map(asSlice).join(', ')},)`];
}

const asSlice = (text: string): string =>
  text.includes(':')
    ? `slice(${text
        .split(':')
        .map((part) => part || 'None')
        .join(', ')})`
    : text;

describeWithOracle('safeOpen', (oracle) => {
  it('reads the parts that Python reads, of random tensors by random indices', async () => {
    torch.manualSeed(3);
    saveSafetensors(file, state(), { by: 'us' });
    const roll = dice(11);
    const asked = Array.from({ length: 500 }, () => {
      const at = roll(shapes.length);
      return { name: `t${at}`, index: randomIndex(shapes[at] ?? [], roll) };
    });
    const { parts, faults, keys, offsets, metadata, described } = await oracle().run(
      `from safetensors import safe_open
parts, faults = [], []
with safe_open(path, framework="pt") as f:
    for name, index in zip(names, indices):
        try:
            parts.append(f.get_slice(name)[eval(index)])
            faults.append("")
        except Exception as error:
            parts.append(torch.zeros(0))
            faults.append(type(error).__name__)
    keys, offsets, metadata = f.keys(), f.offset_keys(), f.metadata()
    described = [f"{f.get_slice(key).get_dtype()} {f.get_slice(key).get_shape()}" for key in keys]`,
      {
        inputs: { path: file, names: asked.map(({ name }) => name), indices: asked.map(({ index }) => index[1]) },
        outputs: {
          ...{ parts: 'tensors', faults: 'strings', keys: 'strings', offsets: 'strings', metadata: 'value' },
          described: 'strings',
        },
      },
    );
    expect(faults.filter(Boolean).length).toBeGreaterThan(10);
    for (const source of [file, fs.readFileSync(file)]) {
      using opened = safeOpen(source);
      expect([opened.keys().sort(), opened.offsetKeys()]).toEqual([keys, offsets]);
      expect(Object.fromEntries(opened.metadata())).toEqual(metadata);
      const shown = keys.map((key) => {
        const part = opened.getSlice(key);
        return `${part.getDtype()} [${part.getShape().join(', ')}]`;
      });
      expect(shown).toEqual(described);
      for (const [at, { name, index }] of asked.entries()) {
        const label = `${name}${index[1]}`;
        const part = opened.getSlice(name);
        if (faults[at] !== '') expect(() => part.at(...index[0])).toThrow(IndexError);
        else expectSameBits(part.at(...index[0]), parts[at] as Tensor, label);
      }
    }
  });
});

describe('safeOpen', () => {
  beforeAll(() => saveSafetensors(file, state()));

  it('reads single tensors, and all of them', () => {
    const { tensors } = loadSafetensors(file);
    using opened = safeOpen(file);
    for (const name of opened.keys()) expectSameBits(opened.getTensor(name), tensors.get(name) as Tensor, name);
    const all = opened.getTensors();
    expect([...all.keys()]).toEqual(opened.offsetKeys());
    for (const [name, tensor] of all) expectSameBits(tensor, tensors.get(name) as Tensor, name);
  });

  it('reads no more than the part needs, into memory of its own', () => {
    const shape = [6, 5, 4];
    const reads: [position: number, bytes: number][] = [];
    const source = {
      name: 'x',
      size: 480,
      read: (into: Uint8Array, position: number) => void reads.push([position, into.length]),
    };
    const readBy = (...indices: Index[]): [number, number][] => {
      reads.length = 0;
      const box = new BoxBytes(source, 100, 4, shape, boxOf(shape, indices).ranges);
      box.read(new Uint8Array(box.size), 0);
      return [...reads];
    };
    expect(readBy(slice(1, 3))).toEqual([[180, 160]]);
    expect(readBy(-1)).toEqual([[500, 80]]);
    expect(readBy('...', 2, 3)).toEqual([0, 1, 2, 3, 4, 5].map((row) => [100 + 80 * row + 32 + 12, 4]));
    expect(readBy(2, slice(1, 3))).toEqual([[276, 32]]);
    expect(readBy(slice(0, 5, 4), slice(4))).toEqual([0, 1, 2, 3, 4].map((row) => [100 + 80 * row + 64, 16]));
    expect(readBy(slice(3, 1))).toEqual([]);
    expect(readBy(1, [0, 1], 2)).toEqual([[180, 80]]);
    expect(readBy()).toEqual([[100, 480]]);

    using opened = safeOpen(file);
    const part = opened.getSlice('t2').at(slice(null, null, 3), slice(null, null, 2));
    expect([part.isContiguous(), binding.storageOf(part.handle)?.bytes]).toEqual([true, part.nbytes]);
  });

  it('keeps no tensors, and nothing open', () => {
    const before = memory().tensors;
    const opened = safeOpen(file);
    const parts = [
      opened.getTensor('t2'),
      opened.getSlice('t3').at(1, '...', slice(0, 4, 2)),
      opened.getSlice('t2').at([1]),
    ];
    expect(memory().tensors).toBe(before + parts.length);
    for (const part of parts) part.dispose();
    const slicing = opened.getSlice('t2');
    opened.close();
    opened.close();
    for (const read of [() => opened.getTensor('t2'), () => opened.getSlice('t2'), () => slicing.at(0)]) {
      expect(read).toThrow(`${file} is closed`);
    }
    expect(opened.keys()).toHaveLength(shapes.length);
    expect(memory().tensors).toBe(before);
  });

  it('gives the device asked for', () => {
    using opened = safeOpen(file, { device: 'meta' });
    const part = opened.getSlice('t3').at(slice(1), '...', 2);
    expect([part.device, part.shape, part.isContiguous()]).toEqual(['meta', [2, 4], true]);
    expect(opened.getTensor('t3').shape).toEqual([3, 4, 5]);
  });

  it('says what is wrong', () => {
    expect(() => safeOpen(path.join(folder, 'no'))).toThrow(FileError);
    expect(() => safeOpen(folder)).toThrow(/it is a folder/);
    expect(() => safeOpen(Buffer.from('nonsense, and long'))).toThrow(FormatError);
    expect(() => safeOpen(7 as never)).toThrow(/safeOpen\(\): expected the name of a file or bytes/);
    expect(() => safeOpen(file, 'pt' as never)).toThrow(/safeOpen\(\): expected options \{ device\? \}, received 'pt'/);
    expect(() => safeOpen(file, { framework: 'pt' } as never)).toThrow(/unknown option `framework`/);
    using opened = safeOpen(file);
    for (const get of [opened.getTensor.bind(opened), opened.getSlice.bind(opened)]) {
      expect(() => get('q')).toThrow(`${file} has no tensor 'q'`);
      expect(() => get(7 as never)).toThrow(ArgumentError);
    }
    const part = opened.getSlice('t2');
    for (const wrong of [['x'], [0, 0, 0], [5], [-6], [{}], [1.5], [undefined], [[9]]]) {
      expect(() => part.at(...(wrong as Index[]))).toThrow(IndexError);
    }
    const odd = Buffer.from(saveSafetensorsToBuffer({ flags: torch.tensor([true, false, true]) }));
    odd[odd.length - 1] = 7;
    using flags = safeOpen(odd);
    expect(flags.getSlice('flags').at(slice(0, 2)).tolist()).toEqual([true, false]);
    expect(() => flags.getSlice('flags').at(2)).toThrow(
      /^<bytes> is not a valid safetensors file: .* neither 0 nor 1$/,
    );
  });

  it('says so where the file became shorter', () => {
    const short = path.join(folder, 'short.safetensors');
    saveSafetensors(short, { a: torch.ones([100]) });
    using opened = safeOpen(short);
    fs.truncateSync(short, 100);
    expect(() => opened.getTensor('a')).toThrow(/short\.safetensors is not a valid .* it became shorter/);
    expect(withBytes(short, ({ size }) => size)).toBe(100);
  });

  it('takes memory for the part alone', async () => {
    const large = path.join(folder, 'large.safetensors');
    saveSafetensors(large, { a: torch.ones([64, 1 << 20]) });
    const { code, stdout, stderr } = await runChild(path.join(__dirname, 'safe-open-memory.ts'), { args: [large] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // Of 64 rows; the process itself grows by some.
    expect(Number(stdout)).toBeLessThan(16);
  });
});
