// The order of an op's forms of call. TypeScript takes the first that fits, and an editor completes an object's options from
// the one form that it took: with `sum()` in front, `x.sum({ | })` would offer `dtype` and hide `dim` and `keepdim`.

/** The parameters in front of the position at which an object of options may stand first; null where none may. */
function lead({ params }) {
  const at = params.findIndex(({ optional, options }) => optional || options !== null);
  return at === -1 || params[at].options === null ? null : params.slice(0, at);
}

/** What a form must share with another for one form to stand for both. */
function keyOf(form) {
  const front = lead(form);
  return front === null ? null : `${front.map(({ type }) => type).join(', ')} => ${form.result}`;
}

/** Only the object stands behind the leading parameters. */
const isByName = (form) => lead(form)?.length === form.params.length - 1 && !form.params.at(-1).optional;

/**
 * Puts a form that takes any overload's options in front of those overloads, and leaves out the forms that it replaces.
 * Overloads with other leading parameters or another result stay apart, so that every call keeps its type.
 */
export function byNameFirst(forms) {
  const groups = new Map();
  for (const [index, form] of forms.entries()) {
    const key = keyOf(form);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  const merged = new Map();
  const replaced = new Set();
  for (const indices of groups.values()) {
    const [first] = indices;
    const params = lead(forms[first]);
    const options = new Set(indices.map((index) => forms[index].params[params.length].options));
    if (options.size < 2) continue;
    const type = `OneOf<${[...options].join(' | ')}>`;
    merged.set(first, {
      params: [...params, { name: 'options', type: null, optional: false, options: type }],
      result: forms[first].result,
      schemas: [...new Set(indices.flatMap((index) => forms[index].schemas))],
    });
    for (const index of indices) if (isByName(forms[index])) replaced.add(index);
  }
  return forms.flatMap((form, index) => [
    ...(merged.has(index) ? [merged.get(index)] : []),
    ...(replaced.has(index) ? [] : [form]),
  ]);
}
