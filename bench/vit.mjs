/** The article's training step, as the program does it: zeroGrad, forward, loss, backward, Adam, in a scope. */
import { library, options, result } from './harness.mjs';

const torch = library();
const models = library('models');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const model = models.create('vit-segmentation', settings.model);
const optimizer = new torch.optim.Adam(model.parameters(), { lr: 4e-4 });
const criterion = new torch.nn.CrossEntropyLoss();
const side = settings.model.imageSize;
const images = torch.rand([settings.batch, 3, side, side]);
const truth = torch.randint(3, [settings.batch, side, side]);
model.train();

const seconds = [];
const losses = [];
for (let step = 0; step < settings.steps; step++) {
  const began = performance.now();
  const loss = torch.scope(() => {
    optimizer.zeroGrad();
    const loss = torch.scope(() => criterion.forward(model.forward(images), truth));
    loss.backward();
    optimizer.step();
    return loss.item();
  });
  losses.push(floatHex(loss));
  seconds.push((performance.now() - began) / 1000);
}
const parameters = model.parameters().reduce((/** @type {number} */ sum, parameter) => sum + parameter.numel(), 0);
result({ seconds, losses, parameters });
