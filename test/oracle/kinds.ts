import { Tensor } from '../../lib/tensor';
import type { OracleValue } from './values';

/** The TypeScript type of each kind of output that a run can ask for. */
export interface Kinds {
  tensor: Tensor;
  tensors: Tensor[];
  /** A dict of tensors, such as a state_dict, in Python's order. */
  tensorDict: Record<string, Tensor>;
  number: number;
  numbers: number[];
  /** Any int; one that JavaScript would hold exactly comes as a bigint too. */
  bigint: bigint;
  string: string;
  strings: string[];
  boolean: boolean;
  bytes: Uint8Array;
  /** Whatever it is. */
  value: OracleValue;
}

export type Kind = keyof Kinds;

const isNumber = (value: OracleValue): value is number => typeof value === 'number';
const isString = (value: OracleValue): value is string => typeof value === 'string';
const isTensor = (value: OracleValue): value is Tensor => value instanceof Tensor;

const readers: { [K in Kind]: (value: OracleValue) => Kinds[K] | undefined } = {
  tensor: (value) => (isTensor(value) ? value : undefined),
  tensors: (value) => (Array.isArray(value) && value.every(isTensor) ? value : undefined),
  tensorDict: (value) => (isTensorDict(value) ? value : undefined),
  number: (value) => (isNumber(value) ? value : undefined),
  numbers: (value) => (Array.isArray(value) && value.every(isNumber) ? value : undefined),
  bigint: (value) =>
    typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value as bigint | number) : undefined,
  string: (value) => (isString(value) ? value : undefined),
  strings: (value) => (Array.isArray(value) && value.every(isString) ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  bytes: (value) => (value instanceof Uint8Array ? value : undefined),
  value: (value) => value,
};

/** The output as the kind that the test named; an error that says which kind it has where it is another. */
export function readKind<K extends Kind>(name: string, kind: K, value: OracleValue): Kinds[K] {
  const read = readers[kind](value);
  if (read !== undefined) return read;
  throw new Error(
    `expected output \`${name}\` of the oracle to be a ${kind}, received ${describe(value)}; ` +
      `name its kind, as in outputs: { ${name}: 'number' }`,
  );
}

function isTensorDict(value: OracleValue): value is Record<string, Tensor> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Tensor) &&
    !(value instanceof Uint8Array) &&
    Object.values(value).every(isTensor)
  );
}

function describe(value: OracleValue): string {
  if (value instanceof Tensor) return 'a tensor';
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : `an object with ${Object.keys(value).join(', ')}`;
}
