/** Which kernels libtorch may take, and how exactly they compute (`torch.backends`). */
import { libraryInfo } from '../engine';
import { cuda, type CudaBackend } from './cuda';
import { join, precisionOf, switches, type WithFp32Precision } from './flags';
import { mha, type MhaBackend } from './mha';

export type { CudaBackend, CudaMatmul } from './cuda';
export type { Fp32Precision, WithFp32Precision } from './flags';
export type { MhaBackend } from './mha';

/** A library that may be missing from the loaded libtorch. */
export interface OptionalLibrary {
  /** The loaded libtorch was built with it. */
  isAvailable(): boolean;
}

/** cuDNN, which computes convolutions and recurrent layers on a GPU: `torch.backends.cudnn`. */
export interface CudnnBackend extends OptionalLibrary, WithFp32Precision {
  /** Use it. */
  enabled: boolean;
  /** Only algorithms whose results are the same in every run. */
  deterministic: boolean;
  /** Try all algorithms at the first convolution of each size, and go on with the fastest. */
  benchmark: boolean;
  /** Let convolutions round float32 to TF32. */
  allowTf32: boolean;
  readonly conv: WithFp32Precision;
  readonly rnn: WithFp32Precision;
}

/** oneDNN, which computes convolutions, linear layers and more on a processor: `torch.backends.mkldnn`. */
export interface MkldnnBackend extends OptionalLibrary {
  /** Use it; without it libtorch's own kernels have other bits. */
  enabled: boolean;
  /** Only algorithms whose results are the same in every run. */
  deterministic: boolean;
  /** Let ops round float32 to TF32, where the processor has it. */
  allowTf32: boolean;
  readonly matmul: WithFp32Precision;
  readonly conv: WithFp32Precision;
  readonly rnn: WithFp32Precision;
}

/** The processor: `torch.backends.cpu`. */
export interface CpuBackend {
  /** The vector instructions that libtorch's kernels use, such as `AVX512`. */
  getCpuCapability(): string;
}

/** Switches of libtorch; see {@link backends}. */
export interface Backends extends WithFp32Precision {
  readonly cudnn: CudnnBackend;
  readonly cuda: CudaBackend;
  readonly mkldnn: MkldnnBackend;
  readonly cpu: CpuBackend;
  readonly mha: MhaBackend;
  readonly mkl: OptionalLibrary;
  readonly openmp: OptionalLibrary;
}

/**
 * Which kernels libtorch may take, and how exactly they compute: `torch.backends`. The settings belong to the process: they
 * hold in all its threads.
 *
 * @example
 * ```ts
 * torch.backends.cudnn.benchmark = true;
 * torch.backends.cuda.matmul.allowTf32 = true;
 * console.log(torch.getFloat32MatmulPrecision()); // high
 * torch.backends.cuda.matmul.allowTf32 = false;
 * ```
 */
export const backends: Backends = join<Backends>(precisionOf('generic', 'all'), {
  cudnn: join<CudnnBackend>(switches('cudnn'), precisionOf('cuda', 'all'), {
    conv: precisionOf('cuda', 'conv'),
    rnn: precisionOf('cuda', 'rnn'),
  }),
  cuda,
  // Python's fp32_precision of mkldnn itself sets the precision of all libraries, so there is none here.
  mkldnn: join<MkldnnBackend>(switches('mkldnn'), {
    matmul: precisionOf('mkldnn', 'matmul'),
    conv: precisionOf('mkldnn', 'conv'),
    rnn: precisionOf('mkldnn', 'rnn'),
  }),
  cpu: Object.freeze({ getCpuCapability: () => libraryInfo().cpuCapability }),
  mha,
  mkl: join<OptionalLibrary>(switches('mkl')),
  openmp: join<OptionalLibrary>(switches('openmp')),
});
