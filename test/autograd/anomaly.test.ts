import { detectAnomaly, grad, isAnomalyCheckNanEnabled, isAnomalyEnabled, setDetectAnomaly } from '../../lib/autograd';
import { AsyncError } from '../../lib/engine';
import { ones, type Tensor, tensor } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);
afterEach(() => setDetectAnomaly(false));

const negative = (): Tensor => tensor([-1, 4], { dtype: 'float32', requiresGrad: true });

/** Its name must be found in the stacks. */
function forwardOfTheTest(x: Tensor): Tensor {
  return x.sqrt().sum();
}

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

describeWithOracle('anomaly mode', (oracle) => {
  it('fails for a NaN with the sentence of Python, and shows the forward call', async () => {
    const { message } = await oracle().run(
      `
      x = torch.tensor([-1.0, 4.0], requires_grad=True)
      try:
          with torch.autograd.detect_anomaly():
              x.sqrt().sum().backward()
      except RuntimeError as error:
          message = str(error)
      `,
      { outputs: { message: 'string' } },
    );
    const ours = messageOf(() => detectAnomaly(() => forwardOfTheTest(negative()).backward()));
    expect(ours).toContain(message);
    expect(ours).toMatch(
      /Error detected in SqrtBackward0\. Forward call that made it:\n(.*\n)*.*forwardOfTheTest.*anomaly\.test\.ts/,
    );
    expect(ours).not.toMatch(/lib\/tensor\/dispatch/);
  });
});

describe('anomaly mode', () => {
  it('is off by default, nests and ends', () => {
    expect(isAnomalyEnabled()).toBe(false);
    detectAnomaly(() => {
      expect([isAnomalyEnabled(), isAnomalyCheckNanEnabled()]).toEqual([true, true]);
      detectAnomaly(() => expect(isAnomalyCheckNanEnabled()).toBe(false), { checkNan: false });
      expect(isAnomalyCheckNanEnabled()).toBe(true);
      expect(() =>
        detectAnomaly(() => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      expect(isAnomalyEnabled()).toBe(true);
    });
    expect(isAnomalyEnabled()).toBe(false);
    expect(messageOf(() => forwardOfTheTest(negative()).backward())).toBe('no error');
    expect(() => detectAnomaly(async () => Promise.resolve())).toThrow(AsyncError);
  });

  it('lets a NaN pass without checkNan, and still explains errors', () => {
    detectAnomaly(
      () => {
        expect(messageOf(() => forwardOfTheTest(negative()).backward())).toBe('no error');
        const x = ones([2], { requiresGrad: true });
        const y = x.mul(1);
        const product = y.mul(y);
        y.add_(1);
        const message = messageOf(() => product.sum().backward());
        expect(message).toMatch(/modified by an inplace operation/);
        expect(message).toMatch(/Error detected in MulBackward0/);
      },
      { checkNan: false },
    );
  });

  it('says that it came too late', () => {
    const loss = forwardOfTheTest(negative());
    expect(messageOf(() => detectAnomaly(() => loss.backward()))).toMatch(/No forward call is known/);
  });

  it('tells of the pass that made a second one', () => {
    const message = messageOf(() =>
      detectAnomaly(() => {
        const x = tensor([0], { dtype: 'float32', requiresGrad: true });
        const [first] = grad(x.sqrt().sum(), x, { createGraph: true }); // infinite
        (first as Tensor).mul(0).sum().backward();
      }),
    );
    expect(message).toMatch(/Error detected in \w+/);
    expect(message).toMatch(/Previous calculation was induced by SqrtBackward0/);
  });

  it('warns beside an error of a hook, which stays the object it was', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const thrown = new Error('mine');
    let caught: unknown;
    detectAnomaly(() => {
      const y = ones([2], { requiresGrad: true }).exp();
      y.registerHook(() => {
        throw thrown;
      });
      try {
        y.sum().backward();
      } catch (error) {
        caught = error;
      }
    });
    expect(caught).toBe(thrown);
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/Error detected in ExpBackward0/);
    warn.mockRestore();
  });
});
