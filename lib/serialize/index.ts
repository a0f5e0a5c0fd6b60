export { attemptOn } from './file-error';
export { removeTemporaries, writeAside, writeFileAtomic } from './files';
export * from './public';
export { getUnsafeGlobalsInCheckpoint } from './unsafe-globals';
