import { randomFillSync } from 'node:crypto';
import { floatHex } from '../../lib/serialize';
import { describeWithOracle } from '../oracle/oracle';

const specials = [
  0,
  -0,
  1,
  -1,
  0.1,
  Math.PI,
  2 ** 53,
  2 ** -1022,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
];
const limits = [2 ** -1022 - Number.MIN_VALUE, Infinity, -Infinity, NaN, 2 ** 1023, 1 + Number.EPSILON, 4.9e-320];

describeWithOracle('floatHex', (oracle) => {
  it('writes every kind of float64 as Python does', async () => {
    const random = randomFillSync(new Float64Array(2000));
    const subnormal = new Float64Array(
      randomFillSync(new BigUint64Array(500)).map((bits) => bits & 0x800fffffffffffffn).buffer,
    );
    const values = Float64Array.from([...specials, ...limits, ...random, ...subnormal]);
    const { hex } = await oracle().run('hex = [x.hex() for x in struct.unpack(f"<{len(data) // 8}d", data)]', {
      inputs: { data: new Uint8Array(values.buffer) },
      outputs: { hex: 'strings' },
    });
    expect(Array.from(values, floatHex)).toEqual(hex);
  });
});
