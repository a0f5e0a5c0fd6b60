import * as torch from '../../lib';
import type { DType } from '../../lib';
import { describeWithOracle } from '../oracle/oracle';

const FLOATS: readonly DType[] = [
  ...(['float64', 'float32', 'float16', 'bfloat16', 'float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2'] as const),
  ...(['float8_e5m2fnuz', 'float8_e8m0fnu', 'complex64', 'complex128', 'complex32'] as const),
];
const INTEGERS: readonly DType[] = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'];

afterEach(() => {
  torch.setDefaultDtype('float32');
  torch.setDefaultDevice(null);
  torch.useDeterministicAlgorithms(false);
  torch.setFloat32MatmulPrecision('highest');
});

describeWithOracle('the library’s settings', (oracle) => {
  it('decide dtypes as in Python', async () => {
    for (const dtype of ['float64', 'float16', 'float32'] as const) {
      torch.setDefaultDtype(dtype);
      const ours = [
        torch.getDefaultDtype(),
        torch.zeros([2]).dtype,
        torch.rand([2]).dtype,
        torch.full([2], 1.5).dtype,
        torch.linspace(0, 1, 3).dtype,
        torch.arange(0, 1, 0.5).dtype,
        torch.eye(2).dtype,
        torch.tensor([1.5, 2]).dtype,
        torch.tensor([]).dtype,
        torch.tensor([{ re: 1, im: 2 }, 1.5]).dtype,
        torch.tensor([1, 2]).dtype,
        torch.tensor([1, 2]).div(2).dtype,
        String(torch.tensor([1.5])),
        String(torch.tensor([1.5], { dtype: 'float32' })),
        String(torch.tensor({ re: 1, im: 2 }, { dtype: 'complex128' })),
        torch.finfo().dtype,
      ];
      const { theirs } = await oracle().run(
        `
        torch.set_default_dtype(getattr(torch, dtype))
        theirs = [
            torch.get_default_dtype(), torch.zeros(2).dtype, torch.rand(2).dtype, torch.full([2], 1.5).dtype,
            torch.linspace(0, 1, 3).dtype, torch.arange(0, 1, 0.5).dtype, torch.eye(2).dtype,
            torch.tensor([1.5, 2]).dtype, torch.tensor([]).dtype, torch.tensor([1 + 2j, 1.5]).dtype,
            torch.tensor([1, 2]).dtype, (torch.tensor([1, 2]) / 2).dtype, str(torch.tensor([1.5])),
            str(torch.tensor([1.5], dtype=torch.float32)), str(torch.tensor(1 + 2j, dtype=torch.complex128)),
            torch.finfo().dtype,
        ]
        `,
        { inputs: { dtype }, outputs: { theirs: 'value' } },
      );
      expect(ours).toEqual(theirs);
    }
  });

  it('tell the limits of dtypes as Python does', async () => {
    const floats = FLOATS.map((dtype) => {
      const { bits, eps, max, min, tiny, smallestNormal, resolution, dtype: part } = torch.finfo(dtype);
      return [bits, eps, max, min, tiny, smallestNormal, resolution, part];
    });
    const integers = INTEGERS.map((dtype) => {
      const { bits, max, min } = torch.iinfo(dtype);
      return [bits, String(max), String(min)];
    });
    const python = await oracle().run(
      `
      floats, integers = [], []
      for name in FLOATS:
          i = torch.finfo(getattr(torch, name))
          floats.append([i.bits, i.eps, i.max, i.min, i.tiny, i.smallest_normal, i.resolution, i.dtype])
      for name in INTEGERS:
          i = torch.iinfo(getattr(torch, name))
          integers.append([i.bits, str(i.max), str(i.min)])
      `,
      { inputs: { FLOATS: [...FLOATS], INTEGERS: [...INTEGERS] }, outputs: { floats: 'value', integers: 'value' } },
    );
    expect(floats).toEqual(python.floats);
    expect(integers).toEqual(python.integers);
    expect(() => torch.finfo('int64')).toThrow(/expected a floating or complex dtype, received 'int64'/);
    expect(() => torch.iinfo('bool')).toThrow(/expected an integer dtype, received 'bool'/);
  });

  it('put factories’ results on the default device, and only theirs', async () => {
    const x = torch.ones([2]);
    torch.setDefaultDevice('meta');
    const ours = [
      torch.getDefaultDevice(),
      torch.zeros([2]).device,
      torch.zeros([2], { device: 'cpu' }).device,
      torch.tensor([1]).device,
      torch.tensor([1], { device: 'cpu' }).device,
      torch.asTensor(x).device,
      torch.asarray(x).device,
      torch.asarray([1]).device,
      torch.zerosLike(x).device,
      x.newZeros([2]).device,
      x.newTensor([2]).device,
      torch.randn([2]).device,
      torch.randint(0, 2, [2]).device,
      torch.normal(0, 1, [2]).device,
      torch.arange(3).device,
      torch.hannWindow(3).device,
      torch.fft.fftfreq(3).device,
      new torch.nn.Linear(2, 3).weight.device,
    ];
    torch.setDefaultDevice(null);
    const { theirs } = await oracle().run(
      `
      x = torch.ones(2)
      torch.set_default_device('meta')
      theirs = [str(d) for d in [
          torch.get_default_device(), torch.zeros(2).device, torch.zeros(2, device='cpu').device,
          torch.tensor([1]).device, torch.tensor([1], device='cpu').device, torch.as_tensor(x).device,
          torch.asarray(x).device, torch.asarray([1]).device, torch.zeros_like(x).device, x.new_zeros(2).device,
          x.new_tensor([2]).device, torch.randn(2).device, torch.randint(0, 2, [2]).device,
          torch.normal(0.0, 1.0, [2]).device, torch.arange(3).device, torch.hann_window(3).device,
          torch.fft.fftfreq(3).device, torch.nn.Linear(2, 3).weight.device,
      ]]
      torch.set_default_device(None)
      `,
      { outputs: { theirs: 'value' } },
    );
    expect(ours).toEqual(theirs);
    expect([torch.getDefaultDevice(), torch.zeros([1]).device]).toEqual(['cpu', 'cpu']);
    expect(() => torch.setDefaultDevice('nowhere' as 'cpu')).toThrow(/nowhere/);
    expect(torch.getDefaultDevice()).toBe('cpu');
  });
});

describe('settings', () => {
  it('switch determinism', () => {
    const seen: unknown[] = [];
    const look = (): void => {
      seen.push([
        torch.areDeterministicAlgorithmsEnabled(),
        torch.isDeterministicAlgorithmsWarnOnlyEnabled(),
        torch.getDeterministicDebugMode(),
      ]);
    };
    look();
    torch.useDeterministicAlgorithms(true);
    look();
    const x = torch.ones([3]);
    const put = (): unknown => x.put_(torch.tensor([0]), torch.tensor([2.5]));
    expect(put).toThrow(/deterministic/);
    torch.setDeterministicDebugMode('warn');
    look();
    expect(put).not.toThrow();
    torch.setDeterministicDebugMode(0);
    look();
    expect(seen).toEqual([
      [false, false, 0],
      [true, false, 2],
      [true, true, 1],
      [false, false, 0],
    ]);
    expect(() => torch.setDeterministicDebugMode('loud' as 'warn')).toThrow(/expected default, warn, error/);
  });

  it('keep what they are given, and refuse what they do not know', () => {
    torch.setFloat32MatmulPrecision('medium');
    expect(torch.getFloat32MatmulPrecision()).toBe('medium');
    expect(() => torch.setFloat32MatmulPrecision('low' as 'high')).toThrow(/expected highest, high, medium/);
    expect(() => torch.setDefaultDtype('int64')).toThrow(/expected float32, float64, float16 or bfloat16/);
    expect(torch.getDefaultDtype()).toBe('float32');
    expect(torch.getNumInteropThreads()).toBeGreaterThan(0);
    const tiny = torch.tensor([1e-40], { dtype: 'float32' });
    if (torch.setFlushDenormal(true)) expect(tiny.mul(1).item()).toBe(0);
    torch.setFlushDenormal(false);
    expect(tiny.mul(1).item()).toBeGreaterThan(0);
  });
});
