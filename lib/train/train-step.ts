import { scope } from '../engine';
import type { Batch } from './data';
import type { Experiment } from './experiment';
import { inPrecision } from './precision';

/**
 * One training step on one batch; returns its loss. Everything that the step makes is freed with it, but the gradients,
 * which belong to the parameters, and the optimizer's state.
 */
export function trainStep({ settings, model, criterion, optimizer }: Experiment, [images, targets]: Batch): number {
  return scope(() => {
    optimizer.zeroGrad();
    const loss = inPrecision(settings, () => {
      const logits = model.forward(images); // [N, 3, H, W]
      return criterion.forward(logits, targets.squeeze(1));
    });
    loss.backward();
    optimizer.step();
    return loss.item();
  });
}
