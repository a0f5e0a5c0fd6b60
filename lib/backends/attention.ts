/** Which kernel computes attention: `torch.nn.attention`. */
import { ArgumentError, checkFunction, checkOptions, describe } from '../engine';
import { binding } from '../engine/gate';
import { refusePromise } from '../engine/scope';

/** Kernels of `scaledDotProductAttention`, by PyTorch's numbers. */
export const SDPBackend = Object.freeze({
  /** The ops of its definition, one after the other. */
  MATH: 0,
  /** Block by block (Dao et al. 2022). */
  FLASH_ATTENTION: 1,
  EFFICIENT_ATTENTION: 2,
  CUDNN_ATTENTION: 3,
  OVERRIDEABLE: 4,
});
/** One of the kernels. */
export type SDPBackend = (typeof SDPBackend)[keyof typeof SDPBackend];

const SWITCHES = ['sdp.math', 'sdp.flash', 'sdp.memEfficient', 'sdp.cudnn', 'sdp.overrideable'] as const;

/** Options of {@link sdpaKernel}. */
export interface SdpaKernelOptions {
  /** Try the kernels in the order given. */
  setPriority?: boolean;
}

/**
 * Runs `fn` while attention is computed by these kernels only: Python's `with torch.nn.attention.sdpa_kernel(...)`. For all
 * threads of the process meanwhile.
 *
 * @param backends - a kernel, or several
 * @throws {TorchError} from the attention itself where none of them can compute it
 *
 * @example
 * ```ts
 * const [query, key, value] = [torch.rand([1, 2, 4, 8]), torch.rand([1, 2, 4, 8]), torch.rand([1, 2, 4, 8])];
 * const { SDPBackend, sdpaKernel } = torch.nn.attention;
 * const attended = sdpaKernel(SDPBackend.MATH, () => torch.nn.functional.scaledDotProductAttention(query, key, value));
 * console.log(attended.shape); // [ 1, 2, 4, 8 ]
 * ```
 */
export function sdpaKernel<T>(
  backends: SDPBackend | readonly SDPBackend[],
  fn: () => T,
  options: SdpaKernelOptions = {},
): T {
  const chosen = [...new Set(Array.isArray(backends) ? (backends as readonly SDPBackend[]) : [backends as SDPBackend])];
  if (!chosen.every((backend) => Object.values(SDPBackend).includes(backend))) {
    throw new ArgumentError(
      `sdpaKernel(): expected one or several of SDPBackend for argument \`backends\`, received ${describe(backends)}`,
    );
  }
  checkFunction('sdpaKernel', 'fn', fn);
  checkOptions('sdpaKernel', options, ['setPriority']);
  const before = SWITCHES.map((name) => binding.backendFlag(name));
  const order = binding.sdpPriorityOrder();
  try {
    for (const [backend, name] of SWITCHES.entries())
      binding.setBackendFlag(name, chosen.includes(backend as SDPBackend));
    if (options.setPriority === true) binding.setSdpPriorityOrder([...new Set<number>([...chosen, ...order])]);
    const result = fn();
    refusePromise(result, 'sdpaKernel');
    return result;
  } finally {
    for (const [backend, name] of SWITCHES.entries()) binding.setBackendFlag(name, before[backend] ?? true);
    binding.setSdpPriorityOrder(order);
  }
}
