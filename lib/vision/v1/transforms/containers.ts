/** Transforms made of transforms. */
import { checkFunction, checkList, checkObject } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import { checkProbability } from '../../kernels/arguments';
import { happensAtMost } from '../../kernels/draws';
import { checkWeights, pythonRandom } from '../../python-random';
import type { ChanceOptions, Transform } from './transform';
import { partRepr, Printed, type Shown, valueRepr } from '../../printing';

/** Refuses what is no list of transforms. */
export function checkTransforms(callee: string, transforms: unknown): void {
  checkList(callee, 'transforms', transforms);
  for (const transform of transforms as readonly unknown[]) {
    checkObject(callee, 'transforms', transform, 'transforms', ['forward']);
  }
}

/** The arguments of a container that has transforms alone. @inline */
export type TransformsArguments<T> = Arguments<
  [transforms: readonly T[]],
  { transforms: readonly T[] },
  ['transforms']
>;

/** Reads and checks them. */
export function readTransforms<T>(callee: string, args: TransformsArguments<T>): readonly T[] {
  const { transforms } = readOptions<{ transforms: readonly T[] }>(callee, { transforms: required }, args);
  checkTransforms(callee, transforms);
  return transforms;
}

/** The arguments of a RandomApply. @inline */
export type RandomApplyArguments<T> = Arguments<
  [transforms: readonly T[]],
  { transforms: readonly T[] } & ChanceOptions,
  ['transforms', 'p']
>;

/** Reads and checks them. */
export function readRandomApply<T>(args: RandomApplyArguments<T>): {
  readonly transforms: readonly T[];
  readonly p: number;
} {
  const options = readOptions<{ transforms: readonly T[]; p: number }>(
    'RandomApply',
    { transforms: required, p: 0.5 },
    args,
  );
  checkTransforms('RandomApply', options.transforms);
  checkProbability('RandomApply', options.p);
  return options;
}

/** Lines between the parentheses, each behind four spaces; of a transform of several lines only the first, as in Python. */
function linesRepr(name: string, lines: readonly string[]): string {
  return `${name}(${lines.map((line) => `\n    ${line}`).join('')}\n)`;
}

/** One transform after the other. */
export class Compose<Input = Tensor, Output = Tensor> extends Printed implements Transform<Input, Output> {
  readonly transforms: readonly Transform<never, unknown>[];

  constructor(...args: TransformsArguments<Transform<never, unknown>>) {
    super();
    this.transforms = readTransforms('Compose', args);
  }

  forward(input: Input): Output {
    let value: unknown = input;
    for (const transform of this.transforms as readonly Transform<unknown, unknown>[]) value = transform.forward(value);
    return value as Output;
  }

  override toString(): string {
    return linesRepr(this.constructor.name, this.transforms.map(partRepr));
  }
}

/** Any function as a transform. */
export class Lambda<Input = Tensor, Output = Input> extends Printed implements Transform<Input, Output> {
  /** What it applies. */
  readonly lambd: (input: Input) => Output;

  constructor(...args: Arguments<[lambd: (input: Input) => Output], { lambd: (input: Input) => Output }, ['lambd']>) {
    super();
    const { lambd } = readOptions<{ lambd: (input: Input) => Output }>('Lambda', { lambd: required }, args);
    checkFunction('Lambda', 'lambd', lambd);
    this.lambd = lambd;
  }

  forward(input: Input): Output {
    return this.lambd(input);
  }

  protected override shown(): Shown {
    return {};
  }
}

/** All of the transforms with probability `p`, or none. Always draws one number, of PyTorch's generator. */
export class RandomApply<T = Tensor> extends Printed implements Transform<T> {
  readonly transforms: readonly Transform<T>[];
  readonly p: number;

  constructor(...args: RandomApplyArguments<Transform<T>>) {
    super();
    const { transforms, p } = readRandomApply(args);
    this.transforms = transforms;
    this.p = p;
  }

  forward(input: T): T {
    if (!happensAtMost(this.p)) return input;
    return this.transforms.reduce((value, transform) => transform.forward(value), input);
  }

  override toString(): string {
    return linesRepr(this.constructor.name, [`p=${valueRepr(this.p, true)}`, ...this.transforms.map(partRepr)]);
  }
}

/** Options of {@link RandomChoice}. */
export interface RandomChoiceOptions {
  /** Weight of each transform; null gives all the same. */
  p?: readonly number[] | null;
}

/** The arguments of a RandomChoice. @inline */
export type RandomChoiceArguments<T> = Arguments<
  [transforms: readonly T[]],
  { transforms: readonly T[] } & RandomChoiceOptions,
  ['transforms', 'p']
>;

/** Reads and checks them. */
export function readRandomChoice<T>(args: RandomChoiceArguments<T>): {
  readonly transforms: readonly T[];
  readonly p: readonly number[] | null;
} {
  const options = readOptions<{ transforms: readonly T[]; p: readonly number[] | null }>(
    'RandomChoice',
    { transforms: required, p: null },
    args,
  );
  const { transforms, p } = options;
  checkTransforms('RandomChoice', transforms);
  if (p !== null) checkWeights('RandomChoice', 'p', p, transforms.length);
  return options;
}

/** One of the transforms. As in Python, the draw is Python's, not PyTorch's: see {@link pythonRandom}. */
export class RandomChoice<T = Tensor> extends Printed implements Transform<T> {
  readonly transforms: readonly Transform<T>[];
  readonly p: readonly number[] | null;

  constructor(...args: RandomChoiceArguments<Transform<T>>) {
    super();
    const { transforms, p } = readRandomChoice(args);
    this.transforms = transforms;
    this.p = p;
  }

  forward(input: T): T {
    return pythonRandom.choice(this.transforms, this.p).forward(input);
  }

  override toString(): string {
    return `${linesRepr(this.constructor.name, this.transforms.map(partRepr))}(p=${valueRepr(this.p)})`;
  }
}

/** All of the transforms in random order. As in Python, the draw is Python's, not PyTorch's: see {@link pythonRandom}. */
export class RandomOrder<T = Tensor> extends Printed implements Transform<T> {
  readonly transforms: readonly Transform<T>[];

  constructor(...args: TransformsArguments<Transform<T>>) {
    super();
    this.transforms = readTransforms('RandomOrder', args);
  }

  forward(input: T): T {
    return pythonRandom.shuffled(this.transforms).reduce((value, transform) => transform.forward(value), input);
  }

  override toString(): string {
    return linesRepr(this.constructor.name, this.transforms.map(partRepr));
  }
}
