import { existsSync, readFileSync } from 'node:fs';

import { DataError } from '../vision';

/**
 * Reads an object from a file of JSON.
 * @param names what it must hold
 * @throws {DataError} which names the file, where it is missing, damaged, or without one of the names
 */
export function readJson<T extends object>(file: string, names: readonly (keyof T & string)[] = []): T {
  checkThere(file);
  const value = parsed(file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DataError(`${file} is damaged: expected an object`);
  }
  checkNames(file, value, names);
  return value as T;
}

/** @throws {DataError} where an object that was read from a file lacks one of the names */
export function checkNames(file: string, value: object, names: readonly string[]): void {
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new DataError(`${file} is damaged: there is no \`${missing}\` in it`);
}

/** @throws {DataError} where a file of a run's folder is missing */
export function checkThere(file: string): void {
  if (!existsSync(file)) throw new DataError(`${file} is missing`);
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new DataError(`${file} is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
