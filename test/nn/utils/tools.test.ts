/** Vectors of parameters, fused layers, layers without initial values, orders in memory. */
import * as nn from '../../../lib/nn';
import { getRngState, manualSeed, rand, randn, type Tensor } from '../../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../../oracle/oracle';
import { Draws } from '../draws';

const { utils } = nn;

beforeEach(() => manualSeed(91));

describeWithOracle('nn.utils', (oracle) => {
  it('parametersToVector and vectorToParameters', async () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
    const state = Object.fromEntries(model.stateDict());
    const vec = randn([4 * 4 + 8 + 10]);
    const { vector, loaded, grad } = await oracle().run(
      `
      nn = torch.nn
      model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
      model.load_state_dict(state)
      vector = nn.utils.parameters_to_vector(model.parameters())
      vector.square().sum().backward()
      vector, grad = vector.detach(), model[0].weight.grad
      nn.utils.vector_to_parameters(vec, model.parameters())
      loaded = [p.detach() for p in model.parameters()]
      `,
      { inputs: { state, vec }, outputs: { vector: 'tensor', loaded: 'tensors', grad: 'tensor' } },
    );
    const ours = utils.parametersToVector(model.parameters());
    expectSameBits(ours.detach(), vector);
    ours.square().sum().backward();
    expectSameBits(model.parameters()[0]?.grad as Tensor, grad);
    utils.vectorToParameters(vec, model.parameters());
    for (const [index, parameter] of model.parameters().entries()) expectSameBits(parameter, loaded[index] as Tensor);
    vec.zero_();
    expect(model.parameters()[0]?.abs().sum().item()).toBe(0);
    expect(() => utils.vectorToParameters(randn([3]), model.parameters())).toThrow('exceeds dimension size');
    expect(() => utils.parametersToVector(randn([3]))).toThrow('expected a list of tensors');
  });

  const convs = ['Conv1d', 'Conv2d', 'Conv3d', 'ConvTranspose1d', 'ConvTranspose2d', 'ConvTranspose3d'] as const;

  it.each([...convs, 'Linear'] as const)('fuses %s with a batch norm', async (name) => {
    const draws = new Draws(name.length);
    for (let round = 0; round < 4; round++) {
      const [ins, outs, bias, affine] = [draws.int(1, 5), draws.int(1, 5), draws.flag(), draws.flag()];
      const dims = name === 'Linear' ? 1 : Number(name.at(-2));
      const norm = { 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d }[dims] as typeof nn.BatchNorm1d;
      const transpose = name.startsWith('ConvT');
      const isLinear = name === 'Linear';
      const layer = isLinear ? new nn.Linear(ins, outs, bias) : new nn[name](ins, outs, 2, { bias });
      // Python cannot fuse a Linear with a norm that is not affine.
      const bn = new norm(outs, { affine: affine || isLinear });
      bn.runningMean?.copy_(randn([outs]));
      bn.runningVar?.copy_(rand([outs]));
      bn.weight?.data.copy_(randn([outs]));
      bn.bias?.data.copy_(randn([outs]));
      layer.requiresGrad_(draws.flag());
      const x = isLinear ? randn([3, ins]) : randn([2, ins, ...Array<number>(dims).fill(4)]);
      const { weight, fused_bias, grads, y } = await oracle().run(
        `
        nn = torch.nn
        layer, bn = nn.${name}(${ins}, ${outs}${isLinear ? '' : ', 2'}, bias=${bias ? 'True' : 'False'}), nn.BatchNorm${dims}d(${outs}, affine=${affine || isLinear ? 'True' : 'False'})
        layer.load_state_dict(state)
        bn.load_state_dict(norm)
        layer.requires_grad_(requires).eval(), bn.eval()
        fused = nn.utils.${isLinear ? 'fuse_linear_bn_eval(layer, bn)' : `fuse_conv_bn_eval(layer, bn, ${transpose ? 'True' : 'False'})`}
        weight, fused_bias = fused.weight.detach(), fused.bias.detach()
        grads = [str(p.requires_grad) for p in fused.parameters()]
        y = fused(x).detach()
        `,
        {
          inputs: {
            state: Object.fromEntries(layer.stateDict()),
            norm: Object.fromEntries(bn.stateDict()),
            requires: layer.weight.requiresGrad,
            x,
          },
          outputs: { weight: 'tensor', fused_bias: 'tensor', grads: 'strings', y: 'tensor' },
        },
      );
      layer.eval();
      bn.eval();
      const fused =
        layer instanceof nn.Linear ? utils.fuseLinearBnEval(layer, bn) : utils.fuseConvBnEval(layer, bn, transpose);
      expectSameBits(fused.weight, weight, 'weight');
      expectSameBits(fused.bias as Tensor, fused_bias, 'bias');
      expectSameBits(fused.forward(x).detach(), y, 'y');
      expect(fused.parameters().map(({ requiresGrad }) => (requiresGrad ? 'True' : 'False'))).toEqual(grads);
      expect(layer.weight).not.toBe(fused.weight);
    }
  });

  it('refuses to fuse what is in training, or has no statistics', () => {
    const [conv, bn] = [new nn.Conv2d(1, 2, 1), new nn.BatchNorm2d(2)];
    expect(() => utils.fuseConvBnEval(conv, bn)).toThrow('Fusion only for eval!');
    conv.eval();
    expect(() => utils.fuseConvBnEval(conv, new nn.BatchNorm2d(2, { trackRunningStats: false }).eval())).toThrow(
      'expected a batch norm with running statistics',
    );
    expect(() => utils.fuseLinearBnEval(new nn.Linear(2, 3).eval(), bn.eval())).toThrow('got linear.outFeatures=3');
    expect(() => utils.fuseConvBnEval(conv, conv as never)).toThrow('expected a batch norm');
    expect(() => utils.fuseLinearBnEval(conv as never, bn)).toThrow('expected a Linear');
    expect(() => utils.fuseConvBnEval(new nn.ReLU() as never, bn)).toThrow('expected a layer with a weight');
  });

  it('convertConv2dWeightMemoryFormat and convertConv3dWeightMemoryFormat', async () => {
    const { strides } = await oracle().run(
      `
      nn = torch.nn
      make = lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.ConvTranspose2d(1, 2, 3)), nn.Conv3d(2, 3, 2), nn.Linear(2, 2))
      models = [nn.utils.convert_conv2d_weight_memory_format(make(), torch.channels_last), nn.utils.convert_conv3d_weight_memory_format(make(), torch.channels_last_3d)]
      strides = [str(list(p.stride())) for m in models for p in m.parameters()]
      `,
      { outputs: { strides: 'strings' } },
    );
    const make = (): nn.Sequential =>
      new nn.Sequential(
        new nn.Conv2d(3, 4, 3),
        new nn.Sequential(new nn.ConvTranspose2d(1, 2, 3)),
        new nn.Conv3d(2, 3, 2),
        new nn.Linear(2, 2),
      );
    const model = make();
    const before = model.stateDict();
    const kept = model.parameters();
    const models = [
      utils.convertConv2dWeightMemoryFormat(model, 'channels_last'),
      utils.convertConv3dWeightMemoryFormat(make(), 'channels_last_3d'),
    ];
    const ours = models.flatMap((each) => each.parameters().map((p) => `[${p.stride().join(', ')}]`));
    expect(ours).toEqual(strides);
    for (const [key, value] of model.stateDict()) expectSameBits(value, before.get(key) as Tensor, key);
    expect(model.parameters().every((parameter, index) => parameter === kept[index])).toBe(true);
    expect(() => utils.convertConv2dWeightMemoryFormat(model, 3 as never)).toThrow('expected a string');
  });
});

describe('nn.utils.skipInit', () => {
  it('draws nothing, and gives tensors of the shape, dtype and kind', () => {
    const before = getRngState();
    const layer = utils.skipInit(nn.Linear, 5, 3, { dtype: 'float64' });
    const norm = utils.skipInit(nn.BatchNorm2d, 4);
    expectSameBits(getRngState(), before);
    expect(layer.toString()).toBe(new nn.Linear(5, 3).toString());
    const told = [...layer.parameters(), ...norm.parameters(), ...norm.buffers()].map(
      ({ shape, dtype, device, requiresGrad, isLeaf }) => [shape.join(), dtype, device, requiresGrad, isLeaf].join(' '),
    );
    expect(told).toEqual([
      '3,5 float64 cpu true true',
      '3 float64 cpu true true',
      '4 float32 cpu true true',
      '4 float32 cpu true true',
      '4 float32 cpu false true',
      '4 float32 cpu false true',
      ' int64 cpu false true',
    ]);
    layer.loadStateDict(new nn.Linear(5, 3).to('float64').stateDict());
    layer
      .forward(randn([2, 5], { dtype: 'float64' }))
      .sum()
      .backward();
    expect(layer.weight.grad?.shape).toEqual([3, 5]);
    expect(() => utils.skipInit(nn.ReLU)).toThrow('device');
    expect(() => utils.skipInit(Map as never)).toThrow('expected a class of modules');
  });
});
