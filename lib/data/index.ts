export { type Collated, defaultCollate } from './collate';
export { DataLoader, type DataLoaderOptions } from './data-loader';
export { DataLoaderIterator, type LoaderState } from './data-loader-iterator';
export {
  type AnyDataset,
  type Dataset,
  randomSplit,
  SampleError,
  Subset,
  subset,
  TensorDataset,
  type TwoPhaseDataset,
  TwoPhaseSubset,
} from './dataset';
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  type SamplerIterator,
  type SamplerState,
  SequentialSampler,
  type Sized,
} from './sampler';
