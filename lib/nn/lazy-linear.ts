import { checkTensor, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { readOptions } from './arguments';
import { become, hasUninitialized } from './lazy';
import { Linear, type LinearOptions } from './linear';
import { isLazy, UninitializedParameter } from './uninitialized';

/**
 * A {@link Linear} that takes the number of its input's features from the first input (`torch.nn.LazyLinear`). Its parameters
 * have no shape until then; with the first forward they are drawn, and the module becomes a Linear. The objects stay the
 * same, so that an optimizer made before holds them.
 *
 * @example
 * ```ts
 * const layer = new nn.LazyLinear(2);
 * console.log(layer, layer.weight); // LazyLinear(in_features=0, out_features=2, bias=True) <UninitializedParameter>
 * layer.forward(torch.ones([4, 7]));
 * console.log(layer); // Linear(in_features=7, out_features=2, bias=True)
 * ```
 */
export class LazyLinear extends Linear {
  constructor(
    ...args: Arguments<
      [outFeatures: number],
      LinearOptions & { outFeatures: number },
      ['outFeatures', 'bias', 'device', 'dtype']
    >
  ) {
    const defaults = { outFeatures: required, bias: true, device: null, dtype: null };
    const { outFeatures, bias, ...factory } = readOptions<Required<LinearOptions> & { outFeatures: number }>(
      'LazyLinear',
      defaults,
      args,
    );
    super(0, outFeatures, { bias: false });
    this.weight = new UninitializedParameter(factory);
    if (bias) this.bias = new UninitializedParameter(factory);
  }

  /** Learns from an input how many features there are. */
  private initialize(input: Tensor): void {
    checkTensor('LazyLinear.forward()', 'input', input);
    const features = input.shape.at(-1) ?? 0;
    const { weight, bias } = this;
    if (hasUninitialized(this)) {
      this.inFeatures = features;
      if (isLazy(weight)) weight.materialize([this.outFeatures, features]);
      if (isLazy(bias)) bias.materialize([this.outFeatures]);
      this.resetParameters();
    }
    if (this.inFeatures !== 0) return;
    // A state dict was loaded before the first input.
    const expected = this.weight.size(-1);
    if (features !== expected) {
      throw valueError(
        `The in_features inferred from input: ${features} is not equal to in_features from self.weight: ${expected}`,
      );
    }
    this.inFeatures = features;
  }

  override forward(input: Tensor): Tensor {
    this.initialize(input);
    become(this, Linear);
    return super.forward(input);
  }
}
