import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { load } from '../../lib/serialize';
import { crc32, tabular, withoutInstruction } from '../../lib/serialize/crc32';
import { pickleOf } from '../../lib/serialize/pickle-objects';
import { decodeText, encodeText } from '../../lib/serialize/python-text';
import { withBytes } from '../../lib/serialize/stored-bytes';
import { ZipWriter } from '../../lib/serialize/zip-writer';
import { readDirectory } from '../../lib/serialize/zip-reader';
import * as torch from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { dice } from './damage';

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zip-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describeWithOracle('zip files', (oracle) => {
  it('crc32, on any processor and version of Node, is zlib.crc32 of Python', async () => {
    const roll = dice(3);
    // Up to many strides of 64 bytes, and from any byte on.
    const pieces = Array.from({ length: 60 }, (_, at) =>
      Uint8Array.from({ length: (at % 5) + at * (at < 40 ? 7 : 61) }, () => roll(256)).subarray(at % 5),
    );
    const { expected } = await oracle().run(
      `import zlib
expected, crc = [], 0
for piece in pieces:
    crc = zlib.crc32(piece, crc)
    expected.append(crc)`,
      { inputs: { pieces }, outputs: { expected: 'numbers' } },
    );
    for (const sum of [crc32, withoutInstruction, tabular]) {
      let crc = 0;
      expect(pieces.map((piece) => (crc = sum(piece, crc)))).toEqual(expected);
    }
  });

  it('strings with surrogates go through Python and back', async () => {
    const roll = dice(4);
    const units = ['a', 'é', '€', '🐱', '\ud800', '\udfff', '\ud83d', '\udc31', '\ufeff', '\0'];
    const texts = Array.from({ length: 300 }, (_, length) =>
      Array.from({ length: length % 9 }, () => units[roll(units.length)]).join(''),
    );
    const { ours, theirs } = await oracle().run(
      `texts = [bytes(text).decode("utf-16-le", "surrogatepass") for text in encoded]
theirs = b"\\n".join(text.encode("utf-8", "surrogatepass") for text in texts)
ours = b"\\n".join(bytes(text).decode("utf-8", "surrogatepass").encode("utf-8", "surrogatepass") for text in written)`,
      {
        inputs: {
          encoded: texts.map((text) => new Uint8Array(Buffer.from(text, 'utf16le'))),
          written: texts.map(encodeText),
        },
        outputs: { ours: 'bytes', theirs: 'bytes' },
      },
    );
    expect(Buffer.from(ours).equals(Buffer.from(theirs))).toBe(true);
    for (const text of texts) expect(decodeText(encodeText(text))).toBe(text);
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0], [0xf8, 0x88, 0x80, 0x80]]) {
      expect(() => decodeText(Uint8Array.from(bad))).toThrow('not UTF-8');
    }
  });

  // Written as torch.save writes it, but for the zeros of the storages, which stay holes of the file.
  it('beyond 4 GiB, PyTorch finds storages where we put them, and we find them again', async () => {
    const file = path.join(folder, 'large.pt');
    const large = 2 ** 32 + 192;
    const meta = torch.empty([1]);
    const pickled = pickleOf([meta.expand([1]), torch.arange(3)]);
    meta.dispose();
    // The first storage has one float; in the file it has a gigabyte of them.
    const at = Buffer.from(pickled.bytes).indexOf('cpu') + 5;
    expect([...pickled.bytes.subarray(at, at + 2)]).toEqual([0x4b, 1]);
    const count = [0x8a, 5, 0x30, 0, 0, 0x40, 0];
    const bytes = Buffer.concat([
      pickled.bytes.subarray(0, at),
      Uint8Array.from(count),
      pickled.bytes.subarray(at + 2),
    ]);
    expect(large / 4).toBe(0x40000030);
    const zip = new ZipWriter('large');
    const descriptor = fs.openSync(file, 'w');
    let position = 0;
    const put = (piece: Uint8Array): void => {
      fs.writeSync(descriptor, piece, 0, piece.length, position);
      position += piece.length;
    };
    const entry = (name: string, content: Uint8Array): void => {
      put(zip.begin(name, content.length));
      zip.add(content);
      put(content);
      put(zip.end());
    };
    entry('data.pkl', bytes);
    entry('.format_version', Buffer.from('1'));
    entry('.storage_alignment', Buffer.from('64'));
    entry('byteorder', Buffer.from('little'));
    put(zip.begin('data/0', large));
    const zeros = new Uint8Array(1 << 26);
    for (let left = large; left > 0; left -= zeros.length) zip.add(zeros.subarray(0, Math.min(left, zeros.length)));
    position += large;
    put(zip.end());
    entry('data/1', torch.arange(3).toBytes());
    entry('version', Buffer.from('3\n'));
    entry('.data/serialization_id', Buffer.from(zip.identity()));
    put(zip.finish());
    fs.closeSync(descriptor);
    pickled.dispose();

    const { names, last, small } = await oracle().run(
      `import os, zipfile
from torch.utils.serialization import config
config.load.calculate_storage_offsets = True
os.environ["TORCH_SERIALIZATION_DEBUG"] = "1"
large, small = torch.load(path, mmap=True, weights_only=True)
config.load.calculate_storage_offsets = False
del os.environ["TORCH_SERIALIZATION_DEBUG"]
last = large.untyped_storage().nbytes()
del large
names = zipfile.ZipFile(path).namelist()`,
      { inputs: { path: file }, outputs: { names: 'strings', last: 'number', small: 'tensor' } },
    );
    expect(last).toBe(large);
    expect(small.tolist()).toEqual([0, 1, 2]);
    expect([...withBytes(file, readDirectory).entries.keys()]).toEqual(names);
    const [, ours] = load(file, { mmap: true }) as [torch.Tensor, torch.Tensor];
    expect(ours.tolist()).toEqual([0, 1, 2]);
    fs.rmSync(file);
  });
});
