/** Child of accounting.test.ts: MiB that pile up in a loop of large tensors which follows a loop of so many small ones. */
import * as torch from '../../lib';

const small = Number(process.argv[2]);
const x = torch.rand([4]);
for (let i = 0; i < small; i++) x.add(1);
torch.resetPeak();
const before = torch.memory().allocated['cpu'] ?? 0;
for (let i = 0; i < 1000; i++) torch.empty([256, 1024]); // 1 MiB each
process.stdout.write(String(((torch.memory().peak['cpu'] ?? 0) - before) / (1 << 20)));
