import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  readBestModel,
  readCheckpoint,
  settleCheckpoints,
  writeCheckpoint,
  type Checkpoint,
} from '../../lib/train/checkpoint';
import { noProgress } from '../../lib/train/progress';
import { tensor } from '../../lib/tensor';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'libtorch-node-checkpoint-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function checkpoint(epochs: number): Checkpoint {
  return {
    state: {
      format: 1,
      ...noProgress(),
      epochs,
      random: '',
      logs: { metrics: 0, results: 0, log: 0 },
      optimizer: [],
      scheduler: {},
      stateSha256: '',
      fixedImagesSha256: '',
    },
    model: new Map([['weight', tensor([epochs, 1, 2], { dtype: 'float32' })]]),
    optimizer: new Map([['state.0.step', tensor(epochs, { dtype: 'float32' })]]),
    average: null,
  };
}

const epochsOf = (): number | undefined => readCheckpoint(folder)?.state.epochs;

test('what is written is read back, and nothing else is left', () => {
  writeCheckpoint(folder, checkpoint(1), { best: true });
  writeCheckpoint(folder, checkpoint(2), { best: false });
  const read = readCheckpoint(folder);
  expect(read?.state).toEqual(checkpoint(2).state);
  expect(read?.model.get('weight')?.tolist()).toEqual([2, 1, 2]);
  expect(read?.optimizer.get('state.0.step')?.tolist()).toBe(2);
  expect(readBestModel(folder).get('weight')?.tolist()).toEqual([1, 1, 2]);
  expect(readdirSync(folder).sort()).toEqual(['best', 'last']);
  expect(readdirSync(join(folder, 'last')).sort()).toEqual([
    'model.safetensors',
    'optimizer.safetensors',
    'state.json',
  ]);
});

test('a folder without a checkpoint has none', () => expect(readCheckpoint(folder)).toBeNull());

describe('after a kill', () => {
  const complete = (name: string, epochs: number): void => {
    const made = join(folder, 'made');
    mkdirSync(made);
    writeCheckpoint(made, checkpoint(epochs), { best: false });
    cpSync(join(made, 'last'), join(folder, name), { recursive: true });
    rmSync(made, { recursive: true });
  };
  const half = (name: string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'model.safetensors'), 'half');
  };

  it.each<[string, complete: Record<string, number>, half: string | null, number | undefined]>([
    ['while the first is written', {}, '.last.new', undefined],
    ['after the first is complete, before it has its name', { '.last.new': 1 }, null, undefined],
    ['while the second is written', { last: 1 }, '.last.new', 1],
    ['after the second is complete', { last: 1, '.last.new': 2 }, null, 1],
    ['between two names', { '.last.old': 1, '.last.new': 2 }, null, 2],
    ['before the old one is gone', { last: 2 }, '.last.old', 2],
  ])('%s, the newest complete one is found', (_, whole, torn, expected) => {
    for (const [name, epochs] of Object.entries(whole)) complete(name, epochs);
    if (torn !== null) half(torn);
    expect(epochsOf()).toBe(expected);
    expect(readdirSync(folder)).toEqual(expected === undefined ? [] : ['last']);
    // Once more: settling again must not undo it.
    settleCheckpoints(folder);
    expect(epochsOf()).toBe(expected);
  });
});

describe('a damaged checkpoint is an error of data that names the file', () => {
  beforeEach(() => writeCheckpoint(folder, checkpoint(1), { best: true }));

  it.each([
    ['state.json', '{"format": 1', /state\.json is damaged/],
    ['state.json', '{"format": 2}', /state\.json has format 2, this program reads format 1/],
    ['model.safetensors', 'x', /model\.safetensors/],
  ])('%s: %j', (file, content, message) => {
    writeFileSync(join(folder, 'last', file), content);
    expect(() => readCheckpoint(folder)).toThrow(message);
  });

  it('a file that is missing', () => {
    rmSync(join(folder, 'last', 'optimizer.safetensors'));
    expect(() => readCheckpoint(folder)).toThrow(/optimizer\.safetensors/);
  });
});

test('a checkpoint that cannot be written leaves the one before untouched', () => {
  writeCheckpoint(folder, checkpoint(1), { best: true });
  const before = readFileSync(join(folder, 'last', 'model.safetensors'));
  const unwritable = { ...checkpoint(2), model: new Map([['__metadata__', tensor([1])]]) };
  expect(() => writeCheckpoint(folder, unwritable, { best: true })).toThrow('__metadata__');
  expect(readFileSync(join(folder, 'last', 'model.safetensors'))).toEqual(before);
  expect(readdirSync(folder).sort()).toEqual(['best', 'last']);
  expect(existsSync(join(folder, '.last.new'))).toBe(false);
});
