import { PythonRandom } from '../../lib/vision';
import { describeWithOracle } from '../oracle/oracle';

describeWithOracle("Python's random", (oracle) => {
  it.each([0, 1, -7, 12345, 2 ** 31, 2 ** 32, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER])(
    'draws as Python, seed %d',
    async (seed) => {
      const ours = new PythonRandom(seed);
      const numbers = Array.from({ length: 1500 }, () => ours.random());
      const list = Array.from({ length: 37 }, (_, k) => k);
      const shuffles = Array.from({ length: 20 }, () => ours.shuffled(list)).flat();
      const choices = Array.from({ length: 200 }, () => ours.choice(list));
      const weighted = Array.from({ length: 200 }, () => ours.choice([0, 1, 2, 3], [0.5, 0, 3, 1]));
      const expected = await oracle().run(
        `
      import random
      generator = random.Random(int(seed))
      numbers = [generator.random() for _ in range(1500)]
      shuffles = []
      for _ in range(20):
          order = list(range(37))
          generator.shuffle(order)
          shuffles += order
      choices = [generator.choices(range(37))[0] for _ in range(200)]
      weighted = [generator.choices([0, 1, 2, 3], weights=[0.5, 0, 3, 1])[0] for _ in range(200)]
      `,
        {
          inputs: { seed },
          outputs: { numbers: 'numbers', shuffles: 'numbers', choices: 'numbers', weighted: 'numbers' },
        },
      );
      expect({ numbers, shuffles, choices, weighted }).toEqual(expected);
    },
  );
});

it('begins somewhere without a seed', () => {
  expect(new PythonRandom().random()).not.toBe(new PythonRandom().random());
});

it.each([
  ['a fraction', () => new PythonRandom(0.5), /seed\(\): expected an integer for argument `seed`, received 0.5/],
  ['nothing to choose from', () => new PythonRandom(1).choice([]), /expected something to choose from/],
  ['too few weights', () => new PythonRandom(1).choice([1, 2], [1]), /expected 2 numbers of 0 or more, not all 0/],
  ['weights of 0', () => new PythonRandom(1).choice([1, 2], [0, 0]), /expected 2 numbers of 0 or more, not all 0/],
])('refuses %s', (_, call, message) => {
  expect(call).toThrow(message);
});
