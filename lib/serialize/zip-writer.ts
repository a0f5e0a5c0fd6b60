/**
 * The parts of a zip file around the bytes of its entries, laid out as PyTorch's writer does it: each entry begins at a multiple
 * of 64 bytes, so that its tensors can be used where they lie when the file is mapped; sizes and checksums stand behind the
 * bytes, so that the file is written in one pass. PyTorch computes the places of the storages from this layout.
 */

import { crc32 } from './crc32';

/** What the writer of PyTorch says in `.storage_alignment`. */
export const ALIGNMENT = 64;

const LIMIT = 0xffffffff;
/** Sizes stand behind the bytes, and names are UTF-8. */
const FLAGS = 0x0808;
const NAMES_ARE_UTF8 = 0x0800;

interface WrittenEntry {
  readonly name: Buffer;
  readonly header: number;
  readonly bytes: number;
  crc: number;
}

/** Gives the bytes to write before, between and after the entries; the caller writes them all, in the order of the calls. */
export class ZipWriter {
  private position = 0;
  private readonly entries: WrittenEntry[] = [];

  /** @param folder in which all entries are */
  constructor(private readonly folder: string) {}

  /** The header of the next entry, of this many bytes. */
  begin(name: string, bytes: number): Uint8Array {
    const entry = { name: Buffer.from(`${this.folder}/${name}`, 'utf8'), header: this.position, bytes, crc: 0 };
    const wide = this.isWide(entry) ? extra64(entry) : Buffer.alloc(0);
    const unpadded = entry.header + 30 + entry.name.length + wide.length + 4;
    const padding = Buffer.alloc(4 + ((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT), 'Z');
    padding.write('FB', 'latin1');
    padding.writeUInt16LE(padding.length - 4, 2);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(bytes > 0 ? FLAGS : NAMES_ARE_UTF8, 6);
    header.writeUInt16LE(entry.name.length, 26);
    header.writeUInt16LE(wide.length + padding.length, 28);
    this.entries.push(entry);
    return this.advance(Buffer.concat([header, entry.name, wide, padding]));
  }

  /** Takes note of bytes of the current entry, which the caller writes. */
  add(bytes: Uint8Array): void {
    const entry = this.current();
    entry.crc = crc32(bytes, entry.crc);
    this.position += bytes.length;
  }

  /** Takes note of so many bytes of the current entry, whatever they are: for who wants to know the {@link size} beforehand. */
  skip(bytes: number): void {
    this.position += bytes;
  }

  /** Of all that was given to write. */
  get size(): number {
    return this.position;
  }

  /** What stands behind the current entry. */
  end(): Uint8Array {
    const entry = this.current();
    if (entry.bytes === 0) return new Uint8Array(0);
    const isWide = this.isWide(entry);
    const record = Buffer.alloc(isWide ? 24 : 16);
    record.writeUInt32LE(0x08074b50, 0);
    record.writeUInt32LE(entry.crc, 4);
    for (const at of isWide ? [8, 16] : [8, 12]) writeSize(record, entry.bytes, at, isWide);
    return this.advance(record);
  }

  /** 40 digits that say what has been written so far, the names of the entries and their contents. */
  identity(): string {
    const names = this.entries.reduce((crc, { name }) => crc32(name, crc), 0);
    const contents = Buffer.alloc(4 * this.entries.length);
    for (const [index, { crc }] of this.entries.entries()) contents.writeUInt32LE(crc, 4 * index);
    return [names, crc32(contents)].map((crc) => String(crc).padStart(20, '0')).join('');
  }

  /** The directory, which ends the file. */
  finish(): Uint8Array {
    const start = this.position;
    const directory = Buffer.concat(this.entries.map((entry) => this.directoryEntry(entry)));
    const count = this.entries.length;
    const wide = Buffer.alloc(56);
    wide.writeUInt32LE(0x06064b50, 0);
    wide.writeBigUInt64LE(44n, 4);
    wide.writeUInt16LE(0x031e, 12);
    wide.writeUInt16LE(45, 14);
    for (const [at, value] of [count, count, directory.length, start].entries())
      writeSize(wide, value, 24 + 8 * at, true);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    writeSize(locator, start + directory.length, 8, true);
    locator.writeUInt32LE(1, 16);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    for (const at of [8, 10]) end.writeUInt16LE(Math.min(count, 0xffff), at);
    end.writeUInt32LE(Math.min(directory.length, LIMIT), 12);
    end.writeUInt32LE(Math.min(start, LIMIT), 16);
    return this.advance(Buffer.concat([directory, wide, locator, end]));
  }

  private directoryEntry(entry: WrittenEntry): Buffer {
    const { name, header, bytes, crc } = entry;
    const wide = this.isWide(entry) ? extra64(entry) : Buffer.alloc(0);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(bytes > 0 ? FLAGS : NAMES_ARE_UTF8, 8);
    record.writeUInt32LE(crc, 16);
    for (const at of [20, 24]) record.writeUInt32LE(Math.min(bytes, LIMIT), at);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(wide.length, 30);
    record.writeUInt32LE(Math.min(header, LIMIT), 42);
    return Buffer.concat([record, name, wide]);
  }

  private isWide({ header, bytes }: WrittenEntry): boolean {
    return header >= LIMIT || bytes >= LIMIT;
  }

  private current(): WrittenEntry {
    return this.entries.at(-1) as WrittenEntry;
  }

  private advance(bytes: Buffer): Buffer {
    this.position += bytes.length;
    return bytes;
  }
}

/** The numbers that do not fit 32 bits, in the extra field that zip64 has for them. */
function extra64({ header, bytes }: WrittenEntry): Buffer {
  const numbers = [...(bytes >= LIMIT ? [bytes, bytes] : []), ...(header >= LIMIT ? [header] : [])];
  const extra = Buffer.alloc(4 + 8 * numbers.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * numbers.length, 2);
  for (const [index, number] of numbers.entries()) writeSize(extra, number, 4 + 8 * index, true);
  return extra;
}

function writeSize(target: Buffer, value: number, at: number, isWide: boolean): void {
  if (isWide) target.writeBigUInt64LE(BigInt(value), at);
  else target.writeUInt32LE(value, at);
}
