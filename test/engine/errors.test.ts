import { inspect } from 'node:util';

import {
  ArgumentError,
  AsyncError,
  DisposedError,
  type ErrorCode,
  IndexError,
  isTorchError,
  LoadError,
  NotImplementedError,
  OutOfMemoryError,
  TorchError,
} from '../../lib/engine';
import { errorFromCode } from '../../lib/engine/errors';
import { grad } from '../../lib/autograd';
import { binding } from '../../lib/engine/gate';
import * as nn from '../../lib/nn';
import { SGD } from '../../lib/optim';
import * as torch from '../../lib/tensor';
import { type Device, type DType, Generator, tensor, type Tensor, zeros } from '../../lib/tensor';

function caught(attempt: () => unknown): Error & { code: string } {
  try {
    attempt();
  } catch (error) {
    if (isTorchError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const meta = zeros([2, 3], { device: 'meta' });

describe('error classes', () => {
  const all: readonly (readonly [ErrorCode, new (...args: never[]) => Error, new (...args: never[]) => Error])[] = [
    ['TORCH_ERROR', TorchError, Error],
    ['TORCH_INDEX', IndexError, RangeError],
    ['TORCH_TYPE', ArgumentError, TypeError],
    ['TORCH_VALUE', ArgumentError, TypeError],
    ['TORCH_OUT_OF_MEMORY', OutOfMemoryError, RangeError],
    ['TORCH_NOT_IMPLEMENTED', NotImplementedError, TorchError],
    ['TORCH_DISPOSED', DisposedError, TorchError],
  ];

  it.each(all)('%s has a class, a name and the relative in JavaScript', (code, Class, Relative) => {
    const error = errorFromCode(code, 'sentence');
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(Relative);
    expect([error.name, error.message, isTorchError(error)]).toEqual([Class.name, 'sentence', true]);
    expect(error.stack).toMatch(new RegExp(`^${Class.name}: sentence\n`));
  });

  it('are told apart by their code from any realm', () => {
    expect(isTorchError(new AsyncError('x')) && isTorchError(new LoadError('x'))).toBe(true);
    expect([{ code: 'TORCH_INDEX' }, { code: 'ENOENT' }, null, 'TORCH_ERROR'].map(isTorchError)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('what an error says', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'shapes and dtypes',
      () => torch.mm(zeros([2, 3]), zeros([4, 5])),
      /in mm\(Tensor\[2, 3\] float32, Tensor\[4, 5\] float32\)$/,
    ],
    [
      'every device where one is not the CPU',
      () => torch.add(zeros([2, 3]), meta),
      /in add\(Tensor\[2, 3\] float32 on cpu, Tensor\[2, 3\] float32 on meta\)$/,
    ],
    [
      'tensors in lists',
      () => torch.cat([zeros([2, 3]), zeros([2, 4])], 0),
      /in cat\(\[Tensor\[2, 3\] float32, Tensor\[2, 4\] float32\], 0\)$/,
    ],
    [
      'tensors in options',
      () => (torch.add as (options: object) => unknown)({ self: zeros([2]), other: zeros([3], { dtype: 'int8' }) }),
      /self: Tensor\[2\] float32, other: Tensor\[3\] int8/,
    ],
    ['methods', () => zeros([2]).sum(5), /^Dimension out of range.*\n {2}in sum\(Tensor\[2\] float32, 5\)$/],
    [
      'composites',
      () => nn.functional.linear(zeros([2, 3]), zeros([4, 5])),
      /\)\n {2}in linear\(Tensor\[2, 3\] float32, Tensor\[4, 5\] float32\)$/,
    ],
    [
      'at',
      () => zeros([2, 3]).at(0, 3),
      /^index 3 is out of bounds for dimension 1 with size 3\n {2}in at\(Tensor\[2, 3\] float32, 0, 3\)$/,
    ],
    [
      'setAt',
      () => zeros([3, 4]).setAt([0], zeros([2])),
      /\n {2}in setAt\(Tensor\[3, 4\] float32, \[0\], Tensor\[2\] float32\)$/,
    ],
    ['item', () => zeros([2]).item(), /2 elements cannot be converted to Scalar\n {2}in item\(Tensor\[2\] float32\)$/],
    [
      'to',
      () => zeros([2]).to('gpu' as Device),
      /expected a device such as.*received the string 'gpu'\n {2}in to\(Tensor\[2\] float32, \{ device: 'gpu' \}\)$/,
    ],
    ['size', () => zeros([2]).size(1), /range of \[-1, 0\], but got 1\)\n {2}in size\(Tensor\[2\] float32, 1\)$/],
    [
      'stride',
      () => tensor(1).stride(0),
      /specified as 0 but tensor has no dimensions\n {2}in stride\(Tensor\[\] int64, 0\)$/,
    ],
    [
      'setRngState',
      () => torch.setRngState(zeros([3], { dtype: 'uint8' })),
      /in Generator\.setState\(Tensor\[3\] uint8\)$/,
    ],
  ])('%s', (_, attempt, message) => {
    expect(caught(attempt).message).toMatch(message);
  });

  it('has no trace of C++ in it', () => {
    const messages = [
      () => torch.empty([2 ** 40, 2 ** 12]),
      () => torch.mm(zeros([2]), zeros([2])),
      () => zeros([2, 3]).view(7),
      () => torch.callOp('aten::_fused_dropout', [zeros([2]), 0.5]),
      () => zeros([1], { device: 'cuda:99' }),
      () => torch.linalgCholesky(zeros([2, 2]).sub(1)),
      () => torch.embedding(zeros([2, 2]), tensor([5])),
    ].map((attempt) => inspect(caught(attempt)));
    for (const text of messages)
      expect(text).not.toMatch(/\.(cpp|cc|h):\d+|frame #\d|0x[0-9a-f]{6}|enforce fail|Exception raised from/);
  });
});

describe('errors of native functions', () => {
  const gone = zeros([2]);
  gone.dispose();

  it.each<[string, () => unknown]>([
    ['shape', () => gone.shape],
    ['requiresGrad_', () => gone.requiresGrad_()],
    ['requiresGrad', () => (zeros([2], { dtype: 'int64' }).requiresGrad = true)],
    ['Generator', () => new Generator('cuda:99')],
    ['grad', () => grad(zeros([2]), zeros([2]))],
    ['dim', () => [gone].map((tensor) => tensor.dim())],
    ['SGD', () => new SGD([gone], { lr: 1 })],
  ])('name the function that the user has called: %s', (name, attempt) => {
    expect(caught(attempt).message.split('\n')[1]).toBe(`  in ${name}`);
  });

  it('refuse ids beyond 32 bits, and do not take them for others', () => {
    const depth = binding.scopeEnter();
    const id = binding.generatorCreate('cpu');
    for (const attempt of [
      () => binding.scopeExit(depth + 2 ** 32, []),
      () => binding.scopeExit(depth - 2 ** 32, []),
      () => binding.generatorInitialSeed(id + 2 ** 32),
      () => binding.generatorFree(id - 2 ** 32),
      () => binding.removeHook(2 ** 32),
    ]) {
      expect(caught(attempt).message).toMatch(/^expected an integer from 0 to 2\^32-1 for argument/);
    }
    binding.generatorFree(id);
    binding.scopeExit(depth, []);
  });
});

describe('stacks', () => {
  function userFunction(): unknown {
    return torch.mm(zeros([2, 3]), zeros([4, 5]));
  }

  it.each<[string, () => unknown]>([
    ['of ops', userFunction],
    ['of arguments that no overload takes', () => (torch.mm as (...args: unknown[]) => unknown)('x')],
    ['of accessors', () => zeros([2]).size(9)],
    ['of what lies under Array.map', () => zeros([2]).at(undefined as never)],
    ['of composites', () => nn.functional.linear(zeros([2, 3]), zeros([4, 5]))],
    ['of creation', () => tensor([[1], [1, 2]])],
  ])('begin at the line of the user: %s', (_, attempt) => {
    const lines = (caught(attempt).stack ?? '').split('\n');
    const first = lines.find((line) => /^ {4}at /.test(line));
    expect(first).toContain(__filename);
  });

  it('keep the limit of the program, and leave it as it is', () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 2;
    const { stack } = caught(userFunction);
    expect(Error.stackTraceLimit).toBe(2);
    Error.stackTraceLimit = before;
    expect(stack?.match(/^ {4}at /gm)).toHaveLength(2);
    expect(stack).toContain(__filename);
  });
});

describe('arguments of hand-written functions', () => {
  const x = zeros([2]);

  it.each<[string, () => unknown, RegExp]>([
    ['to, a number', () => x.to(3 as unknown as DType), /^to\(\): expected options \{ dtype\?.*received 3$/],
    ['to, a misspelt option', () => x.to({ dtyp: 'int8' } as object), /^to\(\): unknown option `dtyp`/],
    [
      'to, a dtype that is none',
      () => x.to({ dtype: 'f32' as DType }),
      /expected a dtype for argument `dtype`, received 'f32'/,
    ],
    ['size', () => x.size('a' as unknown as number), /expected an integer for argument `dim`, received 'a'/],
    [
      'sharesStorage',
      () => x.sharesStorage(3 as unknown as Tensor),
      /expected a Tensor for argument `other`, received 3/,
    ],
    ['grad', () => (x.grad = 5 as unknown as Tensor), /expected a Tensor for argument `gradient`, received 5/],
    ['data', () => (x.data = 'y' as unknown as Tensor), /expected a Tensor for argument `source`, received 'y'/],
    [
      'backward',
      () => {
        x.backward(3 as never);
      },
      /backward\(\): expected options .*received 3/,
    ],
    ['setAt', () => x.setAt([0], 'x' as unknown as number), /`value`, received 'x'/],
    [
      'setRngState',
      () => {
        torch.setRngState(3 as unknown as Tensor);
      },
      /expected a uint8 tensor for argument `state`, received 3/,
    ],
    ['Generator', () => new Generator('gpu' as Device), /expected a device such as/],
    ['forkRng', () => torch.forkRng(3 as unknown as () => void), /expected a function for argument `fn`, received 3/],
    ['forkRng, devices', () => torch.forkRng(() => 0, { devices: [-1] }), /device numbers or names, received -1/],
    ['printoptions', () => torch.printoptions({}, 3 as unknown as () => void), /expected a function for argument `fn`/],
    [
      'setPrintoptions',
      () => {
        torch.setPrintoptions({ sci_mode: true } as object);
      },
      /unknown option `sci_mode`/,
    ],
    [
      'frombytes',
      () => torch.frombytes([1] as unknown as Uint8Array, 'int8', [1]),
      /typed array, DataView or Buffer, received \[1\]/,
    ],
  ])('%s', (_, attempt, message) => {
    expect(caught(attempt).message).toMatch(message);
  });
});
