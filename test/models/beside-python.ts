/** Models beside their Python twins: how those are called, and training of both, bit for bit. */
import { inferenceMode } from '../../lib/autograd';
import { autocast } from '../../lib/amp';
import { scope } from '../../lib/engine';
import * as nn from '../../lib/nn';
import { Adam } from '../../lib/optim';
import { getRngState, manualSeed, randint, randn, type Tensor } from '../../lib/tensor';
import { compareModule, expectSameState } from '../nn/compare-module';
import { expectSameBits, type Oracle } from '../oracle/oracle';
import { expectNothingLeftBy } from '../support/steps';

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `width=4, upsample="bilinear"`: our options under Python's names. */
export function pythonArguments(options: object): string {
  const named = Object.entries(options).map(([option, value]: [string, unknown]) => {
    const written = JSON.stringify(value);
    // JavaScript's 0 is a float here: Python prints a dropout of 0 and of 0.0 differently.
    return `${snake(option)}=${option.toLowerCase().endsWith('dropout') ? `float(${written})` : written}`;
  });
  return named.join(', ');
}

/** `__import__('unet').UNet(width=4)`: a model of test/oracle. */
export function pythonTwin(module: string, name: string, options: object): string {
  return `__import__('${module}').${name}(${pythonArguments(options)})`;
}

/** {@link compareModule} of a model that takes an image. */
export async function compareOnImage(
  oracle: Oracle,
  seed: number,
  image: Tensor,
  make: () => nn.Module,
  python: string,
): Promise<void> {
  await compareModule(oracle, {
    make,
    python,
    inputs: { image },
    forward: (model) => [model.forward(image)],
    pythonForward: '[module(image)]',
    differentiate: ['image'],
    seed,
  });
}

export interface Training {
  make: () => nn.Module;
  python: string;
  /** Of the images. */
  shape: readonly number[];
  /** Class scores are of each pixel, or of the image. */
  target: 'pixels' | 'image';
  classes: number;
  steps?: number;
  /** Forward and loss under autocast. */
  bfloat16?: boolean;
  seed?: number;
}

/**
 * Trains a model and its twin by Adam from one seed and compares, bit for bit: the loss of each step, the evaluation after
 * each step, the state at the end and the generator's. Python trains twice, as a control: where it did not agree with itself,
 * a difference would say nothing.
 */
export async function trainBesidePython(oracle: Oracle, training: Training): Promise<void> {
  const { make, python, shape, target, classes, steps = 10, bfloat16 = false, seed = 5 } = training;
  manualSeed(seed + 1);
  const [batch = 1, , ...pixels] = shape;
  const images = Array.from({ length: steps }, () => randn([...shape]));
  const targets = images.map(() => randint(classes, target === 'pixels' ? [batch, ...pixels] : [batch]));
  const expected = await oracle.run(
    `
    def train():
        torch.manual_seed(seed)
        model = ${python}
        optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
        loss_of = torch.nn.CrossEntropyLoss()
        losses, evaluations = [], []
        for image, target in zip(images, targets):
            model.train()
            optimizer.zero_grad()
            with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bfloat16):
                loss = loss_of(model(image), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            model.eval()
            with torch.inference_mode(), torch.autocast('cpu', dtype=torch.bfloat16, enabled=bfloat16):
                evaluations.append(model(image).clone())
        return losses, evaluations, dict(model.state_dict()), torch.get_rng_state()
    losses, evaluations, state, rng = train()
    again = train()
    agrees = all(torch.equal(a, b) for a, b in zip(state.values(), again[2].values()))
    agrees = agrees and all(torch.equal(a, b) for a, b in zip(losses + evaluations, again[0] + again[1]))
    `,
    {
      inputs: { images, targets, seed, bfloat16 },
      outputs: { losses: 'tensors', evaluations: 'tensors', state: 'tensorDict', rng: 'tensor', agrees: 'boolean' },
    },
  );
  expect(expected.agrees).toBe(true);

  manualSeed(seed);
  const model = make();
  const optimizer = new Adam(model.parameters(), { lr: 4e-4 });
  const lossOf = new nn.CrossEntropyLoss();
  const computing = <T>(compute: () => T): T => autocast('cpu', { dtype: 'bfloat16', enabled: bfloat16 }, compute);
  for (const [step, image] of images.entries()) {
    scope(() => {
      model.train();
      optimizer.zeroGrad();
      const loss = computing(() => lossOf.forward(model.forward(image), targets[step] as Tensor));
      loss.backward();
      optimizer.step();
      expectSameBits(loss.detach(), expected.losses[step] as Tensor, `loss of step ${step}`);
      model.eval();
      const evaluation = inferenceMode(() => computing(() => model.forward(image)));
      expectSameBits(evaluation, expected.evaluations[step] as Tensor, `evaluation after step ${step}`);
    });
  }
  expectSameState(model.stateDict(), expected.state, 'trained');
  expectSameBits(getRngState(), expected.rng, 'generator');
}

/** A model at its defaults: its number of parameters, and its keys with their shapes, as those of the twin. */
export async function expectSameParameters(oracle: Oracle, make: () => nn.Module, python: string): Promise<number> {
  const { keys, count } = await oracle.run(
    `
    with torch.device('meta'):
        model = ${python}
    keys = [k + str(list(v.shape)).replace(' ', '') for k, v in model.state_dict().items()]
    count = sum(p.numel() for p in model.parameters())
    `,
    { outputs: { keys: 'strings', count: 'number' } },
  );
  return scope(() => {
    const model = make();
    expect([...model.stateDict()].map(([key, { shape }]) => `${key}[${shape.join()}]`)).toEqual(keys);
    expect(model.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0)).toBe(count);
    return count;
  });
}

/** Trains on images [N, 3, H, W] with three classes, each step in a scope: no step may leave a tensor behind. */
export function expectNothingLeft(model: nn.Module, image: Tensor): void {
  const optimizer = new Adam(model.parameters());
  const lossOf = new nn.CrossEntropyLoss();
  const target = randint(3, [image.size(0), ...image.shape.slice(2)]);
  expectNothingLeftBy(() => {
    scope(() => {
      optimizer.zeroGrad();
      lossOf.forward(model.train().forward(image), target).backward();
      optimizer.step();
      inferenceMode(() => model.eval().forward(image));
    });
  });
}
