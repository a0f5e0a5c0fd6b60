/** Error stacks that begin at the line of the user: the frames of this library above it tell nobody anything. */

import { resolve, sep } from 'node:path';

/** Where the sources and what is compiled of them lie. */
const ROOTS = ['lib', 'dist'].map((folder) => resolve(__dirname, '..', '..', folder) + sep);

/** Programs on top of the library are its users. */
const PROGRAMS = ['models', 'train', 'cli'];

/** Frames that are looked at for one of the user's. */
const DEEP = 64;

/** `Array.map (<anonymous>)` and what Node runs between a caller and its callback. */
const NOWHERE = /^ *at [^(]*\((<anonymous>|native)\)$|\(?node:internal\//;

function isOurs(frame: string): boolean {
  if (NOWHERE.test(frame)) return true;
  return ROOTS.some((root) => {
    const at = frame.indexOf(root);
    return at >= 0 && !PROGRAMS.some((name) => frame.startsWith(name + sep, at + root.length));
  });
}

/** Runs `use` with a stack that is deep enough to reach the user. */
function withDeepStack<T>(use: (limit: number) => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Math.max(limit, DEEP);
  try {
    return use(limit);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Frames as V8 has them: a program may have set what makes text of them, and with it what they are called. */
function callSites(): readonly NodeJS.CallSite[] {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back, not called
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, sites) => sites;
    return new Error().stack as unknown as readonly NodeJS.CallSite[];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function isOurSite(site: NodeJS.CallSite): boolean {
  const file = site.getFileName();
  return typeof file !== 'string' || file.startsWith('node:internal/') || isOurs(file);
}

/**
 * @internal The function of this library that the user has called, by the name under which they know it, such as `shape`,
 * `Generator.manualSeed` or `scope`; null where it cannot be told.
 */
export function calledByUser(): string | null {
  const sites = withDeepStack(callSites);
  const site = sites[sites.findIndex((other) => !isOurSite(other)) - 1];
  const own = site?.getFunctionName() ?? null;
  if (site === undefined || own === null || site.isConstructor()) return own;
  // The function of an accessor is called `get shape`.
  const name = site.getMethodName() ?? own;
  const type = site.isToplevel() ? null : site.getTypeName();
  // What a tensor or a namespace calls its own is known by its last name.
  const isKnown = type === null || ['Object', 'Tensor', 'Parameter', 'Buffer'].includes(type);
  return isKnown ? name : `${type}.${name}`;
}

/** @internal Lets the stack of a new error begin at the first frame outside of this library, if there is one. */
export function trimStack(error: Error): void {
  const limit = withDeepStack((shown) => {
    Error.captureStackTrace(error);
    return shown;
  });
  const lines = error.stack?.split('\n') ?? [];
  const first = lines.findIndex((line) => /^ {4}at /.test(line));
  if (first === -1) return;
  const frames = lines.slice(first);
  const users = frames.findIndex((frame) => !isOurs(frame));
  const shown = users === -1 ? frames : frames.slice(users);
  error.stack = [...lines.slice(0, first), ...shown.slice(0, limit)].join('\n');
}
