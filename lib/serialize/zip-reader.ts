/** The directory of a zip file, as far as checkpoints need it: entries that are stored as they are. */

import { FormatFault, quote } from './format-fault';
import { decodeText } from './python-text';
import type { StoredBytes } from './stored-bytes';

/** An entry of the directory. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: number;
  /** Of its own header, in the file. */
  readonly header: number;
  readonly isPlain: boolean;
}

/** The entries by name, and where in the file their directory begins. */
export interface ZipDirectory {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly start: number;
}

const END = 22;
const END64 = 56;
const LOCATOR = 20;
const CENTRAL = 46;
const LOCAL = 30;
const LONGEST_COMMENT = 0xffff;
const UNKNOWN = 0xffffffff;

/** Reads the directory at the end of the file. */
export function readDirectory(file: StoredBytes): ZipDirectory {
  const { start, bytes, count } = directoryOf(file);
  const directory = Buffer.alloc(bytes);
  file.read(directory, start);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    const { entry, next } = readEntry(directory, at);
    if (entries.has(entry.name)) throw new FormatFault(`it has the entry ${quote(entry.name)} twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  return { entries, start };
}

/** For one after the other: a checkpoint has hundreds. */
const localHeader = Buffer.alloc(LOCAL);

/** Where the bytes of an entry begin; its own header is checked. */
export function dataStart(file: StoredBytes, { start }: ZipDirectory, entry: ZipEntry): number {
  const name = quote(entry.name);
  if (!entry.isPlain)
    throw new FormatFault(`its entry ${name} is compressed or encrypted, and torch.save does neither`);
  const cutOff = `its entry ${name} of ${entry.bytes} bytes at byte ${entry.header} reaches beyond the file`;
  if (entry.header + LOCAL > start) throw new FormatFault(cutOff);
  const header = localHeader;
  file.read(header, entry.header);
  if (header.readUInt32LE() !== 0x04034b50) throw new FormatFault(`its entry ${name} has no header`);
  const data = entry.header + LOCAL + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (data + entry.bytes > start) throw new FormatFault(cutOff);
  return data;
}

/** Finds the directory by the record at the end of the file, behind which only a comment may stand. */
function directoryOf(file: StoredBytes): { start: number; bytes: number; count: number } {
  const { size } = file;
  const tail = Buffer.alloc(Math.min(size, END + LONGEST_COMMENT));
  file.read(tail, size - tail.length);
  let at = tail.length - END;
  while (at >= 0 && !(tail.readUInt32LE(at) === 0x06054b50 && tail.readUInt16LE(at + 20) === tail.length - at - END))
    at--;
  if (at < 0) throw new FormatFault('it is cut off: it begins as a zip file but has no directory at its end');
  const end = size - tail.length + at;
  const small = {
    count: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  const isLarge = small.count === 0xffff || small.bytes === UNKNOWN || small.start === UNKNOWN;
  const { start, bytes, count } = isLarge ? directory64(file, end) : small;
  if (start + bytes > end) {
    throw new FormatFault(
      `its directory of ${bytes} bytes at byte ${start} reaches beyond byte ${end}, where it must end`,
    );
  }
  if (count * CENTRAL > bytes) throw new FormatFault(`its directory of ${bytes} bytes claims ${count} entries`);
  return { start, bytes, count };
}

/** The record for files of 4 GiB and more, which a locator before the usual one points to. */
function directory64(file: StoredBytes, end: number): { start: number; bytes: number; count: number } {
  const locator = Buffer.alloc(LOCATOR);
  if (end < LOCATOR + END64) throw new FormatFault('its directory has no place in the file');
  file.read(locator, end - LOCATOR);
  const at = locator.readUInt32LE() === 0x07064b50 ? uint64(locator, 8) : end;
  if (at + END64 + LOCATOR > end) throw new FormatFault('its directory is larger than its end record can say');
  const record = Buffer.alloc(END64);
  file.read(record, at);
  if (record.readUInt32LE() !== 0x06064b50) throw new FormatFault('its directory has no zip64 record');
  return { count: uint64(record, 32), bytes: uint64(record, 40), start: uint64(record, 48) };
}

function readEntry(directory: Buffer, at: number): { entry: ZipEntry; next: number } {
  if (at + CENTRAL > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
    throw new FormatFault(`its directory has no entry at byte ${at}`);
  }
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
  const extraAt = at + CENTRAL + (nameLength ?? 0);
  const next = extraAt + (extraLength ?? 0) + (commentLength ?? 0);
  if (next > directory.length) throw new FormatFault(`its directory ends inside the entry at byte ${at}`);
  const name = decodeText(directory.subarray(at + CENTRAL, extraAt));
  const extra = directory.subarray(extraAt, extraAt + (extraLength ?? 0));
  const fields = [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)];
  const [bytes = 0, stored = 0, header = 0] = fields.includes(UNKNOWN) ? widened(fields, extra, name) : fields;
  const [flags, method] = [directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10)];
  return { entry: { name, bytes, header, isPlain: method === 0 && (flags & 1) === 0 && bytes === stored }, next };
}

/** Numbers that do not fit 32 bits stand in an extra field, those that need it, in their order. */
function widened(fields: readonly number[], extra: Buffer, name: string): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let from = at + 4;
    return fields.map((field) => {
      if (field !== UNKNOWN) return field;
      if (from + 8 > extra.length) throw new FormatFault(`its entry ${quote(name)} lacks its size`);
      from += 8;
      return uint64(extra, from - 8);
    });
  }
  // All ones without the field: the number itself, one less than 4 GiB.
  return [...fields];
}

/** Numbers beyond 2^53 lose digits, and are refused all the same, as beyond the end of any file. */
function uint64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
