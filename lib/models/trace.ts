/** Follows one forward pass through a model: which module was called, with what, and what it multiplied. */
import { inferenceMode } from '../autograd';
import { ArgumentError, checkList, describe, scope } from '../engine';
import * as nn from '../nn';
import { type Device, type DType, forkRng, isFloatingDType, Tensor, zeros } from '../tensor';
import { macsOf } from './macs';

/** One call of one module. */
export interface ModuleCall {
  /** Its dotted path in the model; empty for the model itself. */
  readonly path: string;
  readonly module: nn.AnyModule;
  /** Of the first tensor among the inputs; null where there is none. */
  readonly inputShape: readonly number[] | null;
  /** Of the first tensor of what it returned; null where there is none, and for a call that has not returned. */
  readonly outputShape: readonly number[] | null;
  /** Multiply-accumulates of its own, without those of the modules in it. */
  readonly macs: number;
}

/**
 * Has a model see an image of zeros, and returns the calls of the modules in it, in the order in which they began. Nothing
 * of the model is changed: it computes in evaluation, where batch norm measures nothing and dropout draws nothing, and each
 * module gets its `training` back; the generators too are as before.
 *
 * @param callee - of whom a sentence about a wrong argument speaks
 */
export function traceCalls(callee: string, model: nn.AnyModule, inputShape: readonly number[]): ModuleCall[] {
  checkModel(callee, model);
  checkShape(callee, inputShape);
  const modules = model.namedModules();
  const calls: ModuleCall[] = [];
  const open: number[] = [];
  const modes = modules.map(([, { training }]) => training);
  const hooks = modules.flatMap(([path, module]) => [
    module.registerForwardPreHook((_, inputs) => {
      open.push(calls.length);
      calls.push({ path, module, inputShape: shapeOf(inputs), outputShape: null, macs: 0 });
    }),
    module.registerForwardHook((_, inputs, output) => {
      const place = open.pop() ?? 0;
      const began = calls[place] as ModuleCall;
      calls[place] = { ...began, outputShape: shapeOf(output), macs: macsOf(module, inputs, output) };
    }),
  ]);
  try {
    for (const [, module] of modules) module.training = false;
    forkRng(() =>
      inferenceMode(() =>
        scope(() => {
          model.forward(zeros([...inputShape], placeOf(model)));
        }),
      ),
    );
  } finally {
    for (const hook of hooks) hook.remove();
    for (const [index, [, module]] of modules.entries()) module.training = modes[index] ?? true;
  }
  return calls;
}

function checkModel(callee: string, model: unknown): void {
  if (!(model instanceof nn.Module)) {
    throw new ArgumentError(`${callee}(): expected a Module for argument \`model\`, received ${describe(model)}`);
  }
  const [pending] = [...model.namedParameters(), ...model.namedBuffers()].filter(
    ([, tensor]) => tensor instanceof nn.UninitializedParameter || tensor instanceof nn.UninitializedBuffer,
  );
  if (pending === undefined) return;
  throw new ArgumentError(
    `${callee}(): expected a model whose parameters have a shape, but the lazy \`${pending[0]}\` has seen no input yet`,
    'TORCH_VALUE',
  );
}

function checkShape(callee: string, shape: unknown): void {
  checkList(callee, 'inputShape', shape);
  const sizes = shape as readonly unknown[];
  if (sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && Number(size) > 0)) return;
  throw new ArgumentError(
    `${callee}(): expected sizes of at least 1 for argument \`inputShape\`, such as [1, 3, 128, 128], received ${describe(shape)}`,
    'TORCH_VALUE',
  );
}

/** Where the model computes, and in what: as its first floating-point parameter. */
function placeOf(model: nn.AnyModule): { device: Device; dtype: DType } {
  const parameter = model.parameters().find(({ dtype }) => isFloatingDType(dtype));
  return { device: parameter?.device ?? 'cpu', dtype: parameter?.dtype ?? 'float32' };
}

function shapeOf(value: unknown): readonly number[] | null {
  if (value instanceof Tensor) return value.shape;
  const first: unknown = Array.isArray(value) ? value.find((element) => element instanceof Tensor) : undefined;
  return first instanceof Tensor ? first.shape : null;
}
