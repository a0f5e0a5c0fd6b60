/** Batch norms that are computed into the layer before them, for evaluation (`torch.nn.utils.fusion`). */
import { noGrad } from '../../autograd';
import { ArgumentError, checkNumbers, checkTensor, describe, valueError } from '../../engine';
import { onesLike, rsqrt, type Tensor, zerosLike } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import type { Conv1d, Conv2d, Conv3d } from '../conv';
import type { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../conv-transpose';
import type { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../batchnorm';
import { deepcopy } from '../deepcopy';
import { Linear } from '../linear';
import { Module } from '../module';
import { NormBase } from '../norm-base';
import { Parameter } from '../parameter';

/** Any batch norm. */
export type AnyBatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d;

/** Any convolution. */
export type AnyConv = Conv1d | Conv2d | Conv3d | ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;

/**
 * A copy of a convolution that computes what it and the batch norm behind it compute in evaluation
 * (`torch.nn.utils.fuse_conv_bn_eval`).
 *
 * @param transpose the convolution is a transposed one, whose weight is [in, out, …]
 * @throws ArgumentError unless both are in evaluation and the norm has running statistics
 *
 * @example
 * ```ts
 * const [conv, norm] = [new nn.Conv2d(3, 4, 3).eval(), new nn.BatchNorm2d(4).eval()];
 * const fused = nn.utils.fuseConvBnEval(conv, norm);
 * const x = torch.randn([1, 3, 8, 8]);
 * console.log(torch.allclose(fused.forward(x), norm.forward(conv.forward(x)), 1e-3, 1e-4)); // true
 * ```
 */
export function fuseConvBnEval<M extends AnyConv>(
  conv: M,
  bn: AnyBatchNorm,
  ...rest: Tail<{ transpose?: boolean }, ['transpose']>
): M {
  const { runningMean, runningVar } = checkPair('fuseConvBnEval', 'conv', conv, bn);
  const { transpose } = readTail('fuseConvBnEval', { transpose: false }, rest);
  const fused = deepcopy(conv);
  const { eps, weight, bias } = bn;
  [fused.weight, fused.bias] = fuseConvBnWeights(
    fused.weight,
    fused.bias,
    runningMean,
    runningVar,
    eps,
    weight,
    bias,
    transpose,
  );
  return fused;
}

/**
 * Weight and bias of a convolution with those of a batch norm computed into them (`torch.nn.utils.fuse_conv_bn_weights`).
 * Nulls stand for what the layers lack.
 *
 * @param transpose the convolution is a transposed one, whose weight is [in, out, …]
 */
export function fuseConvBnWeights(
  convW: Tensor,
  convB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor | null,
  bnB: Tensor | null,
  ...rest: Tail<{ transpose?: boolean }, ['transpose']>
): [weight: Parameter, bias: Parameter] {
  const { transpose } = readTail('fuseConvBnWeights', { transpose: false }, rest);
  checkParts('fuseConvBnWeights', { convW, bnRm, bnRv }, { convB, bnW, bnB }, bnEps);
  return noGrad(() => {
    const bias = convB ?? zerosLike(bnRm);
    const scale = rsqrt(bnRv.add(bnEps));
    const weight = bnW ?? onesLike(bnRm);
    const ones = Array<number>(Math.max(convW.dim() - 2, 0)).fill(1);
    const shape = transpose ? [1, -1, ...ones] : [-1, 1, ...ones];
    const fusedW = convW.mul(weight.mul(scale).reshape(shape)).to({ dtype: convW.dtype });
    const fusedB = bias
      .sub(bnRm)
      .mul(scale)
      .mul(weight)
      .add(bnB ?? zerosLike(bnRm))
      .to({ dtype: convB?.dtype ?? convW.dtype });
    return [new Parameter(fusedW, convW.requiresGrad), new Parameter(fusedB, bias.requiresGrad)];
  });
}

/**
 * A copy of a linear layer that computes what it and the batch norm behind it compute in evaluation
 * (`torch.nn.utils.fuse_linear_bn_eval`).
 *
 * @throws ArgumentError unless both are in evaluation, the norm has running statistics, and as many features as the layer
 *   has outputs, or one
 */
export function fuseLinearBnEval<M extends Linear>(linear: M, bn: AnyBatchNorm): M {
  const { runningMean, runningVar } = checkPair('fuseLinearBnEval', 'linear', linear, bn);
  if (!(linear instanceof Linear)) {
    throw new ArgumentError(
      `fuseLinearBnEval(): expected a Linear for argument \`linear\`, received ${describe(linear)}`,
    );
  }
  if (linear.outFeatures !== bn.numFeatures && bn.numFeatures !== 1) {
    throw valueError(
      'To fuse, linear.outFeatures == bn.numFeatures or bn.numFeatures == 1, ' +
        `got linear.outFeatures=${linear.outFeatures} and bn.numFeatures=${bn.numFeatures}`,
    );
  }
  const fused: Linear = deepcopy(linear);
  const { eps } = bn;
  const weight: Tensor = bn.weight ?? onesLike(runningMean);
  const bias: Tensor = bn.bias ?? zerosLike(runningMean);
  [fused.weight, fused.bias] = fuseLinearBnWeights(
    fused.weight,
    fused.bias,
    runningMean,
    runningVar,
    eps,
    weight,
    bias,
  );
  return fused as M;
}

/**
 * Weight and bias of a linear layer with those of a batch norm computed into them
 * (`torch.nn.utils.fuse_linear_bn_weights`).
 */
export function fuseLinearBnWeights(
  linearW: Tensor,
  linearB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor,
  bnB: Tensor,
): [weight: Parameter, bias: Parameter] {
  checkParts('fuseLinearBnWeights', { linearW, bnRm, bnRv, bnW, bnB }, { linearB }, bnEps);
  return noGrad(() => {
    const bias = linearB ?? zerosLike(bnRm);
    const scale = bnW.mul(rsqrt(bnRv.add(bnEps)));
    const fusedW = linearW.mul(scale.unsqueeze(-1).to({ dtype: linearW.dtype }));
    const fusedB = bias
      .sub(bnRm)
      .mul(scale)
      .add(bnB)
      .to({ dtype: linearB?.dtype ?? linearW.dtype });
    return [new Parameter(fusedW, linearW.requiresGrad), new Parameter(fusedB, bias.requiresGrad)];
  });
}

function checkPair(
  callee: string,
  argument: string,
  layer: Module,
  bn: AnyBatchNorm,
): { runningMean: Tensor; runningVar: Tensor } {
  if (!((layer as unknown) instanceof Module) || !('weight' in layer)) {
    throw new ArgumentError(
      `${callee}(): expected a layer with a weight for argument \`${argument}\`, received ${describe(layer)}`,
    );
  }
  if (!((bn as unknown) instanceof NormBase)) {
    throw new ArgumentError(`${callee}(): expected a batch norm for argument \`bn\`, received ${describe(bn)}`);
  }
  if (layer.training || bn.training) throw valueError(`${callee}(): Fusion only for eval! Call eval() on both before`);
  const { runningMean, runningVar } = bn;
  if (runningMean === null || runningVar === null) {
    throw valueError(`${callee}(): expected a batch norm with running statistics, received one without`);
  }
  return { runningMean, runningVar };
}

function checkParts(
  callee: string,
  needed: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>>,
  bnEps: number,
): void {
  for (const [name, value] of Object.entries(needed)) checkTensor(`${callee}()`, name, value);
  for (const [name, value] of Object.entries(optional)) if (value !== null) checkTensor(`${callee}()`, name, value);
  checkNumbers(callee, { bnEps });
}
