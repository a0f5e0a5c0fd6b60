/** A few training steps of a small ViT on one device: the twin of train.py, which prints the same JSON object. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../scripts/lib/project.mjs';

const torch = createRequire(import.meta.url)(path.join(root, 'dist'));
const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

const { values } = parseArgs({
  options: {
    device: { type: 'string' },
    optimizer: { type: 'string' },
    steps: { type: 'string' },
    model: { type: 'string' },
    batch: { type: 'string' },
  },
});
const { device, optimizer: kind } = values;
const batch = Number(values.batch);
const args = Object.fromEntries(
  Object.entries(JSON.parse(values.model)).map(([key, value]) => [camelCase(key), value]),
);

torch.setNumThreads(1);
torch.manualSeed(7);
const model = new torch.models.VisionTransformerForSegmentation(args);
const size = args.imageSize;
const onCpu = [0, 1].map(() => [torch.randn([batch, 3, size, size]), torch.randint(3, [batch, size, size])]);
model.to(device);
const batches = onCpu.map((tensors) => tensors.map((tensor) => tensor.to(device)));
const optimizer =
  kind === 'adam'
    ? new torch.optim.Adam(model.parameters(), { lr: 1e-3, weightDecay: 0.01 })
    : new torch.optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 0.01, nesterov: true });

const losses = [];
const seconds = [];
for (let step = 0; step < Number(values.steps); step += 1) {
  const [images, truth] = batches[step % batches.length];
  const began = performance.now();
  torch.scope(() => {
    optimizer.zeroGrad();
    const loss = torch.nn.functional.crossEntropy(model.forward(images), truth);
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  });
  seconds.push((performance.now() - began) / 1000);
}

const digest = createHash('sha256');
for (const [name, tensor] of model.stateDict()) digest.update(name).update(tensor.toBytes());
const peak = device.startsWith('cuda') ? torch.cuda.maxMemoryAllocated() : 0;
console.log(JSON.stringify({ losses, state: digest.digest('hex'), seconds: Math.min(...seconds), peak }));
