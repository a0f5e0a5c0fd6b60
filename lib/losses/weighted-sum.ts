import { ArgumentError, checkList, describe, valueError } from '../engine';
import { Module, ModuleList } from '../nn';
import type { Tensor } from '../tensor';

/** A loss of predictions and truth. */
export type CriterionModule = Module<[input: Tensor, target: Tensor]>;

/**
 * Several losses of the same predictions as one: Σ weight · loss, added from left to right.
 *
 * @example
 * ```ts
 * const criterion = new torch.losses.WeightedSum([new nn.CrossEntropyLoss(), new torch.losses.DiceLoss('multiclass')], [1, 0.5]);
 * console.log(criterion.forward(torch.zeros([1, 2, 4]), torch.tensor([[0, 1, 0, 1]])).item().toFixed(4)); // 0.9431
 * ```
 */
export class WeightedSum extends Module<[input: Tensor, target: Tensor]> {
  readonly losses: ModuleList<CriterionModule>;
  readonly weights: readonly number[];

  /**
   * @param losses at least one module that takes input and target
   * @param weights one for each; 1 where they are left out
   */
  constructor(losses: readonly CriterionModule[], weights: readonly number[] = []) {
    super();
    checkList('WeightedSum', 'losses', losses);
    checkList('WeightedSum', 'weights', weights);
    if (losses.length === 0) throw valueError('WeightedSum(): expected at least one loss for argument `losses`');
    for (const loss of losses as readonly unknown[]) {
      if (loss instanceof Module) continue;
      throw new ArgumentError(`WeightedSum(): expected modules for argument \`losses\`, received ${describe(loss)}`);
    }
    const fits = weights.length === 0 || weights.length === losses.length;
    if (!fits || !(weights as readonly unknown[]).every(Number.isFinite)) {
      throw valueError(
        `WeightedSum(): expected ${losses.length} numbers for argument \`weights\`, received ${describe(weights)}`,
      );
    }
    this.losses = new ModuleList([...losses]);
    this.weights = weights.length === 0 ? losses.map(() => 1) : [...weights];
  }

  /** The sum of the weighted losses. */
  forward(input: Tensor, target: Tensor): Tensor {
    const parts = [...this.losses].map((loss, index) => {
      const value = loss.forward(input, target);
      const weight = this.weights[index] ?? 1;
      return weight === 1 ? value : value.mul(weight);
    });
    return parts.reduce((sum, part) => sum.add(part));
  }
}
