/**
 * `npm run check:cuda`: what only a machine with a GPU can show. Trains small models on it, in float32 and mixed precision,
 * and steps every optimizer, beside Python (and Python beside itself, as the control); tries streams, events, memory counters
 * and a loop that disposes nothing. Times are `npm run bench -- --device cuda`.
 *
 * Without a GPU it says so, with the reason, and ends with 0. A failed check ends with 1.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { optimizers, trainings } from '../test/cuda/cases.mjs';
import { judge, nameOf, runOurs, runPython } from '../test/cuda/programs.mjs';
import { root } from './lib/project.mjs';
import { setUpOracle } from './oracle-setup.mjs';

const torch = createRequire(import.meta.url)(path.join(root, 'dist'));
const { cuda } = torch;

let failed = 0;

function report(what, problem) {
  console.log(`${problem === '' ? 'ok    ' : 'FAILED'} ${what}${problem === '' ? '' : `: ${problem}`}`);
  if (problem !== '') failed += 1;
}

/** Runs a check; what it returns or throws is the problem. */
function check(what, act) {
  let problem;
  try {
    problem = act();
  } catch (error) {
    problem = error.message;
  }
  report(what, problem ?? '');
}

const expectThat = (holds, otherwise) => (holds ? '' : otherwise);

function checkDevices() {
  const [major, minor] = cuda.getDeviceCapability(0);
  console.log(`${cuda.deviceCount()} GPU: ${cuda.getDeviceName(0)}, capability ${major}.${minor}`);
  check('the current device is there, and is put back', () => {
    const before = cuda.currentDevice();
    cuda.device(cuda.deviceCount() - 1, () => undefined);
    return expectThat(cuda.currentDevice() === before, 'it is another one');
  });
  check('a device that is not there is refused', () => {
    try {
      cuda.setDevice(cuda.deviceCount());
    } catch (error) {
      return expectThat(/expected a CUDA device from 0 to/.test(error.message), error.message);
    }
    return 'it was taken';
  });
}

function checkStreams() {
  const x = torch.randn([2048, 2048], { device: 'cuda' });
  check('work on another stream gives the same bits', () => {
    const expected = x.matmul(x);
    const side = new cuda.Stream();
    side.waitStream(cuda.currentStream());
    const made = cuda.stream(side, () => x.matmul(x));
    made.recordStream(cuda.currentStream());
    cuda.currentStream().waitStream(side);
    return expectThat(expected.equal(made), 'they differ');
  });
  check('the current stream is put back', () => {
    const before = cuda.currentStream();
    cuda.stream(new cuda.Stream({ priority: -1 }), () => undefined);
    return expectThat(cuda.currentStream().equals(before) && before.equals(cuda.defaultStream()), 'it is another one');
  });
  check('events measure time, and are done after synchronize', () => {
    const [start, end] = [0, 1].map(() => new cuda.Event({ enableTiming: true }));
    start.record();
    for (let i = 0; i < 20; i += 1) x.matmul(x).dispose();
    end.record();
    end.synchronize();
    const milliseconds = start.elapsedTime(end);
    return expectThat(milliseconds > 0 && milliseconds < 60_000 && end.query(), `${milliseconds} ms`);
  });
  check('pinned memory copies without waiting', () => {
    const onCpu = torch.randn([1000, 1000]);
    const pinned = onCpu.pinMemory();
    const copied = pinned.cuda(undefined, true);
    cuda.synchronize();
    return expectThat(pinned.isPinned() && !onCpu.isPinned() && copied.cpu().equal(onCpu), 'not pinned, or other bits');
  });
  x.dispose();
}

function checkMemory() {
  check('memory counters follow a tensor', () => {
    cuda.emptyCache();
    cuda.resetPeakMemoryStats();
    const before = cuda.memoryAllocated();
    const bytes = 64 << 20;
    const x = torch.empty([bytes], { dtype: 'uint8', device: 'cuda' });
    const during = cuda.memoryAllocated() - before;
    x.dispose();
    const peak = cuda.maxMemoryAllocated() - before;
    const after = cuda.memoryAllocated() - before;
    const right = during === bytes && peak >= bytes && after === 0 && cuda.memoryReserved() >= bytes;
    cuda.emptyCache();
    const [free, total] = cuda.memGetInfo();
    return expectThat(right && free <= total, JSON.stringify({ during, peak, after, free, total }));
  });
  check('memory that is not there is an OutOfMemoryError', () => {
    try {
      torch.empty([2 ** 45], { dtype: 'uint8', device: 'cuda' });
    } catch (error) {
      return expectThat(error.code === 'TORCH_OUT_OF_MEMORY', `${error.code}: ${error.message}`);
    }
    return 'it was there';
  });
}

function checkRandom() {
  check('random numbers go on from the states that were saved', () => {
    torch.manualSeed(3);
    const draw = () => torch.rand([5], { device: 'cuda' });
    draw();
    const states = cuda.getRngStateAll();
    const drawn = draw();
    cuda.setRngStateAll(states);
    const again = draw();
    if (states.length !== cuda.deviceCount()) return `${states.length} states of ${cuda.deviceCount()} GPUs`;
    return expectThat(drawn.equal(again) && !drawn.equal(draw()), 'they are others');
  });
}

/** Loops that dispose nothing: what is dead must go before the GPU is full. */
function checkLoops() {
  check('a plain loop keeps the GPU from filling up', () => {
    cuda.emptyCache();
    cuda.resetPeakMemoryStats();
    const side = 4096;
    const each = side * side * 4;
    const x = torch.randn([side, side], { device: 'cuda' });
    const turns = Math.ceil((2 * cuda.memGetInfo()[1]) / each);
    for (let i = 0; i < turns; i += 1) x.relu().add(x).sum();
    const peak = cuda.maxMemoryAllocated();
    x.dispose();
    console.log(
      `       ${turns} turns made ${((2 * turns * each) / 2 ** 30).toFixed(0)} GiB; the most at a time: ${(peak / 2 ** 30).toFixed(2)} GiB`,
    );
    return expectThat(peak < 0.5 * cuda.memGetInfo()[1], `${peak} bytes at a time`);
  });
}

/** A GPU hands out gigabytes in milliseconds: collections that are spaced by bytes would take longer than its work. */
function checkSweeps() {
  check('a scope that holds a twentieth of the GPU is hardly swept', () => {
    const bytes = 64 << 20;
    const before = torch.memory().sweeps;
    torch.scope(() => {
      const held = [];
      while (held.length * bytes < cuda.memGetInfo()[1] / 20) {
        held.push(torch.empty([bytes], { dtype: 'uint8', device: 'cuda' }));
      }
    });
    const sweeps = torch.memory().sweeps - before;
    return expectThat(sweeps <= 6, `${sweeps} sweeps`);
  });
}

/** The bits of Python, in trainings and steps; Python runs twice, at the same time. */
async function checkBits(python) {
  const cases = [...trainings, ...optimizers];
  const [ours, theirs, control] = await Promise.all([
    runOurs('cuda', cases),
    runPython(python, 'cuda', cases),
    runPython(python, 'cuda', cases),
  ]);
  for (const [index, each] of cases.entries()) {
    const { verdict, why } = judge(ours[index], theirs[index], control[index]);
    if (verdict === 'none') console.log(`?      the bits of Python: ${nameOf(each)}: no verdict. ${why}`);
    else report(`the bits of Python: ${nameOf(each)}`, verdict === 'equal' ? '' : why);
  }
}

if (!cuda.isAvailable()) {
  console.log(`no GPU here: ${torch.libraryInfo().cudaReason}`);
} else {
  checkDevices();
  checkRandom();
  checkStreams();
  checkMemory();
  checkLoops();
  checkSweeps();
  await checkBits(process.env['LIBTORCH_NODE_PYTHON'] || setUpOracle().python);
  console.log(failed === 0 ? '\nall checks passed' : `\n${failed} checks failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
