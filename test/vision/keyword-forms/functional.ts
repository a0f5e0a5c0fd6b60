/** Required arguments of torchvision's functions, v1 and v2, by Python's name. */
import { ones, rand, type Tensor } from '../../../lib/tensor';
import { tvTensors } from '../../../lib/vision';
import type { Sample } from '../../support/keyword-forms';

type Samples = Readonly<Record<string, Sample>>;

const image = (): Tensor => rand([3, 8, 9]);
const bytes = (): Tensor => rand([3, 8, 9]).mul(255).to('uint8');
const pixels = () => ({ data: new Uint8Array(12).fill(7), height: 2, width: 2, channels: 3 });
const boxes = () => new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [8, 9] });

/** A sample for each of some functions, of an image and other arguments. */
const alike = (names: readonly string[], ...others: unknown[]): Samples =>
  Object.fromEntries(names.map((name) => [name, () => [image(), ...others]]));

const corners = [
  [0, 0],
  [8, 0],
  [8, 7],
  [0, 7],
];
const moved = [
  [1, 0],
  [8, 1],
  [7, 7],
  [0, 6],
];

const both: Samples = {
  ...alike(['adjust_brightness', 'adjust_contrast', 'adjust_gamma', 'adjust_saturation', 'adjust_sharpness'], 1.5),
  ...alike(['adjust_hue', 'solarize'], 0.3),
  ...alike(['affine'], 20, [1, 2], 1.2, [5, 3]),
  ...alike(['autocontrast', 'convert_image_dtype', 'get_dimensions', 'hflip', 'invert', 'rgb_to_grayscale', 'vflip']),
  ...alike(['center_crop', 'five_crop', 'resize', 'ten_crop'], [5, 4]),
  ...alike(['crop'], 1, 2, 5, 4),
  ...alike(['resized_crop'], 1, 2, 5, 4, [3, 6]),
  ...alike(['gaussian_blur'], [3, 5]),
  ...alike(['normalize'], [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]),
  ...alike(['pad'], [1, 2]),
  ...alike(['perspective'], corners, moved),
  ...alike(['rotate'], 30),
  elastic_transform: () => [image(), rand([1, 8, 9, 2]).mul(0.1)],
  equalize: () => [bytes()],
  erase: () => [image(), 1, 2, 3, 4, ones([3, 3, 4])],
  pil_to_tensor: () => [pixels()],
  posterize: () => [bytes(), 3],
};

export const functional: Samples = {
  ...both,
  ...alike(['get_image_size', 'get_image_num_channels']),
  to_tensor: () => [pixels()],
};

export const v2Functional: Samples = {
  ...both,
  ...alike(['gaussian_noise', 'get_num_channels', 'get_size', 'horizontal_flip', 'is_pure_tensor', 'to_dtype']),
  ...alike(['to_image', 'vertical_flip', 'grayscale_to_rgb']),
  ...alike(['permute_channels'], [2, 0, 1]),
  clamp_bounding_boxes: () => [boxes()],
  convert_bounding_box_format: () => [boxes(), null, 'XYWH'],
  elastic: both['elastic_transform']!,
  sanitize_bounding_boxes: () => [boxes()],
};
