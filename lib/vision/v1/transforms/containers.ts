/** Transforms made of transforms. */
import { checkFunction, checkList, checkObject } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { happensAtMost } from '../../kernels/draws';
import { checkWeights, pythonRandom } from '../../python-random';
import { type ChanceTail, readChance, type Transform } from './transform';

/** Refuses what is no list of transforms. */
export function checkTransforms(callee: string, transforms: unknown): void {
  checkList(callee, 'transforms', transforms);
  for (const transform of transforms as readonly unknown[]) {
    checkObject(callee, 'transforms', transform, 'transforms', ['forward']);
  }
}

/** One transform after the other. */
export class Compose<Input = Tensor, Output = Tensor> implements Transform<Input, Output> {
  constructor(readonly transforms: readonly Transform<never, unknown>[]) {
    checkTransforms('Compose', transforms);
  }

  forward(input: Input): Output {
    let value: unknown = input;
    for (const transform of this.transforms as readonly Transform<unknown, unknown>[]) value = transform.forward(value);
    return value as Output;
  }
}

/** Any function as a transform. */
export class Lambda<Input = Tensor, Output = Input> implements Transform<Input, Output> {
  constructor(
    /** What it applies. */
    readonly lambd: (input: Input) => Output,
  ) {
    checkFunction('Lambda', 'lambd', lambd);
  }

  forward(input: Input): Output {
    return this.lambd(input);
  }
}

/** All of the transforms with probability `p`, or none. Always draws one number, of PyTorch's generator. */
export class RandomApply<T = Tensor> implements Transform<T> {
  readonly p: number;

  constructor(
    readonly transforms: readonly Transform<T>[],
    ...rest: ChanceTail
  ) {
    checkTransforms('RandomApply', transforms);
    this.p = readChance('RandomApply', rest);
  }

  forward(input: T): T {
    if (!happensAtMost(this.p)) return input;
    return this.transforms.reduce((value, transform) => transform.forward(value), input);
  }
}

/** Options of {@link RandomChoice}. */
export interface RandomChoiceOptions {
  /** Weight of each transform; null gives all the same. */
  p?: readonly number[] | null;
}

/** One of the transforms. As in Python, the draw is Python's, not PyTorch's: see {@link pythonRandom}. */
export class RandomChoice<T = Tensor> implements Transform<T> {
  readonly p: readonly number[] | null;

  constructor(
    readonly transforms: readonly Transform<T>[],
    ...rest: Tail<RandomChoiceOptions, ['p']>
  ) {
    checkTransforms('RandomChoice', transforms);
    const { p } = readOptions<Required<RandomChoiceOptions>>('RandomChoice', { p: null }, rest);
    if (p !== null) checkWeights('RandomChoice', 'p', p, transforms.length);
    this.p = p;
  }

  forward(input: T): T {
    return pythonRandom.choice(this.transforms, this.p).forward(input);
  }
}

/** All of the transforms in random order. As in Python, the draw is Python's, not PyTorch's: see {@link pythonRandom}. */
export class RandomOrder<T = Tensor> implements Transform<T> {
  constructor(readonly transforms: readonly Transform<T>[]) {
    checkTransforms('RandomOrder', transforms);
  }

  forward(input: T): T {
    return pythonRandom.shuffled(this.transforms).reduce((value, transform) => transform.forward(value), input);
  }
}
