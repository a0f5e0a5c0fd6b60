import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { memory } from '../../lib/engine';
import {
  FileError,
  FormatError,
  loadSafetensors,
  loadSafetensorsAsync,
  saveSafetensors,
  saveSafetensorsAsync,
} from '../../lib/serialize';
import * as torch from '../../lib/tensor';
import type { Tensor } from '../../lib/tensor';
import { settle } from '../support/settle';

let folder: string;
beforeEach(() => {
  settle();
  folder = mkdtempSync(path.join(tmpdir(), 'libtorch-node-async-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string): string => path.join(folder, name);

/** Many dtypes and layouts, empty ones, and one of more than a piece. */
const tensors = (): Record<string, Tensor> => ({
  scalar: torch.rand([]),
  none: torch.empty([0, 3]),
  transposed: torch.rand([5, 7]).t(),
  conjugated: torch.viewAsComplex(torch.rand([3, 2])).conj(),
  flags: torch.rand([9]).gt(0.5),
  half: torch.rand([3, 3]).half(),
  long: torch.arange(10),
  large: torch.rand([1500, 1000]),
  tracked: torch.rand([2, 2], { requiresGrad: true }),
});

describe('saveSafetensorsAsync and loadSafetensorsAsync', () => {
  it('write the bytes of saveSafetensors, and read what loadSafetensors reads', async () => {
    const state = tensors();
    const [one, other] = [inFolder('sync.safetensors'), inFolder('async.safetensors')];
    saveSafetensors(one, state, { by: 'us' });
    await saveSafetensorsAsync(other, state, { by: 'us' });
    expect(readFileSync(other).equals(readFileSync(one))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['async.safetensors', 'sync.safetensors']);

    const [expected, actual] = [loadSafetensors(one), await loadSafetensorsAsync(one)];
    expect(actual.metadata).toEqual(expected.metadata);
    expect([...actual.tensors.keys()]).toEqual([...expected.tensors.keys()]);
    for (const [name, tensor] of expected.tensors) {
      const loaded = actual.tensors.get(name) as Tensor;
      expect([name, loaded.shape, loaded.dtype]).toEqual([name, tensor.shape, tensor.dtype]);
      expect(Buffer.compare(loaded.toBytes(), tensor.toBytes())).toBe(0);
    }
  });

  it('keep no tensors of their own', async () => {
    const state = tensors();
    settle();
    const before = memory().tensors;
    await saveSafetensorsAsync(inFolder('a'), state);
    expect(memory().tensors).toBe(before);
    const { tensors: loaded } = await loadSafetensorsAsync(inFolder('a'));
    expect(memory().tensors).toBe(before + loaded.size);
    expect(Object.values(state).some((t) => t.isDisposed)).toBe(false);
  });

  it('name the file in their errors, and leave nothing', async () => {
    const file = inFolder('cut');
    await saveSafetensorsAsync(file, tensors());
    const before = memory().tensors;
    truncateSync(file, 5);
    await expect(loadSafetensorsAsync(file)).rejects.toThrow(FormatError);
    await expect(loadSafetensorsAsync(file)).rejects.toThrow(
      /cut is not a valid safetensors file: it is cut off: 5 bytes/,
    );
    await expect(loadSafetensorsAsync(inFolder('nowhere'))).rejects.toThrow(FileError);
    await expect(saveSafetensorsAsync(inFolder('no/where'), {})).rejects.toThrow(/the folder .* does not exist/);
    expect(memory().tensors).toBe(before);
  });

  it('are aborted between pieces, without a trace', async () => {
    const file = inFolder('aborted');
    const controller = new AbortController();
    const saving = saveSafetensorsAsync(file, { large: torch.rand([8, 1 << 20]) }, {}, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 2);
    await expect(saving).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual([]);
    await saveSafetensorsAsync(file, { x: torch.ones([1]) });
    await expect(loadSafetensorsAsync(file, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });
});
