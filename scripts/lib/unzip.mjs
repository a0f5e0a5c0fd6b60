/** Unpacks a zip archive (stored and deflated entries, zip64, symbolic links): Node has no reader, and unzip may be missing. */
import { chmodSync, createReadStream, createWriteStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { InstallError } from './errors.mjs';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 0xffff;

/** @typedef {{ name: string, method: number, packed: number, size: number, offset: number, mode: number }} Entry */
/** @typedef {import('node:fs/promises').FileHandle} FileHandle */

/** @param {string} why */
const damaged = (why) =>
  new InstallError('ZIP', `The archive is damaged: ${why}.`, 'remove it, and run the installation again.');

/**
 * @param {FileHandle} file
 * @param {number} position
 * @param {number} length
 */
async function readAt(file, position, length) {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead !== length) throw damaged('it ends early');
  return bytes;
}

/**
 * Where the central directory is, from the end of the archive.
 * @param {FileHandle} file
 */
async function findDirectory(file) {
  const { size } = await file.stat();
  const tailStart = Math.max(0, size - LONGEST_COMMENT - 22);
  const tail = await readAt(file, tailStart, size - tailStart);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== END) at -= 1;
  if (at < 0) throw damaged('it has no directory');
  const locator = at >= 20 && tail.readUInt32LE(at - 20) === END_64_LOCATOR;
  if (!locator) {
    return {
      count: tail.readUInt16LE(at + 10),
      length: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    };
  }
  const end = await readAt(file, Number(tail.readBigUInt64LE(at - 20 + 8)), 56);
  if (end.readUInt32LE(0) !== END_64) throw damaged('its zip64 directory is not where it should be');
  return {
    count: Number(end.readBigUInt64LE(32)),
    length: Number(end.readBigUInt64LE(40)),
    offset: Number(end.readBigUInt64LE(48)),
  };
}

/**
 * Fills the fields that the 32-bit ones are too small for from the zip64 extra field.
 * @param {Entry} entry
 * @param {Buffer} extra
 */
function applyZip64(entry, extra) {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    for (const field of /** @type {const} */ (['size', 'packed', 'offset'])) {
      if (entry[field] !== 0xffffffff) continue;
      entry[field] = Number(extra.readBigUInt64LE(next));
      next += 8;
    }
  }
}

/**
 * @param {FileHandle} file
 * @returns {Promise<Entry[]>}
 */
async function readEntries(file) {
  const { count, length, offset } = await findDirectory(file);
  const directory = await readAt(file, offset, length);
  /** @type {Entry[]} */
  const entries = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL) throw damaged('its directory is cut');
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const entry = {
      name: directory.toString('utf8', at + 46, nameEnd),
      method: directory.readUInt16LE(at + 10),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
      // Unix keeps the file's mode in the upper half of the external attributes.
      mode: directory.readUInt32LE(at + 38) >>> 16,
    };
    applyZip64(entry, directory.subarray(nameEnd, extraEnd));
    entries.push(entry);
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * The unpacked bytes of an entry.
 * @param {string} archive
 * @param {FileHandle} file
 * @param {Entry} entry
 */
async function openEntry(archive, file, entry) {
  const header = await readAt(file, entry.offset, 30);
  if (header.readUInt32LE(0) !== LOCAL) throw damaged(`${entry.name} is not where the directory says`);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (entry.method !== 0 && entry.method !== 8) throw damaged(`${entry.name} is packed by an unknown method`);
  const packed = createReadStream(archive, { start, end: start + entry.packed - 1 });
  if (entry.method === 0) return packed;
  const inflate = createInflateRaw();
  packed.on('error', (error) => inflate.destroy(error));
  return packed.pipe(inflate);
}

/**
 * @param {string} archive
 * @param {string} folder
 */
export async function unzip(archive, folder) {
  const file = await open(archive);
  try {
    for (const entry of await readEntries(file)) {
      const target = path.resolve(folder, entry.name);
      if (!target.startsWith(path.resolve(folder) + path.sep)) throw damaged(`${entry.name} points out of the folder`);
      if (entry.name.endsWith('/')) {
        mkdirSync(target, { recursive: true });
        continue;
      }
      mkdirSync(path.dirname(target), { recursive: true });
      const isLink = (entry.mode & 0o170000) === 0o120000;
      if (isLink) {
        const link = (await buffer(await openEntry(archive, file, entry))).toString('utf8');
        const points = path.resolve(path.dirname(target), link);
        if (!points.startsWith(path.resolve(folder) + path.sep)) throw damaged(`${entry.name} links out of the folder`);
        symlinkSync(link, target);
        continue;
      }
      if (entry.packed === 0) {
        writeFileSync(target, '');
      } else {
        const output = createWriteStream(target);
        await pipeline(await openEntry(archive, file, entry), output);
        if (output.bytesWritten !== entry.size) throw damaged(`${entry.name} has another size`);
      }
      if ((entry.mode & 0o111) !== 0) chmodSync(target, 0o755);
    }
  } finally {
    await file.close();
  }
}
