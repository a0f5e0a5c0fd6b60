import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readJson, readJsonLines } from '../../lib/train/json-file';
import { DataError } from '../../lib/vision';

const folder = mkdtempSync(join(tmpdir(), 'json-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const file = join(folder, 'some.json');
  writeFileSync(file, text);
  return file;
}

describe('readJson', () => {
  it('gives the object', () => expect(readJson(written('{"a": 1}'), ['a' as never])).toEqual({ a: 1 }));

  it.each([
    ['{"a": ', 'some.json is damaged: '],
    ['[]', 'some.json is damaged: expected an object'],
    ['{"b": 1}', 'some.json is damaged: there is no `a` in it'],
  ])('refuses %j', (text, sentence) => {
    const read = (): unknown => readJson(written(text), ['a' as never]);
    expect(read).toThrow(DataError);
    expect(read).toThrow(sentence);
  });
});

describe('readJsonLines', () => {
  it('gives an object for each line that is not empty', () => {
    expect(readJsonLines(written('{"a":1}\n\n{"b":2}\n'))).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it.each([
    ['{"a":1}\n{"b":2', /^line 2 of .*some\.json is damaged: /],
    ['{"a":1}\n3\n', /^line 2 of .*some\.json is damaged: expected an object$/],
  ])('says which line of %j is damaged', (text, sentence) => {
    const read = (): unknown => readJsonLines(written(text));
    expect(read).toThrow(DataError);
    expect(read).toThrow(sentence);
  });

  it('says that a file is missing', () => {
    expect(() => readJsonLines(join(folder, 'none.jsonl'))).toThrow(/none\.jsonl is missing$/);
  });
});
