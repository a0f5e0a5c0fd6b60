/**
 * `torch.cuda`: devices, streams, events and memory, through libtorch's device-neutral interface.
 *
 * Without a GPU, or with a libtorch that has no CUDA part, `isAvailable` is false and the rest throws an error that says
 * why; but for the questions about memory, which answer 0 and do nothing, so that one program serves both, as in Python.
 */

import { checkInteger, checkOptions } from './arguments';
import { describe } from './describe';
import { ArgumentError, DisposedError } from './errors';
import { binding } from './gate';
import { refusePromise } from './scope';

/** A CUDA device: its number, `cuda:1`, or `cuda` for the current one. */
export type CudaDevice = number | string;

/** A CUDA build of libtorch is loaded and sees a GPU. `libraryInfo().cudaReason` says why not. */
export function isAvailable(): boolean {
  return binding.cudaIsAvailable();
}

/** Number of GPUs; 0 where CUDA is not available. */
export function deviceCount(): number {
  return binding.cudaDeviceCount();
}

/** The number of a device; of the current one if none is given. */
function indexOf(device: CudaDevice | undefined, name: string): number {
  if (device === undefined || device === 'cuda') return binding.cudaCurrentDevice();
  if (typeof device === 'number' && Number.isSafeInteger(device)) return device;
  const index = typeof device === 'string' ? /^cuda:(\d{1,3})$/.exec(device)?.[1] : undefined;
  if (index !== undefined) return Number(index);
  throw new ArgumentError(
    `cuda.${name}(): expected a number, 'cuda' or 'cuda:N' for argument \`device\`, received ${describe(device)}`,
  );
}

/** The device that `cuda` without a number means: `torch.cuda.current_device`. */
export function currentDevice(): number {
  return binding.cudaCurrentDevice();
}

/** Makes a device the current one of this thread: `torch.cuda.set_device`. */
export function setDevice(device: CudaDevice): void {
  binding.cudaSetDevice(indexOf(device, 'setDevice'));
}

/** Such as `NVIDIA H100 80GB HBM3`: `torch.cuda.get_device_name`. */
export function getDeviceName(device?: CudaDevice): string {
  return binding.cudaDeviceName(indexOf(device, 'getDeviceName'));
}

/** Compute capability, major and minor, such as `[9, 0]`: `torch.cuda.get_device_capability`. */
export function getDeviceCapability(device?: CudaDevice): readonly [major: number, minor: number] {
  return binding.cudaDeviceCapability(indexOf(device, 'getDeviceCapability'));
}

/**
 * Runs `fn` with another current device: Python's `with torch.cuda.device(index)`.
 *
 * @throws AsyncError if `fn` returns a promise
 */
export function device<T>(device: CudaDevice, fn: () => T): T {
  const before = binding.cudaCurrentDevice();
  binding.cudaSetDevice(indexOf(device, 'device'));
  try {
    const result = fn();
    refusePromise(result, 'cuda.device');
    return result;
  } finally {
    binding.cudaSetDevice(before);
  }
}

/** Waits until all work on a device is done: `torch.cuda.synchronize`. */
export function synchronize(device?: CudaDevice): void {
  binding.synchronize(`cuda:${indexOf(device, 'synchronize')}`);
}

// -- streams and events -------------------------------------------------------------------------------------------------

/** Options of {@link Stream}. */
export interface StreamOptions {
  /** Default: the current device. */
  device?: CudaDevice;
  /** Lower numbers come first; 0 is usual, -1 high. */
  priority?: number;
}

/** A queue of work on a device; work of different streams may run at once. `torch.cuda.Stream`. */
export class Stream {
  /** Number of its device. */
  readonly device: number;
  /** @internal Its number in the native table; equal streams have equal numbers. */
  readonly id: number;

  constructor(options?: StreamOptions);
  /** @internal For a stream that is there already. */
  constructor(device: number, id: number);
  constructor(options: StreamOptions | number = {}, id?: number) {
    if (typeof options === 'number') {
      this.device = options;
      this.id = id ?? -1;
      return;
    }
    checkOptions('cuda.Stream', options, ['device', 'priority']);
    const { device, priority = 0 } = options;
    checkInteger('cuda.Stream', 'priority', priority, -(2 ** 31), 2 ** 31 - 1);
    this.device = indexOf(device, 'Stream');
    this.id = binding.streamCreate(this.device, priority);
  }

  /** True where all its work so far is done. */
  query(): boolean {
    return binding.streamQuery(this.id);
  }

  /** Waits until all its work so far is done. */
  synchronize(): void {
    binding.streamSynchronize(this.id);
  }

  /** What is queued here from now on starts after the event. */
  waitEvent(event: Event): void {
    checkEvent(event, 'waitEvent').wait(this);
  }

  /** What is queued here from now on starts after what `stream` has queued. */
  waitStream(stream: Stream): void {
    const event = idOf(stream, 'waitStream').recordEvent();
    event.wait(this);
    event.dispose();
  }

  /** Marks this place of the queue with an event, a new one by default. */
  recordEvent(event: Event = new Event()): Event {
    checkEvent(event, 'recordEvent').record(this);
    return event;
  }

  /** True for two objects that stand for one stream. */
  equals(other: Stream): boolean {
    return this.id === idOf(other, 'equals').id;
  }
}

/** The stream that ops use: `torch.cuda.current_stream`. */
export function currentStream(device?: CudaDevice): Stream {
  const index = indexOf(device, 'currentStream');
  return new Stream(index, binding.streamCurrent(index));
}

/** The stream that is there from the start: `torch.cuda.default_stream`. */
export function defaultStream(device?: CudaDevice): Stream {
  const index = indexOf(device, 'defaultStream');
  return new Stream(index, binding.streamDefault(index));
}

function idOf(stream: unknown, name: string): Stream {
  if (stream instanceof Stream) return stream;
  throw new ArgumentError(`${name}(): expected a cuda.Stream for argument \`stream\`, received ${describe(stream)}`);
}

function checkEvent(event: unknown, name: string): Event {
  if (event instanceof Event) return event;
  throw new ArgumentError(`${name}(): expected a cuda.Event for argument \`event\`, received ${describe(event)}`);
}

/** Makes a stream the current one of its device, and its device the current one: `torch.cuda.set_stream`. */
export function setStream(stream: Stream): void {
  const { device, id } = idOf(stream, 'cuda.setStream');
  binding.cudaSetDevice(device);
  binding.streamSetCurrent(id);
}

/**
 * Runs `fn` with another current stream, on its device: Python's `with torch.cuda.stream(s)`.
 *
 * @throws AsyncError if `fn` returns a promise
 */
export function stream<T>(stream: Stream, fn: () => T): T {
  const { device: index, id } = idOf(stream, 'cuda.stream');
  return device(index, () => {
    const before = binding.streamCurrent(index);
    binding.streamSetCurrent(id);
    try {
      const result = fn();
      refusePromise(result, 'cuda.stream');
      return result;
    } finally {
      binding.streamSetCurrent(before);
    }
  });
}

/** Events that were forgotten without dispose(); the table would keep them for ever. */
const forgotten = new FinalizationRegistry<number>((id) => binding.eventFree(id));
/** An id that no event has. */
const DISPOSED = 0;

/** A mark in a stream, to wait for and to measure by: `torch.cuda.Event`. */
export class Event {
  private id: number;

  /** @param options - `enableTiming`: for {@link elapsedTime}, on both events */
  constructor(options: { enableTiming?: boolean } = {}) {
    checkOptions('cuda.Event', options, ['enableTiming']);
    const { enableTiming = false } = options;
    this.id = binding.eventCreate(enableTiming);
    forgotten.register(this, this.id, this);
  }

  private get live(): number {
    if (this.id === DISPOSED) throw new DisposedError('the event was disposed');
    return this.id;
  }

  /** Marks the place that a stream, by default the current one, has reached in its queue. */
  record(stream: Stream = currentStream()): void {
    binding.eventRecord(this.live, idOf(stream, 'Event.record').id);
  }

  /** Has a stream, by default the current one, wait for the mark. */
  wait(stream: Stream = currentStream()): void {
    binding.streamWaitEvent(idOf(stream, 'Event.wait').id, this.live);
  }

  /** True where the work before the mark is done. */
  query(): boolean {
    return binding.eventQuery(this.live);
  }

  /** Waits until the work before the mark is done. */
  synchronize(): void {
    binding.eventSynchronize(this.live);
  }

  /** Milliseconds from this mark to a later one. */
  elapsedTime(end: Event): number {
    return binding.eventElapsedTime(this.live, end.live);
  }

  /** Frees the event at once; twice does no harm. */
  dispose(): void {
    if (this.id === DISPOSED) return;
    forgotten.unregister(this);
    binding.eventFree(this.id);
    this.id = DISPOSED;
  }

  /** Frees the event at the end of a `using` declaration. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

// -- memory ---------------------------------------------------------------------------------------------------------------

/** All counters of the caching allocator, under Python's names; empty without CUDA. `torch.cuda.memory_stats` */
export function memoryStats(device?: CudaDevice): Record<string, number> {
  return isAvailable() ? binding.cudaMemoryStats(indexOf(device, 'memoryStats')) : {};
}

const statistic =
  (key: string) =>
  (device?: CudaDevice): number =>
    memoryStats(device)[key] ?? 0;

/** Bytes that tensors take: `torch.cuda.memory_allocated`. @function */
export const memoryAllocated = statistic('allocated_bytes.all.current');
/** The most of {@link memoryAllocated} since {@link resetPeakMemoryStats}: `torch.cuda.max_memory_allocated`. @function */
export const maxMemoryAllocated = statistic('allocated_bytes.all.peak');
/** Bytes that the caching allocator holds, used or not: `torch.cuda.memory_reserved`. @function */
export const memoryReserved = statistic('reserved_bytes.all.current');
/** The most of {@link memoryReserved} since {@link resetPeakMemoryStats}: `torch.cuda.max_memory_reserved`. @function */
export const maxMemoryReserved = statistic('reserved_bytes.all.peak');

/** Bytes free and in all on a device, whoever uses them: `torch.cuda.mem_get_info`. */
export function memGetInfo(device?: CudaDevice): readonly [free: number, total: number] {
  return binding.cudaMemoryInfo(indexOf(device, 'memGetInfo'));
}

/** Starts the peaks anew: `torch.cuda.reset_peak_memory_stats`. */
export function resetPeakMemoryStats(device?: CudaDevice): void {
  if (isAvailable()) binding.cudaResetPeakMemoryStats(indexOf(device, 'resetPeakMemoryStats'));
}

/** Gives memory that no tensor uses back to the device: `torch.cuda.empty_cache`. */
export function emptyCache(): void {
  if (isAvailable()) binding.cudaEmptyCache();
}
