/** How the older normalisations of weights are found again among the hooks of a module. */
import { TorchError, valueError } from '../../engine';
import type { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';
import { isLazy } from '../uninitialized';
import { namedTensor, type NamedTensor } from './named-tensor';
import { putComputed } from './recomputed';

/** A normalisation that computes a tensor of a module before each forward, as a hook. */
export interface NormHook {
  readonly kind: 'weightNorm' | 'spectralNorm';
  readonly property: string;
  readonly name: string;
  /** The tensor, from what is trained in its place. */
  compute(module: AnyModule): Tensor;
  /** Puts an ordinary parameter in the place of all. */
  remove(module: AnyModule): void;
}

type Hook = (module: AnyModule, inputs: readonly unknown[]) => undefined;

/** By the hook's function, which copies of a module share. */
const norms = new WeakMap<Hook, NormHook>();

/** The hook of a normalisation on a tensor; null where there is none. */
function hookOf(module: AnyModule, kind: NormHook['kind'], name: string): Hook | null {
  for (const { hook } of module.hooks()?.forwardPre.entries ?? []) {
    const norm = norms.get(hook as Hook);
    if (norm?.kind === kind && (norm.name === name || norm.property === name)) return hook as Hook;
  }
  return null;
}

/** True where a tensor has such a normalisation. */
export function hasNorm(module: AnyModule, { kind, name }: NormHook): boolean {
  return hookOf(module, kind, name) !== null;
}

/** The tensor that is to be normalised, unless it is so already or has no shape yet. */
export function tensorToNormalize(kind: NormHook['kind'], module: AnyModule, name: string): NamedTensor {
  checkModule(kind, module);
  if (hookOf(module, kind, name) !== null) {
    throw new TorchError(`Cannot register two ${kind} hooks on the same parameter ${name}`);
  }
  const named = namedTensor(kind, module, name);
  if (isLazy(named.tensor)) {
    throw valueError(
      `The module passed to \`${kind}\` can't have uninitialized parameters. Make sure to run the dummy forward before`,
    );
  }
  return named;
}

/** Has the tensor computed before each forward; something may read `first` before that. */
export function addNorm(module: AnyModule, norm: NormHook, first: Tensor): void {
  // Copies of the module share the hook, and each has a tensor of its own.
  const last = new WeakMap<AnyModule, Tensor>();
  const put = (of: AnyModule, tensor: Tensor): void => {
    putComputed(of, norm.property, tensor, last.get(of));
    last.set(of, tensor);
  };
  put(module, first);
  const hook: Hook = (of) => {
    put(of, norm.compute(of));
  };
  norms.set(hook, norm);
  module.registerForwardPreHook(hook);
}

/** Takes a normalisation away. */
export function removeNorm(kind: NormHook['kind'], module: AnyModule, name: string): void {
  const hook = hookOf(module, kind, name);
  if (hook === null) throw valueError(`${kind} of '${name}' not found in ${module.toString()}`);
  norms.get(hook)?.remove(module);
  module.hooks()?.forwardPre.remove(hook);
}
