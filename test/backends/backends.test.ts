import path from 'node:path';

import { backends, nn, randn, type Tensor } from '../../lib';
import type { Fp32Precision } from '../../lib/backends';
import { binding } from '../../lib/engine';
import { describeDifference, describeWithOracle, expectSameBits } from '../oracle/oracle';
import { runChild } from '../support/child';

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Where Python has a switch: a property, or a pair of functions for those of attention. */
function pythonGet(name: string): string {
  const sdp = /^sdp\.(.*)$/.exec(name)?.[1];
  if (sdp === 'allowFp16Bf16ReductionMath') return 'torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()';
  if (sdp !== undefined) return `torch._C._get_${snake(sdp)}_sdp_enabled()`;
  return `torch.backends.${snake(name)}${name.endsWith('isAvailable') ? '()' : ''}`;
}

function pythonSet(name: string): string {
  const sdp = /^sdp\.(.*)$/.exec(name)?.[1];
  if (sdp === 'allowFp16Bf16ReductionMath') return 'torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp';
  if (sdp !== undefined) return `torch._C._set_sdp_use_${snake(sdp)}`;
  const path = `torch.backends.${snake(name)}`;
  const [, owner, property] = /^(.*)\.(\w+)$/.exec(path) ?? [];
  return `lambda on: setattr(${owner}, "${property}", on)`;
}

/** Reads a property of `backends` by its path. */
function read(name: string): unknown {
  const [last = '', ...path] = name.split('.').reverse();
  let object = backends as unknown as Record<string, unknown>;
  for (const part of path.reverse()) object = object[part] as Record<string, unknown>;
  const value = object[last];
  return typeof value === 'function' ? (value as () => unknown)() : value;
}

/** Runs `fn` with a switch set, and puts it back. */
function having<T, K extends keyof T>(object: T, key: K, value: T[K], fn: () => void): void {
  const before = object[key];
  object[key] = value;
  try {
    expect(object[key]).toBe(value);
    fn();
  } finally {
    object[key] = before;
  }
}

describeWithOracle('torch.backends', (oracle) => {
  it('begins as in Python', async () => {
    const names = binding.backendFlagNames();
    const expected = await oracle().run(
      `b = torch.backends
flags = [bool(each) for each in (${names.map(pythonGet).join(', ')},)]
precisions = [b.fp32_precision, b.cudnn.fp32_precision, b.cudnn.conv.fp32_precision, b.cudnn.rnn.fp32_precision,
    b.cuda.matmul.fp32_precision, b.mkldnn.matmul.fp32_precision, b.mkldnn.conv.fp32_precision, b.mkldnn.rnn.fp32_precision]
capability = b.cpu.get_cpu_capability()`,
      { outputs: { flags: 'value', precisions: 'strings', capability: 'string' } },
    );
    const child = await runChild(path.join(__dirname, 'beginning.ts'));
    expect(child).toMatchObject({ code: 0, stderr: '' });
    const { flags, precisions } = expected;
    expect(JSON.parse(child.stdout)).toEqual({ flags, precisions });
    expect(backends.cpu.getCpuCapability()).toBe(expected.capability);
    for (const name of names.filter((each) => !each.startsWith('sdp.')))
      expect(read(name)).toBe(binding.backendFlag(name));
  });

  it('has switches that change what Python’s change, and nothing else', async () => {
    const names = binding.backendFlagNames();
    const settable = names.filter((name) => !name.endsWith('isAvailable'));
    const { rows } = await oracle().run(
      `
def state():
    return [bool(each) for each in (${names.map(pythonGet).join(', ')},)]
rows = []
for get, put in [${settable.map((name) => `(lambda: ${pythonGet(name)}, ${pythonSet(name)})`).join(', ')}]:
    before = bool(get())
    put(not before)
    rows.append(state())
    put(before)
    rows.append(state())
`,
      { outputs: { rows: 'value' } },
    );
    const state = (): boolean[] => names.map((name) => binding.backendFlag(name));
    const here = settable.flatMap((name) => {
      const before = binding.backendFlag(name);
      return [!before, before].map((value) => {
        binding.setBackendFlag(name, value);
        return state();
      });
    });
    expect(here).toEqual(rows);
    // Some cannot be changed without the hardware for it; most can.
    expect(here.filter((row, at) => at % 2 === 0 && row.join() !== here[at + 1]?.join()).length).toBeGreaterThan(12);
  });

  it('computes without oneDNN as Python does', async () => {
    const [x, w] = [randn([2, 3, 17, 19]), randn([5, 3, 3, 3])];
    const convolved = (): Tensor => nn.functional.conv2d(x, w);
    const { expected } = await oracle().run(
      `torch.backends.mkldnn.enabled = False
expected = torch.nn.functional.conv2d(x, w)
torch.backends.mkldnn.enabled = True`,
      { inputs: { x, w }, outputs: { expected: 'tensor' } },
    );
    having(backends.mkldnn, 'enabled', false, () => {
      expectSameBits(convolved(), expected);
    });
    expect(describeDifference(convolved(), expected)).not.toBeNull();
  });

  it.each<Fp32Precision>(['ieee', 'tf32', 'bf16'])('multiplies matrices in %s as Python does', async (precision) => {
    const [a, b] = [randn([64, 96]), randn([96, 80])];
    const { expected } = await oracle().run(
      `torch.backends.mkldnn.matmul.fp32_precision = precision
expected = a @ b
torch.backends.mkldnn.matmul.fp32_precision = "none"`,
      { inputs: { a, b, precision }, outputs: { expected: 'tensor' } },
    );
    having(backends.mkldnn.matmul, 'fp32Precision', precision, () => {
      expectSameBits(a.matmul(b), expected);
    });
  });

  it('chooses the kernel of attention as Python does', async () => {
    const inputs = { q: randn([2, 4, 33, 16]), k: randn([2, 4, 33, 16]), v: randn([2, 4, 33, 16]) };
    const { SDPBackend, sdpaKernel } = nn.attention;
    const attend = (): Tensor => nn.functional.scaledDotProductAttention(inputs.q, inputs.k, inputs.v);
    const expected = await oracle().run(
      `from torch.nn.attention import SDPBackend, sdpa_kernel
attend = lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v)
with sdpa_kernel(SDPBackend.MATH): math = attend()
with sdpa_kernel(SDPBackend.FLASH_ATTENTION): flash = attend()
with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION], set_priority=True): first = attend()
default = attend()`,
      { inputs, outputs: { math: 'tensor', flash: 'tensor', first: 'tensor', default: 'tensor' } },
    );
    expectSameBits(sdpaKernel(SDPBackend.MATH, attend), expected.math);
    expectSameBits(sdpaKernel([SDPBackend.FLASH_ATTENTION], attend), expected.flash);
    const both = [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION];
    expectSameBits(sdpaKernel(both, attend, { setPriority: true }), expected.first);
    expectSameBits(attend(), expected.default);
    expect(describeDifference(expected.math, expected.flash)).not.toBeNull();
    expect(() => sdpaKernel(SDPBackend.CUDNN_ATTENTION, attend)).toThrow();
    expectSameBits(attend(), expected.default);
  });
});

describe('torch.backends', () => {
  it('refuses what is no setting', () => {
    expect(() => (backends.cudnn.enabled = 1 as unknown as boolean)).toThrow(
      'expected true or false for cudnn.enabled of torch.backends, received 1',
    );
    expect(() => ((backends.cudnn as unknown as { enabeld: boolean }).enabeld = true)).toThrow(TypeError);
    expect(() => ((backends.mkl as unknown as { isAvailable: boolean }).isAvailable = true)).toThrow(TypeError);
    expect(() => (backends.fp32Precision = 'exact' as Fp32Precision)).toThrow('none, ieee, tf32, bf16');
    expect(() => nn.attention.sdpaKernel(9 as 0, () => 1)).toThrow('SDPBackend');
    expect(() => nn.attention.sdpaKernel([], () => Promise.resolve())).toThrow('promise');
  });
});
