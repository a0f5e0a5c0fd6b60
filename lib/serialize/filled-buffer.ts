import { constants } from 'node:buffer';

import { ArgumentError } from '../engine';

/**
 * A Buffer of this size, with memory of its own, filled by `fill`, which gets a function that appends bytes.
 * @param name the caller's, for the message
 */
export function filledBuffer(
  name: string,
  size: number,
  fill: (write: (bytes: Uint8Array) => void) => void,
): Buffer<ArrayBuffer> {
  if (size > constants.MAX_LENGTH) {
    throw new ArgumentError(
      `${name}(): the result has ${size} bytes, and a Buffer holds ${constants.MAX_LENGTH}; write it to a file`,
      'TORCH_VALUE',
    );
  }
  // Neither filled with zeros first nor a part of Node's pool, which no other thread can be given.
  const buffer = Buffer.allocUnsafeSlow(size);
  let at = 0;
  fill((bytes) => {
    buffer.set(bytes, at);
    at += bytes.byteLength;
  });
  return buffer;
}
