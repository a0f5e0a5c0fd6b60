import { careForLayout } from './care-layout';
import { careForMatrices } from './care-linalg';
import { careForMaking } from './care-making';
import { careForNetworks } from './care-nn';
import { careForTensors } from './care-tensor';
import type { Arguments } from './generator';
import type { Value } from './values';

/** Arguments that the schema alone does not tell, by camelCase name; undefined leaves one out. */
export type Care = (g: Arguments, overload: string) => Record<string, Value | undefined>;

/** Names of ops, separated by spaces, with what is known of their arguments. */
export type Cares = readonly (readonly [ops: string, care: Care])[];

const table = new Map<string, Care>();
for (const [ops, care] of [
  ...careForMaking,
  ...careForLayout,
  ...careForTensors,
  ...careForMatrices,
  ...careForNetworks,
]) {
  for (const op of ops.trim().split(/\s+/)) {
    if (table.has(op)) throw new Error(`two entries for ${op}`);
    table.set(op, care);
  }
}

const nothing: Care = () => ({});

/** What is known of the arguments of `op`; an in-place op has those of its twin. */
export function careOf(op: string): Care {
  return table.get(op) ?? table.get(op.replace(/_$/, '')) ?? nothing;
}

/** Names in the table, so that none outlives its op. */
export const caredFor: ReadonlySet<string> = new Set(table.keys());
