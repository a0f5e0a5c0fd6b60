import { ArgumentError, checkIterable, checkTensor, describe } from '../../engine';
import { cat, Tensor } from '../../tensor';

/**
 * All elements of some parameters in one vector, in their order (`torch.nn.utils.parameters_to_vector`). Autograd records it.
 *
 * @throws ArgumentError for parameters on different devices
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * const vector = nn.utils.parametersToVector(layer.parameters());
 * console.log(vector.shape); // [ 8 ]
 * nn.utils.vectorToParameters(vector.mul(0), layer.parameters());
 * console.log(layer.bias?.abs().sum().item()); // 0
 * ```
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return cat(listOf('parametersToVector', parameters).map((parameter) => parameter.view([-1])));
}

/**
 * Puts parameters on parts of a vector, one after the other (`torch.nn.utils.vector_to_parameters`). As in PyTorch they share
 * its memory from then on.
 *
 * @throws ArgumentError for parameters on different devices; TorchError for a vector with too few elements
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  checkTensor('vectorToParameters()', 'vec', vec);
  let start = 0;
  for (const parameter of listOf('vectorToParameters', parameters)) {
    const count = parameter.numel();
    using part = vec.detach().narrow(0, start, count);
    using shaped = part.viewAs(parameter);
    parameter.data = shaped;
    start += count;
  }
}

function listOf(callee: string, parameters: Iterable<Tensor>): Tensor[] {
  checkIterable(callee, 'parameters', parameters);
  if (parameters instanceof Tensor) {
    throw new ArgumentError(
      `${callee}(): expected a list of tensors for argument \`parameters\`, received ${describe(parameters)}`,
    );
  }
  const list = [...parameters];
  for (const parameter of list) {
    checkTensor(`${callee}()`, 'parameters', parameter);
    if (parameter.device !== list[0]?.device) {
      throw new ArgumentError('Found two parameters on different devices, this is currently not supported.');
    }
  }
  return list;
}
