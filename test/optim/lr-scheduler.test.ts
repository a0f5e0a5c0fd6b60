import { SGD, StepLR, type SchedulerStateDict } from '../../lib/optim';
import { ones } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';

function makeOptimizer(rates: number[]): SGD {
  return new SGD(rates.map((lr) => ({ params: [ones([1], { requiresGrad: true })], lr })));
}

describeWithOracle('optim.StepLR', (oracle) => {
  it('has the rates and the state of Python in every epoch', async () => {
    const draws = new Draws(5);
    for (let round = 0; round < 8; round++) {
      const rates = [draws.next() * 0.1, draws.next()];
      const [stepSize, gamma] = [draws.int(1, 9), draws.pick([0.8, 0.1, 0.7, draws.next()])];
      const { history, state, initial, printed } = await oracle().run(
        `
        optimizer = torch.optim.SGD([{'params': [torch.ones(1, requires_grad=True)], 'lr': lr} for lr in rates])
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
        history = []
        for _ in range(60):
            history.append(scheduler.get_last_lr() + [g['lr'] for g in optimizer.param_groups])
            optimizer.step()
            scheduler.step()
        state = scheduler.state_dict()
        initial = [g['initial_lr'] for g in optimizer.param_groups]
        printed = list(state)
        `,
        {
          inputs: { rates, step_size: stepSize, gamma },
          outputs: { history: 'value', state: 'value', initial: 'numbers', printed: 'strings' },
        },
      );
      const optimizer = makeOptimizer(rates);
      const scheduler =
        round % 2 === 0 ? new StepLR(optimizer, { stepSize, gamma }) : new StepLR(optimizer, stepSize, gamma);
      const ours: number[][] = [];
      for (let epoch = 0; epoch < 60; epoch++) {
        ours.push([...scheduler.getLastLr(), ...optimizer.paramGroups.map(({ lr }) => lr)]);
        optimizer.step();
        scheduler.step();
      }
      expect(ours).toEqual(history);
      expect(scheduler.stateDict()).toEqual(state);
      expect(Object.keys(scheduler.stateDict())).toEqual(printed);
      expect(optimizer.stateDict().param_groups.map((group) => group['initial_lr'])).toEqual(initial);

      const resumedOptimizer = makeOptimizer(rates);
      const resumed = new StepLR(resumedOptimizer, { stepSize: 1, gamma: 0.5 });
      resumedOptimizer.loadStateDict(optimizer.stateDict());
      resumed.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())) as SchedulerStateDict);
      for (let epoch = 0; epoch < 20; epoch++) {
        for (const each of [scheduler, resumed]) each.step();
        expect(resumed.getLastLr()).toEqual(scheduler.getLastLr());
      }
    }
  });
});

describe('optim.StepLR', () => {
  it('warns when it steps before the optimizer, and only then', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    new StepLR(makeOptimizer([0.1]), { stepSize: 1 }).step();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('before `optimizer.step()`'));
    warn.mockClear();
    const optimizer = makeOptimizer([0.1]);
    const scheduler = new StepLR(optimizer, { stepSize: 1 });
    optimizer.step();
    scheduler.step();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('refuses impossible arguments', () => {
    expect(() => new StepLR(makeOptimizer([0.1]), { stepSize: 0 })).toThrow('`stepSize`, received 0');
    expect(() => new StepLR(makeOptimizer([0.1]), { stepSize: 2, lastEpoch: 3 })).toThrow(
      "param 'initial_lr' is not specified",
    );
    expect(() => new StepLR({} as never, { stepSize: 2 })).toThrow('expected an Optimizer');
  });
});
