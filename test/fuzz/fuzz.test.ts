/**
 * A few hostile argument lists for every function; `npm run fuzz` is the long form. The seed is fixed, so that a failure
 * is one to everybody; the long form takes a new one each time.
 */
import { hunt } from './hunt';
import { classesWithoutObjects } from './targets';

const lines = (finds: readonly { problem: string; call: string }[]): string =>
  finds.map(({ problem, call }) => `${problem}\n  ${call}`).join('\n');

describe('hostile arguments', () => {
  it('meet methods on objects of every exported class, but of those that a GPU or a folder of photos is needed for', () => {
    expect(classesWithoutObjects().filter((name) => !name.startsWith('cuda.'))).toEqual([
      'vision.OxfordIIITPet',
      'vision.PetSegmentation',
    ]);
  });

  it('make every public function, method and native function throw an Error, and crash or hang none', async () => {
    const { finds, functions } = await hunt({ seed: 'jest', lists: 6 });
    expect(lines(finds)).toBe('');
    expect(functions).toBeGreaterThan(1500);
  }, 400_000);

  it('are told apart by the child from what is right: a crash, a hang and a bad error are found and named', async () => {
    const { finds } = await hunt({ seed: 'jest', lists: 1, filter: '^self-test', selfTest: true, milliseconds: 8000 });
    expect(finds.map(({ target, problem }) => `${target}: ${problem.split(' (')[0]}`)).toEqual([
      "self-test string: threw 'no Error', which is no Error",
      'self-test crash: SIGSEGV',
      'self-test hang: hang',
    ]);
    expect(finds[1]?.call).toBe("self-test crash(1, 'two')");
  }, 120_000);
});
