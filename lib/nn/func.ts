/** Modules as functions (`torch.func`). */
export { functionalCall, type FunctionalCallOptions, type Tensors } from './utils/stateless';
