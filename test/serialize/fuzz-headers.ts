import fs from 'node:fs';
import path from 'node:path';
import { FormatError, loadSafetensors, saveSafetensors, stateSha256 } from '../../lib/serialize';
import { arange, manualSeed, randint, tensor } from '../../lib/tensor';

// A child process: damages the header of a good file in 200 ways and loads each. Damage can be harmless (a key by another
// name is still a good file); everything else must be refused by a FormatError, and nothing else may happen.

const folder = process.argv[2] ?? '';
const file = path.join(folder, 'fuzz.safetensors');
manualSeed(1234);
const roll = (high: number): number => randint(high, [1]).item();

saveSafetensors(file, {
  weight: arange(12, { dtype: 'float32' }).reshape([3, 4]),
  flags: tensor([true, false]),
  n: tensor(3),
});
const good = fs.readFileSync(file);
const headerEnd = 8 + Number(good.readBigUInt64LE());
const data = good.subarray(headerEnd);

const damages: ((bytes: Buffer) => Buffer)[] = [
  // One byte of the header, or of its length.
  (bytes) => {
    bytes[8 + roll(headerEnd - 8)] = roll(256);
    return bytes;
  },
  (bytes) => {
    bytes[roll(8)] = roll(256);
    return bytes;
  },
  // A digit, where it hurts.
  (bytes) => {
    const digits = [...bytes.subarray(8, headerEnd).keys()]
      .map((at) => at + 8)
      .filter((at) => /\d/.test(String.fromCharCode(bytes[at] ?? 0)));
    bytes[digits[roll(digits.length)] ?? 8] = 0x30 + roll(10);
    return bytes;
  },
  // A piece of the header left out, doubled, or cut off together with the data.
  (bytes) => {
    const at = 8 + roll(headerEnd - 8);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(8))]);
  },
  (bytes) => {
    const at = 8 + roll(headerEnd - 8);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at - roll(8), at), bytes.subarray(at)]);
  },
  (bytes) => bytes.subarray(0, roll(bytes.length)),
  // Another JSON value in the place of a token, in a file that is sound otherwise.
  () => {
    const values = [
      'null',
      '-1',
      '1e400',
      '18446744073709551616',
      '[]',
      '{}',
      '"F32"',
      '[[[]]]',
      '9007199254740991',
      'true',
    ];
    const tokens = [...good.toString('utf8', 8, headerEnd).matchAll(/\d+|"[^"]*"|\[[^[\]]*\]/g)];
    const token = tokens[roll(tokens.length)];
    const json = good.toString('utf8', 8, headerEnd);
    const at = token?.index ?? 0;
    const value = values[roll(values.length)] ?? '';
    const header = Buffer.from(`${json.slice(0, at)}${value}${json.slice(at + (token?.[0].length ?? 0))}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, data]);
  },
];

const strange: string[] = [];
let refused = 0;
let harmless = 0;
for (let round = 0; round < 200; round++) {
  const damaged = damages[round % damages.length]?.(Buffer.from(good)) ?? good;
  fs.writeFileSync(file, damaged);
  try {
    const { tensors } = loadSafetensors(file);
    stateSha256(tensors);
    harmless++;
  } catch (error) {
    if (error instanceof FormatError && error.message.startsWith(`${file} is not a valid safetensors file: `))
      refused++;
    else strange.push(String(error));
  }
}
process.stdout.write(JSON.stringify({ refused, harmless, strange }));
