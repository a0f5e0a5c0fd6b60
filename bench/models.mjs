/** A training step of one model, as the program does it: zeroGrad, forward and loss (under autocast), backward, Adam, in a scope. */
import { library, options, result } from './harness.mjs';

const torch = library();
const models = library('models');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const model = models.create(settings.model, settings.options).to(settings.device);
const optimizer = new torch.optim.Adam(model.parameters(), { lr: 1e-3 });
const criterion = new torch.nn.CrossEntropyLoss();
const side = settings.imageSize;
// Drawn on the processor, so that no device has other numbers.
const images = torch.rand([settings.batch, 3, side, side]).to(settings.device);
const truth = torch.randint(3, [settings.batch, side, side]).to(settings.device);
const deviceType = settings.device.split(':')[0];
const autocast = { dtype: 'bfloat16', enabled: settings.dtype === 'bfloat16' };
model.train();

const seconds = [];
const losses = [];
for (let step = 0; step < settings.steps; step++) {
  const began = performance.now();
  const loss = torch.scope(() => {
    optimizer.zeroGrad();
    const loss = torch.scope(() =>
      torch.autocast(deviceType, autocast, () => criterion.forward(model.forward(images), truth)),
    );
    loss.backward();
    optimizer.step();
    return loss.item();
  });
  losses.push(floatHex(loss));
  seconds.push((performance.now() - began) / 1000);
}
const peakGpuBytes = torch.cuda.maxMemoryAllocated();
result({ seconds, losses, peakGpuBytes, parameters: models.countParameters(model) });
