export { attemptOn, type FileAction, FileError, FormatError } from './file-error';
export { removeTemporaries, writeAside, writeFileAtomic } from './files';
export { floatHex } from './float-hex';
export { load, loadAsync, type LoadOptions } from './load';
export type { MapLocation } from './locations';
export { save, saveAsync } from './save';
export { loadSafetensors, saveSafetensors, type Safetensors } from './safetensors';
export { type FileOptions, loadSafetensorsAsync, saveSafetensorsAsync } from './safetensors-async';
export { type NamedTensors, stateSha256 } from './state-dict';
export {
  loadSafetensorsSharded,
  loadSafetensorsShardedAsync,
  saveSafetensorsSharded,
  type ShardOptions,
} from './safetensors-sharded';
