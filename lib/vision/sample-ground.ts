/** The textured grounds of the drawn sample: what lies behind and under the animal. */
import type { Rgb } from './sample-animal';
import { clamp01, mix, noise, type SampleRandom } from './sample-random';

// Once per pixel and more: in a vm context, such as jest's, each look-up of the global `Math` is a hundred times dearer.
const { abs, floor, max, sqrt } = Math;

/** Colour of the ground at a point of the picture, x and y in 0..1. Not yet clamped to 0..255. */
export type Ground = (x: number, y: number) => Rgb;

const kWalls: readonly Rgb[] = [
  [176, 196, 204],
  [206, 202, 178],
  [186, 168, 190],
  [150, 186, 170],
  [120, 134, 160],
  [214, 214, 210],
];
const kFloors: readonly Rgb[] = [
  [150, 112, 78],
  [112, 92, 96],
  [96, 118, 128],
  [176, 150, 118],
];
const kFabrics: readonly Rgb[] = [
  [60, 108, 124],
  [116, 62, 82],
  [70, 84, 136],
  [104, 124, 78],
  [148, 130, 168],
  [88, 150, 142],
  [160, 94, 104],
];
const kGrass: readonly Rgb[] = [
  [88, 132, 62],
  [112, 148, 72],
  [74, 112, 74],
];
const kSkies: readonly Rgb[] = [
  [158, 192, 222],
  [196, 208, 216],
  [126, 168, 206],
];

/** Chooses and colours a ground. */
export function makeGround(random: SampleRandom): Ground {
  const salt = random.below(1 << 30);
  const bare = random.pick([meadow, meadow, room, room, fabric, tiles, snow])(random, salt);
  return withThings(bare, random);
}

function meadow(random: SampleRandom, salt: number): Ground {
  const grass = random.pick(kGrass);
  const sky = random.pick(kSkies);
  const horizon = random.range(-0.2, 0.45);
  const hills = random.range(2, 5);
  return (x, y) => {
    const edge = horizon + 0.1 * noise(x * hills, 0.5, salt + 1);
    if (y < edge) return lit(sky, 0.92 + 0.16 * noise(x * 3, y * 5, salt + 2));
    const near = clamp01((y - edge) * 2);
    const blades = noise(x * mix(60, 34, near), y * mix(30, 11, near), salt + 3);
    const clumps = noise(x * 7, y * 7, salt + 4);
    return lit(grass, 0.55 + 0.5 * blades + 0.3 * clumps);
  };
}

function room(random: SampleRandom, salt: number): Ground {
  const wall = random.pick(kWalls);
  const wood = random.pick(kFloors);
  const horizon = random.range(0.35, 0.7);
  const boards = random.range(4, 9);
  const papered = random.chance(0.5);
  const stripes = random.range(7, 14);
  return (x, y) => {
    if (y < horizon - 0.025) {
      const paper = papered && fraction(x * stripes) < 0.5 ? 0.93 : 1;
      return lit(wall, paper * (0.86 + 0.1 * y + 0.1 * noise(x * 4, y * 4, salt + 1)));
    }
    if (y < horizon) return lit(wall, 1.12);
    const depth = (y - horizon) * boards + 0.4;
    const board = floor(depth * 2);
    const seam = fraction(depth * 2) < 0.07 ? 0.6 : 1;
    const shade = 0.8 + 0.25 * noise(board * 7.3, 0.5, salt + 2);
    return lit(wood, seam * (shade + 0.25 * noise(x * 5 + board * 3.7, depth * 16, salt + 3) - 0.1));
  };
}

function fabric(random: SampleRandom, salt: number): Ground {
  const cloth = random.pick(kFabrics);
  const thread = lit(random.pick(kFabrics), 1.25);
  const folds = random.range(1.5, 3.5);
  const checks = random.range(5, 11);
  const checked = random.chance(0.5);
  return (x, y) => {
    const shade = 0.7 + 0.45 * noise(x * folds + y, y * folds, salt + 1) + 0.16 * noise(x * 70, y * 70, salt + 2);
    const crossed = checked && (fraction(x * checks) < 0.22 || fraction(y * checks) < 0.22);
    return lit(crossed ? blend(cloth, thread, 0.55) : cloth, shade);
  };
}

function tiles(random: SampleRandom, salt: number): Ground {
  const tile = random.pick(kWalls);
  const other = lit(random.pick(kFloors), 1.1);
  const count = random.range(3.5, 7);
  const slant = random.range(-0.35, 0.35);
  return (x, y) => {
    const u = (x + slant * y) * count;
    const v = (y - slant * x) * count;
    if (fraction(u) < 0.06 || fraction(v) < 0.06) return lit(tile, 0.55);
    const dark = (floor(u) + floor(v)) % 2 === 0;
    return lit(dark ? other : tile, 0.86 + 0.2 * noise(u * 3, v * 3, salt + 1));
  };
}

function snow(random: SampleRandom, salt: number): Ground {
  const white: Rgb = random.chance(0.5) ? [214, 224, 236] : [214, 200, 170];
  const drift = random.range(2, 4);
  return (x, y) =>
    lit(white, 0.78 + 0.22 * noise(x * drift, y * drift * 2, salt + 1) + 0.14 * noise(x * 45, y * 45, salt + 2));
}

/** Puts a few balls and boxes on a ground, so that "not ground" does not yet mean "pet". */
function withThings(ground: Ground, random: SampleRandom): Ground {
  const things = Array.from({ length: random.below(4) }, () => ({
    x: random.next(),
    y: random.range(0.2, 0.95),
    size: random.range(0.04, 0.13),
    box: random.chance(0.5),
    colour: lit(random.pick(kFabrics), random.range(0.8, 1.5)),
  }));
  return (x, y) => {
    let colour = ground(x, y);
    for (const thing of things) {
      const dx = abs(x - thing.x) / thing.size;
      const dy = abs(y - thing.y) / thing.size;
      const reach = thing.box ? max(dx, dy * 0.8) : sqrt(dx * dx + dy * dy);
      const cover = clamp01((1 - reach) * 12);
      const light = thing.box ? 0.95 : 1.15 - 0.4 * reach + 0.3 * ((thing.y - y) / thing.size);
      colour = blend(colour, lit(thing.colour, light), cover);
    }
    return colour;
  };
}

/** A colour under more or less light. */
export function lit(colour: Rgb, light: number): Rgb {
  return [colour[0] * light, colour[1] * light, colour[2] * light];
}

/** From `a` at 0 to `b` at 1. */
export function blend(a: Rgb, b: Rgb, t: number): Rgb {
  if (t <= 0) return a;
  return [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)];
}

export function fraction(x: number): number {
  return x - floor(x);
}
