import { ArgumentError, describe } from '../engine';
import { held } from './held';
import { type AnyModule, type Member, Module } from './module';
import { Buffer, Parameter } from './parameter';

/**
 * The values of a list or a dict of parameters, in the order of insertion. Parameters among them have an order of their own,
 * which is Python's: a key whose value becomes a parameter later comes behind those that are.
 */
export class HeldMembers {
  private readonly held = new Map<string, unknown>();
  private readonly registered = new Set<string>();

  /** Copied with the module that has it. */
  beginCopy(): HeldMembers {
    return new HeldMembers();
  }

  get size(): number {
    return this.held.size;
  }

  has(key: string): boolean {
    return this.held.has(key);
  }

  get(key: string): unknown {
    return this.held.get(key);
  }

  set(key: string, given: unknown): void {
    const value = held(given);
    if (isMember(value)) this.registered.add(key);
    else if (this.registered.has(key) && value !== null) {
      throw new ArgumentError(`expected a Tensor or null for the parameter '${key}', received ${describe(given)}`);
    }
    this.held.set(key, value);
  }

  delete(key: string): void {
    this.held.delete(key);
    this.registered.delete(key);
  }

  clear(): void {
    this.held.clear();
    this.registered.clear();
  }

  keys(): IterableIterator<string> {
    return this.held.keys();
  }

  values(): IterableIterator<unknown> {
    return this.held.values();
  }

  entries(): IterableIterator<[string, unknown]> {
    return this.held.entries();
  }

  members(): [name: string, member: Member][] {
    return [...this.registered]
      .map((key) => [key, this.held.get(key)] as const)
      .filter((entry): entry is readonly [string, Member] => isMember(entry[1]))
      .map(([key, member]) => [key, member]);
  }
}

function isMember(value: unknown): value is Member {
  return value instanceof Parameter || value instanceof Buffer || value instanceof (Module as new () => AnyModule);
}
