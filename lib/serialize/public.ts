/** What of this floor a user of the package gets; ./index adds what the floors above write their own files with. */
export { type FileAction, FileError, FormatError } from './file-error';
export { floatHex } from './float-hex';
export { loadSafetensors, saveSafetensors, type Safetensors } from './safetensors';
export { type FileOptions, loadSafetensorsAsync, saveSafetensorsAsync } from './safetensors-async';
export { type NamedTensors, stateSha256 } from './state-dict';
