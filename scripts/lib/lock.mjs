/** One installation at a time: a lock file with the process that holds it. A dead holder's lock is taken over. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InstallError } from './errors.mjs';

const POLL_MS = 250;

/**
 * When a process began, in the kernel's ticks: tells a holder from a later process with the same id. Empty elsewhere
 * than on Linux, and where there is no such process.
 * @param {number} pid
 */
function processStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain spaces; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** @param {string} text */
function holderIsDead(text) {
  /** @type {unknown} */
  let holder;
  try {
    holder = JSON.parse(text);
  } catch {
    // The holder makes the file whole before it is visible, so this is not its writing.
    return true;
  }
  const { pid, host, started } = /** @type {{ pid?: number, host?: string, started?: string }} */ (holder);
  if (host !== os.hostname() || typeof pid !== 'number') return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
  return started !== undefined && started !== '' && processStart(pid) !== started;
}

/**
 * Takes away a lock whose holder died. The file is moved first and looked at again: between reading and moving, another
 * process may have replaced the dead lock with its own, which is then put back.
 * @param {string} file
 * @param {string} seen
 */
function removeDeadLock(file, seen) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, file);
  } catch {
    // Another process was faster; the next try sees what it did.
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding the lock; waits for another holder.
 * @template T
 * @param {string} file
 * @param {import('./report.mjs').Report} report
 * @param {() => Promise<T>} work
 * @param {{ timeoutMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(file, report, work, { timeoutMs = 60 * 60_000 } = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: os.hostname(), started: processStart(process.pid) });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, mine);
  const deadline = Date.now() + timeoutMs;
  let told = false;
  try {
    for (;;) {
      try {
        // A link appears with its contents, or not at all.
        linkSync(draft, file);
        break;
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      }
      let holder = '';
      try {
        holder = readFileSync(file, 'utf8');
      } catch {
        continue;
      }
      if (holderIsDead(holder)) {
        removeDeadLock(file, holder);
        continue;
      }
      if (!told) report.say(`another installation is running (${holder}); waiting for it.`);
      told = true;
      if (Date.now() > deadline) {
        throw new InstallError(
          'LOCKED',
          `${file} is held by another installation (${holder}).`,
          `end it, or remove ${file}.`,
        );
      }
      await sleep(POLL_MS);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const release = () => rmSync(file, { force: true });
  // Ctrl-C ends the process without running `finally`.
  const onSignal = () => {
    release();
    process.exit(130);
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await work();
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    release();
  }
}
