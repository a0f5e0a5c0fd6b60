import zlib from 'node:zlib';

import { binding } from '../engine';

/** Node's own came with 20.15. */
const nodes = (zlib as { crc32?: (bytes: Uint8Array, seed: number) => number }).crc32;

/** The checksum of zip files over `bytes`, going on from the checksum of what came before them. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return binding.crc32(bytes, seed) ?? withoutInstruction(bytes, seed);
}

/** Exported for its test: a processor with the instruction has no use for it. */
export function withoutInstruction(bytes: Uint8Array, seed: number): number {
  return nodes === undefined ? tabular(bytes, seed) : nodes(bytes, seed);
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** Exported for its test, too: which of the two runs depends on the version of Node. */
export function tabular(bytes: Uint8Array, seed: number): number {
  let crc = ~seed;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
