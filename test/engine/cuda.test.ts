/** What can be tested of CUDA on a machine without a GPU; `npm run check:cuda` has the rest. */
import { cuda, Generator, isTorchError, libraryInfo, ones } from '../../lib';
import { binding } from '../../lib/engine';
import { describeWithOracle } from '../oracle/oracle';

// Where there is a GPU, none of this holds: `npm run check:cuda` is for it.
const withoutGpu = cuda.isAvailable() ? describe.skip : describe;

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isTorchError(error)) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Each function of torch.cuda under Python's name and its own. */
const FUNCTIONS: Record<string, () => unknown> = {
  is_available: () => cuda.isAvailable(),
  device_count: () => cuda.deviceCount(),
  current_device: () => cuda.currentDevice(),
  'set_device(0)': () => cuda.setDevice(0),
  get_device_name: () => cuda.getDeviceName(),
  get_device_capability: () => cuda.getDeviceCapability(),
  synchronize: () => cuda.synchronize(),
  Stream: () => new cuda.Stream(),
  Event: () => new cuda.Event(),
  current_stream: () => cuda.currentStream(),
  default_stream: () => cuda.defaultStream(),
  memory_allocated: () => cuda.memoryAllocated(),
  max_memory_allocated: () => cuda.maxMemoryAllocated(),
  memory_reserved: () => cuda.memoryReserved(),
  max_memory_reserved: () => cuda.maxMemoryReserved(),
  memory_stats: () => cuda.memoryStats(),
  mem_get_info: () => cuda.memGetInfo(),
  get_rng_state: () => cuda.getRngState(),
  get_rng_state_all: () => cuda.getRngStateAll(),
  'set_rng_state_all([])': () => {
    cuda.setRngStateAll([]);
    return null;
  },
  empty_cache: () => {
    cuda.emptyCache();
    return null;
  },
};

withoutGpu('cuda without a GPU', () => {
  const reason = libraryInfo().cudaReason;

  it('gives a reason', () => {
    expect(reason).not.toBe('');
    expect(cuda.deviceCount()).toBe(0);
  });

  it('tells the reason wherever a device is needed', () => {
    const needing: (() => unknown)[] = [
      () => cuda.currentDevice(),
      () => cuda.setDevice(0),
      () => cuda.getDeviceName(0),
      () => cuda.getDeviceCapability('cuda:1'),
      () => cuda.device(0, () => 1),
      () => cuda.synchronize(),
      () => new cuda.Stream({ device: 0, priority: -1 }),
      () => new cuda.Event({ enableTiming: true }),
      () => cuda.currentStream(0),
      () => cuda.memGetInfo(),
      () => ones([2]).cuda(),
      () => ones([2]).to('cuda:0'),
      () => ones([2], { device: 'cuda' }),
      () => ones([2]).pinMemory(),
      () => new Generator('cuda'),
    ];
    for (const act of needing) expect(messageOf(act)).toContain(reason);
  });

  const noStream = { id: 0 } as never;

  it('refuses what is no device, no stream and no event, in one sentence', () => {
    expect(() => cuda.setDevice('gpu')).toThrow(/setDevice\(\): expected a number, 'cuda' or 'cuda:N'.*'gpu'/);
    expect(() => cuda.getDeviceName(0.5)).toThrow(/expected a number, 'cuda' or 'cuda:N'.*0\.5/);
    expect(() => cuda.stream(noStream, () => 1)).toThrow(/expected a cuda\.Stream for argument `stream`/);
    expect(() => cuda.setStream(null as never)).toThrow(/expected a cuda\.Stream.*received null/);
    const x = ones([2]);
    expect(() => x.recordStream(noStream)).toThrow(/expected a cuda\.Stream/);
    x.dispose();
  });

  it('never trusts the number of a stream or an event', () => {
    for (const id of [0, 7, -1, 2 ** 40, NaN]) {
      for (const act of [
        () => binding.streamQuery(id),
        () => binding.streamSynchronize(id),
        () => binding.streamSetCurrent(id),
        () => binding.eventQuery(id),
        () => binding.eventRecord(id, 0),
        () => binding.eventElapsedTime(id, id),
      ]) {
        expect(messageOf(act)).toMatch(/stream|event/);
      }
    }
    binding.eventFree(12345);
  });

  it('has no pinned memory, and copies with nonBlocking as without', () => {
    const x = ones([2]);
    const copy = x.to('cpu', 'float64', { nonBlocking: true });
    expect(x.isPinned()).toBe(false);
    expect(copy.tolist()).toEqual(x.double().tolist());
    x.dispose();
    copy.dispose();
  });
});

describeWithOracle('cuda without a GPU, beside Python', (oracle) => {
  // Where Python's wheel has CUDA and there is a GPU, there is nothing to compare here.
  const compare = cuda.isAvailable() ? it.skip : it;

  compare('answers where Python answers, with the same, and throws where Python raises', async () => {
    const source = `
import json, torch
answers = {}
for text in ${JSON.stringify(Object.keys(FUNCTIONS))}:
    try:
        # Without CUDA some of its parts are not there at all: AttributeError.
        answers[text] = eval('torch.cuda.' + (text if '(' in text else text + '()'))
    except (AssertionError, RuntimeError, AttributeError):
        answers[text] = 'raises'
result = json.dumps(answers)
`;
    const { result } = await oracle().run(source, { outputs: { result: 'string' } });
    const ours = Object.entries(FUNCTIONS).map(([name, call]): [string, unknown] => {
      try {
        return [name, call()];
      } catch {
        return [name, 'raises'];
      }
    });
    expect(Object.fromEntries(ours)).toEqual(JSON.parse(result));
  });
});
