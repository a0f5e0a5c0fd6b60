/**
 * The seam: one line per function of the native addon, and nothing else in lib/ touches the addon.
 *
 * A tensor crosses as an integer {@link Handle} into the table of this JavaScript environment. Handles are checked in
 * native code (range, generation, environment), so a stale or foreign one is an error and never a wild pointer.
 * `scripts/check-seam.mjs` compares this interface with what the loaded `.node` exports.
 */

/** A tensor in the table of this environment; 0 stands for "no tensor". */
export type Handle = number;

/** A node of autograd's graph; refers to it without keeping it alive. 0 stands for none. */
export type NodeId = number;

/** A registered hook. */
export type HookId = number;

/** A random number generator in the table of this environment; 0 is the default CPU generator. */
export type GeneratorId = number;

/** The JavaScript object that owns a handle; the table refers to it weakly, so that a sweep can see it die. */
export type Owner = object;

/**
 * What crosses as an op's argument: tensors as handles, dtypes, devices, layouts and memory formats as PyTorch's names.
 * `{ float: 2 }` is a number that stays a float although it is whole.
 */
export type NativeValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | { re: number; im: number }
  | { float: number }
  | readonly NativeValue[];

/** One argument of an op, as the loaded library declares it. */
export interface OpArgument {
  readonly name: string;
  /** The schema's type, such as `Tensor`, `Tensor?`, `Tensor[]`, `SymInt[1]?`, `Scalar`, `ScalarType?`, `str`. */
  readonly type: string;
  /** The default, already a JavaScript value; absent where the argument is required. */
  readonly default?: NativeValue;
  /** Stands behind the `*` of the schema, so that it can be given by name only. */
  readonly kwargOnly: boolean;
  /** The op writes to this argument, as `Tensor(a!)` in the schema. */
  readonly written: boolean;
}

/** One result of an op, as the loaded library declares it. */
export interface OpReturn {
  readonly name: string;
  readonly type: string;
  /** Name of the argument this result *is* (an in-place op's `self`), or null. */
  readonly alias: string | null;
}

/** What the loaded library declares of one overload of an op. */
export interface OpSchema {
  /** Number of the overload in this process; stable within the process. */
  readonly id: number;
  /** `aten::add` */
  readonly name: string;
  /** `Tensor`, or empty. */
  readonly overload: string;
  readonly arguments: readonly OpArgument[];
  readonly returns: readonly OpReturn[];
}

export interface LibraryInfo {
  /** Version of the libtorch that is loaded, such as `2.13.0+cpu`. */
  readonly loaded: string;
  /** Version of the libtorch that the addon was compiled against. */
  readonly compiled: string;
  /** `DEFAULT`, `AVX2`, `AVX512`, … as `torch.backends.cpu.get_cpu_capability()`. */
  readonly cpuCapability: string;
  /** Bernoulli draws on the CPU, dropout's above all, come from the addon's faster kernel: the same numbers. */
  readonly blockwiseBernoulli: boolean;
  /** The CUDA backend was found beside libtorch and loaded. */
  readonly cudaLoaded: boolean;
  /** Why CUDA cannot be used, or an empty string. */
  readonly cudaReason: string;
}

export interface MemoryInfo {
  /** Live entries of the table. */
  readonly tensors: number;
  /** Bytes of the distinct storages behind them, by device (`cpu`, `cuda:0`); the views of a storage count once. */
  readonly bytes: Record<string, number>;
  /**
   * Bytes that libtorch's allocators have handed out, by device: `torch.cuda.memory_allocated`. Of the whole process, with
   * what ops use inside and what autograd saves. Lacks `cpu` where LIBTORCH_NODE_ALLOCATOR=system.
   */
  readonly allocated: Record<string, number>;
  /** The most that {@link allocated} was since the start or `resetPeak()`: `torch.cuda.max_memory_allocated`. */
  readonly peak: Record<string, number>;
  /** Sweeps so far, and the entries that they freed. */
  readonly sweeps: number;
  readonly swept: number;
}

/** The tensor that stands for one of the largest storages. */
export interface LargeTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly device: string;
  /** Of the storage. */
  readonly bytes: number;
}

/** A scope of an asynchronous function; 0 for none. */
export type ScopeId = number;

/** What `F.multi_head_attention_forward` takes, tensors as handles. Embeddings are [T, B, E], or [B, T, E] if `batchFirst`. */
export interface MultiHeadAttentionArguments {
  query: Handle;
  /** Equal handles mean the same object, which PyTorch treats as self attention and computes by another path. */
  key: Handle;
  value: Handle;
  embedDim: number;
  numHeads: number;
  /** 0 where the module holds q_proj_weight, k_proj_weight, v_proj_weight instead. */
  inProjWeight: Handle;
  qProjWeight: Handle;
  kProjWeight: Handle;
  vProjWeight: Handle;
  inProjBias: Handle;
  biasK: Handle;
  biasV: Handle;
  addZeroAttn: boolean;
  dropout: number;
  outProjWeight: Handle;
  outProjBias: Handle;
  training: boolean;
  keyPaddingMask: Handle;
  attnMask: Handle;
  needWeights: boolean;
  averageAttnWeights: boolean;
  isCausal: boolean;
  batchFirst: boolean;
}

/** Options of one Adam or AdamW step over one parameter group; tensors as handles, lists of equal length. */
export interface AdamArguments {
  params: readonly Handle[];
  expAvgs: readonly Handle[];
  expAvgSqs: readonly Handle[];
  /** Empty unless amsgrad. */
  maxExpAvgSqs: readonly Handle[];
  /** Step count of each parameter, this step included. */
  steps: readonly number[];
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  /** AdamW: decay the parameter, not the gradient. */
  decoupledWeightDecay: boolean;
  amsgrad: boolean;
  maximize: boolean;
  /** By foreach ops, over all parameters at once. */
  foreach: boolean;
}

export interface SgdArguments {
  params: readonly Handle[];
  /** 0 where the parameter has no momentum buffer yet. */
  momentumBuffers: readonly Handle[];
  lr: number;
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;
  maximize: boolean;
  /** By foreach ops, over all parameters at once. */
  foreach: boolean;
}

/** One call of a custom function, after its forward; tensors as handles. */
export interface CustomFunctionCall {
  /** Name of the node. */
  name: string;
  /** Gradients of all outputs (0 for none) to those of the tensor inputs. */
  backward: (gradients: Handle[]) => Handle[];
  inputs: readonly Handle[];
  /** 0 for an output that is no tensor. */
  outputs: readonly Handle[];
  dirty: readonly Handle[];
  nonDifferentiable: readonly Handle[];
  saved: readonly Handle[];
  /** Gradients that are missing come as zeros. */
  materialize: boolean;
  /** Put a node into the graph. */
  record: boolean;
}

export interface NativeBinding {
  // -- the library --------------------------------------------------------------------------------------------------
  libraryInfo(): LibraryInfo;
  /** What libtorch warns of in this thread is told to `listener`, at the end of the call that it warns of. */
  setWarningListener(listener: (message: string) => void): void;
  getNumThreads(): number;
  setNumThreads(count: number): void;
  /** One thread inside each op that this thread calls, and for no other thread; for good. */
  useOneThread(): void;
  /** The C library's own functions: V8's `Math.pow` and friends differ from them in the last bit. */
  libmPow(x: number, y: number): number;
  libmExp(x: number): number;
  libmLog(x: number): number;
  libmSin(x: number): number;
  libmCos(x: number): number;
  libmTan(x: number): number;
  libmAtan(x: number): number;
  libmTanh(x: number): number;
  /** The checksum of zip files, going on from `seed`; undefined on a processor without an instruction for it. */
  crc32(bytes: Uint8Array, seed: number): number | undefined;
  /** A hint: the disk may begin on these bytes of a file, which were written. */
  startWriteback(descriptor: number, from: number, bytes: number): void;
  /** A hint: nobody will read this file soon. */
  dropFromMemory(descriptor: number): void;

  // -- autocast; `deviceType` is `cpu`, `cuda`, … -------------------------------------------------------------------------
  isAutocastEnabled(deviceType: string): boolean;
  setAutocastEnabled(deviceType: string, enabled: boolean): void;
  getAutocastDtype(deviceType: string): string;
  setAutocastDtype(deviceType: string, dtype: string): void;
  isAutocastCacheEnabled(): boolean;
  setAutocastCacheEnabled(enabled: boolean): void;
  clearAutocastCache(): void;
  /** Both return the depth after the call. */
  autocastIncrementNesting(): number;
  autocastDecrementNesting(): number;

  // -- settings of the library ------------------------------------------------------------------------------------------
  getDefaultDtype(): string;
  setDefaultDtype(dtype: string): void;
  /** Of this environment; null for the library's own default. */
  setDefaultDevice(device: string | null): void;
  /** 0 off, 1 warns, 2 fails. */
  deterministicAlgorithms(): number;
  setDeterministicAlgorithms(mode: number): void;
  float32MatmulPrecision(): string;
  setFloat32MatmulPrecision(precision: string): void;
  /** False where the processor cannot. */
  setFlushDenormal(mode: boolean): boolean;
  getNumInteropThreads(): number;
  setNumInteropThreads(count: number): void;
  isWarnAlways(): boolean;
  setWarnAlways(enabled: boolean): void;

  // -- which kernels, and how exactly; see lib/backends -------------------------------------------------------------------
  /** Such as `cudnn.enabled`; those that end in `isAvailable` cannot be set. */
  backendFlagNames(): string[];
  backendFlag(name: string): boolean;
  setBackendFlag(name: string, on: boolean): void;
  /** Of `generic`, `cuda` or `mkldnn`, for `all` ops, `conv`, `rnn` or `matmul`: `none`, `ieee`, `tf32` or `bf16`. */
  fp32Precision(backend: string, op: string): string;
  setFp32Precision(backend: string, op: string, precision: string): void;
  /** Numbers of `torch.nn.attention.SDPBackend`. */
  sdpPriorityOrder(): number[];
  setSdpPriorityOrder(order: readonly number[]): void;

  // -- ops ------------------------------------------------------------------------------------------------------------
  /** Every op of the dispatcher, `name.overload` or `name`, sorted. */
  opNames(): string[];
  /** The schema of `aten::add.Tensor`; null where the loaded library has no such op. */
  opSchema(name: string): OpSchema | null;
  /**
   * Calls an op with its arguments in schema order; missing ones take the schema's defaults. A tensor comes back as its
   * handle, several results as an array. A result that is an argument the op wrote to (`self` of an in-place op) comes back
   * as 0. As all handles that the addon returns, these belong to nobody yet, see {@link adopt}.
   */
  call(op: number, ...args: NativeValue[]): unknown;

  /** Where {@link callByMail} finds its arguments and leaves its results; see lib/tensor/mailbox.ts. */
  mailbox(): Float64Array;
  /** {@link call} for ops that return tensors: arguments and results lie in the {@link mailbox}. */
  callByMail(op: number): void;

  /**
   * The id of this op with a number in the place of the tensor argument `argument`, wrapped as Python's parser does; null
   * where the loaded library has no such op.
   */
  opTakingNumber(name: string, argument: string): number | null;

  // -- the tensor table -------------------------------------------------------------------------------------------------
  /** The first `count` of these handles, those of them that are alive, belong to these objects: they are freed after them. */
  adopt(handles: Float64Array, owners: readonly (Owner | null)[], count: number): void;
  /** Frees the handle; false where it was free already. */
  dispose(tensor: Handle): boolean;
  isAlive(tensor: Handle): boolean;
  /** Opens a scope: what is made from here on is freed by the matching {@link scopeExit}. Returns the scope's depth. */
  scopeEnter(): number;
  /** Closes the innermost scope, which must have this depth; `kept` handles move to the scope around it. */
  scopeExit(depth: number, kept: readonly Handle[]): void;
  /** Opens a scope that holds what is made while the query (see {@link setScopeQuery}) returns its id. */
  asyncScopeEnter(): ScopeId;
  /** Closes it; `kept` handles move to the scope that was the innermost one when it was opened, if that is open still. */
  asyncScopeExit(scope: ScopeId, kept: readonly Handle[]): void;
  /** Synchronous scopes opened so far hold nothing new until {@link scopesReattach} gets what this returns. */
  scopesDetach(): number;
  scopesReattach(base: number): void;
  /** A function that returns the asynchronous scope of the running code; called while one is open. */
  setScopeQuery(query: () => ScopeId): void;
  /** Takes a handle out of all scopes. */
  keep(tensor: Handle): void;
  memory(): MemoryInfo;
  /** Begins a new peak of the allocated bytes, on all devices. */
  resetPeak(): void;
  /** One tensor for each of the `count` largest storages, largest first. */
  largestTensors(count: number): LargeTensor[];
  /** The storage behind a tensor, by an id that its views share; null where it has none. */
  storageOf(tensor: Handle): { id: number; bytes: number } | null;
  /** Frees every handle whose owner was collected; returns how many. */
  sweep(): number;
  /** The least number of bytes handed out between two sweeps (default 16 MiB). */
  setSweepThreshold(bytes: number): void;
  /**
   * Functions that {@link adopt} what nobody owns yet and collect: young objects before each sweep, and all objects when
   * memory has run out.
   */
  setCollectors(young: () => void, all: () => void): void;

  // -- the compute thread -------------------------------------------------------------------------------------------------
  /** Ops, backward passes and optimizer steps are queued for the compute thread until {@link regionExit}. */
  regionEnter(): void;
  /** The promise is settled when all that was queued is done; it is rejected by the first failure. */
  regionExit(): { id: number; promise: Promise<undefined> };
  /** Passes over what is still queued. */
  regionCancel(id: number): void;
  /** Ends the compute thread: what is queued is dropped, the op that runs is waited for. */
  computeStop(): void;

  // -- data -------------------------------------------------------------------------------------------------------------
  sizes(tensor: Handle): number[];
  strides(tensor: Handle): number[];
  storageOffset(tensor: Handle): number;
  /** The address of the first element; 0 where it has none. */
  dataPtr(tensor: Handle): number;
  numel(tensor: Handle): number;
  dim(tensor: Handle): number;
  dtype(tensor: Handle): string;
  device(tensor: Handle): string;
  /** `strided`, `sparse_coo` and so on. */
  layout(tensor: Handle): string;
  isContiguous(tensor: Handle): boolean;
  /** The two handles share one storage. */
  sharesStorage(a: Handle, b: Handle): boolean;
  /** For the tensors that this environment and another one of the process exchange; this one answers for them. */
  openParcelGroup(): number;
  /** Frees what of it nobody has claimed or taken. */
  closeParcelGroup(group: number): void;
  /** Lays another tensor on the same memory ready for the other environment; returns the token to take it by, once. */
  sendTensor(tensor: Handle, group: number): number;
  /** It waits for this environment from now on, even if its group is closed; false where it is not there any more. */
  claimTensor(token: number): boolean;
  takeTensor(token: number): Handle;
  /** Frees what nobody will take; false where it is not there any more. */
  dropTensor(token: number): boolean;
  /** Copies little-endian bytes into a new CPU tensor. */
  fromBytes(dtype: string, sizes: readonly number[], bytes: ArrayBufferView): Handle;
  /** The tensor's elements, contiguous, little-endian, copied; moved to the CPU where needed. */
  toBytes(tensor: Handle): ArrayBuffer;
  /** A CPU tensor on the memory of `bytes`, which is kept alive as long as any tensor needs it. */
  fromShared(dtype: string, sizes: readonly number[], bytes: ArrayBufferView): Handle;
  /** A tensor on a part of the memory of a tensor of one dimension, with a storage of its own that ends where the part does. */
  storageSlice(tensor: Handle, start: number, count: number): Handle;
  /**
   * Calls `use`, which must not throw, with a buffer on the tensor's own memory, or on a copy of it, and detaches the
   * buffer afterwards. A tensor that is not contiguous or not on the CPU is copied in any case.
   */
  withBytes(tensor: Handle, copy: boolean, use: (bytes: ArrayBuffer) => void): void;
  /** The only element: number, bigint (an int64 beyond 2^53), boolean, or a complex pair. */
  item(tensor: Handle): number | bigint | boolean | { re: number; im: number };

  // -- autograd -----------------------------------------------------------------------------------------------------------
  requiresGrad(tensor: Handle): boolean;
  setRequiresGrad(tensor: Handle, value: boolean): void;
  isLeaf(tensor: Handle): boolean;
  retainGrad(tensor: Handle): void;
  hasGrad(tensor: Handle): boolean;
  /** The gradient: `previous` where that handle still is this very one, 0 where there is none. */
  grad(tensor: Handle, previous: Handle): Handle;
  /** Sets the gradient; 0 clears it. */
  setGrad(tensor: Handle, grad: Handle): void;
  /** Makes `tensor` another view of `source`'s data, as `tensor.data = source` does. */
  setData(tensor: Handle, source: Handle): void;
  backward(
    tensors: readonly Handle[],
    gradients: readonly Handle[],
    retainGraph: boolean,
    createGraph: boolean,
    inputs: readonly Handle[],
  ): void;
  /** Gradients of `inputs`; 0 where unused and `allowUnused`. */
  gradients(
    outputs: readonly Handle[],
    inputs: readonly Handle[],
    gradients: readonly Handle[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): Handle[];
  isGradEnabled(): boolean;
  setGradEnabled(value: boolean): void;
  isInferenceMode(): boolean;
  /** Inference modes nest; returns the depth that {@link inferenceModeExit} takes back. */
  inferenceModeEnter(enabled: boolean): number;
  inferenceModeExit(depth: number): void;
  isInference(tensor: Handle): boolean;

  // -- hooks, custom functions and the graph ------------------------------------------------------------------------------
  /** The hook gets the gradient as a handle, and returns the one that replaces it, or 0. */
  registerHook(tensor: Handle, hook: (gradient: Handle) => Handle): HookId;
  registerPostAccumulateGradHook(tensor: Handle, hook: (tensor: Handle) => Handle): HookId;
  removeHook(hook: HookId): void;
  /** The node (0 unless recorded), and a handle for each output, 0 where it is the one given. */
  customFunction(call: CustomFunctionCall): { node: NodeId; outputs: Handle[] };
  /** Handles; 0 for a null that was saved. */
  savedTensors(node: NodeId): Handle[];
  /** The hook gets the gradients that the node passed on and those it was given, 0 for none, and may replace the first. */
  registerNodeHook(node: NodeId, hook: (gradInputs: Handle[], gradOutputs: Handle[]) => Handle[] | null): HookId;
  /** The hook gets the gradients that the node is given, 0 for none, and may replace them. */
  registerNodePrehook(node: NodeId, hook: (gradOutputs: Handle[]) => Handle[] | null): HookId;
  /** The same values; to differentiate them fails with `message`. 0 stays 0. */
  delayedError(tensors: readonly Handle[], message: string): Handle[];
  /** The node that made the tensor; 0 for a leaf. */
  gradFn(tensor: Handle): NodeId;
  /** `AddBackward0` */
  nodeName(node: NodeId): string;
  /** Node and number of its input, one after the other, for each that the node passes gradients to. */
  nextFunctions(node: NodeId): number[];
  /** What {@link setNodeObject} was given, unless it was collected. */
  nodeObject(node: NodeId): object | null;
  /** The object that stands for a node; referred to weakly. */
  setNodeObject(node: NodeId, object: object): void;
  /** For all threads of the process. `userStack` is called for each node that is made. */
  setDetectAnomaly(enabled: boolean, checkNan: boolean, userStack: () => string): void;
  isAnomalyEnabled(): boolean;
  isAnomalyCheckNanEnabled(): boolean;
  /** What anomaly mode knows of the last failure, once; errors of libtorch carry it in their property `anomaly`. */
  takeAnomalyReport(): string;

  // -- random numbers -------------------------------------------------------------------------------------------------------
  /** Seeds the default generators of all devices. */
  manualSeed(seed: bigint): void;
  /** From here on this environment's default CPU generator is one of its own and not the process's. */
  ownGenerator(seed: bigint): void;
  generatorCreate(device: string): GeneratorId;
  /** The generator that ops on this device use when none is given. */
  generatorDefault(device: string): GeneratorId;
  generatorFree(generator: GeneratorId): void;
  generatorManualSeed(generator: GeneratorId, seed: bigint): void;
  generatorInitialSeed(generator: GeneratorId): bigint;
  generatorGetState(generator: GeneratorId): ArrayBuffer;
  generatorSetState(generator: GeneratorId, state: ArrayBufferView): void;

  // -- devices ----------------------------------------------------------------------------------------------------------------
  cudaIsAvailable(): boolean;
  cudaDeviceCount(): number;
  cudaDeviceName(device: number): string;
  cudaDeviceCapability(device: number): [major: number, minor: number];
  cudaCurrentDevice(): number;
  cudaSetDevice(device: number): void;
  synchronize(device: string): void;
  /** Counters of the caching allocator, under the names of `torch.cuda.memory_stats`. */
  cudaMemoryStats(device: number): Record<string, number>;
  /** Bytes free and in all. */
  cudaMemoryInfo(device: number): [free: number, total: number];
  cudaResetPeakMemoryStats(device: number): void;
  cudaEmptyCache(): void;
  /** Streams and events are numbers of this environment's table; equal streams have equal numbers. */
  streamCreate(device: number, priority: number): number;
  streamCurrent(device: number): number;
  streamDefault(device: number): number;
  /** The current stream of the stream's device; the current device stays. */
  streamSetCurrent(stream: number): void;
  streamQuery(stream: number): boolean;
  streamSynchronize(stream: number): void;
  streamWaitEvent(stream: number, event: number): void;
  /** The tensor's memory is not given away before what `stream` has queued so far is done. */
  recordStream(tensor: Handle, stream: number): void;
  eventCreate(enableTiming: boolean): number;
  eventFree(event: number): void;
  eventRecord(event: number, stream: number): void;
  eventQuery(event: number): boolean;
  eventSynchronize(event: number): void;
  /** Milliseconds. */
  eventElapsedTime(start: number, end: number): number;

  // -- composites that are native for their bits or their speed -----------------------------------------------------------------
  /** Handles: the output, and the attention weights or 0. */
  multiHeadAttention(args: MultiHeadAttentionArguments): [Handle, Handle];
  /** One step; parameters without a gradient are passed over. */
  adamStep(args: AdamArguments): void;
  /** Which way Adam runs on this machine: `exact-fused`, or `for-loop` where the self-check found other bits. */
  adamPath(): string;
  /** One step; returns a momentum buffer for each parameter that came with 0 and needed one, else 0. */
  sgdStep(args: SgdArguments): Handle[];
}
