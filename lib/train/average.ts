import type { SegmentationModel } from '../models';
import { swaUtils } from '../optim';

/** The moving average of a model, itself a model. */
export type Average = swaUtils.AveragedModel<SegmentationModel>;

/**
 * A moving average of the weights. Its decay grows as min(decay, (1 + n) / (10 + n)) over the n updates, so that the weights
 * of the beginning are forgotten soon (the usual rule, first TensorFlow's). Buffers are averaged, too: the statistics of a
 * batch norm then belong to the averaged weights and not to the newest.
 */
export function makeAverage(model: SegmentationModel, decay: number): Average {
  return new swaUtils.AveragedModel(model, {
    useBuffers: true,
    multiAvgFn: (averaged, current, count) => {
      const updates = typeof count === 'number' ? count : count.item();
      swaUtils.getEmaMultiAvgFn(Math.min(decay, (1 + updates) / (10 + updates)))(averaged, current, updates);
    },
  });
}
