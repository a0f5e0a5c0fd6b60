/** Samples of v2, made here and in Python of an image, a mask and boxes. */
import { cat, randint, rand, type Tensor } from '../../../lib/tensor';
import { tvTensors } from '../../../lib/vision';
import type { Draws } from '../../nn/draws';

export interface Sample {
  /** Which of the three it needs. */
  parts: readonly ('image' | 'mask' | 'boxes')[];
  /** The arguments of forward. */
  ours: (x: Tensor, m: Tensor, b: Tensor) => unknown[];
  /** Python's. */
  python: string;
}

const canvas = (x: Tensor): [number, number] => x.shape.slice(-2) as [number, number];

/** Boxes of an image in a format. */
const boxed = (x: Tensor, b: Tensor, format: tvTensors.BoundingBoxFormat, clampingMode: 'soft' | null = 'soft') =>
  new tvTensors.BoundingBoxes(b, { format, canvasSize: canvas(x), clampingMode });

const boxesInPython = (format: string, mode = "'soft'"): string =>
  `tv_tensors.BoundingBoxes(b, format='${format}', canvas_size=tuple(x.shape[-2:]), clamping_mode=${mode})`;

export const samples: Readonly<Record<string, Sample>> = {
  plain: { parts: ['image'], ours: (x) => [x], python: 'x' },
  image: { parts: ['image'], ours: (x) => [new tvTensors.Image(x)], python: 'tv_tensors.Image(x)' },
  pair: {
    parts: ['image', 'mask'],
    ours: (x, m) => [new tvTensors.Image(x), new tvTensors.Mask(m)],
    python: 'tv_tensors.Image(x), tv_tensors.Mask(m)',
  },
  plainPair: {
    parts: ['image', 'mask'],
    ours: (x, m) => [[x, { label: m, name: 'a' }]],
    python: "(x, {'label': m, 'name': 'a'})",
  },
  nested: {
    parts: ['image', 'mask'],
    ours: (x, m) => [{ image: new tvTensors.Image(x), target: [new tvTensors.Mask(m), 3, m.add(1)], none: null }],
    python: "{'image': tv_tensors.Image(x), 'target': [tv_tensors.Mask(m), 3, m + 1], 'none': None}",
  },
  corners: {
    parts: ['image', 'mask', 'boxes'],
    ours: (x, m, b) => [{ image: x, boxes: boxed(x, b, 'XYXY'), mask: new tvTensors.Mask(m) }],
    python: `{'image': x, 'boxes': ${boxesInPython('XYXY')}, 'mask': tv_tensors.Mask(m)}`,
  },
  sides: {
    parts: ['image', 'mask', 'boxes'],
    ours: (x, _, b) => [new tvTensors.Image(x), boxed(x, b, 'XYWH', null)],
    python: `tv_tensors.Image(x), ${boxesInPython('XYWH', 'None')}`,
  },
  centres: {
    parts: ['image', 'mask', 'boxes'],
    ours: (x, _, b) => [[new tvTensors.Image(x), boxed(x, b, 'CXCYWH')]],
    python: `[tv_tensors.Image(x), ${boxesInPython('CXCYWH')}]`,
  },
};

/** A mask for an image: of classes [H, W] or of objects [N, H, W], of bytes, bools or int64. */
export function maskFor(draws: Draws, x: Tensor): Tensor {
  const shape = [...(draws.flag() ? [draws.int(1, 4)] : []), ...canvas(x)];
  const dtype = draws.pick(['uint8', 'int64', 'bool'] as const);
  return randint(0, dtype === 'bool' ? 2 : 21, shape).to(dtype);
}

/** Boxes in an image: corners in order, so that they are boxes in every format. */
export function boxesFor(draws: Draws, x: Tensor): Tensor {
  const [height, width] = canvas(x);
  const count = draws.int(1, 5);
  const low = rand([count, 2]).mul(0.6);
  const high = low.add(rand([count, 2]).mul(0.5)).add(0.05);
  const scale = rand([4]).mul(0);
  const sides = cat([scale.narrow(0, 0, 1).add(width), scale.narrow(0, 0, 1).add(height)]);
  const boxes = cat([low.mul(sides), high.mul(sides)], 1);
  return draws.flag() ? boxes : boxes.round().to('int64');
}
