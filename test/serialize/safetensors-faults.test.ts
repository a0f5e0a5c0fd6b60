import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { memory } from '../../lib/engine';
import { FileError, FormatError, loadSafetensors, saveSafetensors } from '../../lib/serialize';
import { arange } from '../../lib/tensor';
import { runChild } from '../support/child';
import { settle } from '../support/settle';

beforeEach(settle);

let folder: string;
let file: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-faults-'));
  file = path.join(folder, 'broken.safetensors');
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A file with this header (an object, or the very text or bytes) and so many zero bytes of data. */
function write(header: unknown, dataBytes = 0, claimed?: bigint): void {
  const bytes = Buffer.isBuffer(header)
    ? header
    : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claimed ?? BigInt(bytes.length));
  fs.writeFileSync(file, Buffer.concat([prefix, bytes, Buffer.alloc(dataBytes)]));
}

const entry = (dtype: unknown, shape: unknown, start: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

describe('loadSafetensors', () => {
  it.each<[string, unknown, number, RegExp]>([
    ['overlap', { a: entry('F32', [2], 0, 8), b: entry('F32', [1], 4, 8) }, 8, /tensor "b" at byte 4 .* overlaps/],
    ['gap', { a: entry('F32', [1], 0, 4), b: entry('F32', [1], 8, 12) }, 12, /tensor "b" at byte 8 .* leaves a gap/],
    ['gap at the start', { a: entry('F32', [1], 4, 8) }, 8, /tensor "a" at byte 4 .* leaves a gap/],
    ['bytes left over', { a: entry('F32', [1], 0, 4) }, 9, /5 bytes after the last tensor belong to none/],
    [
      'truncated data',
      { a: entry('F32', [4], 0, 16) },
      15,
      /cut off: tensor "a" ends at byte 16 of the data, which has 15/,
    ],
    ['unknown dtype', { a: entry('F128', [1], 0, 16) }, 16, /tensor "a" has the unknown dtype "F128"/],
    [
      'dtype of no tensor',
      { a: entry('F6_E2M3', [4], 0, 3) },
      3,
      /tensor "a" is F6_E2M3, a dtype that tensors do not have/,
    ],
    ['part of a byte', { a: entry('F4', [3], 0, 1) }, 1, /ends inside a byte/],
    [
      'shape and size',
      { a: entry('F32', [3], 0, 8) },
      8,
      /tensor "a" of F32 \[3\] needs 12 bytes, its data_offsets span 8/,
    ],
    ['overflow', { a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, 4, /impossibly large/],
    ['overflow behind a zero', { a: entry('F32', [0, 2 ** 40, 2 ** 40], 0, 0) }, 0, /impossibly large/],
    ['negative size', { a: entry('F32', [-1], 0, 4) }, 4, /the shape of tensor "a" must be counts, but one is -1/],
    ['broken size', '{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4, /must be counts, but one is 1/],
    ['size as text', { a: entry('F32', ['1'], 0, 4) }, 4, /must be counts/],
    ['no shape', { a: { dtype: 'F32', data_offsets: [0, 4] } }, 4, /tensor "a" has no shape/],
    ['no dtype', { a: { shape: [1], data_offsets: [0, 4] } }, 4, /tensor "a" has no dtype/],
    ['no offsets', { a: { dtype: 'F32', shape: [1] } }, 4, /tensor "a" has no data_offsets/],
    ['offsets reversed', { a: entry('F32', [1], 4, 0) }, 4, /impossible data_offsets \[4, 0\]/],
    ['three offsets', { a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 8, /impossible data_offsets/],
    ['entry that is none', { a: 1 }, 0, /the entry of tensor "a" is not a JSON object/],
    ['header that is none', '[]', 0, /its header is not a JSON object/],
    ['space before the header', ' {}', 0, /its header is not a JSON object/],
    ['broken JSON', '{"a":', 0, /the JSON ends too early/],
    ['same key twice', '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}', 0, /the key "a" occurs twice/],
    ['metadata of numbers', { __metadata__: { a: 1 } }, 0, /the value of "a" in its __metadata__ is not a string/],
    ['metadata that are none', { __metadata__: [] }, 0, /its __metadata__ is not a JSON object/],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 0, /its header is not UTF-8/],
  ])('names the fault: %s', (_, header, dataBytes, message) => {
    write(header, dataBytes);
    expect(() => loadSafetensors(file)).toThrow(FormatError);
    expect(() => loadSafetensors(file)).toThrow(message);
    expect(() => loadSafetensors(file)).toThrow(`${file} is not a valid safetensors file: `);
  });

  it('refuses a bool that is neither 0 nor 1', () => {
    write({ a: entry('BOOL', [2], 0, 2) }, 2);
    fs.writeSync(fs.openSync(file, 'r+'), Uint8Array.of(2), 0, 1, fs.statSync(file).size - 1);
    expect(() => loadSafetensors(file)).toThrow('neither 0 nor 1');
  });

  it.each<[string, bigint, RegExp]>([
    ['longer than the file', 500n, /cut off: its header claims 500 bytes, 2 are left/],
    ['beyond the limit', 100_000_001n, /its header claims 100000001 bytes, the limit is 100000000/],
    ['of all ones', 2n ** 64n - 1n, /its header claims 18446744073709551615 bytes/],
  ])('refuses a header length %s', (_, claimed, message) => {
    write('{}', 0, claimed);
    expect(() => loadSafetensors(file)).toThrow(message);
  });

  it('refuses files that end early, wherever they do', () => {
    saveSafetensors(file, { a: arange(6), b: arange(3) });
    const whole = fs.readFileSync(file);
    for (let length = 0; length < whole.length; length++) {
      fs.writeFileSync(file, whole.subarray(0, length));
      expect(() => loadSafetensors(file)).toThrow(FormatError);
    }
  });

  it('frees what it had read when a later tensor is at fault', () => {
    write({ a: entry('F32', [1], 0, 4), b: entry('F6_E2M3', [4], 4, 7) }, 7);
    const before = memory().tensors;
    expect(() => loadSafetensors(file)).toThrow(FormatError);
    expect(memory().tensors).toBe(before);
  });

  it('says what keeps the file from being read', () => {
    expect(() => loadSafetensors(path.join(folder, 'none'))).toThrow(FileError);
    expect(() => loadSafetensors(path.join(folder, 'none'))).toThrow(/^cannot read .*none: it does not exist$/);
    expect(() => loadSafetensors(folder)).toThrow(/^cannot read .*: it is a folder$/);
  });

  it('survives 200 files with damaged headers: an error each, or the same tensors', async () => {
    const { code, signal, stdout, stderr } = await runChild(path.join(__dirname, 'fuzz-headers.ts'), {
      args: [folder],
    });
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    const { refused, harmless, strange } = JSON.parse(stdout) as {
      refused: number;
      harmless: number;
      strange: string[];
    };
    expect(strange).toEqual([]);
    expect(refused + harmless).toBe(200);
    expect(refused).toBeGreaterThan(150);
  });
});
