import * as torch from '../../lib';
import { amp, nn, optim, type Tensor } from '../../lib';
import type { GradScalerStateDict } from '../../lib/amp';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const STEPS = 40;
type Scaled = optim.Optimizer<{ lr: number }, object>;

describeWithOracle('GradScaler', (oracle) => {
  it.each<[string, (params: Tensor[]) => Scaled, string]>([
    [
      'SGD',
      (params) => new optim.SGD(params, { lr: 0.05, momentum: 0.9 }),
      'torch.optim.SGD(parameters, lr=0.05, momentum=0.9)',
    ],
    // These divide the gradients themselves.
    [
      'fused SGD',
      (params) => new optim.SGD(params, { lr: 0.05, momentum: 0.9, fused: true }),
      'torch.optim.SGD(parameters, lr=0.05, momentum=0.9, fused=True)',
    ],
    [
      'fused Adam',
      (params) => new optim.Adam(params, { lr: 0.05, fused: true }),
      'torch.optim.Adam(parameters, lr=0.05, fused=True)',
    ],
    [
      'fused AdamW',
      (params) => new optim.AdamW(params, { lr: 0.05, amsgrad: true, fused: true }),
      'torch.optim.AdamW(parameters, lr=0.05, amsgrad=True, fused=True)',
    ],
    [
      'fused Adagrad',
      (params) => new optim.Adagrad(params, { lr: 0.05, lrDecay: 0.1, fused: true }),
      'torch.optim.Adagrad(parameters, lr=0.05, lr_decay=0.1, fused=True)',
    ],
  ])('scales, leaves steps out and adapts with the bits of PyTorch: %s', async (_, make, python) => {
    torch.manualSeed(11);
    const model = new nn.Sequential(new nn.Linear(5, 7), new nn.ReLU(), new nn.Linear(7, 2));
    const initial = Object.fromEntries([...model.stateDict()].map(([name, tensor]) => [name, tensor.clone()]));
    const inputs = Array.from({ length: STEPS }, () => torch.randn([4, 5]));
    // Some are so large that the scaled loss is infinite in float16.
    const factors = Array.from({ length: STEPS }, (_, step) => (step % 7 === 3 ? 1e4 : 1));
    const optimizer = make(model.parameters());
    // No powers of two, so that dividing and multiplying by the inverse differ.
    const scaler = new amp.GradScaler('cpu', { initScale: 500, growthFactor: 1.7, growthInterval: 3 });
    const states: GradScalerStateDict[] = [];
    const norms: number[] = [];
    for (const [step, x] of inputs.entries()) {
      optimizer.zeroGrad();
      const loss = torch.autocast('cpu', { dtype: 'float16' }, () => model.forward(x).square().mean());
      scaler.scale(loss.mul(factors[step] ?? 1)).backward();
      if (step % 2 === 0) {
        scaler.unscale_(optimizer);
        norms.push(optim.clipGradNorm_(model.parameters(), 1).item());
      }
      scaler.step(optimizer);
      scaler.update(step === 20 ? 64 : null);
      states.push(scaler.stateDict() as GradScalerStateDict);
    }
    const expected = await oracle().run(
      `
      import json
      model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 2))
      model.load_state_dict(initial)
      parameters = list(model.parameters())
      optimizer = ${python}
      scaler = torch.amp.GradScaler('cpu', init_scale=500, growth_factor=1.7, growth_interval=3)
      states, norms = [], []
      for step, x in enumerate(inputs):
          optimizer.zero_grad()
          with torch.autocast('cpu', dtype=torch.float16):
              loss = model(x).square().mean()
          scaler.scale(loss * factors[step]).backward()
          if step % 2 == 0:
              scaler.unscale_(optimizer)
              norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1)))
          scaler.step(optimizer)
          scaler.update(64.0 if step == 20 else None)
          states.append(scaler.state_dict())
      states, norms = json.dumps(states), json.dumps(norms)
      parameters = model.state_dict()
      remembered = [value for state in optimizer.state_dict()["state"].values() for value in state.values()]
      `,
      {
        inputs: { initial, inputs, factors },
        outputs: { states: 'string', norms: 'string', parameters: 'tensorDict', remembered: 'tensors' },
      },
    );
    expect(states).toEqual(JSON.parse(expected.states));
    expect(JSON.stringify(norms)).toBe(JSON.stringify(JSON.parse(expected.norms.replaceAll(/Infinity|NaN/g, 'null'))));
    expect(new Set(states.map(({ scale }) => scale)).size).toBeGreaterThan(3);
    for (const [name, tensor] of model.stateDict()) expectSameBits(tensor, expected.parameters[name] as Tensor, name);
    const remembered = Object.values(optimizer.stateDict().state).flatMap((state) => Object.values(state));
    expect(remembered).toHaveLength(expected.remembered.length);
    for (const [index, value] of remembered.entries()) {
      expectSameBits(value, expected.remembered[index] as Tensor, `state ${index}`);
    }

    const resumed = new amp.GradScaler('cpu');
    resumed.loadStateDict(states.at(-1) as GradScalerStateDict);
    expect(resumed.stateDict()).toEqual(states.at(-1));
  });
});

describe('GradScaler', () => {
  it('says what comes in the wrong order', () => {
    const weight = torch.ones([2], { requiresGrad: true });
    const optimizer = new optim.SGD([weight], 0.1);
    const scaler = new amp.GradScaler('cpu');
    expect(() => {
      scaler.step(optimizer);
    }).toThrow(/scale\(loss\) was not called/);
    scaler.scale(weight.sum()).backward();
    scaler.unscale_(optimizer);
    expect(() => {
      scaler.unscale_(optimizer);
    }).toThrow(/already been called/);
    scaler.step(optimizer);
    expect(() => {
      scaler.step(optimizer);
    }).toThrow(/already been called/);
    scaler.update();
    expect(() => {
      scaler.update();
    }).toThrow(/No inf checks/);
    expect(() => new amp.GradScaler('cpu', { growthFactor: 1 })).toThrow(/growth factor/);
    expect(() => new amp.GradScaler('toaster' as 'cpu')).toThrow(torch.ArgumentError);
  });

  it('does nothing where it is not enabled', () => {
    const weight = torch.ones([2], { requiresGrad: true });
    const optimizer = new optim.SGD([weight], 1);
    const scaler = new amp.GradScaler('cpu', { enabled: false });
    const loss = weight.sum();
    expect(scaler.scale(loss)).toBe(loss);
    loss.backward();
    scaler.step(optimizer);
    scaler.update();
    expect(weight.tolist()).toEqual([0, 0]);
    expect([scaler.getScale(), scaler.stateDict(), scaler.isEnabled()]).toEqual([1, {}, false]);
  });
});
