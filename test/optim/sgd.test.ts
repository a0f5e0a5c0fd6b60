import { scope } from '../../lib/engine';
import { SGD, type SGDOptions } from '../../lib/optim';
import { manualSeed, ones } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { compareTrajectory } from './trajectory';

beforeEach(() => manualSeed(22));

const cases: [name: string, options: SGDOptions, python: string][] = [
  ['defaults', {}, ''],
  ['lr', { lr: 0.3 }, 'lr=0.3'],
  ['momentum', { lr: 0.1, momentum: 0.9 }, 'lr=0.1, momentum=0.9'],
  ['dampening', { lr: 0.1, momentum: 0.8, dampening: 0.3 }, 'lr=0.1, momentum=0.8, dampening=0.3'],
  ['nesterov', { lr: 0.05, momentum: 0.9, nesterov: true }, 'lr=0.05, momentum=0.9, nesterov=True'],
  ['weight decay', { lr: 0.05, weightDecay: 0.1 }, 'lr=0.05, weight_decay=0.1'],
  ['maximize', { lr: 0.05, momentum: 0.5, maximize: true }, 'lr=0.05, momentum=0.5, maximize=True'],
  [
    'everything',
    { lr: 0.02, momentum: 0.7, weightDecay: 0.01, nesterov: true, maximize: true },
    'lr=0.02, momentum=0.7, weight_decay=0.01, nesterov=True, maximize=True',
  ],
];

describeWithOracle('optim.SGD', (oracle) => {
  it.each(cases)('with %s walks as in Python', async (_, options, python) => {
    await compareTrajectory(oracle(), {
      make: (params) => new SGD(params, options),
      python: `optimizer = torch.optim.SGD(params, ${python})`,
      steps: 30,
    });
  });
});

describe('optim.SGD', () => {
  it('refuses impossible options in the words of Python', () => {
    const params = [ones([1], { requiresGrad: true })];
    expect(() => new SGD(params, { lr: -0.5 })).toThrow('Invalid learning rate: -0.5');
    expect(() => new SGD(params, { momentum: -1 })).toThrow('Invalid momentum value: -1');
    expect(() => new SGD(params, { weightDecay: -1 })).toThrow('Invalid weight_decay value: -1');
    expect(() => new SGD(params, { nesterov: true })).toThrow(
      'Nesterov momentum requires a momentum and zero dampening',
    );
  });

  it('keeps its momentum when it steps in a scope, and takes it over from a state dict', () => {
    const walk = (optimizer: SGD, param = optimizer.paramGroups[0]?.params[0]): void => {
      scope(() => {
        if (param !== undefined) param.grad = ones([3]);
        optimizer.step();
      });
    };
    const make = (): SGD => new SGD([ones([3], { requiresGrad: true })], { lr: 0.5, momentum: 0.5 });
    const [first, second] = [make(), make()];
    walk(first);
    walk(first);
    expect(first.stateDict().state[0]?.['momentum_buffer']?.tolist()).toEqual([1.5, 1.5, 1.5]);
    second.loadStateDict(first.stateDict());
    walk(first);
    walk(second);
    expect(second.stateDict().state[0]?.['momentum_buffer']?.tolist()).toEqual([1.75, 1.75, 1.75]);
    expect(first.stateDict().state[0]?.['momentum_buffer']?.tolist()).toEqual([1.75, 1.75, 1.75]);
  });
});
