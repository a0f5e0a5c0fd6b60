export { type Collated, type Converted, defaultCollate, defaultConvert } from './collate';
export {
  ChainDataset,
  concat,
  ConcatDataset,
  type LoadedPart,
  StackDataset,
  type Stacked,
  TwoPhaseConcatDataset,
} from './combined-datasets';
export {
  type BatchingOptions,
  type CommonOptions,
  DataLoader,
  type DataLoaderOptions,
  type SingleOptions,
} from './data-loader';
export type { DataLoaderIterator, LoaderState, WorkersState } from './data-loader-iterator';
export {
  type AnyDataset,
  type Dataset,
  type IterableDataset,
  type MapDataset,
  randomSplit,
  SampleError,
  Subset,
  subset,
  TensorDataset,
  type TwoPhaseDataset,
  TwoPhaseSubset,
} from './dataset';
export type { Drawn } from './fetcher';
export { forWorkers, workerArguments } from './for-workers';
export {
  DistributedSampler,
  type DistributedSamplerOptions,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './list-samplers';
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
export { getWorkerInfo, type WorkerInfo } from './worker-info';
export { WorkerError } from './worker-messages';
