import { frombytes, type Tensor } from '../../lib/tensor';
import { describeDifference, describeWithOracle, expectSameBits, Oracle, OracleError } from './oracle';

function float32(values: number[], shape = [values.length]): Tensor {
  return frombytes(new Uint8Array(new Float32Array(values).buffer), 'float32', shape);
}

describeWithOracle('the oracle', (oracle) => {
  it('carries numbers both ways without losing a bit', async () => {
    const numbers = [
      0.1,
      1 / 3,
      5e-324,
      1.7976931348623157e308,
      -2.5,
      7,
      2 ** 53 - 1,
      2 ** 60,
      1e21,
      NaN,
      Infinity,
      -Infinity,
    ];
    const { back, zero } = await oracle().run('back = xs; zero = math.copysign(1.0, negative_zero)', {
      inputs: { xs: numbers, negative_zero: -0 },
      outputs: { back: 'value', zero: 'number' },
    });
    expect(back).toEqual(numbers);
    expect(zero).toBe(-1);
  });

  it('carries integers, strings, booleans, bytes, lists and dicts', async () => {
    const inputs = { big: 2n ** 64n - 1n, text: 'ä\n"', flag: true, raw: new Uint8Array([0, 255]), nested: [[1], []] };
    const result = await oracle().run(
      'kinds = [type(v).__name__ for v in (big, text, flag, raw, nested)]; d = {"a": [big]}',
      {
        inputs,
        outputs: {
          big: 'bigint',
          text: 'string',
          flag: 'boolean',
          raw: 'bytes',
          nested: 'value',
          kinds: 'strings',
          d: 'value',
        },
      },
    );
    expect(result).toEqual({ ...inputs, kinds: ['int', 'str', 'bool', 'bytes', 'list'], d: { a: [2n ** 64n - 1n] } });
  });

  it('carries tensors of every dtype and shape, strided ones and empty ones too', async () => {
    const { many, strided, empty, scalar } = await oracle().run(
      `
      many = [torch.arange(-3, 9).reshape(3, 4).to(d) for d in (torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool)]
      strided = torch.arange(6).reshape(2, 3).t()
      empty = torch.empty(0, 3)
      scalar = torch.tensor(2.5, requires_grad=True)
      `,
      { outputs: { many: 'tensors', strided: 'tensor', empty: 'tensor', scalar: 'tensor' } },
    );
    expect(many.map((tensor) => tensor.dtype)).toEqual(['float64', 'bfloat16', 'int64', 'uint8', 'bool']);
    const { same } = await oracle().run(
      'same = [bool((t == u).all()) and t.dtype == u.dtype for t, u in zip(ts, many)]',
      {
        inputs: { ts: [...many, strided, empty, scalar], many: [...many, strided, empty, scalar] },
        outputs: { same: 'value' },
      },
    );
    expect(same).toEqual(Array.from({ length: 8 }, () => true));
    expect([...strided.shape]).toEqual([3, 2]);
    expectSameBits(scalar, float32([2.5], []));
    expect([...empty.shape]).toEqual([0, 3]);
  });

  it("reports Python's exceptions in Python's words and goes on", async () => {
    const error: unknown = await oracle()
      .run('torch.zeros(2) @ torch.zeros(3)')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OracleError);
    expect(error).toHaveProperty('pythonType', 'RuntimeError');
    expect(error).toHaveProperty(
      'message',
      'inconsistent tensor size, expected tensor [2] and src [3] to have the same number of elements, but got 2 and 3 elements respectively',
    );
    await expect(oracle().run('x = 1', { outputs: ['y'] })).rejects.toThrow('did not set y');
    await expect(oracle().run('x = 1', { outputs: ['x'] })).rejects.toThrow(
      'expected output `x` of the oracle to be a tensor',
    );
    await expect(oracle().run('print("noise"); x = 1', { outputs: { x: 'number' } })).resolves.toEqual({ x: 1 });
  });

  it('answers queued runs each with its own values', async () => {
    const results = await Promise.all(
      [1, 2, 3].map((n) => oracle().run('y = n * n', { inputs: { n }, outputs: { y: 'number' } })),
    );
    expect(results.map(({ y }) => y)).toEqual([1, 4, 9]);
  });

  it('fails what waits when Python dies, with its last words', async () => {
    const doomed = await Oracle.start();
    const source = 'import os, sys; sys.stderr.write("last words"); sys.stderr.flush(); os._exit(3)';
    await expect(doomed.run(source)).rejects.toThrow(/has ended.*last words/s);
    await expect(doomed.run('x = 1')).rejects.toThrow('has ended');
    await doomed.close();
  });

  it('imports torchvision and torchmetrics beside the CPU torch', async () => {
    const { version } = await oracle().run('version = import_torchvision().__version__; import torchmetrics', {
      outputs: { version: 'string' },
    });
    expect(version).toMatch(/^\d+\.\d+/);
  });
});

describe('describeDifference', () => {
  it('finds equal bits equal, NaN in one place too', () => {
    expect(describeDifference(float32([1, NaN, -0]), float32([1, NaN, -0]))).toBeNull();
    const otherNaN = frombytes(new Uint8Array([0x01, 0, 0xc0, 0xff]), 'float32', [1]);
    expect(describeDifference(otherNaN, float32([NaN]))).toBeNull();
  });

  it('names the first differing index, both values and their bits', () => {
    const message = describeDifference(float32([1, 2, 3, 0.5], [2, 2]), float32([1, 2, 4, -0.5], [2, 2]));
    expect(message).toBe('2 of 4 elements differ; first at [1, 0]: 3 (0x40400000), expected 4 (0x40800000)');
    expect(describeDifference(float32([0]), float32([-0]))).toContain('0x00000000');
  });

  it('tells dtypes and shapes apart', () => {
    expect(describeDifference(float32([1, 2]), float32([1, 2], [2, 1]))).toBe('shape [2], expected [2, 1]');
    const ints = frombytes(new Uint8Array(4), 'int32', [1]);
    expect(describeDifference(float32([0]), ints)).toBe('dtype float32, expected int32');
  });
});
