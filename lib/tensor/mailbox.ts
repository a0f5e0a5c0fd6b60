/**
 * The arguments of an op's call, written where the addon reads them, and its results, read where the addon wrote them: one
 * Float64Array. Numbers and handles cross the seam without a conversion each, see native/mailbox.h.
 */

import { markAsUntransferable } from 'node:worker_threads';

import type { TensorBase } from '../engine';
import { binding } from '../engine/gate';
import {
  BOOL,
  BOOLS,
  EMPTY,
  FLOAT,
  FLOATS,
  GENERATOR,
  type GeneratorBase,
  INT,
  INTS,
  NULL,
  OPTIONAL_TENSORS,
  TENSOR,
  TENSORS,
} from './kinds';

const mailbox = binding.mailbox();
// The addon keeps its address.
markAsUntransferable(mailbox.buffer);

/** Where the first argument goes; their number stands before. */
export const FIRST = 1;

/** What {@link enclose} returns, and anything added to it stays below zero, where an argument does not fit. */
const NO_ROOM = -Infinity;

/** Kinds of values that can go by mail. */
export const BY_MAIL: ReadonlySet<number> = new Set([
  ...[TENSOR, INT, FLOAT, BOOL, NULL, GENERATOR],
  ...[EMPTY, INTS, FLOATS, BOOLS, TENSORS, OPTIONAL_TENSORS],
]);

/** NaN, which the addon refuses, where a program has put something else in its place. */
function handleOf({ handle }: { readonly handle: unknown }): number {
  return typeof handle === 'number' ? handle : NaN;
}

function encloseList(at: number, kind: number, list: readonly unknown[]): number {
  const { length } = list;
  if (at + 2 + length > mailbox.length) return NO_ROOM;
  mailbox[at + 1] = length;
  let next = at + 2;
  if (kind === TENSORS || kind === OPTIONAL_TENSORS) {
    for (const tensor of list as readonly (TensorBase | null)[])
      mailbox[next++] = tensor === null ? 0 : handleOf(tensor);
    return next;
  }
  for (const element of list) {
    // An integer that no double may hold.
    if (typeof element === 'bigint') return NO_ROOM;
    mailbox[next++] = Number(element);
  }
  return next;
}

/** Writes one argument, whose kind is `kind`, and returns where the next one goes; below zero where it does not fit. */
export function enclose(at: number, kind: number, value: unknown): number {
  mailbox[at] = kind;
  switch (kind) {
    case TENSOR:
      mailbox[at + 1] = handleOf(value as TensorBase);
      return at + 2;
    case INT:
    case FLOAT:
      mailbox[at + 1] = value as number;
      return at + 2;
    case BOOL:
      mailbox[at + 1] = value === true ? 1 : 0;
      return at + 2;
    case GENERATOR:
      mailbox[at + 1] = (value as GeneratorBase).id;
      return at + 2;
    case NULL:
    case EMPTY:
      return at + 1;
    default:
      return encloseList(at, kind, value as readonly unknown[]);
  }
}

/** An argument that takes its default. */
export function encloseNothing(at: number): number {
  mailbox[at] = 0;
  return at + 1;
}

/** Says how many arguments are enclosed, before the call. */
export function seal(count: number): void {
  mailbox[0] = count;
}

/** The handle of a result of the last call, before the next one; 0 for one that is undefined, or an argument. */
export function result(index: number): number {
  return mailbox[index] as number;
}
