import { scope } from '../engine';
import { clipGradNorm_ } from '../optim';
import type { Batch } from './data';
import type { Experiment } from './experiment';
import { inPrecision, laidOut } from './precision';

/**
 * One training step on one batch; returns its loss. Everything that the step makes is freed with it, but the gradients,
 * which belong to the parameters, and the optimizer's state.
 */
export function trainStep(experiment: Experiment, [images, targets]: Batch): number {
  const { settings, model, criterion, optimizer, average } = experiment;
  return scope(() => {
    optimizer.zeroGrad();
    // In a scope of its own, so that only autograd holds the activations, and backward frees each one that it has used.
    const loss = scope(() =>
      inPrecision(settings, () => {
        const logits = model.forward(laidOut(settings, images)); // [N, 3, H, W]
        return criterion.forward(logits, targets.squeeze(1));
      }),
    );
    loss.backward();
    if (settings.clipNorm !== null) clipGradNorm_(model.parameters(), settings.clipNorm);
    optimizer.step();
    average?.updateParameters(model);
    return loss.item();
  });
}
