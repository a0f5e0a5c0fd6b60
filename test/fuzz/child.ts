/**
 * Calls functions with hostile arguments until told otherwise by a crash. Before each call its name and arguments are
 * written to a file, so that the parent knows what the process died of.
 *
 *   child.ts <call file> <job as JSON>
 */

import { ftruncateSync, openSync, writeSync } from 'node:fs';

import * as torch from '../../lib';
import { loadAddon } from '../../lib/engine/load';
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

/** Puts everything back that a call may leave changed, and frees what it made. */
function restore(scope: number): void {
  native.setGradEnabled(true);
  for (let depth = native.inferenceModeEnter(true); depth > 0; depth -= 1) native.inferenceModeExit(depth);
  for (let depth = native.scopeEnter(); depth >= scope; depth -= 1) native.scopeExit(depth, []);
  if (native.getNumThreads() !== 1) native.setNumThreads(1);
  native.setSweepThreshold(2 ** 24);
  torch.setDebug(false);
}

/** What is wrong with what was thrown; empty if nothing is. */
function problemOf(error: unknown): string {
  // The addon's errors, and those of other contexts, are of another realm.
  if (Object.prototype.toString.call(error) !== '[object Error]') return `threw ${show(error)}, which is no Error`;
  const { message } = error as Error;
  if (/frame #\d|Exception raised from|\b\w+\.(cpp|cc|h):\d+/.test(message)) return `C++ frames in: ${message}`;
  if (message === '') return 'an Error without a message';
  if (isTorchError(error) && error.code === 'TORCH_NODE_API') return `a failure of Node-API: ${message}`;
  return '';
}

function complain(complaint: Complaint): void {
  writeSync(1, `${JSON.stringify(complaint)}\n`);
}

function attempt(name: string, target: number, list: number): void {
  const scope = native.scopeEnter();
  let args = '';
  try {
    const call = all[target]?.prepare(new Draws(`${job.seed} ${name} ${list}`));
    args = (call?.args ?? []).map(show).join(', ');
    const line = `${target} ${list} ${name}(${args})`.slice(0, 4000);
    ftruncateSync(record, writeSync(record, `${line}\n`, 0));
    const result = call?.run();
    if (result instanceof Promise) result.catch(() => undefined);
  } catch (error) {
    const problem = problemOf(error);
    if (problem !== '') complain({ target: name, list, problem, args });
  } finally {
    restore(scope);
  }
}

async function main(): Promise<void> {
  const filter = new RegExp(job.filter);
  const [from, fromList] = job.from;
  for (const [target, { name }] of all.entries()) {
    if (target < from || !filter.test(name)) continue;
    for (let list = target === from ? fromList : 0; list < job.lists; list += 1) attempt(name, target, list);
    // The event loop's turn: rejected promises and finalizers are part of what may go wrong.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const all = job.selfTest ? selfTests() : targets(job.internal);
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', (error) => complain({ target: 'uncaught', list: 0, problem: String(error), args: '' }));
void main().then(() => complain({ target: 'done', list: all.length, problem: '', args: '' }));
