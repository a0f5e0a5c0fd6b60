import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { RunFolder } from '../../lib/train/run-folder';

let parent: string;
beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'libtorch-node-runs-'))));
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('RunFolder.create', () => {
  it('counts on from the highest number and writes config.json', () => {
    mkdirSync(join(parent, '007-x'));
    mkdirSync(join(parent, 'notes'));
    const run = RunFolder.create(parent, 'vit', { seed: 3 });
    expect(basename(run.path)).toBe('008-vit');
    expect(JSON.parse(readFileSync(run.file('config.json'), 'utf8'))).toEqual({ seed: 3 });
    expect(basename(RunFolder.create(parent, 'vit', {}).path)).toBe('009-vit');
    expect(basename(RunFolder.create(parent, 'other', {}).path)).toBe('010-other');
  });

  it('passes over a number that another run has claimed', () => {
    mkdirSync(join(parent, '.001'));
    expect(basename(RunFolder.create(parent, 'vit', {}).path)).toBe('002-vit');
  });

  it('makes the parent, and goes on beyond 999', () => {
    mkdirSync(join(parent, 'deep', '999-x'), { recursive: true });
    expect(basename(RunFolder.create(join(parent, 'deep'), 'vit', {}).path)).toBe('1000-vit');
    expect(basename(RunFolder.create(join(parent, 'new', 'er'), 'vit', {}).path)).toBe('001-vit');
  });
});

describe('the growing files', () => {
  it('are cut back to a position, with nothing left beside them', () => {
    const run = RunFolder.create(parent, 'vit', {});
    run.append('metrics', '{"a":1}');
    run.append('log', 'Größe');
    const position = run.position();
    run.append('metrics', '{"b":2}');
    run.append('results', '1,2');
    run.append('log', 'more');
    run.close();

    const again = RunFolder.open(run.path);
    writeFileSync(run.file('metrics.jsonl'), '{"a":1}\n{"b":2}\n{"half');
    again.rewind(position);
    expect(readFileSync(run.file('metrics.jsonl'), 'utf8')).toBe('{"a":1}\n');
    expect(readFileSync(run.file('log.txt'), 'utf8')).toBe('Größe\n');
    expect(readFileSync(run.file('results.csv'), 'utf8')).toBe('');
    again.append('metrics', '{"c":3}');
    again.close();
    expect(readFileSync(run.file('metrics.jsonl'), 'utf8')).toBe('{"a":1}\n{"c":3}\n');
    expect(readdirSync(run.path).filter((name) => name.endsWith('.rewind'))).toEqual([]);
  });

  it('are not made longer by a position beyond their end', () => {
    const run = RunFolder.create(parent, 'vit', {});
    run.append('metrics', '{}');
    run.rewind({ metrics: 100, results: 100, log: 100 });
    expect(readFileSync(run.file('metrics.jsonl'), 'utf8')).toBe('{}\n');
    run.close();
  });
});
