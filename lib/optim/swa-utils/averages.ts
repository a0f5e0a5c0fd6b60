/** How an averaged model takes in a model: `torch.optim.swa_utils.get_ema_multi_avg_fn` and its neighbours. */

import { noGrad } from '../../autograd';
import { checkNumbers, scope, valueError } from '../../engine';
import { callOp, type Tensor } from '../../tensor';
import { foreach, foreach_ } from '../foreach';

/** The new average of one parameter, from the average, the model's and how many models were averaged already. */
export type AverageFunction = (averaged: Tensor, current: Tensor, numAveraged: Tensor | number) => Tensor;

/** Brings averages up to date in place: lists of one device and one dtype. */
export type MultiAverageFunction = (
  averaged: readonly Tensor[],
  current: readonly Tensor[],
  numAveraged: Tensor | number,
) => void;

/** Exponential averages over lists of parameters: `decay` of the old, the rest of the new. */
export function getEmaMultiAvgFn(decay = 0.999): MultiAverageFunction {
  checkDecay('getEmaMultiAvgFn', decay);
  return (averaged, current) =>
    inSteps(() => {
      if (interpolates(averaged)) {
        foreach_('lerp_.Scalar', averaged, current, 1 - decay);
        return;
      }
      for (const [index, average] of averaged.entries()) {
        average.copy_(average.mul(decay).add((current[index] as Tensor).mul(1 - decay)));
      }
    });
}

/** Equal averages over lists of parameters. */
export function getSwaMultiAvgFn(): MultiAverageFunction {
  return (averaged, current, numAveraged) =>
    inSteps(() => {
      const share = typeof numAveraged === 'number' ? 1 / (numAveraged + 1) : numAveraged.add(1).reciprocal().item();
      if (interpolates(averaged)) {
        foreach_('lerp_.Scalar', averaged, current, share);
        return;
      }
      const differences = foreach('sub.List', current, averaged);
      if (typeof numAveraged === 'number') foreach_('add_.List', averaged, differences, share);
      else callOp('aten::_foreach_addcdiv_.Scalar', [averaged, differences, averaged.map(() => numAveraged.add(1)), 1]);
    });
}

/** Exponential averages of one parameter: `decay` of the old, the rest of the new. */
export function getEmaAvgFn(decay = 0.999): AverageFunction {
  checkDecay('getEmaAvgFn', decay);
  return (averaged, current) => inSteps(() => averaged.mul(decay).add(current.mul(1 - decay)));
}

/** Equal averages of one parameter. */
export function getSwaAvgFn(): AverageFunction {
  return (averaged, current, numAveraged) =>
    inSteps(() => {
      const difference = current.sub(averaged);
      return averaged.add(
        typeof numAveraged === 'number' ? difference.div(numAveraged + 1) : difference.div(numAveraged.add(1)),
      );
    });
}

function inSteps<T>(compute: () => T): T {
  return noGrad(() => scope(compute));
}

/** There is a lerp for such tensors. */
function interpolates([first]: readonly Tensor[]): boolean {
  return first === undefined || first.isFloatingPoint() || first.isComplex();
}

function checkDecay(name: string, decay: number): void {
  checkNumbers(name, { decay });
  if (decay >= 0 && decay <= 1) return;
  throw valueError(`Invalid decay value ${decay} provided. Please provide a value in [0,1] range.`);
}
