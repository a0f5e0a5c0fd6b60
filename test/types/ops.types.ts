/** What the editor knows of the ops: each line compiles only with the very type that is stated. Never run. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { typed } from './expect-type';

export function ops(a: Tensor, b: Tensor): void {
  // Functions and methods, with numbers and tensors.
  typed<Tensor>()(torch.add(a, b));
  typed<Tensor>()(torch.add(a, 2, { alpha: 3 }));
  typed<Tensor>()(a.add(b, { alpha: 0.5 }));
  typed<Tensor>()(a.matmul(b));

  // In place: the receiver itself.
  const returned: Tensor = a.add_(1);
  typed<Tensor>()(returned);

  // Positional arguments, or any tail of them by name.
  typed<Tensor>()(a.sum());
  typed<Tensor>()(a.sum([0, 1], true));
  typed<Tensor>()(a.sum([0], { keepdim: true }));
  typed<Tensor>()(a.sum({ dim: [0], keepdim: true, dtype: 'float64' }));
  typed<Tensor>()(torch.softmax(a, { dim: 1 }));
  typed<Tensor>()(torch.sum(a, { dim: 1, out: b }));
  typed<Tensor>()(torch.max(a, { out: b }));
  typed<Tensor>()(torch.max(a, { other: b }));
  typed<[values: Tensor, indices: Tensor]>()(torch.max(a, { dim: 1 }));
  typed<Tensor>()(a.std({ dim: 1, correction: 0 }));
  typed<Tensor>()(a.reshape(2, 3));
  typed<Tensor>()(a.reshape([2, 3]));
  typed<Tensor>()(torch.zeros([2, 3], { dtype: torch.float64, requiresGrad: true }));

  // Several results are tuples with names.
  const [values, indices] = a.max(1);
  typed<Tensor>()(values);
  typed<Tensor>()(indices);
  typed<[values: Tensor, indices: Tensor]>()(torch.sort(a, { descending: true }));
  typed<Tensor[]>()(a.split(2));

  // Values that are no tensors.
  typed<number>()(a.item());
  typed<readonly number[]>()(a.shape);
  typed<boolean>()(torch.equal(a, b));
  typed<boolean>()(a.isFloatingPoint());
}

export function mistakes(a: Tensor): void {
  // @ts-expect-error -- the assertion itself: a tensor is no number
  typed<number>()(a.add(a));
  // @ts-expect-error -- a string is no tensor
  torch.add(a, 'b');
  // @ts-expect-error -- an option that the op does not have
  a.sum({ dimension: 1 });
  // @ts-expect-error -- the options of one overload, not of two
  a.std({ unbiased: true, correction: 0 });
  // @ts-expect-error -- `keepdim` belongs to the overload with `dim`
  a.sum({ keepdim: true, dtype: 'float64' });
  // @ts-expect-error -- keyword-only in PyTorch
  torch.add(a, a, 2);
  // @ts-expect-error -- no such dtype
  torch.zeros([2], { dtype: 'float31' });
  // @ts-expect-error -- a shape is a list of numbers
  torch.zeros('2, 3');
  // @ts-expect-error -- the second argument is required
  torch.matmul(a);
}

// @ts-expect-error -- no such op
export type Misspelt = Tensor['addd'];
