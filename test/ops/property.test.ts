/**
 * Every public op against Python, on random shapes, dtypes, layouts and forms of call.
 *
 * LIBTORCH_NODE_SEED: other cases. LIBTORCH_NODE_OPS: a pattern, only these ops. LIBTORCH_NODE_CASES: cases an overload.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { scope } from '../../lib/engine';
import { tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import help from '../../lib/tensor/op-help.json';
import { caredFor } from './care';
import { makeCase, overloadsOf, publicOps, type Doors } from './cases';
import { disagreement, run, show, type Outcome } from './compare';
import type { Storage } from './generator';
import { leftOut } from './left-out';
import { Choices } from './random';

const SEED = Number(process.env['LIBTORCH_NODE_SEED'] ?? 20);
const ONLY = new RegExp(`^(${process.env['LIBTORCH_NODE_OPS'] ?? '.*'})$`);
const CASES_EACH = Number(process.env['LIBTORCH_NODE_CASES'] ?? 10);
/** Ops that go to Python in one call. */
const BATCH = 40;
const python = readFileSync(path.join(__dirname, 'cases.py'), 'utf8');

function toTensor({ dtype, elements }: Storage): Tensor {
  if (!dtype.startsWith('complex')) return tensor([...elements], { dtype });
  const pairs = Array.from({ length: elements.length / 2 }, (_, i) => ({
    re: elements[2 * i] ?? 0,
    im: elements[2 * i + 1] ?? 0,
  }));
  return tensor(pairs, { dtype });
}

describe('the tables of the property test', () => {
  const known = new Set(publicOps());

  it('name ops that there are', () => {
    expect(Object.keys(leftOut).filter((op) => !known.has(op))).toEqual([]);
    expect([...caredFor].filter((op) => !known.has(op) && !known.has(`${op}_`))).toEqual([]);
  });

  it('have help for ops that there are', () => {
    const isKnown = (op: string): boolean => known.has(op) || known.has(`${op}_`);
    expect(Object.keys(help).filter((op) => !isKnown(op))).toEqual([]);
    expect(Object.values(help).filter((sentence) => !/^[A-Z].*\.$/.test(sentence))).toEqual([]);
  });

  it('leave few ops out', () => {
    expect(known.size - Object.keys(leftOut).length).toBeGreaterThan(800);
  });
});

describeWithOracle('every public op, on random arguments', (oracle) => {
  it('gives the bits and the gradients of Python, or refuses where Python does', async () => {
    const { functions, methods } = await oracle().run(
      `
      modules = [torch._C._VariableFunctions, torch._C._nn, torch._C._linalg, torch._C._special, torch._C._fft]
      functions = sorted({name for module in modules for name in dir(module)})
      methods = [name for name in dir(torch._C.TensorBase) if callable(getattr(torch._C.TensorBase, name))]
      `,
      { outputs: { functions: 'strings', methods: 'strings' } },
    );
    const doors: Doors = { functions: new Set(functions), methods: new Set(methods) };
    const known = publicOps();
    const ops = known.filter((op) => !(op in leftOut) && ONLY.test(op));
    const choose = new Choices(SEED);
    const differences: string[] = [];
    const compared = new Map(ops.map((op) => [op, 0]));
    const refusals = new Map<string, string>();
    let cases = 0;
    for (let start = 0; start < ops.length; start += BATCH) {
      const storages: Storage[] = [];
      const batch = ops
        .slice(start, start + BATCH)
        .flatMap((op) => overloadsOf(op).map((signature) => ({ op, signature })))
        .flatMap(({ op, signature }) =>
          Array.from({ length: CASES_EACH }, () => makeCase(op, signature, doors, choose, storages)),
        );
      const tensors = storages.map(toTensor);
      const { answers } = await oracle().run(python, {
        inputs: { text: JSON.stringify(batch), storages: tensors },
        outputs: { answers: 'value' },
      });
      for (const [index, given] of batch.entries()) {
        const theirs = (answers as unknown[])[index] as Outcome;
        scope(() => {
          const ours = run(given, tensors);
          const text = disagreement(ours, theirs);
          if (text !== null) differences.push(`${show(given)}: ${text}`);
          else if (ours[0] === 'value') compared.set(given.op, (compared.get(given.op) ?? 0) + 1);
          else if (theirs[0] === 'error') refusals.set(given.op, theirs[1]);
        });
      }
      cases += batch.length;
    }
    // An op that both refuse whatever it is given has not been tested.
    const never = [...compared].filter(([, count]) => count === 0).map(([op]) => `${op}: ${refusals.get(op) ?? ''}`);
    const values = [...compared.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `${ops.length - never.length} of ${known.length} public ops, ${cases} cases, ${values} of them with a value; seed ${SEED}`,
    );
    expect(differences).toEqual([]);
    expect(never).toEqual([]);
  }, 600_000);
});
