import { FormatFault } from './format-fault';
import type { StoredBytes } from './stored-bytes';

/** Read at once: what a pickle says in small pieces. */
const WINDOW = 1 << 16;

/** Longer than any name of a module or a function. */
const LONGEST_LINE = 1000;

/**
 * A part of a file that is read from its beginning to its end, through a window: nothing is allocated for a length that the
 * file claims before it is compared with what is left.
 */
export class ByteSource {
  private window: Buffer = Buffer.alloc(0);
  /** Of the window's first byte, in the file. */
  private windowStart: number;
  private at = 0;

  constructor(
    private readonly bytes: StoredBytes,
    start: number,
    private readonly end: number,
  ) {
    this.windowStart = start;
  }

  /** Of the next byte, in the file. */
  get position(): number {
    return this.windowStart + this.at;
  }

  get left(): number {
    return this.end - this.position;
  }

  /** The next `count` bytes; they may be overwritten by the next call. */
  take(count: number): Buffer {
    const start = this.advance(count);
    return this.window.subarray(start, start + count);
  }

  // A pickle is mostly these: no view of the window is made for them.
  byte(): number {
    const start = this.advance(1);
    return this.window.readUInt8(start);
  }

  uint16(): number {
    const start = this.advance(2);
    return this.window.readUInt16LE(start);
  }

  uint32(): number {
    const start = this.advance(4);
    return this.window.readUInt32LE(start);
  }

  /** Up to the next line feed, which is passed over. */
  line(): Buffer {
    const longest = Math.min(LONGEST_LINE, this.left);
    if (this.window.length - this.at < longest) this.refill(longest);
    const length = this.window.subarray(this.at, this.at + longest).indexOf(0x0a);
    if (length < 0) throw new FormatFault('it has a name without an end');
    return this.take(length + 1).subarray(0, length);
  }

  /** Goes on `count` bytes further without reading them. */
  skip(count: number): void {
    if (count > this.left) throw new FormatFault(`it is cut off: ${count} bytes are claimed, ${this.left} are left`);
    this.windowStart = this.position + count;
    this.window = Buffer.alloc(0);
    this.at = 0;
  }

  /** Where the next `count` bytes are in the window, which may be another one by then. */
  private advance(count: number): number {
    if (count > this.left) throw new FormatFault(`it is cut off: ${count} bytes are claimed, ${this.left} are left`);
    if (this.window.length - this.at < count) this.refill(count);
    const start = this.at;
    this.at += count;
    return start;
  }

  private refill(count: number): void {
    const start = this.position;
    const window = Buffer.alloc(Math.min(Math.max(count, WINDOW), this.end - start));
    this.bytes.read(window, start);
    this.window = window;
    this.windowStart = start;
    this.at = 0;
  }
}
