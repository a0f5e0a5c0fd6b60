import { createHash, type Hash } from 'node:crypto';
import { ArgumentError, checkObject, describe } from '../engine';
import { Tensor } from '../tensor';

/** Tensors by name, in order. A plain object moves keys such as `"0"` to the front; a Map keeps any order. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** The entries in order, each checked to be a tensor. */
export function stateEntries(stateDict: NamedTensors): [string, Tensor][] {
  checkObject('stateDict', 'stateDict', stateDict, 'tensors by name');
  const entries: [string, unknown][] =
    stateDict instanceof Map ? [...(stateDict as ReadonlyMap<string, unknown>)] : Object.entries(stateDict);
  return entries.map(([name, value]) => {
    if (value instanceof Tensor) return [name, value];
    throw new ArgumentError(`expected a Tensor for ${describe(name)} in \`stateDict\`, received ${describe(value)}`);
  });
}

/**
 * SHA-256 of a state dict, as lower-case hex: over each entry in order, its key's UTF-8 bytes, then the contiguous
 * little-endian bytes of its tensor. Equal in Python for an equal state.
 */
export function stateSha256(stateDict: NamedTensors): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of stateEntries(stateDict)) updateInPieces(hash.update(name, 'utf8'), tensor.toBytes());
  return hash.digest('hex');
}

/** Node.js hashes less than 2 GiB at once. */
const PIECE = 2 ** 30;

function updateInPieces(hash: Hash, bytes: Uint8Array): void {
  for (let begin = 0; begin < bytes.length; begin += PIECE) hash.update(bytes.subarray(begin, begin + PIECE));
}
