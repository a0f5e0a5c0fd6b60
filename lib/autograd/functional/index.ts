/** Jacobians, Hessians and their products with vectors (`torch.autograd.functional`). */
export type { Differentiated, FunctionalOptions, Like, OneOrMore } from './common';
export {
  type Hessian,
  hessian,
  type HessianOptions,
  type Jacobian,
  type JacobianRow,
  jacobian,
  type JacobianOptions,
} from './jacobian';
export { hvp, jvp, type ProductTail, vhp, vjp } from './products';
