import { arch, cpus, platform, release, totalmem } from 'node:os';

import { cuda, getNumThreads, libraryInfo } from '../engine';
import type { TrainSettings } from './settings';
import { version } from './version';

/** What besides the settings decides speed or bits; `env.json` is this object. */
export interface Environment {
  readonly version: string;
  readonly node: string;
  readonly libtorch: string;
  /** Instruction set that libtorch's kernels use, such as `AVX2`. */
  readonly cpuCapability: string;
  readonly cudaDevices: number;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly threads: number;
  readonly seed: number;
  readonly device: string;
  readonly command: readonly string[];
  readonly started: string;
}

/** Describes this process and machine. */
export function describeEnvironment(settings: TrainSettings): Environment {
  const { loaded, cpuCapability } = libraryInfo();
  const processors = cpus();
  return {
    version,
    node: process.version,
    libtorch: loaded,
    cpuCapability,
    cudaDevices: cuda.deviceCount(),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    threads: getNumThreads(),
    seed: settings.seed,
    device: settings.device,
    command: process.argv.slice(1),
    started: new Date().toISOString(),
  };
}

/** What decides bits and differs between where a run began and where it goes on, in words. */
export function bitDifferences(began: Environment, now: Environment): string[] {
  const keys = ['libtorch', 'cpuCapability', 'threads'] as const;
  return keys.filter((key) => began[key] !== now[key]).map((key) => `${key} ${began[key]} then, ${now[key]} now`);
}
