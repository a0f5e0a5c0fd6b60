import { stateSha256 } from '../../lib/serialize';
import { type Tensor, zeros } from '../../lib/tensor';

/** A tensor whose bytes are zeros that nobody has touched: they take no memory. */
function untouched(bytes: number): Tensor {
  return Object.assign(zeros([1]), { toBytes: () => new Uint8Array(bytes) });
}

test('a tensor of 2 GiB, more than Node.js hashes at once, has the hash of its bytes', () => {
  const size = 2 ** 31;
  const inTwo = new Map([
    ['weight', untouched(size - 8)],
    ['', untouched(8)],
  ]);
  expect(stateSha256({ weight: untouched(size) })).toBe(stateSha256(inTwo));
});
