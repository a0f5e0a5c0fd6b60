/** What Python has in `torch.serialization`: saving and loading, which are in `torch` too, and what a checkpoint names. */
export { load, loadAsync } from './load';
export { save, saveAsync, saveToBuffer } from './save';
export { getUnsafeGlobalsInCheckpoint } from './unsafe-globals';
