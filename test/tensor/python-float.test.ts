import { floatText, toFixed, toScientific } from '../../lib/tensor/python-float';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';

describeWithOracle('writing floats', (oracle) => {
  it('rounds as Python does, halves and extremes included', async () => {
    const draws = new Draws(6);
    const values = [
      0,
      -0,
      0.5,
      1.5,
      2.5,
      -0.5,
      0.25,
      0.125,
      0.0625,
      1e21,
      1e22,
      123456789012345680000,
      5e-324,
      1.7976931348623157e308,
      9.99995,
      0.99995,
      9.5,
      99.5,
      1e-5,
      NaN,
      Infinity,
      -Infinity,
    ];
    for (let i = 0; i < 2000; i += 1) {
      const exact = draws.int(-4000, 4000) / 2 ** draws.int(0, 12);
      values.push(draws.flag() ? exact : (draws.next() - 0.5) * 10 ** draws.int(-30, 30));
    }
    const { fixed, scientific, shortest } = await oracle().run(
      `
      fixed = [f'{x:.{p}f}' for x in map(float, values) for p in (0, 2, 4)]
      scientific = [f'{x:.{p}e}' for x in map(float, values) for p in (0, 2, 4)]
      shortest = [str(x) for x in map(float, values)]
      `,
      { inputs: { values }, outputs: { fixed: 'strings', scientific: 'strings', shortest: 'strings' } },
    );
    expect(values.flatMap((x) => [0, 2, 4].map((p) => toFixed(x, p)))).toEqual(fixed);
    expect(values.flatMap((x) => [0, 2, 4].map((p) => toScientific(x, p)))).toEqual(scientific);
    expect(values.map(floatText)).toEqual(shortest);
  });
});
