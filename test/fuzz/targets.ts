/** Everything that a user, or a mistaken part of the library, can call. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { loadAddon } from '../../lib/engine/load';
import { methodOps } from '../../lib/tensor/generated/methods';
import { signaturesOf } from '../../lib/tensor/resolve';
import { camelCase, parseType, type Signature } from '../../lib/tensor/signature';
import type { Draws } from './random';
import { anyTensor, anything, ofType } from './values';

export interface Call {
  readonly args: readonly unknown[];
  readonly run: () => unknown;
}

export interface Target {
  /** `zeros`, `Tensor.add`, `native.call`, `op aten::_foreach_add.List` */
  readonly name: string;
  readonly prepare: (draws: Draws) => Call;
}

type Callable = (this: unknown, ...args: unknown[]) => unknown;

const native = loadAddon();

function garbage(draws: Draws, most = 5): unknown[] {
  const args: unknown[] = [];
  const count = draws.below(most + 1);
  while (args.length < count) args.push(anything(draws, args));
  return args;
}

/** Arguments by an overload of the op: mostly what it asks for, so that they reach the kernel. */
function byOverload(signature: Signature, draws: Draws): unknown[] {
  const args: unknown[] = [];
  for (const { type, required } of signature.positional) {
    if (!required && draws.chance(0.5)) break;
    args.push(draws.chance(0.95) ? ofType(type, draws, args) : anything(draws, args));
  }
  const options: Record<string, unknown> = {};
  for (const { name, type, required } of signature.keyword) {
    if (required || draws.chance(0.25)) options[name] = ofType(type, draws, args);
  }
  const outs = signature.outs.map(() => anyTensor(draws));
  if (outs.length > 0) options['out'] = outs.length === 1 ? outs[0] : outs;
  if (Object.keys(options).length > 0) args.push(options);
  return args;
}

/** Overloads of an op under its public name; none where the function is written by hand. */
function overloads(name: string | undefined, asMethod: boolean): () => readonly Signature[] {
  let found: readonly Signature[] | undefined;
  return () => (found ??= name === undefined ? [] : signaturesOf(name, asMethod));
}

function functions(prefix: string, holder: object, ops: ReadonlyMap<string, string>, seen: Set<object>): Target[] {
  seen.add(holder);
  return Object.entries(holder).flatMap(([key, value]: [string, unknown]): Target[] => {
    const name = `${prefix}${key}`;
    if (typeof value === 'object' && value !== null && !seen.has(value)) return functions(`${name}.`, value, ops, seen);
    if (typeof value !== 'function') return [];
    const signatures = overloads(prefix === '' ? ops.get(key) : undefined, false);
    return [
      {
        name,
        prepare: (draws) => {
          const known = signatures();
          const args = known.length > 0 && draws.chance(0.8) ? byOverload(draws.pick(known), draws) : garbage(draws);
          const run = /^class\b/.test(Function.prototype.toString.call(value))
            ? () => Reflect.construct(value as new () => unknown, args) as unknown
            : () => Reflect.apply(value as Callable, undefined, args);
          return { args, run };
        },
      },
    ];
  });
}

function members(className: string, prototype: object, make: (draws: Draws) => unknown): Target[] {
  const ops = new Map(methodOps.map((name) => [camelCase(name), name]));
  return Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([key, descriptor]): Target[] => {
    const signatures = overloads(className === 'Tensor' ? ops.get(key) : undefined, true);
    const receiver = (draws: Draws): unknown => (draws.chance(0.85) ? make(draws) : anything(draws, []));
    const targets: Target[] = [];
    const add = (kind: string, value: Callable): void => {
      targets.push({
        name: `${className}.${key}${kind}`,
        prepare: (draws) => {
          const known = signatures();
          const byType = known.length > 0 && draws.chance(0.8);
          const args = byType ? byOverload(draws.pick(known), draws) : [receiver(draws), ...garbage(draws, 4)];
          return { args, run: () => Reflect.apply(value, args[0], args.slice(1)) };
        },
      });
    };
    if (typeof descriptor.value === 'function' && key !== 'constructor') add('', descriptor.value as Callable);
    const { get, set } = descriptor as { get?: Callable; set?: Callable };
    if (get !== undefined) add(' (get)', get);
    if (set !== undefined) add(' (set)', set);
    return targets;
  });
}

/** A tensor as the addon takes it, or what is none. */
function anyHandle(draws: Draws, held: Tensor[]): unknown {
  const tensor = anyTensor(draws);
  held.push(tensor);
  return draws.chance(0.8)
    ? tensor.handle
    : draws.pick<unknown>([0, -1, 2 ** 53, 1e300, NaN, tensor.handle + 2 ** 24, {}]);
}

/** A value as the addon takes it: handles in the place of tensors. */
function lowered(value: unknown, held: Tensor[]): unknown {
  if (torch.isTensor(value)) {
    held.push(value);
    return value.handle;
  }
  if (Array.isArray(value) && value.length < 10) return value.map((element) => lowered(element, held));
  return value instanceof torch.Generator ? value.id : value;
}

const MHA = (
  'query key value embedDim numHeads inProjWeight qProjWeight kProjWeight vProjWeight inProjBias biasK biasV ' +
  'addZeroAttn dropout outProjWeight outProjBias training keyPaddingMask attnMask needWeights averageAttnWeights isCausal ' +
  'batchFirst lr beta1 beta2 eps weightDecay decoupledWeightDecay amsgrad maximize params expAvgs expAvgSqs maxExpAvgSqs ' +
  'steps momentumBuffers momentum dampening nesterov'
).split(' ');

/** The objects that the composites of the addon take: every name they read, each with something. */
function record(draws: Draws, held: Tensor[]): unknown {
  const value = (): unknown => {
    switch (draws.below(5)) {
      case 0:
        return draws.chance(0.5);
      case 1:
        return draws.pick([0, 1, 2, 3, 0.5, NaN, -1]);
      case 2:
        return [anyHandle(draws, held)];
      case 3:
        return lowered(anything(draws, []), held);
      default:
        return anyHandle(draws, held);
    }
  };
  return Object.fromEntries(MHA.map((name) => [name, value()]));
}

function nativeFunctions(): Target[] {
  return Object.entries(native).map(([name, value]: [string, unknown]) => ({
    name: `native.${name}`,
    prepare: (draws) => {
      const held: Tensor[] = [];
      const args = Array.from({ length: draws.below(8) }, (): unknown => {
        switch (draws.below(6)) {
          case 0:
            return {};
          case 1:
          case 2:
            return anyHandle(draws, held);
          case 3:
            return record(draws, held);
          case 4:
            return [anyHandle(draws, held), anyHandle(draws, held)];
          default:
            return lowered(anything(draws, held), held);
        }
      });
      if (name === 'call') args.unshift(draws.below(200));
      return { args, run: () => [(value as Callable)(...args), held] };
    },
  }));
}

/** Ops by their full names, internal ones too: what `callOp` gives access to. */
function everyOp(): Target[] {
  return native
    .opNames()
    .filter((name) => name.startsWith('aten::'))
    .map((name) => ({
      name: `op ${name}`,
      prepare: (draws) => {
        const args: unknown[] = [];
        for (const argument of native.opSchema(name)?.arguments ?? []) {
          const type = parseType(argument.type);
          const given = type !== null && draws.chance(0.95) ? ofType(type, draws, args) : anything(draws, args);
          args.push('default' in argument && draws.chance(0.3) ? undefined : given);
        }
        return { args, run: () => torch.callOp(name, args) };
      },
    }));
}

/** Functions that go wrong on purpose: what finds faults is tested, too. */
export function selfTests(): Target[] {
  const wrong: Record<string, () => unknown> = {
    string: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the fault
      throw 'no Error';
    },
    crash: () => process.kill(process.pid, 'SIGSEGV'),
    hang: () => {
      for (;;);
    },
  };
  return Object.entries(wrong).map(([name, run]) => ({
    name: `self-test ${name}`,
    prepare: () => ({ args: [1, 'two'], run }),
  }));
}

/** What is named in the public namespace, the methods, and the addon; with `internal` every op by its full name, too. */
export function targets(internal: boolean): Target[] {
  const ops = new Map<string, string>();
  for (const full of native.opNames()) {
    const base = /^aten::([^.]+)/.exec(full)?.[1];
    if (base !== undefined) ops.set(camelCase(base), base);
  }
  const { nn, optim, data, vision, metrics, models, load, save, ...engine } = { load: null, save: null, ...torch };
  const [seen, above] = [new Set<object>(), [nn, optim, data, vision, metrics, models, load, save]];
  for (const space of above) if (space !== null) seen.add(space);
  return [
    ...functions('', engine, ops, seen),
    ...functions('nn.functional.', nn.functional, new Map(), seen),
    ...members('Tensor', torch.Tensor.prototype, anyTensor),
    ...members('Generator', torch.Generator.prototype, () => new torch.Generator()),
    ...nativeFunctions(),
    ...(internal ? everyOp() : []),
  ];
}
