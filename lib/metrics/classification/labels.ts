/** What must hold of predictions and truth, in torchmetrics' words. The values are looked through without sorting them. */

import { checkTensors, valueError } from '../../engine';
import { isFloatingDType, unique, type Tensor } from '../../tensor';

/** The shape as Python prints it. */
export function sizeOf(tensor: Tensor): string {
  return `torch.Size([${tensor.shape.join(', ')}])`;
}

export function checkSameShape(preds: Tensor, target: Tensor): void {
  if (preds.shape.join() === target.shape.join()) return;
  throw valueError(
    `Predictions and targets are expected to have the same shape, but got ${sizeOf(preds)} and ${sizeOf(target)}.`,
  );
}

/** Tensors at all: what follows would fail in JavaScript's words otherwise. */
export function checkInputs(name: string, preds: Tensor, target: Tensor): void {
  checkTensors(name, { preds, target });
}

/** The truth of binary and multilabel metrics: 0, 1 and what is ignored. */
export function checkBinaryTarget(target: Tensor, ignoreIndex: number | null): void {
  const foreign = target.ne(0).logicalAnd(target.ne(1));
  const wrong = ignoreIndex === null ? foreign : foreign.logicalAnd(target.ne(ignoreIndex));
  if (!isTrue(wrong.any())) return;
  const expected = ignoreIndex === null ? '[0, 1]' : `[${ignoreIndex}]`;
  throw valueError(
    `Detected the following values in \`target\`: ${String(unique(target))} but expected only the following values ${expected}.`,
  );
}

/** Predictions of binary and multilabel metrics that are labels: 0 and 1. */
export function checkBinaryPreds(preds: Tensor, preposition: string): void {
  if (isFloatingDType(preds.dtype) || !isTrue(preds.ne(0).logicalAnd(preds.ne(1)).any())) return;
  throw valueError(
    `Detected the following values in \`preds\`: ${String(unique(preds))} but expected only the following values [0,1] ` +
      `since ${preposition} is a label tensor.`,
  );
}

/** Labels [N, …] against labels or scores [N, C, …]. */
export function checkMulticlassShapes(preds: Tensor, target: Tensor, numClasses: number | null): void {
  if (hasScores(preds, target)) {
    if (!isFloatingDType(preds.dtype)) {
      throw valueError('If `preds` have one dimension more than `target`, `preds` should be a float tensor.');
    }
    if (numClasses !== null && preds.shape[1] !== numClasses) {
      throw valueError(
        'If `preds` have one dimension more than `target`, `preds.shape[1]` should be equal to number of classes.',
      );
    }
    if (preds.shape.slice(2).join() !== target.shape.slice(1).join() || preds.shape[0] !== target.shape[0]) {
      throw valueError(
        'If `preds` have one dimension more than `target`, the shape of `preds` should be (N, C, ...), and the shape of ' +
          '`target` should be (N, ...).',
      );
    }
  } else if (preds.dim() !== target.dim()) {
    throw valueError(
      'Either `preds` and `target` both should have the (same) shape (N, ...), or `target` should be (N, ...) and `preds` ' +
        'should be (N, C, ...).',
    );
  } else if (preds.shape.join() !== target.shape.join()) {
    throw valueError(
      `The \`preds\` and \`target\` should have the same shape, got \`preds\` with shape=${sizeOf(preds)} and \`target\` ` +
        `with shape=${sizeOf(target)}.`,
    );
  }
}

export function hasScores(preds: Tensor, target: Tensor): boolean {
  return preds.dim() === target.dim() + 1;
}

/**
 * Labels of the classes. torchmetrics looks only how many there are, and counts one that is no class among another class
 * or fails in a reshape; here it is refused as well.
 *
 * @param known - for the message where there are too many, as the stat scores and the confusion matrix differ in it
 */
export function checkClasses(
  preds: Tensor,
  target: Tensor,
  numClasses: number,
  ignoreIndex: number | null,
  known: 'values' | 'count',
): void {
  const ignored = ignoreIndex === null ? null : target.eq(ignoreIndex);
  const labels: Record<string, Tensor> = hasScores(preds, target) ? { target } : { target, preds };
  for (const [name, values] of Object.entries(labels)) {
    const outside = values.lt(0).logicalOr(values.ge(numClasses));
    const wrong = ignored === null ? outside : outside.logicalAnd(ignored.logicalNot());
    if (!isTrue(wrong.any())) continue;
    refuseLabels(name, values, wrong, numClasses, ignoreIndex, isFloatingDType(preds.dtype) ? null : known);
  }
}

function refuseLabels(
  name: string,
  values: Tensor,
  wrong: Tensor,
  numClasses: number,
  ignoreIndex: number | null,
  known: 'values' | 'count' | null,
): never {
  const different = unique(values);
  const allowed = ignoreIndex === null ? numClasses : numClasses + 1;
  if (known !== null && different.numel() > allowed) {
    const found = known === 'count' ? 'in `target`.' : `in \`${name}\`. Found values: ${String(different)}.`;
    throw valueError(
      `Detected more unique values in \`${name}\` than expected. Expected only ${allowed} but found ` +
        `${different.numel()} ${found}`,
    );
  }
  throw valueError(
    `expected labels from 0 to ${numClasses - 1} in argument \`${name}\`, received ${values.maskedSelect(wrong).at(0).item()}`,
  );
}

/** A tensor of one element as a condition. */
export function isTrue(condition: Tensor): boolean {
  return condition.item() !== 0;
}

/** Probabilities as they are; of logits, which leave the range from 0 to 1, the sigmoid or the softmax over the classes. */
export function probabilities(values: Tensor, of: 'sigmoid' | 'softmax'): Tensor {
  if (isTrue(values.ge(0).logicalAnd(values.le(1)).all())) return values;
  return of === 'sigmoid' ? values.sigmoid() : values.softmax(1);
}
