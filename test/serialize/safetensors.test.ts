import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadSafetensors, saveSafetensors, stateSha256 } from '../../lib/serialize';
import { decodeHeader } from '../../lib/serialize/safetensors-header';
import { empty, frombytes, itemSize, manualSeed, randn, tensor, type Tensor, type DType } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

let folder: string;
let file: string;

beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-test-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
beforeEach(() => (file = path.join(folder, `${expect.getState().currentTestName?.replace(/\W+/g, '-')}.safetensors`)));

/** Every dtype of the format that tensors have, in shapes that are easy to get wrong. */
function everything(): Map<string, Tensor> {
  manualSeed(0);
  const state = new Map<string, Tensor>([
    ['10', tensor(true)],
    ['9', tensor([true, false, true])],
    ['scalar', tensor(0.1)],
    ['empty', empty([3, 0, 2])],
    ['transposed', randn([4, 3]).transpose(0, 1)],
    ['slice', randn([5, 4]).narrow(0, 1, 3)],
    ['ключ "quoted" \\ 🐱\n', randn([2])],
    ['__proto__', tensor([9007199254740993n, -1n])],
    ['special', tensor([NaN, Infinity, -Infinity, -0, 1e-42])],
  ]);
  const bytes = Uint8Array.from({ length: 48 }, (_, at) => (at * 89 + 7) % 256);
  const dtypes: [DType, number][] = [
    ['uint8', 1], ['int8', 1], ['float8_e4m3fn', 1], ['float8_e5m2', 1], ['float8_e4m3fnuz', 1], ['float8_e5m2fnuz', 1],
    ['int16', 2], ['uint16', 2], ['float16', 2], ['bfloat16', 2], ['int32', 4], ['uint32', 4], ['float32', 4],
    ['int64', 8], ['uint64', 8], ['float64', 8], ['complex64', 8],
  ]; // prettier-ignore
  for (const [dtype, size] of dtypes) state.set(dtype, frombytes(bytes, dtype, [2, 24 / size]));
  return state;
}

function expectSameState(actual: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, each] of expected) expectSameBits(actual.get(name) as Tensor, each, name);
}

describe('saveSafetensors, loadSafetensors', () => {
  it('keep every dtype, shape, bit, key and the order', () => {
    const state = everything();
    saveSafetensors(file, state, { format: 'pt', __proto__x: 'ü\u0000' });
    const { tensors, metadata } = loadSafetensors(file);
    expectSameState(tensors, state);
    expect([...metadata]).toEqual([
      ['format', 'pt'],
      ['__proto__x', 'ü\u0000'],
    ]);
  });

  it('write nothing but the header for an empty state', () => {
    saveSafetensors(file, {});
    expect(loadSafetensors(file)).toEqual({ tensors: new Map(), metadata: new Map() });
    expect(fs.statSync(file).size).toBe(16);
  });

  it('write tensors that share storage in full, each', () => {
    const tied = randn([3, 2]);
    saveSafetensors(file, { a: tied, b: tied, row: tied.at(1) });
    const { tensors } = loadSafetensors(file);
    expectSameState(tensors, new Map([['a', tied], ['b', tied], ['row', tied.at(1)]])); // prettier-ignore
  });

  it('start each tensor at a multiple of its element size', () => {
    const state = everything();
    saveSafetensors(file, state);
    const bytes = fs.readFileSync(file);
    const headerBytes = Number(bytes.readBigUInt64LE());
    expect(headerBytes % 8).toBe(0);
    const { tensors } = decodeHeader(bytes.subarray(8, 8 + headerBytes), bytes.length - 8 - headerBytes);
    for (const { name, start } of tensors) {
      expect([name, start % itemSize(state.get(name)?.dtype ?? 'float64')]).toEqual([name, 0]);
    }
  });

  it('refuse what the format cannot hold, before a file is there', () => {
    const zero = tensor([0]);
    expect(() => saveSafetensors(file, { c: zero.to('complex128') })).toThrow("no dtype for 'c', which is complex128");
    expect(() => saveSafetensors(file, { __metadata__: zero })).toThrow("__metadata__ is the format's own");
    expect(() => saveSafetensors(file, { '\ud800': zero })).toThrow('not valid Unicode');
    expect(() => saveSafetensors(file, { n: 1 as unknown as Tensor })).toThrow("expected a Tensor for 'n'");
    expect(() => saveSafetensors(file, {}, { n: 1 as unknown as string })).toThrow("expected a string for 'n'");
    expect(fs.readdirSync(folder)).not.toContain(path.basename(file));
  });
});

describe('stateSha256', () => {
  it('runs over keys and contiguous bytes in order', () => {
    const a = randn([3, 2]);
    const hash = createHash('sha256');
    hash.update('é').update(a.t().contiguous().toBytes()).update('b').update(Uint8Array.of(1));
    expect(stateSha256(new Map([['é', a.t()], ['b', tensor(true)]]))).toBe(hash.digest('hex')); // prettier-ignore
    expect(stateSha256({ b: tensor(true), é: a.t() })).not.toBe(stateSha256({ é: a.t(), b: tensor(true) }));
  });
});

describeWithOracle('safetensors and Python', (oracle) => {
  it('Python reads what we write, to the bit', async () => {
    const state = everything();
    saveSafetensors(file, state, { note: 'hello' });
    const outputs = await oracle().run(
      `
      import safetensors, safetensors.torch
      read = safetensors.torch.load_file(file)
      with safetensors.safe_open(file, 'pt') as opened: metadata = opened.metadata()
      shapes = {key: str(tuple(value.shape)) for key, value in read.items()}
      `,
      { inputs: { file }, outputs: { read: 'tensorDict', metadata: 'value' } },
    );
    expect(outputs.metadata).toEqual({ note: 'hello' });
    const read = new Map(Object.entries(outputs.read));
    expectSameState(new Map([...state.keys()].map((name) => [name, read.get(name) as Tensor])), state);
    expect(read.size).toBe(state.size);
  });

  it('we read what Python writes, to the bit, and agree on its hash', async () => {
    const { state, sha } = await oracle().run(
      `
      import hashlib, safetensors.torch
      torch.manual_seed(1)
      state = {
        'weight': torch.randn(7, 5), 'half': torch.randn(3).half(), 'bf': torch.randn(2, 2).bfloat16(),
        'flags': torch.rand(9) > 0.5, 'long': torch.randint(-2**60, 2**60, (3,)), 'steps': torch.tensor(17),
        'none': torch.empty(0, 4), 'double': torch.randn(2).double(), 'é': torch.arange(5, dtype=torch.uint8),
      }
      safetensors.torch.save_file(state, file, metadata={'format': 'pt'})
      h = hashlib.sha256()
      for key, value in state.items():
        h.update(key.encode())
        h.update(bytes(value.contiguous().view(torch.uint8).flatten().tolist()) if value.dim() else struct.pack('<q', value.item()))
      sha = h.hexdigest()
      `,
      { inputs: { file }, outputs: { state: 'tensorDict', sha: 'string' } },
    );
    const { tensors, metadata } = loadSafetensors(file);
    expect([...metadata]).toEqual([['format', 'pt']]);
    const expected = new Map(Object.entries(state));
    expectSameState(new Map([...expected.keys()].map((name) => [name, tensors.get(name) as Tensor])), expected);
    expect(tensors.size).toBe(expected.size);
    expect(stateSha256(expected)).toBe(sha);
  });
});
