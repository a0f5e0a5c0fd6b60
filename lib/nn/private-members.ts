/**
 * How a use of a private member looks in the source of a class: as written, and as what the compilers make of it that write
 * them for older targets (`__classPrivateFieldGet`, `__privateGet`, `_class_private_field_get`).
 */
const USE = /\.#[\p{ID_Start}$_]|private_?(field|method)?_?(get|set|add|in|init|method)\b/iu;

/**
 * The first class of an object, from its own up to `base`, that has private members; null if there is none. The language
 * tells nobody of them, so the source of the classes has to: a class that only mentions one, such as another's, is taken for
 * one that has them.
 */
export function classWithPrivateMembers(
  object: object,
  base: abstract new (...args: never[]) => object,
): string | null {
  let type: unknown = object.constructor;
  while (typeof type === 'function' && type !== base) {
    if (USE.test(Function.prototype.toString.call(type))) return type.name;
    type = Object.getPrototypeOf(type);
  }
  return null;
}
