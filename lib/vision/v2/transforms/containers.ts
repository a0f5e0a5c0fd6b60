/** Transforms made of transforms. */
import { valueError } from '../../../engine';
import { getDefaultDtype, multinomial, rand, randperm, tensor } from '../../../tensor';
import {
  type RandomApplyArguments,
  type RandomChoiceArguments,
  readRandomApply,
  readRandomChoice,
  readTransforms,
  type TransformsArguments,
} from '../../v1/transforms/containers';
import { Transform, type Transformed } from '../transform';
import { partRepr } from '../../printing';

/** What a container holds: a transform of v2, of v1, or of one's own. */
export interface Applicable {
  /** Applies the transform. */
  forward(...inputs: never[]): unknown;
}

/** Hands the inputs from one transform to the next. */
function through(transforms: Iterable<Applicable>, inputs: readonly unknown[]): unknown {
  let current = inputs;
  for (const transform of transforms) {
    const output = transform.forward(...(current as readonly never[]));
    current = inputs.length > 1 ? (output as readonly unknown[]) : [output];
  }
  return inputs.length > 1 ? current : current[0];
}

/** What containers share: their parts decide what is done to which part of a sample. */
abstract class Container extends Transform {
  readonly transforms: readonly Applicable[];

  constructor(transforms: readonly Applicable[]) {
    super();
    this.transforms = transforms;
    if (transforms.length === 0) throw valueError(`${new.target.name}(): expected at least one transform, received []`);
  }

  /** The parts that are applied, in their order. */
  protected abstract chosen(): readonly Applicable[];

  override forward<const S extends readonly unknown[]>(...inputs: S): Transformed<S> {
    return through(this.chosen(), inputs) as Transformed<S>;
  }

  protected override transform(input: unknown): unknown {
    return through(this.chosen(), [input]);
  }
}

/** A line for each transform. */
function linesRepr(transforms: readonly Applicable[]): string {
  return transforms.map((transform) => `    ${partRepr(transform)}`).join('\n');
}

/** One transform after the other. */
export class Compose extends Container {
  constructor(...args: TransformsArguments<Applicable>) {
    super(readTransforms('Compose', args));
  }

  protected override chosen(): readonly Applicable[] {
    return this.transforms;
  }

  override extraRepr(): string {
    return linesRepr(this.transforms);
  }
}

/** All of the transforms with probability `p`, or none. Always draws one number. */
export class RandomApply extends Container {
  readonly p: number;

  constructor(...args: RandomApplyArguments<Applicable>) {
    const { transforms, p } = readRandomApply(args);
    super(transforms);
    this.p = p;
  }

  protected override chosen(): readonly Applicable[] {
    return rand([1]).ge(this.p).item() === 0 ? this.transforms : [];
  }

  override extraRepr(): string {
    return linesRepr(this.transforms);
  }
}

/** One of the transforms, each as likely as its weight. Draws one number, of PyTorch's generator. */
export class RandomChoice extends Container {
  /** The probabilities: the weights divided by their sum. */
  readonly p: readonly number[];

  constructor(...args: RandomChoiceArguments<Applicable>) {
    const { transforms, p } = readRandomChoice(args);
    super(transforms);
    const weights = p ?? transforms.map(() => 1);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.p = weights.map((weight) => weight / total);
  }

  protected override chosen(): readonly Applicable[] {
    const index = multinomial(tensor([...this.p], { dtype: getDefaultDtype() }), 1).item();
    return [this.transforms[index] as Applicable];
  }
}

/** All of the transforms in random order. Draws of PyTorch's generator. */
export class RandomOrder extends Container {
  constructor(...args: TransformsArguments<Applicable>) {
    super(readTransforms('RandomOrder', args));
  }

  protected override chosen(): readonly Applicable[] {
    const order = randperm(this.transforms.length).tolist() as number[];
    return order.map((place) => this.transforms[place] as Applicable);
  }
}
