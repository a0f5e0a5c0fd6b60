/** What a transform of v2 is: one draw for all parts of a sample. */
import { ArgumentError, describe } from '../../engine';
import { blockRepr } from '../../nn/repr';
import { rand, Tensor } from '../../tensor';
import { isDecodedImage } from '../decoded-image';
import { type ChanceTail, readChance } from '../v1/transforms/transform';
import { attributesRepr, Printed } from '../printing';
import { Image } from '../tv-tensors';
import { isPureTensor } from './functional/dispatch';
import { flatten } from './tree';

/** What a transform makes of its inputs: one comes back as one, several as a list. */
export type Transformed<S extends readonly unknown[]> = S extends readonly [infer One]
  ? One
  : { -readonly [K in keyof S]: S[K] };

/** The sample that inputs are: one is itself, several are a list. */
export function sampleOf(inputs: readonly unknown[]): unknown {
  return inputs.length === 1 ? inputs[0] : inputs;
}

/** Types of the attributes that print. */
const PRINTED: ReadonlySet<string> = new Set(['boolean', 'number', 'string']);

/**
 * A transform of samples: tensors in arrays, objects and Maps, however they are nested (`torchvision.transforms.v2.Transform`).
 *
 * What is drawn is drawn once, and done to every part that the transform takes; all else comes back as it is. As in Python,
 * of plain tensors only the first is an image, and none where there is an Image.
 *
 * For a transform of one's own: `makeParams` draws, `transform` does it to one part, `takes` says to which parts.
 *
 * @typeParam P what is drawn
 */
export abstract class Transform<P = unknown> extends Printed {
  /** Refuses samples that it cannot take. */
  protected checkInputs?(inputs: readonly unknown[]): void;

  /** Draws what is done to all parts, which are given. */
  protected makeParams?(inputs: readonly unknown[]): P;

  /** Does it to one part. */
  protected abstract transform(input: unknown, params: P): unknown;

  /** Applies the transform to a sample, or to several inputs that are one sample. */
  forward<const S extends readonly unknown[]>(...inputs: S): Transformed<S> {
    const sample = sampleOf(inputs);
    const { leaves, rebuild } = flatten(sample);
    this.checkInputs?.(leaves);
    if (!this.happens()) return sample as Transformed<S>;
    const takes = this.taken(leaves);
    const params = this.makeParams?.(leaves.filter((_, k) => takes[k])) as P;
    return rebuild(leaves.map((leaf, k) => (takes[k] ? this.transform(leaf, params) : leaf))) as Transformed<S>;
  }

  /** The numbers, strings and lists among the attributes, as a transform of Python prints them. */
  override extraRepr(): string {
    const shown = (Object.entries(this.shown()) as [string, unknown][]).filter(
      ([name, value]) => !name.startsWith('_') && (PRINTED.has(typeof value) || Array.isArray(value)),
    );
    return attributesRepr(Object.fromEntries(shown));
  }

  override toString(): string {
    return blockRepr(this.constructor.name, this.extraRepr());
  }

  /** Whether it happens at all. */
  protected happens(): boolean {
    return true;
  }

  /** Whether it is for parts of this kind. */
  protected takes(leaf: unknown): boolean {
    return leaf instanceof Tensor;
  }

  /** Which parts it takes. */
  protected taken(leaves: readonly unknown[]): readonly boolean[] {
    let takesPlain = !leaves.some((leaf) => leaf instanceof Image || isDecodedImage(leaf));
    return leaves.map((leaf) => {
      if (isDecodedImage(leaf)) this.refusePixels(leaf);
      if (!this.takes(leaf) || !isPureTensor(leaf)) return this.takes(leaf);
      const isFirst = takesPlain;
      takesPlain = false;
      return isFirst;
    });
  }

  private refusePixels(pixels: unknown): void {
    if (this.takes(pixels)) return;
    throw new ArgumentError(
      `${this.constructor.name}: expected tensors, received decoded pixels: ToImage makes an Image of ${describe(pixels)}`,
    );
  }
}

/** A {@link Transform} that happens with probability `p`. Always draws one number for that. */
export abstract class RandomApplyTransform<P = unknown> extends Transform<P> {
  readonly p: number;

  constructor(...rest: ChanceTail) {
    super();
    this.p = readChance(new.target.name, rest);
  }

  protected override happens(): boolean {
    return rand([1]).lt(this.p).item() !== 0;
  }
}
