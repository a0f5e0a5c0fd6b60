/** What schedules warn of, free, take over, and refuse. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import * as optim from '../../lib/optim';
import { lrScheduler } from '../../lib/optim';
import type { AnyOptimizer } from '../../lib/optim';
import { memory, sweep } from '../../lib/engine';
import { ones } from '../../lib/tensor';
import { save } from '../../lib/serialize';
import { describeWithOracle } from '../oracle/oracle';
import { all, makeOptimizer, rates, step } from './lr-scheduler-cases';

const {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  LRScheduler,
  MultiStepLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = lrScheduler;

describeWithOracle('a MultiStepLR among others, saved here', (oracle) => {
  it('goes on in Python past its milestone', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'scheduler-'));
    try {
      const file = path.join(folder, 'state.pt');
      const make = (): InstanceType<typeof SequentialLR> => {
        const optimizer = new optim.SGD([ones([1], { requiresGrad: true })], { lr: 0.5 });
        const parts = [new LinearLR(optimizer, { totalIters: 2 }), new MultiStepLR(optimizer, [2, 2, 4])];
        return new SequentialLR(optimizer, parts, [2]);
      };
      const ours = make();
      ours.step();
      save(ours.stateDict(), file);
      const { lrs, kind } = await oracle().run(
        `
        import warnings
        warnings.simplefilter('ignore')
        S = torch.optim.lr_scheduler
        optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.5)
        scheduler = S.SequentialLR(optimizer, [S.LinearLR(optimizer, total_iters=2), S.MultiStepLR(optimizer, [1])], [2])
        scheduler.step()
        state = torch.load(file, weights_only=True)
        kind = [type(state['_schedulers'][1]['milestones']).__name__]
        scheduler.load_state_dict(state)
        lrs = []
        for _ in range(7):
            optimizer.step()
            scheduler.step()
            lrs += scheduler.get_last_lr()
        `,
        { inputs: { file }, outputs: { lrs: 'numbers', kind: 'strings' } },
      );
      expect(kind).toEqual(['Counter']);
      const here: number[] = [];
      for (let epoch = 0; epoch < 7; epoch++) {
        ours.step();
        here.push(...ours.getLastLr());
      }
      expect(here).toEqual(lrs);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('optim.lrScheduler', () => {
  let warn: jest.SpyInstance;
  beforeEach(() => {
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(() => warn.mockRestore());

  it('warns when it steps before the optimizer, and only then', () => {
    new StepLR(makeOptimizer(), { stepSize: 1 }).step();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('before `optimizer.step()`'));
    warn.mockClear();
    const optimizer = makeOptimizer();
    const scheduler = new StepLR(optimizer, { stepSize: 1 });
    optimizer.step();
    scheduler.step();
    expect(warn).not.toHaveBeenCalled();
  });

  it('cannot know whether an optimizer with a step of its own has stepped', () => {
    class Own extends optim.SGD {
      override step(): undefined {
        return undefined;
      }
    }
    const optimizer = new Own([ones([1], { requiresGrad: true })], { lr: 1 });
    const scheduler = new StepLR(optimizer, { stepSize: 1 });
    optimizer.step();
    scheduler.step();
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns who asks for rates by getLr', () => {
    const scheduler = new ExponentialLR(makeOptimizer(), 0.5);
    expect(warn).not.toHaveBeenCalled();
    expect(scheduler.getLr()).toEqual(rates.map((lr) => lr * 0.5));
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('please use `getLastLr()`'));
  });

  it.each(all)('%s leaves no tensors behind', (_, { make, optimizer: kind }) => {
    const scheduler = make(makeOptimizer(kind, rates, 'tensors'));
    for (let epoch = 0; epoch < 3; epoch++) step(scheduler, epoch);
    sweep();
    const before = memory();
    for (let epoch = 3; epoch < 20; epoch++) step(scheduler, epoch);
    expect(memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });

  it('takes over a state that went through JSON', () => {
    const scheduler = new ReduceLROnPlateau(makeOptimizer());
    const resumed = new ReduceLROnPlateau(makeOptimizer());
    resumed.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())) as never);
    expect(resumed.stateDict()).toEqual(scheduler.stateDict());
    const steps = new MultiStepLR(makeOptimizer(), [3, 3, 9]);
    const resumedSteps = new MultiStepLR(makeOptimizer(), [1]);
    resumedSteps.loadStateDict(JSON.parse(JSON.stringify(steps.stateDict())) as never);
    expect(resumedSteps.stateDict()).toEqual(steps.stateDict());
  });

  it('takes schedules of users', () => {
    class Halving extends LRScheduler<number> {
      constructor(optimizer: AnyOptimizer) {
        super(optimizer);
        this.start(-1);
      }

      override getLr(): number[] {
        this.warnOutsideStep();
        return this.baseLrs.map((lr) => lr * 2 ** -this.lastEpoch);
      }

      protected override fields(): Record<string, string> {
        return {};
      }
    }
    const optimizer = makeOptimizer();
    const scheduler = new Halving(optimizer);
    optimizer.step();
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual(rates.map((lr) => lr / 2));
  });

  it('refuses impossible arguments', () => {
    const optimizer = makeOptimizer();
    expect(() => new StepLR(optimizer, { stepSize: 0 })).toThrow('`stepSize`, received 0');
    expect(() => new StepLR(makeOptimizer(), { stepSize: 2, lastEpoch: 3 })).toThrow(
      "param 'initial_lr' is not specified",
    );
    expect(() => new StepLR({} as never, { stepSize: 2 })).toThrow('expected an Optimizer');
    expect(() => new ConstantLR(optimizer, 2)).toThrow('expected to be between 0 and 1');
    expect(() => new LinearLR(optimizer, 0)).toThrow('greater than 0 and less or equal to 1');
    expect(() => new LinearLR(optimizer, 1, 2)).toThrow('Ending multiplicative factor');
    expect(() => new MultiStepLR(optimizer, [1.5])).toThrow('`milestones[0]`, received 1.5');
    expect(() => new LambdaLR(optimizer, [() => 1])).toThrow('Expected 2 lr_lambdas, but got 1');
    expect(() => new LambdaLR(optimizer, 3 as never)).toThrow('lrLambda should be a function');
    expect(() => new CyclicLR(optimizer, 0.1, [1])).toThrow('must have the same length as optimizer.param_groups');
    expect(() => new CyclicLR(optimizer, 0.1, 1, 3, null, 'square' as never)).toThrow('mode is invalid');
    const plain = new optim.Rprop([ones([1], { requiresGrad: true })]);
    expect(() => new CyclicLR(plain, 0.1, 1)).toThrow('must support momentum or beta1');
    expect(() => new OneCycleLR(plain, 0.1, 10)).toThrow('must support momentum or beta1');
    expect(() => new OneCycleLR(optimizer, 0.1)).toThrow('either total_steps OR');
    expect(() => new OneCycleLR(optimizer, 0.1, 0)).toThrow('`totalSteps`, received 0');
    expect(() => new OneCycleLR(optimizer, 0.1, { totalSteps: 10, pctStart: 2 })).toThrow('between 0 and 1 pct_start');
    const short = new OneCycleLR(makeOptimizer(), 0.1, 3);
    for (let count = 0; count < 3; count++) short.step();
    expect(() => short.step()).toThrow('Tried to step 4 times');
    expect(() => new CosineAnnealingWarmRestarts(optimizer, 0)).toThrow('`t0`, received 0');
    expect(() => new ReduceLROnPlateau(optimizer, { factor: 1 })).toThrow('Factor should be < 1.0.');
    expect(() => new ReduceLROnPlateau(optimizer, 'low' as never)).toThrow('is unknown');
    expect(() => new ReduceLROnPlateau(optimizer).step()).toThrow('expected a number for `metrics`');
    expect(() => new SequentialLR(optimizer, [], [])).toThrow('at least one scheduler');
    const parts = [new StepLR(optimizer, 1), new StepLR(optimizer, 2)];
    expect(() => new SequentialLR(optimizer, parts, [])).toThrow('one more than the number of milestone points');
    expect(() => new SequentialLR(makeOptimizer(), parts, [1])).toThrow('belong to the same optimizer');
    expect(() => new ChainedScheduler([new ReduceLROnPlateau(optimizer)])).toThrow(
      'does not support `ReduceLROnPlateau`',
    );
    expect(() => new StepLR(optimizer, 1).loadStateDict({ gamma: 3 })).toThrow('expected base_lrs');
    const lacking = new StepLR(optimizer, 1).stateDict();
    delete lacking['gamma'];
    expect(() => new StepLR(optimizer, 1).loadStateDict(lacking)).toThrow(
      '`gamma` should be a number, received undefined',
    );
    const byLambda = new LambdaLR(optimizer, () => 1);
    optimizer.addParamGroup({ params: [ones([1], { requiresGrad: true })] });
    expect(() => byLambda.step()).toThrow('add groups before the scheduler is made');
  });
});
