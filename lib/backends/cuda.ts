import { libraryInfo } from '../engine';
import { binding } from '../engine/gate';
import { join, precisionOf, setSwitch, switches, type WithFp32Precision } from './flags';

/** Matrix products on a GPU: `torch.backends.cuda.matmul`. */
export interface CudaMatmul extends WithFp32Precision {
  /** Let float32 be rounded to TF32. */
  allowTf32: boolean;
  /** Let float16 products be summed up in float16 in parts. */
  allowFp16ReducedPrecisionReduction: boolean;
  /** Let bfloat16 products be summed up in bfloat16 in parts. */
  allowBf16ReducedPrecisionReduction: boolean;
  /** Let float16 products be summed up in float16 throughout. */
  allowFp16Accumulation: boolean;
}

/** What libtorch may do on a GPU, and in attention everywhere: `torch.backends.cuda`. */
export interface CudaBackend {
  readonly matmul: CudaMatmul;
  /** The loaded libtorch has a CUDA part; there need not be a GPU. */
  isBuilt(): boolean;
  /** The kernel that works block by block may be taken. */
  flashSdpEnabled(): boolean;
  /** Lets attention be computed block by block (Dao et al. 2022), on a processor too. */
  enableFlashSdp(enabled: boolean): void;
  /** The kernel that saves memory may be taken. */
  memEfficientSdpEnabled(): boolean;
  /** Lets attention be computed by a kernel that saves memory, on a GPU. */
  enableMemEfficientSdp(enabled: boolean): void;
  /** The ops of its definition may be taken. */
  mathSdpEnabled(): boolean;
  /** Lets attention be computed by the ops of its definition. */
  enableMathSdp(enabled: boolean): void;
  /** cuDNN's kernel may be taken. */
  cudnnSdpEnabled(): boolean;
  /** Lets attention be computed by cuDNN. */
  enableCudnnSdp(enabled: boolean): void;
  /** The ops of its definition may sum up in float16 and bfloat16. */
  fp16Bf16ReductionMathSdpAllowed(): boolean;
  /** Lets the ops of its definition sum up in float16 and bfloat16, in place of float32. */
  allowFp16Bf16ReductionMathSdp(enabled: boolean): void;
}

export const cuda: CudaBackend = Object.freeze({
  matmul: join<CudaMatmul>(switches('cuda.matmul'), precisionOf('cuda', 'matmul')),
  isBuilt: () => libraryInfo().cudaLoaded,
  flashSdpEnabled: () => binding.backendFlag('sdp.flash'),
  enableFlashSdp: (enabled: boolean) => setSwitch('sdp.flash', enabled),
  memEfficientSdpEnabled: () => binding.backendFlag('sdp.memEfficient'),
  enableMemEfficientSdp: (enabled: boolean) => setSwitch('sdp.memEfficient', enabled),
  mathSdpEnabled: () => binding.backendFlag('sdp.math'),
  enableMathSdp: (enabled: boolean) => setSwitch('sdp.math', enabled),
  cudnnSdpEnabled: () => binding.backendFlag('sdp.cudnn'),
  enableCudnnSdp: (enabled: boolean) => setSwitch('sdp.cudnn', enabled),
  fp16Bf16ReductionMathSdpAllowed: () => binding.backendFlag('sdp.allowFp16Bf16ReductionMath'),
  allowFp16Bf16ReductionMathSdp: (enabled: boolean) => setSwitch('sdp.allowFp16Bf16ReductionMath', enabled),
});
