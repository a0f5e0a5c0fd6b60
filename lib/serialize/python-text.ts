/**
 * Python's strings may hold lone surrogates, and pickles carry them as `surrogatepass` writes them: three bytes that UTF-8
 * does not have. JavaScript's strings hold them as well, but neither TextDecoder nor Buffer lets them through.
 */

import { FormatFault } from './format-fault';

const SHORT = 64;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes of UTF-8, surrogates included, as a string.
 * @throws {FormatFault} where they are something else
 */
export function decodeText(bytes: Uint8Array): string {
  if (isShortAscii(bytes)) return String.fromCharCode(...bytes);
  try {
    return strict.decode(bytes);
  } catch {
    return withSurrogates(bytes);
  }
}

/** Most names are: a decoder takes several times as long for one. */
function isShortAscii(bytes: Uint8Array): boolean {
  return bytes.length <= SHORT && bytes.every((byte) => byte < 0x80);
}

/** A string as bytes of UTF-8, lone surrogates as if they were characters. */
export function encodeText(text: string): Uint8Array {
  if (!/\p{Surrogate}/u.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    Array.from(text, (character) =>
      /\p{Surrogate}/u.test(character) ? surrogateBytes(character.charCodeAt(0)) : Buffer.from(character, 'utf8'),
    ),
  );
}

function surrogateBytes(unit: number): Uint8Array {
  return Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}

/** Decodes what lies between the surrogates. No character has a byte 0xed that is followed by 0xa0 or more. */
function withSurrogates(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at + 2 < bytes.length; at++) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    if (first !== 0xed || second < 0xa0 || second > 0xbf || (third & 0xc0) !== 0x80) continue;
    parts.push(
      proper(bytes.subarray(start, at)),
      String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)),
    );
    start = at + 3;
    at += 2;
  }
  parts.push(proper(bytes.subarray(start)));
  return parts.join('');
}

function proper(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new FormatFault('it has a string that is not UTF-8');
  }
}
