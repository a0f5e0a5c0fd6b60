import { inferenceMode } from '../../autograd';
import { scope } from '../../engine';
import { summary } from '../../models';
import { utils } from '../../nn';
import { rand } from '../../tensor';
import { makeModel } from '../model-choice';
import { inPrecision, laidOut } from '../precision';
import type { TrainSettings } from '../settings';
import { median } from './statistics';

/** What a model costs, whatever it has learned. */
export interface ModelMeasures {
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Median over single images, in evaluation. */
  readonly msPerImage: number;
}

const warmUps = 3;
const rounds = 21;

export function measureModel(settings: TrainSettings): ModelMeasures {
  const { imageSize, channelsLast, device } = settings;
  return scope(() => {
    const model = makeModel(settings.model, settings.modelOptions, imageSize);
    const { parameters, macs } = summary(model, [1, 3, imageSize, imageSize]);
    model.to(device);
    if (channelsLast) utils.convertConv2dWeightMemoryFormat(model, 'channels_last');
    model.eval();
    const image = laidOut(settings, rand([1, 3, imageSize, imageSize]).to({ device }));
    const forward = (): number => {
      const began = performance.now();
      // Reading one number back waits for a GPU, too.
      scope(() =>
        inferenceMode(() =>
          inPrecision(settings, () => model.forward(image))
            .sum()
            .item(),
        ),
      );
      return performance.now() - began;
    };
    const times = Array.from({ length: warmUps + rounds }, forward).slice(warmUps);
    return { parameters, macs, msPerImage: median(times) };
  });
}
