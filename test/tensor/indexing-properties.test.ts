import { type DType, isTensor, manualSeed, type NestedData, randn, type Tensor, tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { type Oracle, describeWithOracle, expectSameBits } from '../oracle/oracle';
import { type Drawn, type DrawnTensor, drawExpression, drawTensor } from './index-draws';

const DTYPES: readonly DType[] = ['float32', 'float32', 'float64', 'int64', 'uint8', 'bool', 'bfloat16', 'complex64'];

interface Case extends Drawn, DrawnTensor {
  readonly text: string;
}

function drawCases(seed: number, count: number, dtypes: readonly DType[]): Case[] {
  const draws = new Draws(seed);
  return Array.from({ length: count }, () => {
    const made = drawTensor(draws, dtypes);
    const drawn = drawExpression(draws, made.view.shape);
    return { ...made, ...drawn, python: made.python, text: `${made.python}[${drawn.python}]` };
  });
}

/** What `attempt` returns, or the name of the error class that Python has for what it throws. */
function outcomeOf<T>(attempt: () => T): { value?: T; error: string; message: string } {
  try {
    return { value: attempt(), error: '', message: '' };
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    const names: Record<string, string> = {
      TORCH_INDEX: 'IndexError',
      TORCH_TYPE: 'TypeError',
      TORCH_VALUE: 'ValueError',
      TORCH_ERROR: 'RuntimeError',
    };
    return { error: names[code] ?? String(error), message };
  }
}

/** Python's answers to all cases at once. */
async function ask(oracle: Oracle, cases: readonly Case[], values: readonly (Tensor | NestedData)[] | null) {
  return oracle.run(
    `
    import re, warnings
    warnings.simplefilter('ignore')
    results, strides, shared, errors, messages = [], [], [], [], []
    for case in cases:
        base, tensors = case['base'], case['tensors']
        view = eval(case['view'])
        index = eval(case['index'])
        error, message, result = '', '', torch.zeros(0)
        try:
            if 'value' in case:
                view[index] = case['value']
                result = base
            else:
                result = view[index]
        except Exception as caught:
            error, message = type(caught).__name__, str(caught)
        results.append(result)
        strides.append([*result.stride(), result.storage_offset()])
        shared.append(result.untyped_storage().data_ptr() == base.untyped_storage().data_ptr() if base.numel() else None)
        errors.append(error)
        messages.append(message)
    `,
    {
      inputs: {
        cases: cases.map(({ base, python, text, tensors }, index) => ({
          base,
          view: python,
          index: text.slice(python.length + 1, -1),
          tensors,
          ...(values === null ? {} : { value: values[index] as Tensor }),
        })),
      },
      outputs: { results: 'tensors', strides: 'value', shared: 'value', errors: 'strings', messages: 'strings' },
    },
  );
}

/** Bounds and ranks are told in Python's own words. */
const SAID_ALIKE = /out of bounds for dimension|too many indices/;

describeWithOracle('index expressions drawn at random', (oracle) => {
  beforeEach(() => manualSeed(11));

  it('read the values that Python reads, with its strides, from the same memory or not', async () => {
    const cases = drawCases(21, 900, DTYPES);
    const theirs = await ask(oracle(), cases, null);
    const strides = theirs.strides as number[][];
    const shared = theirs.shared as (boolean | null)[];
    let read = 0;
    for (const [i, { base, view, indices, tensors, text }] of cases.entries()) {
      const label = `${i}: ${text} of [${view.shape.join(', ')}] ${view.dtype}`;
      const { value, error, message } = outcomeOf(() => view.at(...indices));
      const theirError = theirs.errors[i] ?? '';
      const theirMessage = theirs.messages[i] ?? '';
      expect([label, error, theirMessage]).toEqual([label, theirError, theirMessage]);
      // A tensor without dimensions is asked in Python by a tuple, which words it otherwise than a single index does.
      if (SAID_ALIKE.test(theirMessage) && view.dim() > 0) expect(`${label}\n${message}`).toContain(theirMessage);
      expect(tensors.every((index) => isTensor(index) && !index.isDisposed)).toBe(true);
      if (value === undefined) continue;
      read += 1;
      expectSameBits(value, theirs.results[i] as Tensor, label);
      // Without elements there is no memory, and strides depend on how the base was made.
      if (base.numel() === 0) continue;
      expect([label, ...value.stride(), value.storageOffset()]).toEqual([label, ...(strides[i] ?? [])]);
      expect([label, value.sharesStorage(base)]).toEqual([label, shared[i]]);
    }
    expect(read).toBeGreaterThan(500);
  });

  it('write the values that Python writes', async () => {
    const draws = new Draws(5);
    const cases = drawCases(22, 900, DTYPES);
    const values = cases.map(({ view, indices, base }) => {
      // Positions that are written twice have no defined winner, so all elements of a value are one, but in masks and views.
      const { value } = outcomeOf(() => view.at(...indices));
      const shape = value === undefined ? [2] : [...value.shape];
      const number = draws.pick<number | boolean>([0, 1, 2.5, -3, true, false, 7]);
      const isComplex = view.dtype === 'complex64';
      switch (draws.int(0, 6)) {
        case 0:
        case 1:
          return number;
        case 2:
          return tensor(number).to(base.dtype);
        case 3:
          return tensor(number);
        case 4:
          return randn(shape.slice(draws.int(0, shape.length)))
            .mul(0)
            .add(Number(number))
            .to(base.dtype);
        case 5:
          return randn([1, 1, ...shape.map((size) => (draws.int(0, 3) === 0 ? 1 : size))])
            .mul(0)
            .add(1)
            .to(draws.int(0, 3) === 0 ? draws.pick(DTYPES) : base.dtype);
        default:
          return isComplex ? { re: 1, im: -2 } : tensor([1, 1, 1, 1, 1, 1, 1], { dtype: base.dtype });
      }
    });
    const asked = values.map((value) =>
      isTensor(value) || typeof value !== 'object' ? value : tensor(value as NestedData),
    );
    const theirs = await ask(oracle(), cases, asked);
    let written = 0;
    for (const [i, { base, view, indices, text }] of cases.entries()) {
      const value = values[i] as Tensor | NestedData;
      const label = `${i}: ${text} of [${view.shape.join(', ')}] ${view.dtype} = ${isTensor(value) ? `${value.dtype} [${value.shape.join(', ')}]` : JSON.stringify(value)}`;
      const before = isTensor(value) ? value.clone() : null;
      const { error } = outcomeOf(() => view.setAt(indices, value));
      const theirMessage = theirs.messages[i] ?? '';
      expect([label, error, theirMessage]).toEqual([label, theirs.errors[i] ?? '', theirMessage]);
      if (isTensor(value)) expectSameBits(value, before as Tensor, label);
      if (error !== '') continue;
      written += 1;
      expectSameBits(base, theirs.results[i] as Tensor, label);
    }
    expect(written).toBeGreaterThan(500);
  });
});
