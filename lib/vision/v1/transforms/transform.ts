/** What a transform of torchvision's v1 is, and what those that happen by chance share. */
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { checkProbability } from '../../kernels/arguments';
import { happensExactly } from '../../kernels/draws';
import { Printed } from '../../printing';

/** One step of a pipeline. */
export interface Transform<Input = Tensor, Output = Input> {
  /** Applies the step. */
  forward(input: Input): Output;
}

/** Option of what happens by chance. */
export interface ChanceOptions {
  /** With which probability it happens; the default is 0.5. */
  p?: number;
}

/** The last argument of what happens by chance. @inline */
export type ChanceTail = Tail<ChanceOptions, ['p']>;

/** Reads and checks a probability. */
export function readChance(callee: string, rest: ChanceTail, usual = 0.5): number {
  const { p } = readOptions(callee, { p: usual }, rest);
  checkProbability(callee, p);
  return p;
}

/** What happens with probability `p`. Always draws one number. */
export abstract class AtRandom extends Printed implements Transform {
  readonly p: number;

  constructor(...rest: ChanceTail) {
    super();
    this.p = readChance(new.target.name, rest);
  }

  forward(image: Tensor): Tensor {
    return this.happens() ? this.apply(image) : image;
  }

  /** Draws; torchvision compares some draws as float32, and others as doubles. */
  protected happens(): boolean {
    return happensExactly(this.p);
  }

  /** What is done. */
  protected abstract apply(image: Tensor): Tensor;
}
