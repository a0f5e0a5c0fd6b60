/**
 * Any tail of the arguments of torchvision's transforms and functions may go into one object under their names, as
 * docs/coming-from-pytorch.md promises. Names, order and defaults come from Python.
 */
import { camelCase } from '../../lib/tensor/signature';
import * as vision from '../../lib/vision';
import { describeWithOracle } from '../oracle/oracle';
import { signaturesOf } from '../oracle/signatures';
import { type Callable, type Sample, wrongForms } from '../support/keyword-forms';
import { functional, v2Functional } from './keyword-forms/functional';
import { transforms, v2Transforms } from './keyword-forms/transforms';

interface Space {
  readonly module: string;
  readonly ours: object;
  readonly samples: Readonly<Record<string, Sample>>;
  /** Callables that are not here, or have no such forms, and why. */
  readonly without: Readonly<Record<string, string>>;
}

const names = 'names of values';
const pictures = 'of PIL images';
const videos = 'of videos';
const points = 'of key points';
const helper = "a helper of Python's own code";
const replaced = 'deprecated in Python';

const enums = { AutoAugmentPolicy: names, InterpolationMode: names };

const spaces: readonly Space[] = [
  {
    module: 'torchvision.transforms',
    ours: vision,
    samples: transforms,
    without: { ...enums, ToPILImage: pictures },
  },
  {
    module: 'torchvision.transforms.v2',
    ours: vision.v2,
    samples: v2Transforms,
    without: {
      ...enums,
      Transform: 'is abstract',
      ToPILImage: pictures,
      ToTensor: replaced,
      JPEG: "has the bits of torchvision's own libjpeg",
      ClampKeyPoints: points,
      SanitizeKeyPoints: points,
      UniformTemporalSubsample: videos,
      check_type: helper,
      get_bounding_boxes: helper,
      get_keypoints: helper,
      has_all: helper,
      has_any: helper,
      query_chw: helper,
      query_size: helper,
    },
  },
  {
    module: 'torchvision.transforms.functional',
    ours: vision.functional,
    samples: functional,
    without: { InterpolationMode: names, to_grayscale: pictures, to_pil_image: pictures },
  },
  {
    module: 'torchvision.transforms.v2.functional',
    ours: vision.v2.functional,
    samples: v2Functional,
    without: {
      InterpolationMode: names,
      clamp_keypoints: points,
      sanitize_keypoints: points,
      get_num_frames: videos,
      uniform_temporal_subsample: videos,
      get_image_size: replaced,
      get_image_num_channels: replaced,
      to_tensor: replaced,
      jpeg: "has the bits of torchvision's own libjpeg",
      to_grayscale: pictures,
      to_pil_image: pictures,
      register_kernel: helper,
    },
  },
];

/** A transform, whose instances are compared, or a function, whose first argument is what it works on. */
function callable(name: string, value: unknown): Callable {
  const call = value as ((...args: unknown[]) => unknown) & (new (...args: unknown[]) => unknown);
  const isClass = /^class\b/.test(Function.prototype.toString.call(value));
  return {
    name,
    byPlace: isClass ? 0 : 1,
    call: isClass ? (...args) => new call(...args) : (...args) => call(...args),
  };
}

/** A kernel for one kind of tensor, which a function of v2 calls: `resize_image` of `resize`. */
function isKernel(name: string, all: object): boolean {
  const [, of] = /^(.+)_(?:image|mask|video|bounding_boxes|keypoints)$/.exec(name) ?? [];
  return of !== undefined && of in all;
}

describeWithOracle('forms of a call of torchvision', (oracle) => {
  it.each(spaces)('$module', async ({ module, ours, samples, without }) => {
    const { signatures } = await signaturesOf(oracle(), [module]);
    const wrong: string[] = [];
    for (const [python, parameters] of Object.entries(signatures)) {
      if (python in without || isKernel(python, signatures)) continue;
      const sample = samples[python];
      const value = (ours as Record<string, unknown>)[camelCase(python)];
      if (sample === undefined || value === undefined) {
        wrong.push(`${python} has no sample, or is not there`);
        continue;
      }
      wrong.push(
        ...wrongForms(callable(camelCase(python), value), parameters, sample, { leftOut: new Set(), renamed: {} }),
      );
    }
    const unused = Object.keys(samples).filter((name) => !(name in signatures));
    expect([...wrong, ...unused.map((name) => `${name} is not there in Python`)].join('\n')).toBe('');
  });
});

describe('forms that Python has not, or does not tell', () => {
  const { v2, tvTensors } = vision;

  it('an object by kinds is a value, and not the options, in its place', () => {
    const fill = { Image: 3, others: null };
    expect(new v2.Pad(4, fill)).toEqual(new v2.Pad(4, { fill }));
    expect(new v2.RandomCrop(4, null, true, fill)).toEqual(new v2.RandomCrop(4, { padIfNeeded: true, fill }));
    expect(new v2.RandomZoomOut(fill)).toEqual(new v2.RandomZoomOut({ fill }));
    expect(new v2.RandomRotation(30, 'nearest', false, null, fill)).toEqual(new v2.RandomRotation(30, { fill }));
    expect(new v2.RandomPerspective(0.5, 0.5, 'bilinear', fill)).toEqual(new v2.RandomPerspective({ fill }));
    expect(new v2.ElasticTransform(50, 5, 'bilinear', fill)).toEqual(new v2.ElasticTransform({ fill }));
    expect(new v2.AutoAugment('imagenet', 'nearest', fill)).toEqual(new v2.AutoAugment({ fill }));
    const dtype = { Image: 'float32', others: null } as const;
    expect(new v2.ToDtype(dtype)).toEqual(new v2.ToDtype({ dtype }));
    expect(new v2.ToDtype(dtype, { scale: true })).toEqual(new v2.ToDtype({ dtype, scale: true }));
    expect(() => new v2.RandomRotation(30, { nonsense: 1 } as object)).toThrow(/`nonsense`/);
  });

  it('the function of a Lambda of v2', () => {
    const lambd = (x: unknown): unknown => x;
    expect(new v2.Lambda({ lambd })).toEqual(new v2.Lambda(lambd));
    expect(() => new v2.Lambda({ lambda: lambd } as never)).toThrow(/`lambda`, did you mean lambd/);
  });

  it('the format of boxes is changed in place, or not', () => {
    const make = (): vision.tvTensors.BoundingBoxes =>
      new tvTensors.BoundingBoxes([[1, 2, 5, 8]], { format: 'XYXY', canvasSize: [9, 9] });
    const [kept, changed] = [make(), make()];
    const convert = v2.functional.convertBoundingBoxFormat;
    expect(convert(kept, { newFormat: 'XYWH' }).tolist()).toEqual([[1, 2, 4, 6]]);
    expect(kept.tolist()).toEqual([[1, 2, 5, 8]]);
    const output = convert(changed, null, 'XYWH', { inplace: true });
    expect([output.tolist(), output.format, changed.tolist()]).toEqual([[[1, 2, 4, 6]], 'XYWH', [[1, 2, 4, 6]]]);
  });
});
