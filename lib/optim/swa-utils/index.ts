/** Averages of models (stochastic weight averaging, exponential moving averages): `torch.optim.swa_utils`. */
export { AveragedModel, type AveragedModelOptions } from './averaged-model';
export {
  type AverageFunction,
  getEmaAvgFn,
  getEmaMultiAvgFn,
  getSwaAvgFn,
  getSwaMultiAvgFn,
  type MultiAverageFunction,
} from './averages';
export { SWALR, type SWALROptions } from './swalr';
export { type Batch, updateBn } from './update-bn';
