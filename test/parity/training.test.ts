import { join } from 'node:path';

import { inferenceMode } from '../../lib/autograd';
import { scope, setNumThreads } from '../../lib/engine';
import { create } from '../../lib/models';
import { CrossEntropyLoss } from '../../lib/nn';
import { Adam, StepLR } from '../../lib/optim';
import { floatHex } from '../../lib/serialize';
import { getRngState, manualSeed, rand, randint, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

interface Config {
  imageSize: number;
  patchSize: number;
  embedSize: number;
  numBlocks: number;
  numHeads: number;
  dropout: number;
  seed: number;
}

const steps = 6;
const oracleFolder = join(__dirname, '..', 'oracle');

/** Python's side: the model of article.py on drawn images, so that no file is needed. */
const source = `
  import sys
  sys.path.insert(0, folder)
  from vit import VisionTransformerForSegmentation

  torch.manual_seed(config["seed"])
  model = VisionTransformerForSegmentation(image_size=config["imageSize"], patch_size=config["patchSize"],
      embed_size=config["embedSize"], num_blocks=config["numBlocks"], num_heads=config["numHeads"], dropout=config["dropout"])
  initial = {name: tensor.clone() for name, tensor in model.state_dict().items()}
  optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
  scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.8)
  criterion = torch.nn.CrossEntropyLoss()
  losses = []
  for step in range(steps):
      images = torch.rand(3, 3, config["imageSize"], config["imageSize"])
      truth = torch.randint(3, (3, config["imageSize"], config["imageSize"]))
      model.train()
      optimizer.zero_grad()
      loss = criterion(model(images), truth)
      loss.backward()
      optimizer.step()
      scheduler.step()
      losses.append(loss.item().hex())
  gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
  state = model.state_dict()
  model.eval()
  with torch.inference_mode():
      evaluated = model(images)
  random = torch.get_rng_state()
`;

const outputs = {
  initial: 'tensorDict',
  losses: 'strings',
  gradients: 'tensorDict',
  state: 'tensorDict',
  evaluated: 'tensor',
  random: 'tensor',
} as const;

function train(config: Config) {
  const { seed, ...options } = config;
  manualSeed(seed);
  const model = create('vit-segmentation', options);
  const initial = new Map([...model.stateDict()].map(([name, tensor]) => [name, tensor.clone()]));
  const optimizer = new Adam(model.parameters(), { lr: 4e-4 });
  const scheduler = new StepLR(optimizer, { stepSize: 2, gamma: 0.8 });
  const criterion = new CrossEntropyLoss();
  const losses: string[] = [];
  let images!: Tensor;
  for (let step = 0; step < steps; step++) {
    images = rand([3, 3, config.imageSize, config.imageSize]);
    const truth = randint(3, [3, config.imageSize, config.imageSize]);
    model.train();
    const loss = scope(() => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(images), truth);
      loss.backward();
      optimizer.step();
      return loss.item();
    });
    scheduler.step();
    losses.push(floatHex(loss));
  }
  model.eval();
  const evaluated = inferenceMode(() => model.forward(images));
  return { model, initial, losses, evaluated, random: getRngState() };
}

function expectSameTensors(ours: ReadonlyMap<string, Tensor>, theirs: Record<string, Tensor>, label: string): void {
  expect([...ours.keys()]).toEqual(Object.keys(theirs));
  for (const [name, tensor] of ours) expectSameBits(tensor, theirs[name]!, `${label} ${name}`);
}

const configs: [string, Config][] = [
  ['3 heads', { imageSize: 32, patchSize: 8, embedSize: 24, numBlocks: 2, numHeads: 3, dropout: 0.2, seed: 0 }],
  [
    '4 heads: the fast path in evaluation',
    { imageSize: 32, patchSize: 16, embedSize: 40, numBlocks: 3, numHeads: 4, dropout: 0.1, seed: 1 },
  ],
  [
    'no dropout',
    { imageSize: 48, patchSize: 8, embedSize: 30, numBlocks: 1, numHeads: 5, dropout: 0, seed: 2 ** 53 - 1 },
  ],
];

for (const threads of [1, 2]) {
  describeWithOracle(
    `training the ViT with ${threads} thread(s)`,
    (oracle) => {
      beforeAll(() => setNumThreads(threads));
      it.each(configs)('gives the bits of Python: %s', async (_name, config) => {
        const theirs = await oracle().run(source, {
          inputs: { folder: oracleFolder, config: { ...config }, steps },
          outputs,
        });
        const ours = train(config);
        expectSameTensors(ours.initial, theirs.initial, 'initial');
        expect(ours.losses).toEqual(theirs.losses);
        const gradients = new Map(ours.model.namedParameters().map(([name, parameter]) => [name, parameter.grad!]));
        expectSameTensors(gradients, theirs.gradients, 'gradient of');
        expectSameTensors(ours.model.stateDict(), theirs.state, 'trained');
        expectSameBits(ours.evaluated, theirs.evaluated, 'logits in evaluation');
        expectSameBits(ours.random, theirs.random, 'random state');
      });
    },
    { threads },
  );
}
