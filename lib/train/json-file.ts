import { existsSync, readFileSync } from 'node:fs';

import { DataError } from '../vision';

/**
 * Reads an object from a file of JSON.
 * @param names what it must hold
 * @throws {DataError} which names the file, where it is missing, damaged, or without one of the names
 */
export function readJson<T extends object>(file: string, names: readonly (keyof T & string)[] = []): T {
  checkThere(file);
  const value = checkObject<T>(parse(readFileSync(file, 'utf8'), file), file);
  checkNames(file, value, names);
  return value;
}

/**
 * Reads a file with an object in each line.
 * @throws {DataError} which names the file and the line, where it is missing or damaged
 */
export function readJsonLines<T extends object>(file: string): T[] {
  checkThere(file);
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => text !== '')
    .map(({ text, line }) => checkObject<T>(parse(text, `line ${line} of ${file}`), `line ${line} of ${file}`));
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

function checkObject<T extends object>(value: unknown, where: string): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DataError(`${where} is damaged: expected an object`);
  }
  return value as T;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${where} is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
