/**
 * Native modes under asynchronous functions. A mode is thread-local state of libtorch, and an asynchronous function runs
 * in pieces between which others run: the mode has to be entered before each piece and left after it. Node tells of
 * pieces by async_hooks, which slow down every promise; so they are on only while a function needs them.
 */

import { createHook, executionAsyncResource } from 'node:async_hooks';

import { checkFunction } from '../engine';

/** Enters a mode, and returns what leaves it. */
type Enter = () => () => void;

interface Context {
  readonly enter: Enter;
  /** The asynchronous mode around this one. */
  readonly parent: Context | null;
  /** Its function's promise has settled. */
  done: boolean;
}

/** A piece that is running: how its modes are left, and what was current before. */
interface Piece {
  readonly asyncId: number;
  readonly leave: () => void;
  readonly previous: Context | null;
}

/** By the promise, timer or other resource that was made in the context. */
const contexts = new WeakMap<object, Context>();
const pieces: Piece[] = [];
let current: Context | null = null;
let alive = 0;

/** Enters the modes around `context`, then its own; those that are done no more. */
function enterAll(context: Context | null): () => void {
  const leaves: (() => void)[] = [];
  const visit = (next: Context | null): void => {
    if (next === null) return;
    visit(next.parent);
    if (!next.done) leaves.unshift(next.enter());
  };
  visit(context);
  return () => {
    for (const leave of leaves) leave();
  };
}

function endPiece(): void {
  const piece = pieces.pop();
  if (piece === undefined) return;
  piece.leave();
  current = piece.previous;
}

const hook = createHook({
  init(_asyncId, _type, _triggerAsyncId, resource) {
    if (current !== null) contexts.set(resource, current);
  },
  before(asyncId) {
    const context = contexts.get(executionAsyncResource());
    if (context === undefined) return;
    pieces.push({ asyncId, leave: enterAll(context), previous: current });
    current = context;
  },
  after(asyncId) {
    if (pieces.at(-1)?.asyncId === asyncId) endPiece();
  },
});

function finish(context: Context): void {
  context.done = true;
  alive -= 1;
  if (alive > 0) return;
  hook.disable();
  // The end of a piece that runs just now will not be told any more.
  while (pieces.length > 0) endPiece();
}

/**
 * Runs an asynchronous function in a mode until its promise settles.
 *
 * @internal
 */
export async function withModeAsync<T>(enter: Enter, fn: () => PromiseLike<T> | T, name: string): Promise<T> {
  checkFunction(name, 'fn', fn);
  const context: Context = { enter, parent: current, done: false };
  alive += 1;
  if (alive === 1) hook.enable();
  try {
    return await start(context, fn);
  } finally {
    finish(context);
  }
}

/** The first piece, which no hook tells of. */
function start<T>(context: Context, fn: () => PromiseLike<T> | T): PromiseLike<T> | T {
  const previous = current;
  const leave = context.enter();
  current = context;
  try {
    return fn();
  } finally {
    current = previous;
    leave();
  }
}
