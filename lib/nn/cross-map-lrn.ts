import { Function, type FunctionContext } from '../autograd';
import { checkTensor, valueError } from '../engine';
import { emptyLike, type Tensor, zeros } from '../tensor';

interface Settings {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

type Context = FunctionContext<[input: Tensor, output: Tensor, scale: Tensor]> & { settings?: Settings };

/**
 * The op that `CrossMapLRN2d` is in Python, too, written with other ops: running sums across the channels, forward and back.
 * The order of the additions is Python's, on which the last bits depend.
 */
class CrossMapLRN extends Function {
  static forward(ctx: Context, input: Tensor, settings: Settings): Tensor {
    const { size, alpha, beta, k } = settings;
    const channels = input.size(1);
    const squares = input.pow(2);
    const scale = emptyLike(input);
    // The window of a channel reaches so far ahead, itself included.
    const ahead = Math.trunc((size - 1) / 2 + 1);
    const first = scale.select(1, 0).zero_();
    for (let channel = 0; channel < Math.min(ahead, channels); channel++) first.add_(squares.select(1, channel));
    for (let channel = 1; channel < channels; channel++) {
      const sum = scale.select(1, channel).copy_(scale.select(1, channel - 1));
      if (channel < channels - ahead + 1) sum.add_(squares.select(1, channel + ahead - 1));
      if (channel > ahead) sum.sub_(squares.select(1, channel - ahead));
    }
    scale.mul_(alpha / size).add_(k);
    const output = scale.pow(-beta).mul_(input);
    ctx.settings = settings;
    ctx.saveForBackward(input, output, scale);
    return output;
  }

  static backward(ctx: Context, gradient: Tensor): [Tensor, null] {
    const { size = 1, alpha = 0, beta = 0 } = ctx.settings ?? {};
    const [input, output, scale] = ctx.savedTensors;
    const [batch = 0, channels = 0, height = 0, width = 0] = input.shape;
    const factor = (2 * alpha * beta) / size;
    const gradInput = scale.pow(-beta).mul_(gradient);
    const { dtype, device } = input;
    const ratios = zeros([channels + size - 1, height, width], { dtype, device });
    const middle = ratios.narrow(0, Math.trunc(size - (size - 1) / 2), channels);
    for (let sample = 0; sample < batch; sample++) {
      middle.copy_(gradient.select(0, sample).mul(output.select(0, sample)).div_(scale.select(0, sample)));
      const sum = ratios.narrow(0, 0, size - 1).sum(0);
      for (let channel = 0; channel < channels; channel++) {
        sum.add_(ratios.select(0, channel + size - 1));
        const [place, value] = [gradInput, input].map((all) => all.select(0, sample).select(0, channel));
        place?.addcmul_(value as Tensor, sum, { value: -factor });
        sum.sub_(ratios.select(0, channel));
      }
    }
    return [gradInput, null];
  }
}

/** Divides [N, C, H, W] by (k + α/size · Σ x²)^β over neighbouring channels, with running sums. */
export function crossMapLrn2d(input: Tensor, size: number, alpha: number, beta: number, k: number): Tensor {
  checkTensor('CrossMapLRN2d.forward()', 'input', input);
  if (input.dim() !== 4) {
    throw valueError(`CrossMapLRN2d: Expected input to be 4D, got ${input.dim()}D instead.`);
  }
  return CrossMapLRN.apply(input, { size, alpha, beta, k });
}
