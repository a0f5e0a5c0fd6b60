/**
 * The animals of the drawn sample: silhouettes put together from tapered limbs, in four poses, with coats.
 *
 * Coordinates are the animal's own: x to the side it faces, y downwards, the whole figure about 1 wide.
 */
import { clamp01, mix, type SampleRandom } from './sample-random';

// Once per pixel and more: in a vm context, such as jest's, each look-up of the global `Math` is a hundred times dearer.
const { abs, min, sqrt } = Math;

export type Rgb = readonly [red: number, green: number, blue: number];

/** A limb: two circles and what lies between them. */
export interface Limb {
  readonly ax: number;
  readonly ay: number;
  readonly ar: number;
  readonly bx: number;
  readonly by: number;
  readonly br: number;
  /** Carries the coat's second colour where the coat is pointed: ears, paws, tail, muzzle. */
  readonly point: boolean;
}

/** An eye, a nose, a mark: an ellipse of one colour painted on the coat. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  readonly colour: Rgb;
  /** Width of its blurred edge, as a share of its radius. */
  readonly soft: number;
}

export interface Coat {
  readonly base: Rgb;
  readonly second: Rgb;
  readonly pattern: 'solid' | 'tabby' | 'patches' | 'pointed' | 'bib';
}

export interface Animal {
  readonly limbs: readonly Limb[];
  readonly marks: readonly Mark[];
  readonly coat: Coat;
  /** Where it touches the ground, and how wide the shadow there is. */
  readonly groundY: number;
  readonly groundWidth: number;
  /** Factor that brings the pose to the share of the picture that pets have in the real set. */
  readonly scale: number;
}

/** What sets one kind apart from the next. Cats come first, as in the real set, whose dogs are the second species. */
export interface Kind {
  readonly name: string;
  readonly species: 1 | 2;
  readonly ears: 'pointed' | 'floppy' | 'round';
  readonly muzzle: number;
  readonly tail: 'long' | 'bushy' | 'short' | 'curled';
  readonly legs: number;
  readonly girth: number;
}

/** Names follow the real set: cats with a capital letter, dogs without. */
export const kKinds: readonly Kind[] = [
  { name: 'Drawn_Shorthair', species: 1, ears: 'pointed', muzzle: 0.35, tail: 'long', legs: 1, girth: 1 },
  { name: 'Drawn_Longhair', species: 1, ears: 'pointed', muzzle: 0.3, tail: 'bushy', legs: 0.85, girth: 1.15 },
  { name: 'Drawn_Fold', species: 1, ears: 'round', muzzle: 0.3, tail: 'curled', legs: 0.8, girth: 1.1 },
  { name: 'drawn_terrier', species: 2, ears: 'pointed', muzzle: 0.8, tail: 'short', legs: 0.95, girth: 0.95 },
  { name: 'drawn_hound', species: 2, ears: 'floppy', muzzle: 1, tail: 'long', legs: 1.2, girth: 0.9 },
  { name: 'drawn_spaniel', species: 2, ears: 'floppy', muzzle: 0.8, tail: 'bushy', legs: 0.9, girth: 1.1 },
];

const kCoatColours: readonly Rgb[] = [
  [46, 42, 44],
  [88, 86, 92],
  [138, 134, 136],
  [232, 226, 218],
  [226, 198, 156],
  [206, 124, 56],
  [128, 82, 50],
  [88, 56, 40],
  [196, 152, 104],
  [158, 80, 46],
  [212, 166, 88],
];
const kEyeColours: readonly Rgb[] = [
  [196, 160, 50],
  [110, 150, 70],
  [90, 140, 180],
  [92, 58, 30],
];
const kDark: Rgb = [24, 20, 20];
const kPink: Rgb = [206, 138, 130];
const kLight: Rgb = [250, 250, 246];

/** Builds one animal. */
export function makeAnimal(kind: Kind, random: SampleRandom): Animal {
  const coat = makeCoat(random);
  const pose = random.below(4);
  const figure = new Figure(kind, coat, random);
  if (pose === 0) return figure.standing();
  if (pose === 1) return figure.sitting();
  if (pose === 2) return figure.lying();
  return figure.portrait();
}

/**
 * Signed distance from a point to the figure's outline, negative inside, with limbs melting into each other; and the
 * limb that is nearest.
 */
export function distanceTo(limbs: readonly Limb[], x: number, y: number): { distance: number; nearest: number } {
  const melt = 0.035;
  let distance = Number.POSITIVE_INFINITY;
  let closest = Number.POSITIVE_INFINITY;
  let nearest = 0;
  for (const [i, limb] of limbs.entries()) {
    const dx = limb.bx - limb.ax;
    const dy = limb.by - limb.ay;
    const px = x - limb.ax;
    const py = y - limb.ay;
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : clamp01((px * dx + py * dy) / length);
    const ex = px - dx * along;
    const ey = py - dy * along;
    const here = sqrt(ex * ex + ey * ey) - mix(limb.ar, limb.br, along);
    if (here < closest) {
      closest = here;
      nearest = i;
    }
    const overlap = melt - abs(distance - here);
    distance = min(distance, here) - (overlap > 0 ? (overlap * overlap) / (4 * melt) : 0);
  }
  return { distance, nearest };
}

function makeCoat(random: SampleRandom): Coat {
  const base = random.pick(kCoatColours);
  const pattern = random.pick(['solid', 'tabby', 'tabby', 'patches', 'pointed', 'bib'] as const);
  let second = random.pick(kCoatColours);
  if (pattern === 'tabby') second = scaled(base, base[0] < 80 ? 1.7 : 0.58);
  if (pattern === 'bib') second = [236, 230, 222];
  return { base: jitter(base, random), second: jitter(second, random), pattern };
}

function scaled(colour: Rgb, factor: number): Rgb {
  return [colour[0] * factor, colour[1] * factor, colour[2] * factor];
}

function jitter(colour: Rgb, random: SampleRandom): Rgb {
  return scaled(colour, random.range(0.9, 1.1));
}

/** Collects limbs and marks; one method per pose. */
class Figure {
  private readonly limbs: Limb[] = [];
  private readonly marks: Mark[] = [];

  constructor(
    private readonly kind: Kind,
    private readonly coat: Coat,
    private readonly random: SampleRandom,
  ) {}

  /** From the side, on four legs. */
  standing(): Animal {
    const { kind, random } = this;
    const length = random.range(0.26, 0.33);
    const girth = 0.145 * kind.girth * random.range(0.92, 1.1);
    const foot = girth + 0.24 * kind.legs;
    this.limb(-length, 0, girth * 0.95, length, -0.03, girth * 1.08);
    this.limb(-length, 0.04, girth * 0.95, -length + 0.05, 0.08, girth * 0.8);
    for (const at of [-length - 0.03, -length + 0.09, length - 0.07, length + 0.05]) {
      const step = random.range(-0.07, 0.07);
      this.limb(at, 0.06, 0.075 * kind.girth, at + step * 0.4, foot * 0.6, 0.052);
      this.limb(at + step * 0.4, foot * 0.6, 0.05, at + step, foot, 0.042, true);
      this.limb(at + step, foot, 0.042, at + step + 0.035, foot + 0.012, 0.036, true);
    }
    this.tail(-length - 0.1, -0.04, -1, random.range(-0.3, 0.15));
    const headX = length + random.range(0.12, 0.2);
    const headY = -random.range(0.2, 0.3);
    this.limb(length * 0.92, -0.05, girth * 0.85, headX, headY, 0.1);
    this.head(headX, headY, 0.155, random.range(0.25, 0.8));
    return this.done(foot + 0.04, length + 0.16, 0.83);
  }

  /** From the front, on its haunches. */
  sitting(): Animal {
    const { kind, random } = this;
    const width = kind.girth * random.range(0.95, 1.1);
    this.limb(0, 0.3, 0.23 * width, 0, 0.02, 0.16 * width);
    for (const side of [-1, 1]) {
      this.limb(side * 0.17 * width, 0.36, 0.13, side * 0.19 * width, 0.42, 0.11);
      this.limb(side * 0.08, 0.12, 0.07, side * 0.085, 0.48, 0.056);
      this.limb(side * 0.085, 0.48, 0.06, side * 0.1, 0.51, 0.052, true);
      this.limb(side * 0.24 * width, 0.5, 0.05, side * 0.17 * width, 0.51, 0.05, true);
    }
    this.tail(-0.2 * width, 0.44, -1, random.range(-0.35, 0.02));
    this.limb(0, 0.05, 0.13, random.range(-0.03, 0.03), -0.16, 0.12);
    this.head(random.range(-0.05, 0.05), -0.24, 0.19, random.range(-0.35, 0.35));
    return this.done(0.54, 0.34, 0.8);
  }

  /** On its belly, paws in front. */
  lying(): Animal {
    const { kind, random } = this;
    const girth = 0.17 * kind.girth;
    const length = random.range(0.28, 0.36);
    this.limb(-length, 0.08, girth * 1.1, length * 0.8, 0.06, girth);
    this.limb(-length + 0.04, 0.14, girth * 0.8, -length + 0.16, 0.18, girth * 0.5);
    this.limb(-length + 0.18, 0.25, 0.05, -length + 0.34, 0.26, 0.045, true);
    for (const lift of [0, 0.035]) {
      this.limb(length * 0.75, 0.16, 0.075, length + 0.14, 0.235 + lift, 0.05);
      this.limb(length + 0.14, 0.235 + lift, 0.05, length + 0.24, 0.24 + lift, 0.048, true);
    }
    this.tail(-length - 0.14, 0.16, -1, random.range(-0.1, 0.1));
    const headX = length + random.range(0.02, 0.12);
    const headY = -random.range(0.08, 0.2);
    this.limb(length * 0.75, 0.03, girth * 0.85, headX, headY + 0.03, 0.11);
    this.head(headX, headY, 0.17, random.range(-0.2, 0.7));
    return this.done(0.29, length + 0.24, 0.87);
  }

  /** Head and shoulders. */
  portrait(): Animal {
    const { kind, random } = this;
    const lean = random.range(-0.08, 0.08);
    this.limb(lean, 0.1, 0.17 * kind.girth, lean, 0.5, 0.27 * kind.girth);
    this.limb(lean - 0.14, 0.45, 0.16, lean - 0.2, 0.8, 0.17);
    this.limb(lean + 0.14, 0.45, 0.16, lean + 0.2, 0.8, 0.17);
    this.head(0, -0.12, 0.26, random.range(-0.4, 0.4));
    return this.done(0.9, 0.4, 0.82);
  }

  private done(groundY: number, groundWidth: number, scale: number): Animal {
    return { limbs: this.limbs, marks: this.marks, coat: this.coat, groundY, groundWidth, scale };
  }

  private limb(ax: number, ay: number, ar: number, bx: number, by: number, br: number, point = false): void {
    this.limbs.push({ ax, ay, ar, bx, by, br, point });
  }

  private mark(x: number, y: number, rx: number, ry: number, colour: Rgb, soft = 0.25): void {
    this.marks.push({ x, y, rx, ry, colour, soft });
  }

  /** Links along a bent line; `rise` lifts its end above its root. */
  private tail(x: number, y: number, side: number, rise: number): void {
    const { tail } = this.kind;
    const reach = tail === 'short' ? 0.13 : tail === 'curled' ? 0.2 : 0.3;
    const thick = tail === 'bushy' ? 0.065 : tail === 'short' ? 0.04 : 0.034;
    const bendX = x + side * reach * 0.75;
    const bendY = y + (tail === 'curled' ? 0.06 : 0.03);
    const endX = x + side * reach * (tail === 'curled' ? 0.35 : 1);
    const endY = y + rise - (tail === 'curled' ? 0.16 : 0.04);
    const links = 5;
    for (let i = 0; i < links; i++) {
      const [t0, t1] = [i / links, (i + 1) / links];
      const swell = (t: number): number => thick * (tail === 'bushy' ? 0.65 + 2 * t * (1.2 - t) : 1.15 - 0.45 * t);
      this.limb(
        bezier(x, bendX, endX, t0),
        bezier(y, bendY, endY, t0),
        swell(t0),
        bezier(x, bendX, endX, t1),
        bezier(y, bendY, endY, t1),
        swell(t1),
        i >= 2,
      );
    }
  }

  /** A head of radius `r` looking to the side by `turn`: 0 straight at us, 1 almost in profile. */
  private head(x: number, y: number, r: number, turn: number): void {
    const { kind, random } = this;
    const shift = turn * r * 0.35;
    const muzzleX = x + shift * 1.6 + turn * kind.muzzle * r * 0.75;
    const muzzleY = y + r * (0.36 + 0.12 * kind.muzzle);
    this.limb(x - r * 0.12, y, r * 0.86, x + r * 0.12, y, r * 0.86);
    this.limb(x + shift, y + r * 0.25, r * 0.55, muzzleX, muzzleY, r * (0.46 - 0.08 * kind.muzzle), kind.muzzle > 0.5);
    for (const side of [-1, 1]) this.ear(x, y, r, side, turn);

    const eye = random.pick(kEyeColours);
    const eyeSize = r * (kind.species === 1 ? 0.17 : 0.14);
    if (this.coat.pattern === 'bib') this.mark(muzzleX, muzzleY - r * 0.02, r * 0.44, r * 0.36, this.coat.second, 0.5);
    for (const side of [-1, 1]) {
      const squeeze = 1 - 0.45 * abs(turn) * (side * turn > 0 ? 1 : 0.2);
      const ex = x + shift * 1.3 + side * r * 0.38 * (1 - 0.25 * abs(turn));
      const ey = y - r * 0.06;
      this.mark(ex, ey, eyeSize * 1.18 * squeeze, eyeSize * 1.12, kDark);
      this.mark(ex, ey, eyeSize * squeeze, eyeSize * 0.94, eye);
      this.mark(ex, ey, eyeSize * (kind.species === 1 ? 0.42 : 0.6) * squeeze, eyeSize * 0.74, kDark);
      this.mark(ex - eyeSize * 0.25, ey - eyeSize * 0.3, eyeSize * 0.24, eyeSize * 0.24, kLight);
    }
    const nose = kind.species === 1 && random.chance(0.6) ? kPink : kDark;
    const noseX = muzzleX + turn * r * 0.12;
    this.mark(noseX, muzzleY - r * 0.13, r * 0.15, r * 0.105, nose);
    this.mark(noseX, muzzleY + r * 0.08, r * 0.025, r * 0.13, kDark, 0.8);
    this.mark(noseX, muzzleY + r * 0.2, r * 0.15, r * 0.03, kDark, 0.8);
  }

  private ear(x: number, y: number, r: number, side: number, turn: number): void {
    const root = x + side * r * 0.55 - turn * r * 0.12;
    if (this.kind.ears === 'floppy') {
      this.limb(root + side * r * 0.18, y - r * 0.5, r * 0.2, root + side * r * 0.46, y + r * 0.12, r * 0.26, true);
      this.limb(root + side * r * 0.46, y + r * 0.12, r * 0.26, root + side * r * 0.44, y + r * 0.5, r * 0.2, true);
      return;
    }
    const height = this.kind.ears === 'round' ? 0.88 : 1.32;
    const tip = this.kind.ears === 'round' ? 0.17 : 0.035;
    const tipX = root + side * r * 0.22;
    this.limb(root, y - r * 0.55, r * 0.32, tipX, y - r * height, r * tip, true);
    const middle = y - r * mix(0.55, height, 0.45);
    this.mark(mix(root, tipX, 0.5), middle, r * 0.11, r * (height - 0.55) * 0.42, scaled(kPink, 0.86), 0.9);
  }
}

function bezier(a: number, b: number, c: number, t: number): number {
  return mix(mix(a, b, t), mix(b, c, t), t);
}
