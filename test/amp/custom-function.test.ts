import * as torch from '../../lib';
import { amp, autograd, type DType, type Tensor } from '../../lib';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

type Context = autograd.FunctionContext<[Tensor, Tensor]>;

function productThatCasts(castInputs: DType | null) {
  return class Product extends autograd.Function {
    static forward = amp.customFwd('cpu', { castInputs }, (ctx: Context, a: Tensor, b: Tensor): Tensor => {
      ctx.saveForBackward(a, b);
      return a.matmul(b);
    });
    static backward = amp.customBwd('cpu', (ctx: Context, grad: Tensor): Tensor[] => {
      const [a, b] = ctx.savedTensors;
      return [grad.matmul(b.t()), a.t().matmul(grad)];
    });
  };
}

describeWithOracle('amp.customFwd and customBwd', (oracle) => {
  it.each<[DType | null, boolean]>([
    [null, true],
    [null, false],
    ['float32', true],
    ['float32', false],
    ['float16', true],
  ])('run as PyTorch’s: castInputs %s, autocast %s', async (castInputs, enabled) => {
    torch.manualSeed(4);
    const [a, b] = [torch.randn([5, 7]), torch.randn([7, 3])];
    const Product = productThatCasts(castInputs);
    const [x, w] = [a.clone().requiresGrad_(), b.clone().requiresGrad_()];
    // One argument comes in bfloat16 where autocast has been at work before.
    const y = torch.autocast('cpu', { enabled }, () => Product.apply(enabled ? x.bfloat16() : x, w));
    y.float().square().sum().backward();
    const expected = await oracle().run(
      `
class Product(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=${castInputs === null ? 'None' : `torch.${castInputs}`})
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a @ b
    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad @ b.t(), a.t() @ grad
x, w = a.clone().requires_grad_(), b.clone().requires_grad_()
with torch.autocast("cpu", enabled=enabled):
    y = Product.apply(x.bfloat16() if enabled else x, w)
y.float().square().sum().backward()
results = [y, x.grad, w.grad]`,
      { inputs: { a, b, enabled }, outputs: { results: 'tensors' } },
    );
    for (const [index, result] of [y, x.grad, w.grad].entries()) {
      expectSameBits(result as Tensor, expected.results[index] as Tensor, `result ${index}`);
    }
  });
});

describe('amp.customFwd and customBwd', () => {
  it('refuse what does not fit', () => {
    expect(() => amp.customFwd('tpu' as 'cpu', {}, () => 1)).toThrow(torch.ArgumentError);
    expect(() => amp.customFwd('cpu', { castInputs: 'float' as DType }, () => 1)).toThrow(torch.ArgumentError);
    expect(() => amp.customBwd('cpu', null as never)).toThrow(torch.ArgumentError);
    const backward = amp.customBwd('cpu', (_: Context, gradient: Tensor) => gradient);
    expect(() => backward({} as Context, torch.ones([1]))).toThrow('the forward of this function');
  });
});
