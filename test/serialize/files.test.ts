import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FileError, removeTemporaries, writeAside, writeFileAtomic } from '../../lib/serialize';
import { writeAsideAsync } from '../../lib/serialize/files';
import { runChild } from '../support/child';

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

  // Only Linux has a file that refuses each write.
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

describe('a large file', () => {
  const large = Buffer.alloc(70 << 20);
  for (let at = 0; at < large.length; at += 4096) large.writeUInt32LE(at, at);

  it('is the same, though the disk begins on it before it is complete, and replaces what was there', async () => {
    for (let turn = 0; turn < 2; turn++) {
      writeAside(file, (write) => [large, Buffer.from('between'), large].forEach(write));
      expect(fs.readFileSync(file).equals(Buffer.concat([large, Buffer.from('between'), large]))).toBe(true);
      await writeAsideAsync(file, async (write) => {
        await write(large);
        await write(Buffer.from('end'));
      });
      expect(fs.readFileSync(file).equals(Buffer.concat([large, Buffer.from('end')]))).toBe(true);
    }
    expect(fs.readdirSync(folder)).toEqual(['state.json']);
  });

  it('leaves the old one as it is where the new one fails', () => {
    fs.writeFileSync(file, large);
    const fill = (write: (bytes: Uint8Array) => void): never => {
      write(large);
      throw new Error('mine');
    };
    expect(() => writeAside(file, fill)).toThrow('mine');
    expect(fs.readFileSync(file).equals(large)).toBe(true);
  });

  // Windows has no pipes among its files.
  const whereThereArePipes = process.platform === 'win32' ? it.skip : it;
  whereThereArePipes('does not wait for a pipe whose name it takes', async () => {
    execFileSync('mkfifo', [file]);
    const saving = await runChild(path.join(__dirname, 'peak-memory.ts'), { args: ['save', file] });
    expect(saving).toMatchObject({ code: 0, stderr: '' });
    expect(fs.statSync(file).isFile()).toBe(true);
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
