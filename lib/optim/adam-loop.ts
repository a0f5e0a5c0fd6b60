/** Adam's for-loop op by op: where autograd records the step, and where a hyperparameter is a tensor. */

import { callOp, maximum, type Tensor } from '../tensor';
import { directionOf } from './composed';
import { asReal, decay_, type Member } from './foreach';
import { div, mul_, neg, type Num, pow, scalarOf, sub, toScalar } from './python-number';
import { countTensor, nextCount } from './state-dict';

/** @inline */
export interface AdamState {
  /** Steps done; a float32 in Python's state. */
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
  maxExpAvgSq?: Tensor;
}

/** What the loop reads of a group. */
interface AdamRates {
  lr: Num;
  betas: readonly [Num, Num];
  eps: number;
  weightDecay: number;
  amsgrad: boolean;
  maximize: boolean;
  decoupledWeightDecay: boolean;
}

/** A parameter with its averages, complex ones as pairs of real numbers. */
interface Updated {
  param: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
  maxExpAvgSq: Tensor | null;
  beta1: Num;
  beta2: Num;
}

/** One parameter's step, with Python's roundings of what is computed from tensors. */
export function updateByTensors(member: Member<AdamState>, group: AdamRates): void {
  const { param, expAvg, expAvgSq, maxExpAvgSq, beta1, beta2 } = updateAverages(member, group);
  const { step } = member.state;
  const stepSize = div(group.lr, sub(1, pow(beta1, step)));
  const correction = pow(sub(1, pow(beta2, step)), 0.5);
  if (maxExpAvgSq !== null) callOp('aten::maximum.out', [maxExpAvgSq, expAvgSq, maxExpAvgSq]);
  const denominator = div((maxExpAvgSq ?? expAvgSq).sqrt(), correction).add_(group.eps);
  param.addcdiv_(expAvg, denominator, { value: -scalarOf(stepSize) });
}

/** One parameter's step in the form that autograd can follow: what depends on the count is a tensor. */
export function updateRecorded(member: Member<AdamState>, group: AdamRates): void {
  const { param, expAvg, expAvgSq, maxExpAvgSq, beta1, beta2 } = updateAverages(member, group);
  const step = countTensor(member.state.step);
  const minusRate = neg(div(group.lr, sub(1, pow(beta1, step))));
  const correction = sub(1, pow(beta2, step)).sqrt();
  if (maxExpAvgSq !== null) maxExpAvgSq.copy_(maximum(maxExpAvgSq.clone(), expAvgSq));
  const root = (maxExpAvgSq ?? expAvgSq).sqrt();
  param.addcdiv_(expAvg.clone(), root.div(correction.mul(minusRate)).add_(div(group.eps, minusRate)));
}

/** What both have in common: the decay, and the averages of gradient and square. */
function updateAverages(member: Member<AdamState>, group: AdamRates): Updated {
  const { weightDecay, decoupledWeightDecay, maximize } = group;
  const [beta1, beta2] = [toScalar(group.betas[0]), toScalar(group.betas[1])];
  const { state } = member;
  state.step = nextCount(state.step);
  if (weightDecay !== 0 && decoupledWeightDecay) decay_(member.param, group);
  const grad = asReal(directionOf(member, { maximize, weightDecay: decoupledWeightDecay ? 0 : weightDecay }));
  const [param, expAvg, expAvgSq] = [asReal(member.param), asReal(state.expAvg), asReal(state.expAvgSq)];

  if (typeof beta1 === 'number') expAvg.lerp_(grad, 1 - beta1);
  else expAvg.lerp_(grad, sub(1, beta1.to({ device: param.device, dtype: param.dtype })));
  // There is no addcmul_ whose factor is a tensor.
  if (typeof beta2 !== 'number' && beta2.requiresGrad) expAvgSq.lerp_(grad.square(), sub(1, beta2));
  else mul_(expAvgSq, beta2).addcmul_(grad, grad, { value: scalarOf(sub(1, beta2)) });
  const maxExpAvgSq = group.amsgrad && state.maxExpAvgSq !== undefined ? asReal(state.maxExpAvgSq) : null;
  return { param, expAvg, expAvgSq, maxExpAvgSq, beta1, beta2 };
}
