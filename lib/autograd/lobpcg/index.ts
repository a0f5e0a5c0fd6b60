/** `torch.lobpcg`: a few eigenpairs of a large symmetric matrix. */

import { ArgumentError, checkTensors, describe, libm } from '../../engine';
import { empty, randn, stack, type Tensor } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import { Function, type FunctionContext } from '../function';
import { eigenBackward } from './backward';
import { LobpcgWorker, type Parameters } from './worker';

export type { LobpcgWorker } from './worker';

/** Options of {@link lobpcg}. */
export interface LobpcgOptions {
  /** How many pairs; as many as X has columns, or 1. */
  k?: number | null;
  /** The generalized problem A x = λ B x; the identity by default. */
  B?: Tensor | null;
  /** A first guess of the eigenvectors [*, M, N]; random by default. */
  X?: Tensor | null;
  /** How many random vectors to begin with, k by default. */
  n?: number | null;
  /** A preconditioner [*, M, M]. */
  iK?: Tensor | null;
  /** The most iterations, 1000 by default; −1 for no end. */
  niter?: number | null;
  /** How small residuals must be; the root of the dtype's precision by default. */
  tol?: number | null;
  /** The largest eigenvalues, not the smallest. */
  largest?: boolean | null;
  /** `ortho`, which is robust, or `basic`, which is faster. */
  method?: 'ortho' | 'basic' | null;
  /** Called after each iteration with its state, whose tensors are to be cloned if they are kept. */
  tracker?: ((worker: LobpcgWorker) => void) | null;
  orthoIparams?: { orthoIMax?: number; orthoJMax?: number };
  orthoFparams?: { orthoTol?: number; orthoTolDrop?: number; orthoTolReplace?: number };
  orthoBparams?: { orthoUseDrop?: boolean };
}

type Settings = Required<LobpcgOptions>;
/** @inline */
type Pairs = [E: Tensor, X: Tensor];

const DEFAULTS: Settings = {
  k: null,
  B: null,
  X: null,
  n: null,
  iK: null,
  niter: null,
  tol: null,
  largest: null,
  method: null,
  tracker: null,
  orthoIparams: {},
  orthoFparams: {},
  orthoBparams: {},
};

const METHODS: readonly string[] = ['ortho', 'basic'];

/** What Python takes for the distance of neighbours at 1. */
const PRECISION: Partial<Record<string, number>> = { float32: 1.2e-7, float64: 2.23e-16 };

function fail(expected: string, received: unknown): never {
  throw new ArgumentError(`lobpcg(): expected ${expected}, received ${describe(received)}`, 'TORCH_VALUE');
}

function parametersOf(A: Tensor, k: number, settings: Settings): Parameters {
  const { niter, tol, largest, method } = settings;
  const precision = PRECISION[A.dtype];
  const tolerance = tol ?? (precision === undefined ? fail('float32 or float64 for `A`', A) : libm.pow(precision, 0.5));
  if (method !== null && !METHODS.includes(method)) fail(`${METHODS.join(' or ')} for \`method\``, method);
  return {
    k,
    niter: niter ?? 1000,
    tol: tolerance,
    largest: largest ?? true,
    method: method ?? 'ortho',
    orthoIMax: 3,
    orthoJMax: 3,
    orthoTol: tolerance,
    orthoTolDrop: tolerance,
    orthoTolReplace: tolerance,
    orthoUseDrop: false,
    ...settings.orthoIparams,
    ...settings.orthoFparams,
    ...settings.orthoBparams,
  };
}

function solve(A: Tensor, settings: Settings): Pairs {
  const { B, X, iK, tracker } = settings;
  const given = Object.entries({ B, X, iK }).filter(([, tensor]) => tensor !== null);
  checkTensors('lobpcg', Object.fromEntries(given));
  if (A.ndim < 2 || A.size(-1) !== A.size(-2)) fail('square matrices [*, M, M] for `A`', A);
  if (B !== null && B.shape.join() !== A.shape.join()) fail(`\`B\` of the shape of ${describe(A)}`, B);
  const m = A.size(-1);
  const k = settings.k ?? (X === null ? 1 : X.size(-1));
  const n = X === null ? (settings.n ?? k) : X.size(-1);
  if (m < 3 * n) fail(`at least ${3 * n} rows of \`A\` for ${n} vectors`, m);
  const parameters = parametersOf(A, k, settings);
  const { dtype, device } = A;
  const single = (matrix: Tensor, b: Tensor | null, x: Tensor | null): Pairs => {
    const start = x ?? randn([m, n], { dtype, device });
    if (start.shape.join() !== [m, n].join()) fail(`vectors [${m}, ${n}] for \`X\``, start);
    const worker = new LobpcgWorker(matrix, b, start, iK, parameters);
    worker.run(tracker);
    return [worker.E.narrow(0, 0, k), worker.X.narrow(1, 0, k)];
  };
  if (A.ndim === 2) return single(A, B, X);
  const batch = A.shape.slice(0, -2);
  const flat = (tensor: Tensor | null): readonly Tensor[] | null =>
    tensor === null ? null : tensor.reshape([-1, ...tensor.shape.slice(-2)]).unbind(0);
  const [matrices, others, starts] = [flat(A) ?? [], flat(B), flat(X)];
  const found = matrices.map((matrix, index) => single(matrix, others?.[index] ?? null, starts?.[index] ?? null));
  if (found.length === 0) {
    return [empty([...batch, k], { dtype, device }), empty([...batch, m, k], { dtype, device })];
  }
  const [values, vectors] = [found.map(([E]) => E), found.map(([, U]) => U)];
  return [stack(values).reshape([...batch, k]), stack(vectors).reshape([...batch, m, k])];
}

type Saved = FunctionContext<[A: Tensor, D: Tensor, U: Tensor]> & { largest?: boolean; general?: boolean };

class LOBPCGAutogradFunction extends Function {
  static forward(ctx: Saved, A: Tensor, B: Tensor | null, settings: Settings): Pairs {
    const [D, U] = solve(A.contiguous(), { ...settings, B: B?.contiguous() ?? null });
    ctx.saveForBackward(A, D, U);
    ctx.largest = settings.largest ?? true;
    ctx.general = B !== null;
    return [D, U];
  }

  static backward(ctx: Saved, gradD: Tensor, gradU: Tensor): [Tensor, null, null] {
    const [A, D, U] = ctx.savedTensors;
    if (ctx.general === true) fail('no `B` where the result is differentiated', 'one');
    if (A.isSparse || A.isComplex()) fail('a dense real `A` where the result is differentiated', A);
    return [eigenBackward(gradD, gradU, A, D, U, ctx.largest ?? true), null, null];
  }
}

/** The mean of a matrix and its transpose, whose gradient is symmetric. */
const symmetric = (A: Tensor): Tensor => A.add(A.mT).div(2);

/**
 * The k largest or smallest eigenvalues of symmetric positive definite matrices [*, M, M], dense or sparse, and their
 * eigenvectors, without decomposing the matrices: `torch.lobpcg`. M must be 3 k or more.
 *
 * A matrix that requires a gradient is made symmetric first; it gets one where it is dense and real and `B` is not given.
 *
 * @returns the eigenvalues [*, k] and the eigenvectors [*, M, k]
 */
export function lobpcg(
  A: Tensor,
  ...rest: Tail<
    LobpcgOptions,
    [
      'k',
      'B',
      'X',
      'n',
      'iK',
      'niter',
      'tol',
      'largest',
      'method',
      'tracker',
      'orthoIparams',
      'orthoFparams',
      'orthoBparams',
    ]
  >
): Pairs {
  const settings = readTail<Settings>('lobpcg', DEFAULTS, rest);
  const { B } = settings;
  checkTensors('lobpcg', B === null ? { A } : { A, B });
  if (!A.requiresGrad && B?.requiresGrad !== true) return solve(A, settings);
  return LOBPCGAutogradFunction.apply(symmetric(A), B === null ? null : symmetric(B), settings);
}
