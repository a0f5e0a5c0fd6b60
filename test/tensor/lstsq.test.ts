import { linalg, manualSeed, randn, useDeterministicAlgorithms } from '../../lib';
import { Choices } from '../ops/random';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

/**
 * Without a driver PyTorch takes LAPACK's gelsy on the CPU, and hands it an array of pivots that nothing has written to:
 * the last bits differ from call to call, in Python, too. In deterministic mode new memory is filled.
 */
describeWithOracle('linalg.lstsq without a driver', (oracle) => {
  afterEach(() => useDeterministicAlgorithms(false));

  it('has the bits of Python where memory is filled', async () => {
    for (let seed = 0; seed < 5; seed += 1) {
      const choose = new Choices(seed);
      const [m, n, k] = [choose.int(4, 7), choose.int(1, 4), choose.int(1, 3)];
      manualSeed(seed);
      const [a, b] = [randn([2, m, n]), randn([2, m, k])];
      useDeterministicAlgorithms(true);
      const ours = [linalg.lstsq(a, b), linalg.lstsq(a, b, { driver: 'gelsy' })];
      const python = await oracle().run(
        `
        torch.use_deterministic_algorithms(True)
        solution, _, rank, _ = torch.linalg.lstsq(a, b)
        `,
        { inputs: { a, b }, outputs: ['solution', 'rank'] },
      );
      for (const [solution, , rank] of ours) {
        expectSameBits(solution, python.solution, 'solution');
        expectSameBits(rank, python.rank, 'rank');
      }
    }
  });
});
