/** Steps of one optimizer over the parameters of the article's ViT, by PyTorch's defaults, with the same gradients in each. */
import { library, options, result } from './harness.mjs';

const torch = library();
const models = library('models');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const model = models.create('vit-segmentation', settings.model).to(settings.device);
/** @type {any[]} */
const parameters = model
  .parameters()
  .filter((/** @type {any} */ parameter) => !settings.matrices || parameter.ndim === 2);
const optimizer = new torch.optim[settings.optimizer](parameters);
for (const parameter of parameters) parameter.grad = parameter.detach().mul(0.1);

const seconds = [];
for (let step = 0; step < settings.steps; step++) {
  const began = performance.now();
  optimizer.step();
  if (settings.device !== 'cpu') torch.cuda.synchronize();
  seconds.push((performance.now() - began) / 1000);
}
/** @param {any} parameter */
const sumOf = (parameter) => torch.scope(() => floatHex(parameter.detach().double().sum().item()));
result({ seconds, peakGpuBytes: torch.cuda.maxMemoryAllocated(), sum: parameters.map(sumOf).join(' ') });
