/**
 * Trains small models, or steps optimizers over random gradients, on one device: the twin of steps.py. Cases come as JSON
 * on the standard input; for each, what its steps came to and a digest of the state at the end are printed as JSON.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../../scripts/lib/project.mjs';

const load = createRequire(import.meta.url);
const torch = load(path.join(root, 'dist'));
const models = load(path.join(root, 'dist', 'models'));
const { nn, optim } = torch;

const { device, cases } = JSON.parse(readFileSync(0, 'utf8'));
torch.setNumThreads(1);
// What adds in no order differs from itself in every run. Ops that have no other form only warn: unpooling, which is
// deterministic where no place comes twice.
torch.useDeterministicAlgorithms(true, { warnOnly: true });
torch.backends.cudnn.deterministic = true;

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** In no order: Hugging Face's modules come in another one than ours. */
const digest = (tensors) =>
  sha256(
    [...tensors]
      .map((tensor) => sha256(tensor.toBytes()))
      .sort()
      .join(' '),
  );

function train({ model: name, options, imageSize, optimizer: kind, optimizerOptions, dtype, steps, batch, average }) {
  torch.manualSeed(7);
  const model = models.create(name, options);
  const onCpu = [0, 1].map(() => [
    torch.randn([batch, 3, imageSize, imageSize]),
    torch.randint(3, [batch, imageSize, imageSize]),
  ]);
  model.to(device).train();
  const batches = onCpu.map((tensors) => tensors.map((tensor) => tensor.to(device)));
  const optimizer = new optim[kind](model.parameters(), optimizerOptions);
  const averaged = average
    ? new optim.swaUtils.AveragedModel(model, { multiAvgFn: optim.swaUtils.getEmaMultiAvgFn(0.9), useBuffers: true })
    : null;
  const scaler = new torch.amp.GradScaler(device, { initScale: 1024, growthInterval: 3, enabled: dtype === 'float16' });
  const criterion = new nn.CrossEntropyLoss();
  // Pixels one below the other: the loss of [N, C, H, W] has no deterministic form on a GPU.
  const lossOf = (scores, truth) =>
    criterion.forward(scores.permute([0, 2, 3, 1]).reshape([-1, 3]), truth.reshape([-1]));
  const autocast = dtype === 'float32' ? { enabled: false } : { dtype };
  const losses = [];
  for (let step = 0; step < steps; step += 1) {
    const [images, truth] = batches[step % batches.length];
    torch.scope(() => {
      optimizer.zeroGrad();
      const loss = torch.autocast(device, autocast, () => lossOf(model.forward(images), truth));
      scaler.scale(loss).backward();
      scaler.step(optimizer);
      scaler.update();
      averaged?.updateParameters(model);
      losses.push(loss.item(), scaler.getScale());
    });
  }
  return { losses, state: digest((averaged ?? model).stateDict().values()) };
}

const SHAPES = [[7], [33, 5], [1], [], [3, 2, 17], [129, 67]];
const ONLY_MATRICES = ['Muon', 'SparseAdam'];

function stepOptimizer({ optimizer: kind, optimizerOptions, steps }) {
  torch.manualSeed(11);
  const shapes = SHAPES.filter(({ length }) => !ONLY_MATRICES.includes(kind) || length === 2);
  const drawn = () => shapes.map((shape) => torch.randn(shape));
  const parameters = drawn().map((tensor) => tensor.to(device).requiresGrad_());
  const optimizer = new optim[kind](parameters, optimizerOptions);
  const losses = [];
  for (let step = 0; step < steps; step += 1) {
    const grads = drawn().map((tensor) => tensor.mul(10 ** ((step % 7) - 4)).to(device));
    if (kind === 'LBFGS') {
      const closure = () => {
        optimizer.zeroGrad();
        const distances = parameters.map((parameter, index) => parameter.sub(grads[index]).square().mean());
        const loss = torch.stack(distances).sum();
        loss.backward();
        return loss;
      };
      losses.push(optimizer.step(closure).item());
      continue;
    }
    // One has none in some steps, though not in the first, which fused SGD of Python does not take; and zeros in others.
    for (const [index, parameter] of parameters.entries()) {
      const turn = (step + index) % 6;
      const grad = turn === 1 ? torch.zerosLike(parameter) : grads[index];
      parameter.grad = turn === 0 && step > 0 ? null : kind === 'SparseAdam' ? grad.toSparse(1) : grad;
    }
    if (kind !== 'SparseAdam') losses.push(nn.utils.clipGradNorm_(parameters, 1).item());
    optimizer.step();
  }
  return { losses, state: digest(parameters) };
}

console.log(JSON.stringify(cases.map((each) => (each.model === undefined ? stepOptimizer(each) : train(each)))));
