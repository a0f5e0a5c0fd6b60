/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops keep every index inside its array, and a test per byte would say nothing */
/**
 * The drawn sample: a data set that the program draws itself, so that a fresh clone trains without a download.
 *
 * Animals of six kinds in four poses stand on textured grounds; a band along their outline is labelled "border", as in
 * the Oxford-IIIT Pet trimaps, and the three classes have about that set's shares (28 / 59 / 13 %). A picture is a
 * function of (seed, index, size) alone, to the byte, on every machine.
 */
import { ArgumentError, checkInteger, describe } from '../engine';
import { distanceTo, kKinds, makeAnimal, type Animal, type Kind, type Mark, type Rgb } from './sample-animal';
import { blend, fraction, lit, makeGround } from './sample-ground';
import { clamp01, hash, noise, SampleRandom } from './sample-random';

// Once per pixel and more: in a vm context, such as jest's, each look-up of the global `Math` is a hundred times dearer.
const { abs, floor, max, min, sqrt } = Math;

/** One picture with its labels. */
export interface DrawnSample {
  /** RGB, `[size, size, 3]`. */
  readonly image: Uint8Array;
  /** `[size, size]`; 1 pet, 2 background, 3 border. */
  readonly trimap: Uint8Array;
  readonly size: number;
  readonly kind: Kind;
}

/** Half the border band's width, as a share of the picture's side. */
const kBand = 0.0215;

/** More pixels are no sample any more, and would be drawn for hours. */
const LONGEST = 8192;

/** Refuses a side that no picture of the sample has. */
export function checkSize(size: number): void {
  if (Number.isInteger(size) && size >= 8 && size <= LONGEST) return;
  throw new ArgumentError(
    `expected a whole number from 8 to ${LONGEST} for argument \`size\`, received ${describe(size)}`,
    'TORCH_VALUE',
  );
}

/** Draws picture `index` of the sample with this seed. `size` is its side in pixels, at least 8. */
export function drawSample(seed: number, index: number, size: number): DrawnSample {
  checkSize(size);
  checkInteger('drawSample', 'seed', seed);
  checkInteger('drawSample', 'index', index);
  const random = new SampleRandom(seed, index);
  const kind = kKinds[random.below(kKinds.length)]!;
  const animal = makeAnimal(kind, random);
  const view = makeView(animal, random);
  const field = distanceField(animal, view, size);
  const trimap = new Uint8Array(size * size);
  for (let i = 0; i < trimap.length; i++) {
    const distance = field.distance[i]!;
    trimap[i] = distance < -kBand ? 1 : distance > kBand ? 2 : 3;
  }
  return { image: paint(animal, view, field, size, random), trimap, size, kind };
}

/** Where the animal stands in the picture. */
interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  /** 1 faces right, -1 left. */
  readonly facing: number;
  /** Cosine and sine of a slight tilt. */
  readonly cos: number;
  readonly sin: number;
}

function makeView(animal: Animal, random: SampleRandom): View {
  // The half-angle form gives a cosine and a sine without calling either.
  const half = random.range(-0.06, 0.06);
  return {
    x: random.range(0.42, 0.58),
    y: random.range(0.46, 0.56),
    scale: animal.scale * random.range(0.86, 1.17),
    facing: random.chance(0.5) ? 1 : -1,
    cos: (1 - half * half) / (1 + half * half),
    sin: (2 * half) / (1 + half * half),
  };
}

function toAnimal(view: View, x: number, y: number): { x: number; y: number } {
  const dx = (x - view.x) / view.scale;
  const dy = (y - view.y) / view.scale;
  return { x: (dx * view.cos + dy * view.sin) * view.facing, y: dy * view.cos - dx * view.sin };
}

/** Distance to the outline in picture widths, and the nearest limb, at each pixel's centre. */
interface Field {
  readonly distance: Float64Array;
  readonly nearest: Uint8Array;
}

function distanceField(animal: Animal, view: View, size: number): Field {
  const distance = new Float64Array(size * size);
  const nearest = new Uint8Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = toAnimal(view, (column + 0.5) / size, (row + 0.5) / size);
      const found = distanceTo(animal.limbs, at.x, at.y);
      distance[row * size + column] = found.distance * view.scale;
      nearest[row * size + column] = found.nearest;
    }
  }
  return { distance, nearest };
}

function paint(animal: Animal, view: View, field: Field, size: number, random: SampleRandom): Uint8Array {
  const ground = makeGround(random);
  const coat = coatPainter(animal, random);
  const grain = random.below(1 << 30);
  const exposure = random.range(0.9, 1.1);
  const lightX = random.range(-0.8, 0.8);
  const image = new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const i = row * size + column;
      const x = (column + 0.5) / size;
      const y = (row + 0.5) / size;
      const at = toAnimal(view, x, y);
      const distance = field.distance[i]!;
      const cover = clamp01(0.5 - distance * size);
      let colour: Rgb = cover < 1 ? lit(ground(x, y), shadow(animal, at)) : [0, 0, 0];
      if (cover > 0) {
        const fur = coat(at.x, at.y, animal.limbs[field.nearest[i]!]!.point);
        const pet = marked(lit(fur, modelling(field, i, row, column, size, lightX)), animal.marks, at);
        colour = blend(colour, pet, cover);
      }
      const speck = exposure * (0.97 + (0.06 * hash(i, grain)) / 4294967296);
      for (let channel = 0; channel < 3; channel++) {
        image[3 * i + channel] = floor(min(255, max(0, colour[channel]! * speck)) + 0.5);
      }
    }
  }
  return image;
}

/** A soft dark pool where the animal touches the ground. */
function shadow(animal: Animal, at: { x: number; y: number }): number {
  const dx = at.x / (animal.groundWidth * 1.25);
  const dy = (at.y - animal.groundY) / 0.09;
  return 1 - 0.45 * clamp01(1.2 - (dx * dx + dy * dy));
}

/** Light on a rounded body: bright towards the light and in the middle, dark along the far edge. */
function modelling(field: Field, i: number, row: number, column: number, size: number, lightX: number): number {
  const { distance } = field;
  const slopeX = (distance[column + 1 < size ? i + 1 : i]! - distance[column > 0 ? i - 1 : i]!) * size * 0.5;
  const slopeY = (distance[row + 1 < size ? i + size : i]! - distance[row > 0 ? i - size : i]!) * size * 0.5;
  const inside = clamp01(-distance[i]! / 0.09);
  const roundness = sqrt(1 - (1 - inside) * (1 - inside));
  return 0.66 + 0.34 * roundness + 0.3 * (1 - roundness) * (slopeX * lightX - slopeY);
}

function coatPainter(animal: Animal, random: SampleRandom): (x: number, y: number, point: boolean) => Rgb {
  const { base, second, pattern } = animal.coat;
  const salt = random.below(1 << 30);
  const stripes = random.range(6, 10);
  const spread = random.range(0.42, 0.58);
  const share = (x: number, y: number, point: boolean): number => {
    if (pattern === 'pointed') return point ? 0.9 : 0;
    if (pattern === 'tabby') {
      const wave = fraction(x * stripes + 1.4 * noise(x * 4, y * 4, salt + 1));
      return 0.85 * clamp01((abs(wave - 0.5) - 0.26) * 9);
    }
    if (pattern === 'patches') return clamp01((noise(x * 4.2, y * 4.2, salt + 2) - spread) * 14);
    if (pattern === 'bib') return clamp01((y - 0.16 - 0.12 * noise(x * 6, y * 3, salt + 3)) * 9) * (point ? 1 : 0.8);
    return 0;
  };
  return (x, y, point) => {
    const strands = 0.84 + 0.2 * noise(x * 46 + y * 12, y * 20, salt + 4) + 0.12 * noise(x * 9, y * 9, salt + 5);
    return lit(blend(base, second, share(x, y, point)), strands);
  };
}

function marked(colour: Rgb, marks: readonly Mark[], at: { x: number; y: number }): Rgb {
  let painted = colour;
  for (const mark of marks) {
    const dx = (at.x - mark.x) / mark.rx;
    const dy = (at.y - mark.y) / mark.ry;
    const reach = dx * dx + dy * dy;
    if (reach < 1) painted = blend(painted, mark.colour, clamp01((1 - reach) / mark.soft));
  }
  return painted;
}
