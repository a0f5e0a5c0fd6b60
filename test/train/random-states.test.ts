/** What a checkpoint keeps of random numbers. A generator of the CPU stands for that of a GPU, where there is none. */
import { Generator, getRngState, manualSeed, rand, type Device } from '../../lib';
import { type DefaultGenerators, readRandom, restoreRandom } from '../../lib/train/random-states';

/** The CPU's own default generator, and another one in the place of the GPU's. */
function standIn(): { generators: DefaultGenerators; gpu: Generator; asked: Device[] } {
  const gpu = new Generator().manualSeed(7);
  const asked: Device[] = [];
  const of = (device: Device): Generator => {
    asked.push(device);
    return gpu;
  };
  const generators: DefaultGenerators = {
    get: (device) => (device === 'cpu' ? getRngState() : of(device).getState()),
    set: (device, state) => {
      if (device === 'cpu') manualSeed(0).setState(state);
      else of(device).setState(state);
    },
  };
  return { generators, gpu, asked };
}

const draw = (generator?: Generator): number[] => rand([5], { generator: generator ?? null }).tolist() as number[];

describe('the states of random numbers in a checkpoint', () => {
  it('on the CPU are its own, and nothing of a GPU', () => {
    manualSeed(3);
    const states = readRandom('cpu');
    expect(Object.keys(states)).toEqual(['random']);
    expect(Buffer.from(states.random, 'base64')).toEqual(Buffer.from(getRngState().toBytes()));
    const drawn = draw();
    manualSeed(4);
    restoreRandom('cpu', states);
    expect(draw()).toEqual(drawn);
  });

  it('on a GPU are its own besides, and both go on where they were', () => {
    const { generators, gpu, asked } = standIn();
    manualSeed(3);
    draw(gpu);
    const states = JSON.parse(JSON.stringify(readRandom('cuda:1', generators))) as ReturnType<typeof readRandom>;
    expect(Object.keys(states)).toEqual(['random', 'deviceRandom']);
    const drawn = [draw(), draw(gpu)];
    manualSeed(4);
    gpu.manualSeed(5);
    restoreRandom('cuda:1', states, generators);
    expect([draw(), draw(gpu)]).toEqual(drawn);
    expect(asked).toEqual(['cuda:1', 'cuda:1']);
  });

  it('of versions that did not save a GPU’s leave that as it is', () => {
    const { generators, gpu } = standIn();
    const { random } = readRandom('cuda:0', generators);
    gpu.manualSeed(11);
    const expected = draw(new Generator().manualSeed(11));
    restoreRandom('cuda:0', { random }, generators);
    expect(draw(gpu)).toEqual(expected);
  });
});
