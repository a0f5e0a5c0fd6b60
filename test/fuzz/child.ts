/**
 * Calls functions with hostile arguments until told otherwise by a crash. Before each call its name and arguments are
 * written to a file, so that the parent knows what the process died of.
 *
 *   child.ts <call file> <job as JSON>
 */

import { ftruncateSync, openSync, writeSync } from 'node:fs';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';

import * as torch from '../../lib';
import { loadAddon } from '../../lib/engine/load';
import { serveSweeps } from '../../lib/engine/nursery';
import { isTorchError } from '../../lib/engine';
import { Draws } from './random';
import { show } from './show';
import { selfTests, targets } from './targets';

/** What the parent asks for. */
export interface Job {
  readonly seed: string;
  /** Argument lists for each function. */
  readonly lists: number;
  /** Every op by its full name, too. */
  readonly internal: boolean;
  /** The functions that go wrong on purpose, and no others. */
  readonly selfTest: boolean;
  /** Only functions whose name matches. */
  readonly filter: string;
  /** Where to go on after a crash: the function's index and the list's. */
  readonly from: readonly [target: number, list: number];
}

/** A call that neither crashed nor did what it should; one JSON line of the child's output each. */
export interface Complaint {
  readonly target: string;
  readonly list: number;
  readonly problem: string;
  readonly args: string;
}

const [, , file = '', text = ''] = process.argv;
const job = JSON.parse(text) as Job;
const native = loadAddon();
const record = openSync(file, 'w');

/** Functions that download must find out without a network that they were given nonsense. */
net.Socket.prototype.connect = () => {
  throw new Error('there is no network for the fuzzer');
};

/** What functions of the addon alone can change: what it calls, and an open region. */
function restoreSeam(): void {
  serveSweeps();
  native.setWarningListener(() => undefined);
  native.setScopeQuery(() => 0);
  native.scopesReattach(0);
  try {
    native.regionExit().promise.catch(() => undefined);
  } catch {
    // None was open.
  }
}

/** Puts everything back that a call may leave changed, and frees what it made. */
function restore(scope: number): void {
  native.setGradEnabled(true);
  for (let depth = native.inferenceModeEnter(true); depth > 0; depth -= 1) native.inferenceModeExit(depth);
  for (let depth = native.scopeEnter(); depth >= scope; depth -= 1) native.scopeExit(depth, []);
  if (native.getNumThreads() !== 1) native.setNumThreads(1);
  native.setSweepThreshold(2 ** 24);
  torch.setDefaultDtype('float32');
  torch.setDefaultDevice(null);
  torch.useDeterministicAlgorithms(false);
  torch.setFloat32MatmulPrecision('highest');
  // With denormals taken for zeros LAPACK's loop that scales one up has no end.
  torch.setFlushDenormal(false);
  torch.setWarnAlways(false);
  torch.setDebug(false);
  torch.setPrintoptions({ profile: 'default' });
  if (torch.isAnomalyEnabled()) torch.autograd.setDetectAnomaly(false);
}

/** What V8 says of a function that took its arguments for what they are not, rather than what that function should say. */
const UNCHECKED = new RegExp(
  [
    '^Cannot (read|set|destructure|convert|mix|use|assign|create|access|redefine|define) ',
    'is not (a function|iterable|a constructor|defined|an object|a valid)',
    '^(Invalid (array|string|typed array|count)|Spread syntax|Reduce of empty|Maximum call stack|Method |Right-hand side)',
    "called on (non-object|null)|doesn't have a constructor|must have prototype|private member|cannot be converted to",
    '^(Iterator value|Property description|Object prototype|Function.prototype|Class extends|toString|undefined )',
  ].join('|'),
);

/** What is wrong with what was thrown; empty if nothing is. */
function problemOf(error: unknown, misused: boolean): string {
  // The addon's errors, and those of other contexts, are of another realm.
  if (Object.prototype.toString.call(error) !== '[object Error]') return `threw ${show(error)}, which is no Error`;
  const { message } = error as Error;
  if (/frame #\d|Exception raised from|\b\w+\.(cpp|cc|h):\d+/.test(message)) return `C++ frames in: ${message}`;
  if (message === '') return 'an Error without a message';
  if (!misused && !('code' in (error as object)) && UNCHECKED.test(message)) {
    const frames = ((error as Error).stack ?? '').match(/^ {4}at .*/gm) ?? [];
    const first = frames.find((frame) => !frame.includes('(<anonymous>)'))?.trim() ?? '';
    // One that was thrown in what the caller gave is the caller's.
    if (/[\\/]lib[\\/]/.test(first)) return `unchecked: ${message} ${first}`;
  }
  if (isTorchError(error) && error.code === 'TORCH_NODE_API') return `a failure of Node-API: ${message}`;
  return '';
}

/** One fault of a function is told once, however many lists show it. */
const told = new Set<string>();

function complain(complaint: Complaint): void {
  const fault = `${complaint.target} ${complaint.problem}`;
  if (told.has(fault)) return;
  told.add(fault);
  writeSync(1, `${JSON.stringify(complaint)}\n`);
}

/** What is still to come of calls that returned a promise. */
const pending: Promise<unknown>[] = [];

function attempt(name: string, target: number, list: number): void {
  const scope = native.scopeEnter();
  let args = '';
  let misused = false;
  const look = (error: unknown): void => {
    const problem = problemOf(error, misused);
    if (problem !== '') complain({ target: name, list, problem, args });
  };
  try {
    const call = all[target]?.prepare(new Draws(`${job.seed} ${name} ${list}`));
    misused = call?.misused ?? false;
    args = (call?.args ?? []).map((arg) => show(arg)).join(', ');
    const line = `${target} ${list} ${name}(${args})`.slice(0, 4000);
    ftruncateSync(record, writeSync(record, `${line}\n`, 0));
    const result = use(call?.run());
    if (result instanceof Promise) pending.push(result.catch(look));
  } catch (error) {
    look(error);
  } finally {
    if (name.startsWith('native.')) restoreSeam();
    restore(scope);
  }
}

/** Takes the first elements of what is iterated over; the work of a generator is done only then. */
function use(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || Array.isArray(result) || !('next' in result)) return result;
  const { next } = result;
  if (typeof next !== 'function') return result;
  const first: unknown = Reflect.apply(next, result, []);
  return first instanceof Promise ? first : Reflect.apply(next, result, []);
}

/** A promise that is not settled by then is a hang, too. */
const PATIENCE_MILLISECONDS = 20_000;

async function settle(name: string): Promise<void> {
  // The event loop's turn in any case: rejected promises and finalizers are part of what may go wrong.
  await new Promise((resolve) => setImmediate(resolve));
  if (pending.length === 0) return;
  const patience = new AbortController();
  const expired = setTimeout(PATIENCE_MILLISECONDS, 'expired', { signal: patience.signal }).catch(() => undefined);
  const how = await Promise.race([Promise.all(pending.splice(0)), expired]);
  patience.abort();
  if (how === 'expired') complain({ target: name, list: 0, problem: 'a promise that is never settled', args: '…' });
}

async function main(): Promise<void> {
  const filter = new RegExp(job.filter);
  const [from, fromList] = job.from;
  for (const [target, { name }] of all.entries()) {
    if (target < from || !filter.test(name)) continue;
    for (let list = target === from ? fromList : 0; list < job.lists; list += 1) attempt(name, target, list);
    await settle(name);
  }
}

const all = job.selfTest ? selfTests() : targets(job.internal);
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', (error) => complain({ target: 'uncaught', list: 0, problem: String(error), args: '' }));
void main().then(() => complain({ target: 'done', list: all.length, problem: '', args: '' }));
