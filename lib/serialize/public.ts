/** What of this floor a user of the package gets; ./index adds what the floors above write their own files with. */
export { type FileAction, FileError, FormatError } from './file-error';
export { floatHex } from './float-hex';
export { load, loadAsync, type LoadOptions } from './load';
export type { MapLocation } from './locations';
export { save, saveAsync, saveToBuffer } from './save';
export type { FileOrBytes } from './stored-bytes';
export {
  loadSafetensors,
  type SafetensorsMetadata,
  type Safetensors,
  type SafetensorsOptions,
  saveSafetensors,
  saveSafetensorsToBuffer,
} from './safetensors';
export { type FileOptions, loadSafetensorsAsync, saveSafetensorsAsync } from './safetensors-async';
export { safeOpen, type SafetensorsFile, type SafetensorsSlice } from './safetensors-file';
export { loadSafetensorsModel, saveSafetensorsModel } from './safetensors-model';
export { type NamedTensors, stateSha256 } from './state-dict';
export {
  loadSafetensorsSharded,
  loadSafetensorsShardedAsync,
  saveSafetensorsSharded,
  type ShardOptions,
} from './safetensors-sharded';
