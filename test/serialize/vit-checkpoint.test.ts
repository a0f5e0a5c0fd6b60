import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { VisionTransformerForSegmentation } from '../../lib/models';
import { CrossEntropyLoss, type StateDict } from '../../lib/nn';
import { Adam, type OptimizerStateDict } from '../../lib/optim';
import { load, save } from '../../lib/serialize';
import { getRngState, manualSeed, randint, randn, setRngState, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const args = { imageSize: 16, patchSize: 4, embedSize: 24, numBlocks: 2, numHeads: 3, dropout: 0.2 };
const adam = { lr: 3e-4, weightDecay: 0.01 };

interface Checkpoint {
  step: number;
  model: StateDict;
  optimizer: OptimizerStateDict;
  random: Tensor;
}

/** Python's half: the same model and the same three steps on the images from `step` on. */
const python = `
from vit import VisionTransformerForSegmentation

def fresh():
    model = VisionTransformerForSegmentation(
        image_size=16, patch_size=4, embed_size=24, num_blocks=2, num_heads=3, dropout=0.2)
    return model, torch.optim.Adam(model.parameters(), lr=3e-4, weight_decay=0.01)

def train(model, optimizer, step):
    losses = []
    for image, target in zip(images[step:step + 3], targets[step:step + 3]):
        optimizer.zero_grad()
        loss = torch.nn.CrossEntropyLoss()(model(image), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses

def checkpoint(model, optimizer, step):
    return dict(step=step, model=model.state_dict(), optimizer=optimizer.state_dict(), random=torch.get_rng_state())

def restore(path):
    saved = torch.load(path, weights_only=True)
    model, optimizer = fresh()
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    return model, optimizer, saved["step"]
`;

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vit-checkpoint-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function fresh(): [VisionTransformerForSegmentation, Adam] {
  const model = new VisionTransformerForSegmentation(args);
  return [model, new Adam(model.parameters(), adam)];
}

function train(
  model: VisionTransformerForSegmentation,
  optimizer: Adam,
  images: readonly Tensor[],
  targets: readonly Tensor[],
): Tensor[] {
  const criterion = new CrossEntropyLoss();
  return images.map((image, at) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(image), targets[at] as Tensor);
    loss.backward();
    optimizer.step();
    return loss.detach();
  });
}

/** Everything that must be equal afterwards, in an order that both sides know. */
function stateOf(model: VisionTransformerForSegmentation, optimizer: Adam, losses: readonly Tensor[]): Tensor[] {
  const { state } = optimizer.stateDict();
  const moments = Object.values(state).flatMap(({ step, exp_avg, exp_avg_sq }) => [step, exp_avg, exp_avg_sq]);
  return [...losses, ...model.stateDict().values(), ...(moments as Tensor[]), getRngState()];
}

const pythonState = `
moments = [s[key] for s in optimizer.state_dict()["state"].values() for key in ("step", "exp_avg", "exp_avg_sq")]
state = [*losses, *model.state_dict().values(), *moments, torch.get_rng_state()]
`;

describeWithOracle('a Vision Transformer in training', (oracle) => {
  let images: Tensor[];
  let targets: Tensor[];
  beforeAll(() => {
    manualSeed(9);
    images = Array.from({ length: 6 }, () => randn([2, 3, 16, 16]));
    targets = images.map(() => randint(3, [2, 16, 16]));
  });
  afterAll(() => [...images, ...targets].forEach((tensor) => tensor.dispose()));

  it.each([true, false])('goes on here where Python stopped (zip format: %s)', async (zip) => {
    const file = path.join(folder, `python-${zip}.pt`);
    const { state } = await oracle().run(
      `${python}
torch.manual_seed(5)
model, optimizer = fresh()
train(model, optimizer, 0)
torch.save(checkpoint(model, optimizer, 3), path, _use_new_zipfile_serialization=is_zip)
losses = train(model, optimizer, 3)
${pythonState}`,
      { inputs: { images, targets, path: file, is_zip: zip }, outputs: { state: 'tensors' } },
    );
    const saved = load(file) as Checkpoint;
    expect(saved.step).toBe(3);
    manualSeed(1);
    const [model, optimizer] = fresh();
    model.loadStateDict(saved.model);
    optimizer.loadStateDict(saved.optimizer);
    setRngState(saved.random);
    const losses = train(model, optimizer, images.slice(3), targets.slice(3));
    const actual = stateOf(model, optimizer, losses);
    expect(actual).toHaveLength(state.length);
    for (const [index, tensor] of actual.entries()) expectSameBits(tensor, state[index] as Tensor);
  });

  it('goes on in Python where it stopped here', async () => {
    const file = path.join(folder, 'ours.pt');
    manualSeed(6);
    const [model, optimizer] = fresh();
    train(model, optimizer, images.slice(0, 3), targets.slice(0, 3));
    const checkpoint: Checkpoint = {
      step: 3,
      model: model.stateDict(),
      optimizer: optimizer.stateDict(),
      random: getRngState(),
    };
    save(checkpoint, file);
    const losses = train(model, optimizer, images.slice(3), targets.slice(3));
    const expected = stateOf(model, optimizer, losses);
    const { state, keys } = await oracle().run(
      `${python}
model, optimizer, step = restore(path)
assert step == 3
losses = train(model, optimizer, step)
keys = list(torch.load(path)["model"])
${pythonState}`,
      { inputs: { images, targets, path: file }, outputs: { state: 'tensors', keys: 'strings' } },
    );
    expect(keys).toEqual([...model.stateDict().keys()]);
    expect(state).toHaveLength(expected.length);
    for (const [index, tensor] of state.entries()) expectSameBits(tensor, expected[index] as Tensor);
  });
});
