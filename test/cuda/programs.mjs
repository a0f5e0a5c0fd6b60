/** Runs the twins train.mjs and train.py with the same arguments. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../../scripts/lib/project.mjs';

/** A model that trains in a moment, and the article's. */
export const MODELS = {
  small: { image_size: 32, patch_size: 8, embed_size: 48, num_blocks: 2, num_heads: 3, dropout: 0.2 },
  article: { image_size: 128, patch_size: 16, embed_size: 768, num_blocks: 12, num_heads: 8, dropout: 0.2 },
};

function run(command, script, { device, optimizer, steps, model, batch }, env) {
  const args = [path.join(root, 'test', 'cuda', script), '--device', device, '--optimizer', optimizer];
  args.push('--steps', String(steps), '--batch', String(batch), '--model', JSON.stringify(model));
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${script} ended with exit code ${status}\n${stderr.slice(-2000)}`);
  return JSON.parse(stdout);
}

/** @returns {{ losses: number[], state: string, seconds: number, peak: number }} */
export const runOurs = (options) => run(process.execPath, 'train.mjs', options, {});

/** @returns {{ losses: number[], state: string, seconds: number, peak: number }} */
export const runPython = (python, options, env = {}) => run(python, 'train.py', options, env);

/** Where two runs part: a sentence, or an empty string. */
export function difference(ours, theirs) {
  const step = ours.losses.findIndex((loss, index) => loss !== theirs.losses[index]);
  if (step !== -1) return `the loss of step ${step + 1} is ${ours.losses[step]}, and ${theirs.losses[step]}`;
  return ours.state === theirs.state ? '' : 'the losses are equal, the trained states are not';
}
