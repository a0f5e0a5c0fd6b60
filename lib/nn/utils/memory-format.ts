import { noGrad } from '../../autograd';
import { checkString } from '../../engine';
import type { MemoryFormat } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';
import { Conv2d, Conv3d } from '../conv';
import { ConvTranspose2d, ConvTranspose3d } from '../conv-transpose';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';

/** @inline */
interface Format {
  memoryFormat: MemoryFormat;
}

type FormatTail = Arguments<[memoryFormat: MemoryFormat], Format, ['memoryFormat']>;

/**
 * Lays out the weights of all `Conv2d` and `ConvTranspose2d` in a module, itself included, in another order in memory, as
 * `channels_last` (`torch.nn.utils.convert_conv2d_weight_memory_format`). The values stay the same.
 */
export function convertConv2dWeightMemoryFormat<M extends AnyModule>(module: M, ...rest: FormatTail): M {
  return convert('convertConv2dWeightMemoryFormat', module, rest, [Conv2d, ConvTranspose2d]);
}

/** As {@link convertConv2dWeightMemoryFormat}, for `Conv3d` and `ConvTranspose3d` and `channels_last_3d`. */
export function convertConv3dWeightMemoryFormat<M extends AnyModule>(module: M, ...rest: FormatTail): M {
  return convert('convertConv3dWeightMemoryFormat', module, rest, [Conv3d, ConvTranspose3d]);
}

type ConvClass = typeof Conv2d | typeof ConvTranspose2d | typeof Conv3d | typeof ConvTranspose3d;

function convert<M extends AnyModule>(callee: string, module: M, rest: FormatTail, classes: readonly ConvClass[]): M {
  checkModule(callee, module);
  const { memoryFormat } = readTail<Format>(callee, { memoryFormat: required }, rest);
  checkString(callee, 'memoryFormat', memoryFormat);
  noGrad(() => {
    for (const part of module.modules() as unknown[]) {
      if (!classes.some((type) => part instanceof type)) continue;
      const { weight } = part as Conv2d;
      using detached = weight.detach();
      using converted = detached.clone({ memoryFormat });
      // A clone keeps strides that stand for both orders, as with one channel.
      converted.resize_(converted.shape, { memoryFormat });
      weight.data = converted;
    }
  });
  return module;
}
