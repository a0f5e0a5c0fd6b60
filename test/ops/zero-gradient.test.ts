import { nn, optim, randintLike, sgn, tensor } from '../../lib';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

// The derivative of sgn is a tensor of zeros without memory, whose data pointer is null.
describeWithOracle('a gradient of zeros that autograd made', (oracle) => {
  it('can be read, and stepped with', async () => {
    const start = tensor([1, -2, 0.5], { dtype: 'float32' });
    const parameter = new nn.Parameter(start.clone());
    const adam = new optim.Adam([parameter], { lr: 0.1 });
    sgn(parameter).sum().backward();
    adam.step();
    const { after, gradient } = await oracle().run(
      `
      p = torch.nn.Parameter(start.clone())
      adam = torch.optim.Adam([p], lr=0.1, foreach=False)
      torch.sgn(p).sum().backward()
      gradient = p.grad.clone()
      adam.step()
      after = p
      `,
      { inputs: { start }, outputs: ['after', 'gradient'] },
    );
    expectSameBits(parameter.grad!, gradient, 'gradient');
    expectSameBits(parameter, after, 'parameter');
  });
});

describe('factories', () => {
  it('give tensors outside of the graph', () => {
    const like = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    expect(randintLike(like, 5).requiresGrad).toBe(false);
    expect(like.to('float64').requiresGrad).toBe(true);
  });
});
