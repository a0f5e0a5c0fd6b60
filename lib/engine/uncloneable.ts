/**
 * What makes `structuredClone` and `postMessage` refuse an object, in words of its own.
 *
 * Structured cloning walks the own properties of an object, and neither private fields nor the prototype: without such a
 * property a tensor would arrive as a plain object that holds a number. It cannot clone a symbol, and says so by the
 * symbol's description, which therefore is the sentence to be read:
 * `DataCloneError: Symbol(a Tensor stays …) could not be cloned.`
 */
export function uncloneable(sentence: string): symbol {
  return Symbol(sentence);
}
