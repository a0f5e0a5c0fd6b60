import {
  backward,
  enableGrad,
  grad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from '../../lib/autograd';
import { AsyncError, memory, scope } from '../../lib/engine';
import { manualSeed, mm, ones, randn, type Tensor, tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

const leaf = (...shape: number[]): Tensor => randn(shape).requiresGrad_();

/** Out of sight of the compiler, which would take `x.grad` for null from here on. */
const forget = (x: Tensor): void => void (x.grad = null);

describeWithOracle('gradients', (oracle) => {
  beforeEach(() => manualSeed(2));

  it('have the bits of Python, summed over two passes', async () => {
    const [x, w] = [leaf(4, 3), leaf(3, 5)];
    const loss = (): Tensor => mm(x, w).tanh().softmax(1).log().mean();
    loss().backward();
    loss().mul(3).backward();
    const { gx, gw } = await oracle().run(
      `
      x, w = x.requires_grad_(), w.requires_grad_()
      loss = lambda: x.mm(w).tanh().softmax(1).log().mean()
      loss().backward()
      loss().mul(3).backward()
      gx, gw = x.grad, w.grad
      `,
      { inputs: { x: x.detach(), w: w.detach() }, outputs: ['gx', 'gw'] },
    );
    expectSameBits(x.grad as Tensor, gx, 'x.grad');
    expectSameBits(w.grad as Tensor, gw, 'w.grad');
  });

  it('may be gradients of gradients', async () => {
    const x = leaf(5);
    const [first] = grad(x.pow(3).sum(), x, { createGraph: true });
    const [second] = grad((first as Tensor).sum(), x);
    const { one, two } = await oracle().run(
      `
      x = x.requires_grad_()
      one, = torch.autograd.grad(x.pow(3).sum(), x, create_graph=True)
      two, = torch.autograd.grad(one.sum(), x)
      `,
      { inputs: { x: x.detach() }, outputs: ['one', 'two'] },
    );
    expectSameBits(first as Tensor, one);
    expectSameBits(second as Tensor, two);
    expect(x.grad).toBeNull();
  });
});

describe('backward', () => {
  it('takes a gradient where the tensor has several elements', () => {
    const x = ones([3], { requiresGrad: true });
    expect(() => x.mul(2).backward()).toThrow(/grad can be implicitly created only for scalar outputs/);
    x.mul(2).backward(tensor([1, 2, 3], { dtype: 'float32' }));
    expect(x.grad?.tolist()).toEqual([2, 4, 6]);
    backward([x.mul(2), x.mul(3).sum()], [ones([3]), null]);
    expect(x.grad?.tolist()).toEqual([7, 9, 11]);
  });

  it('frees the graph unless it is retained', () => {
    const x = ones([2], { requiresGrad: true });
    const y = x.mul(x).sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad?.tolist()).toEqual([4, 4]);
    expect(() => y.backward()).toThrow(/second time/);
  });

  it('reaches the given inputs only', () => {
    const [x, y] = [ones([1], { requiresGrad: true }), ones([1], { requiresGrad: true })];
    x.mul(y)
      .sum()
      .backward({ inputs: [x] });
    expect([x.grad?.tolist(), y.grad]).toEqual([[1], null]);
  });
});

describe('grad', () => {
  it('is one object, until it is another gradient', () => {
    const x = ones([2], { requiresGrad: true });
    expect(x.grad).toBeNull();
    x.sum().backward();
    const first = x.grad;
    expect(x.grad).toBe(first);
    x.sum().backward();
    expect(x.grad).toBe(first);
    expect(first?.tolist()).toEqual([2, 2]);
    forget(x);
    expect(x.grad).toBeNull();
    x.sum().backward();
    expect(x.grad?.tolist()).toEqual([1, 1]);
    const mine = ones([2]);
    x.grad = mine;
    expect(x.grad).toBe(mine);
    expect(() => {
      x.grad = ones([3]);
    }).toThrow();
    expect(x.grad).toBe(mine);
  });

  it('outlives the scope in which it was read', () => {
    const x = ones([2], { requiresGrad: true });
    scope(() => {
      x.sum().backward();
      expect(x.grad?.tolist()).toEqual([1, 1]);
    });
    expect(x.grad?.tolist()).toEqual([1, 1]);
    const before = memory().tensors;
    for (let i = 0; i < 10; i += 1) expect(x.grad?.numel()).toBe(2);
    expect(memory().tensors).toBe(before);
  });

  it('leaves null for an input that is not used, or refuses it', () => {
    const [x, y] = [ones([1], { requiresGrad: true }), ones([1], { requiresGrad: true })];
    expect(grad(x.sum(), [x, y], { allowUnused: true })[1]).toBeNull();
    expect(() => grad(x.sum(), [x, y])).toThrow(/allow_unused/);
    expect(() => grad([x.sum()], x, { gradOutputs: [null, null] })).toThrow(/expected 1 gradients.*received 2/);
  });
});

describe('modes', () => {
  it('hold for the function only, also when it throws', () => {
    expect(noGrad(() => [isGradEnabled(), enableGrad(isGradEnabled)])).toEqual([false, true]);
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(isGradEnabled()).toBe(true);
    expect(setGradEnabled(false, isGradEnabled)).toBe(false);
    setGradEnabled(false);
    expect(isGradEnabled()).toBe(false);
    setGradEnabled(true);
  });

  it('make tensors that autograd does not know', () => {
    const x = ones([2], { requiresGrad: true });
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    const y = inferenceMode(() => {
      expect(isInferenceModeEnabled()).toBe(true);
      expect(inferenceMode(() => isInferenceModeEnabled(), false)).toBe(false);
      return x.mul(2);
    });
    expect([isInferenceModeEnabled(), y.isInference(), y.requiresGrad]).toEqual([false, true, false]);
    expect(() => y.mul(x)).toThrow(/Inference tensors cannot be saved for backward/);
  });

  it('refuse promises', () => {
    for (const mode of [noGrad, enableGrad, inferenceMode]) {
      expect(() => mode(() => Promise.reject(new Error('silenced')))).toThrow(AsyncError);
    }
    expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([true, false]);
  });
});
