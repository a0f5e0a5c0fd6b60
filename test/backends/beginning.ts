import { backends } from '../../lib';
import { binding } from '../../lib/engine';

// A child process: prints what a program finds that has set nothing. The settings are the process's, and not all can be put back.

const { cudnn, cuda, mkldnn } = backends;
const withPrecision = [backends, cudnn, cudnn.conv, cudnn.rnn, cuda.matmul, mkldnn.matmul, mkldnn.conv, mkldnn.rnn];
process.stdout.write(
  JSON.stringify({
    flags: binding.backendFlagNames().map((name) => binding.backendFlag(name)),
    precisions: withPrecision.map(({ fp32Precision }) => fp32Precision),
  }),
);
