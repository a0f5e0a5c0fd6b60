// The ESM entry: the same module instance as require('libtorch-node'), so that a tensor is the same class either way.
export * from './dist/index.js';
