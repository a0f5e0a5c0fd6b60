import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { load, loadAsync, save, saveAsync } from '../../lib/serialize';
import { storedDTypes } from '../../lib/serialize/safetensors-dtypes';
import { describeWithOracle } from '../oracle/oracle';
import { canon } from './checkpoint-values';

const FILES = 300;

/** What must have occurred in that many files, besides all dtypes. */
const kinds = [
  ...[
    'Parameter',
    'Buffer true',
    'Buffer false',
    'sparse_coo',
    'sparse_csr',
    'sparse_csc',
    'sparse_bsr',
    'sparse_bsc',
    'meta',
  ],
  ...[
    'complex128',
    'complex32',
    'again',
    'storage of 0',
    'storage 1',
    'tuple',
    'list',
    'dict',
    'set (',
    'complex ',
    'bytes',
  ],
  ...[
    'float 7ff0000000000000',
    'float 8000000000000000',
    'number nan',
    'str 00d8',
    '0 true false',
    '0 false true',
    '0 true true',
  ],
];
const source = fs.readFileSync(path.join(__dirname, 'checkpoints.py'), 'utf8');

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoint-oracle-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describeWithOracle('checkpoints', (oracle) => {
  let forms: string[];
  let texts: string[];

  beforeAll(async () => {
    const written = await oracle().run(
      `${source}
forms, texts = [], []
for index in range(files):
    rng = random.Random(index)
    torch.manual_seed(index)
    path = f"{folder}/{index}.pt"
    form, value = save_randomly(rng, random_value(rng, []), path)
    forms.append(form)
    texts.append(canon(value))
`,
      { inputs: { folder, files: FILES }, outputs: { forms: 'strings', texts: 'strings' } },
    );
    ({ forms, texts } = written);
  });

  it(`load: ${FILES} files that Python wrote`, () => {
    expect(new Set(forms).size).toBeGreaterThan(15);
    const all = texts.join(' ');
    for (const kind of [...kinds, ...storedDTypes.values()].map((each) =>
      typeof each === 'string' ? each : each.dtype,
    )) {
      if (kind !== undefined) expect(all).toContain(kind);
    }
    for (const [index, text] of texts.entries()) {
      expect({ index, form: forms[index], text: canon(load(path.join(folder, `${index}.pt`))) }).toEqual({
        index,
        form: forms[index],
        text,
      });
    }
  });

  it('load by mmap, and while the event loop goes on, gives the same', async () => {
    for (let index = 0; index < FILES; index += 3) {
      const file = path.join(folder, `${index}.pt`);
      expect(canon(load(file, { mmap: true }))).toBe(texts[index]);
      expect(canon(await loadAsync(file))).toBe(texts[index]);
      expect(canon(await loadAsync(file, { mmap: true }))).toBe(texts[index]);
    }
  });

  it(`save: ${FILES} files that Python loads with weights_only`, async () => {
    for (let index = 0; index < FILES; index++) {
      const value = load(path.join(folder, `${index}.pt`));
      const file = path.join(folder, `saved-${index}.pt`);
      if (index % 3 === 0) await saveAsync(value, file);
      else save(value, file);
      expect(canon(load(file))).toBe(texts[index]);
    }
    const { loaded, mapped, sound } = await oracle().run(
      `${source}
paths = [f"{folder}/saved-{index}.pt" for index in range(files)]
loaded = [canon(torch.load(path, weights_only=True)) for path in paths]
# By places computed from the layout of PyTorch's writer, which must be the true ones.
from torch.utils.serialization import config
config.load.calculate_storage_offsets = True
os.environ["TORCH_SERIALIZATION_DEBUG"] = "1"
mapped = [canon(torch.load(path, weights_only=True, mmap=True)) for path in paths]
config.load.calculate_storage_offsets = False
del os.environ["TORCH_SERIALIZATION_DEBUG"]
sound = all(zipfile.ZipFile(path).testzip() is None for path in paths)
`,
      {
        inputs: { folder, files: FILES },
        outputs: { loaded: 'strings', mapped: 'strings', sound: 'boolean' },
      },
    );
    expect(loaded).toEqual(texts);
    expect(mapped).toEqual(texts);
    expect(sound).toBe(true);
  });
});
