/** Child of compute-process.test.ts: how late the event loop is while a model trains and predicts on the compute thread. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import * as torch from '../../lib';

const { nn } = torch;

async function main(): Promise<void> {
  torch.manualSeed(0);
  const size = 1024;
  const layers = Array.from({ length: 6 }, () => [new nn.Linear(size, size), new nn.GELU()]).flat();
  const model = new nn.Sequential(...layers);
  const optimizer = new torch.optim.Adam(model.parameters());
  const x = torch.rand([512, size]);

  const forward = (): torch.Tensor => model.forward(x).square().mean();
  const step = (): void => {
    optimizer.zeroGrad();
    torch.scope(() => forward().backward());
    optimizer.step();
  };
  const stepAsync = (): Promise<void> =>
    torch.scopeAsync(async () => {
      const loss = await torch.computeAsync(() => {
        optimizer.zeroGrad();
        return forward();
      });
      await loss.backwardAsync();
      await optimizer.stepAsync();
    });

  step();
  await stepAsync();
  const started = performance.now();
  step();
  const synchronous = performance.now() - started;

  const delay = monitorEventLoopDelay({ resolution: 2 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.enable();
  const begin = performance.now();
  let steps = 0;
  while (performance.now() - begin < 4000 || steps < 4) {
    await stepAsync();
    const predicted = await model.forwardAsync(x);
    predicted.dispose();
    steps++;
  }
  delay.disable();
  process.stdout.write(JSON.stringify({ synchronous, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, steps }));
}

void main();
