import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FileError, removeTemporaries, writeAside, writeFileAtomic } from '../../lib/serialize';

let folder: string;
let file: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'files-test-'));
  file = path.join(folder, 'state.json');
});

afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('writeFileAtomic', () => {
  it('writes text as UTF-8 and bytes as they are, over what was there', () => {
    writeFileAtomic(file, 'größer');
    expect(fs.readFileSync(file)).toEqual(Buffer.from('größer'));
    writeFileAtomic(file, Uint8Array.of(0, 255, 10));
    expect([...fs.readFileSync(file)]).toEqual([0, 255, 10]);
    expect(fs.readdirSync(folder)).toEqual(['state.json']);
  });

  it('renames only what is complete and on the disk', () => {
    const order: string[] = [];
    const fsync = fs.fsyncSync.bind(fs);
    const rename = fs.renameSync.bind(fs);
    jest.spyOn(fs, 'fsyncSync').mockImplementation((descriptor) => {
      order.push(
        fs.fstatSync(descriptor).isDirectory() ? 'fsync folder' : `fsync ${fs.fstatSync(descriptor).size} bytes`,
      );
      fsync(descriptor);
    });
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      order.push('rename');
      rename(from, to);
    });
    writeFileAtomic(file, 'abc');
    expect(order).toEqual(['fsync 3 bytes', 'rename', 'fsync folder']);
  });

  const onLinux = fs.existsSync('/dev/full') ? it : it.skip;
  onLinux('says that the disk is full, and leaves the old file and nothing else', () => {
    writeFileAtomic(file, 'old');
    const open = fs.openSync.bind(fs);
    // /dev/full refuses each write as a full disk does; the temporary file itself is made as always.
    jest.spyOn(fs, 'openSync').mockImplementation((name, flags, mode) => {
      fs.closeSync(open(name, flags, mode));
      return open('/dev/full', 'w');
    });
    expect(() => writeFileAtomic(file, 'new')).toThrow(FileError);
    expect(() => writeFileAtomic(file, 'new')).toThrow(`cannot write ${file}: no space left on the disk`);
    jest.restoreAllMocks();
    expect(fs.readFileSync(file, 'utf8')).toBe('old');
    expect(fs.readdirSync(folder)).toEqual(['state.json']);
  });

  it('names a folder that is missing and a path that is none', () => {
    expect(() => writeFileAtomic(path.join(folder, 'no', 'x'), '')).toThrow(/the folder .*no does not exist$/);
    writeFileAtomic(file, '');
    expect(() => writeFileAtomic(path.join(file, 'x'), '')).toThrow(/a part of its path is not a folder$/);
    fs.mkdirSync(path.join(folder, 'taken'));
    expect(() => writeFileAtomic(path.join(folder, 'taken'), '')).toThrow(FileError);
    expect(fs.readdirSync(folder).sort()).toEqual(['state.json', 'taken']);
  });
});

describe('writeAside', () => {
  it('appends in order, and passes on what the filling throws without a trace of a file', () => {
    writeAside(file, (write) => ['ab', 'c', '', 'def'].forEach((text) => write(Buffer.from(text))));
    expect(fs.readFileSync(file, 'utf8')).toBe('abcdef');
    const own = new Error('mine');
    const failing = path.join(folder, 'failing');
    expect(() =>
      writeAside(failing, (write) => {
        write(Buffer.from('half'));
        throw own;
      }),
    ).toThrow(own);
    expect(fs.readdirSync(folder)).toEqual(['state.json']);
  });
});

describe('removeTemporaries', () => {
  it('removes what dead processes left, and nothing of the living or of others', () => {
    const dead = '.model.safetensors.4194999-1.tmp'; // beyond the largest process id of Linux
    const alive = `.model.safetensors.${process.pid}-1.tmp`;
    for (const name of [dead, alive, 'notes.tmp', '.x.tmp']) fs.writeFileSync(path.join(folder, name), '');
    expect(removeTemporaries(folder)).toEqual([dead]);
    expect(fs.readdirSync(folder).sort()).toEqual(['.x.tmp', alive, 'notes.tmp'].sort());
  });
});
