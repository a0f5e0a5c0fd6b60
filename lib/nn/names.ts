import { checkString, valueError } from '../engine';

/**
 * The one rule from a property's name to PyTorch's: every capital letter becomes an underscore and its small letter
 * (`inProjWeight` → `in_proj_weight`, `ln1` → `ln1`). Names that the rule does not give are registered explicitly.
 */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The way back, for names that PyTorch writes: `weight_decay` → `weightDecay`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Refuses what can be no member's name in a state dict. */
export function checkMemberName(name: string): void {
  checkString('Module', 'name', name);
  if (name === '') throw valueError('expected a name for the member of a module, received an empty string');
  if (name.includes('.'))
    throw valueError(`expected a name without a dot for the member of a module, received '${name}'`);
}
