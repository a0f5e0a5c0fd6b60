/** The names, the order and the defaults of the arguments of Python's callables, as Python itself tells them. */
import type { Oracle, OracleValue } from './oracle';

export interface Parameter {
  readonly name: string;
  /** It is only given by name. */
  readonly keywordOnly: boolean;
  /** Undefined where there is none. */
  readonly standard: OracleValue | undefined;
}

/** A default that has no place on the wire, such as a function: its name in Python. */
export const foreign = (value: OracleValue | undefined): string | null =>
  typeof value === 'string' && value.startsWith('python: ') ? value.slice('python: '.length) : null;

const SOURCE = `
import ast, importlib, inspect

def spelt_out(function):
  # A function in C has no signature but the first line of its help.
  head = (function.__doc__ or '').strip().split('->')[0].split('\\n\\n')[0].strip()
  scope = {'torch': torch}
  exec('def spelt' + head[head.index('('):] + ': pass', scope)
  return inspect.signature(scope['spelt'])

def signature_of(module, name):
  value = getattr(module, name)
  # Where a flag decides what is returned there are two functions, and this is the one of them that returns all.
  value = getattr(module, name + '_with_indices', value)
  try:
    return inspect.signature(value)
  except ValueError:
    return spelt_out(value)

def told(value):
  if value is None or isinstance(value, (bool, int, float, str, torch.dtype)): return value
  if isinstance(value, (list, tuple)): return [told(each) for each in value]
  if hasattr(value, 'value') and isinstance(value.value, str): return value.value
  return 'python: ' + getattr(value, '__qualname__', type(value).__qualname__)

def parameters_of(signature):
  for parameter in signature.parameters.values():
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD): raise ValueError('any number')
    if parameter.name == 'self': continue
    entry = {'name': parameter.name, 'keywordOnly': parameter.kind == parameter.KEYWORD_ONLY}
    if parameter.default is not parameter.empty: entry['standard'] = told(parameter.default)
    yield entry

signatures, unreadable = {}, {}
for module in modules:
  if module.startswith('torchvision'): import_torchvision()
  module = importlib.import_module(module)
  root = module.__name__.split('.')[0]
  for name in (getattr(module, '__all__', None) or dir(module)):
    value = getattr(module, name, None)
    if name.startswith('_') or not callable(value): continue
    if inspect.isclass(value) and issubclass(value, (BaseException, collections.namedtuple('N', '').__bases__[0])): continue
    if not str(getattr(value, '__module__', None) or root).startswith((root, '_')): continue
    try:
      signatures[name] = list(parameters_of(signature_of(module, name)))
    except Exception as error:
      unreadable[name] = str(error)
`;

/** The public callables of some modules of Python, by name; `unreadable` has those that do not say what they take, and why. */
export async function signaturesOf(
  oracle: Oracle,
  modules: readonly string[],
): Promise<{ signatures: Record<string, readonly Parameter[]>; unreadable: Record<string, string> }> {
  const { signatures, unreadable } = await oracle.run(SOURCE, {
    inputs: { modules },
    outputs: { signatures: 'value', unreadable: 'value' },
  });
  return { signatures, unreadable } as never;
}
