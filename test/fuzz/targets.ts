/** Everything that a user, or a mistaken part of the library, can call. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { loadAddon } from '../../lib/engine/load';
import { methodOps } from '../../lib/tensor/generated/methods';
import { signaturesOf } from '../../lib/tensor/resolve';
import { camelCase, parseType, type Signature } from '../../lib/tensor/signature';
import { type Class, instanceOf, isClass, type NamedClass, option, usualList } from './instances';
import { Draws } from './random';
import { anyTensor, anything, ofType } from './values';

export interface Call {
  readonly args: readonly unknown[];
  /** The receiver is no object of the class, so that V8 itself may refuse it. */
  readonly misused?: boolean;
  readonly run: () => unknown;
}

export interface Target {
  /** `zeros`, `Tensor.add`, `native.call`, `op aten::_foreach_add.List` */
  readonly name: string;
  readonly prepare: (draws: Draws) => Call;
}

type Callable = (this: unknown, ...args: unknown[]) => unknown;

const LIB = path.join(__dirname, '..', '..', 'lib');
const CLASS = /^(?:export )?(abstract )?class (\w+)[^]*?^}/gm;
const PRIVATE = /^ +(?:private|protected) (?:(?:static|async|abstract|override|readonly|get|set) )*\*?(\w+)/gm;

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

/** Arguments for what is written by hand: a program's usual ones, hostile ones, and both in one list. */
function byHand(draws: Draws, callee: unknown): unknown[] {
  if (draws.chance(0.4)) return garbage(draws);
  const args = usualList(draws, callee);
  const spoilt = draws.chance(0.3) ? -1 : draws.below(args.length + 1);
  return args.map((arg, index) => {
    if (index !== spoilt) return arg;
    const hostile = anything(draws, args.slice(0, index));
    return draws.chance(0.3) ? option(draws, callee, hostile) : hostile;
  });
}

/**
 * A thousand iterations for each matrix that does not converge, as in Python: 40 s for a batch of 32, which would count as a
 * hang. A batch of a few takes the same ways.
 */
const SLOW_BY_BATCH: ReadonlySet<string> = new Set(['lobpcg']);

/** The first part of a tensor that has over three dimensions; anything else as it is. */
function withoutBatch(arg: unknown): unknown {
  if (!(arg instanceof torch.Tensor) || !Number.isSafeInteger(arg.handle)) return arg;
  try {
    return native.sizes(arg.handle).length > 3 ? withoutBatch(arg.select(0, 0)) : arg;
  } catch {
    return arg;
  }
}

/** A call's arguments, by an overload where the name is an op's. */
function argumentsOf(known: readonly Signature[], callee: unknown, draws: Draws): unknown[] {
  if (known.length === 0) return byHand(draws, callee);
  return draws.chance(0.8) ? byOverload(draws.pick(known), draws) : garbage(draws);
}

/** Classes of which there are no objects but those of derived ones. */
const abstractNames = new Set<string>();
/** `Module.nameOf`: members that are kept to their class. They are not exposed, and trust their callers. */
const privateNames = new Set<string>();

// TypeScript alone knows both, so they are gone at run time.
for (const file of readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
  for (const [body, abstract, type = ''] of readFileSync(path.join(LIB, file), 'utf8').matchAll(CLASS)) {
    if (abstract !== undefined) abstractNames.add(type);
    for (const [, member] of body.matchAll(PRIVATE)) privateNames.add(`${type}.${member ?? ''}`);
  }
}

function isPrivate(type: { readonly name: string }, key: PropertyKey): boolean {
  return privateNames.has(`${type.name}.${String(key)}`);
}

function isAbstract(type: Class): boolean {
  return abstractNames.has(type.name);
}

/** What the exports hold, each function and class once. */
class Exports {
  readonly targets: Target[] = [];
  readonly classes: NamedClass[] = [];
  private readonly seen = new Set<unknown>();
  /** Ops by the names of their functions and of their methods. */
  private readonly ops = new Map<string, string>();
  private readonly methods = new Map(methodOps.map((name) => [camelCase(name), name]));

  constructor() {
    for (const full of native.opNames()) {
      const base = /^aten::([^.]+)/.exec(full)?.[1];
      if (base !== undefined) this.ops.set(camelCase(base), base);
    }
    this.walk('', torch);
    const known = new Set<object>([
      Object.prototype,
      Error.prototype,
      ...this.classes.map(({ type }) => type.prototype as object),
    ]);
    for (const { name, type } of this.classes) {
      let prototype = type.prototype as object;
      do {
        // Parents that are not exported themselves: what they have is of the exported class, too.
        this.members(name, prototype, (draws) => this.receiver(type, draws));
        prototype = Object.getPrototypeOf(prototype) as object;
      } while (!known.has(prototype));
    }
  }

  private walk(prefix: string, holder: object): void {
    for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
      const isHolder = typeof value === 'object' && value !== null;
      if ((!isHolder && typeof value !== 'function') || this.seen.has(value)) continue;
      this.seen.add(value);
      const name = `${prefix}${key}`;
      if (isHolder) this.walk(`${name}.`, value);
      else if (isClass(value)) this.addClass(name, value);
      else this.addFunction(name, value, prefix === '' ? this.ops.get(key) : undefined);
    }
  }

  private addFunction(name: string, value: Callable, op: string | undefined): void {
    const signatures = overloads(op, false);
    this.targets.push({
      name,
      prepare: (draws) => {
        const drawn = argumentsOf(signatures(), value, draws);
        const args = SLOW_BY_BATCH.has(name) ? drawn.map(withoutBatch) : drawn;
        return { args, run: () => Reflect.apply(value, undefined, args) };
      },
    });
  }

  private addClass(name: string, type: Class): void {
    this.classes.push({ name, type });
    this.targets.push({
      name,
      prepare: (draws) => {
        const args = byHand(draws, type);
        // What makes an error is given its message by a program that has one.
        return {
          args,
          misused: isAbstract(type) || type.prototype instanceof Error,
          run: () => Reflect.construct(type, args),
        };
      },
    });
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (typeof value === 'function' && key !== 'prototype' && !isPrivate(type, key))
        this.addFunction(`${name}.${key}`, value as Callable, '');
    }
  }

  /** An object of a class; now and then what is none, or one without its insides. */
  private receiver(type: Class, draws: Draws): { value: unknown; misused: boolean } {
    if (draws.chance(0.1)) return { value: anything(draws, []), misused: true };
    const concrete = this.classes.filter((named) => !isAbstract(named.type));
    const value = type === (torch.Tensor as Class) ? anyTensor(draws) : instanceOf(type, concrete, draws);
    return value === null
      ? { value: Object.create(type.prototype as object), misused: true }
      : { value, misused: false };
  }

  private members(
    className: string,
    prototype: object,
    receiver: (draws: Draws) => { value: unknown; misused: boolean },
  ): void {
    const descriptors = Object.getOwnPropertyDescriptors(prototype);
    for (const key of Reflect.ownKeys(descriptors)) {
      const descriptor = (descriptors as Record<PropertyKey, PropertyDescriptor>)[key];
      if (key === 'constructor' || descriptor === undefined || isPrivate(prototype.constructor, key)) continue;
      const op = className === 'Tensor' && typeof key === 'string' ? this.methods.get(key) : undefined;
      const signatures = overloads(op, true);
      const add = (kind: string, member: Callable): void => {
        this.targets.push({
          name: `${className}.${String(key)}${kind}`,
          prepare: (draws) => {
            const known = signatures();
            if (known.length > 0 && draws.chance(0.8)) {
              const args = byOverload(draws.pick(known), draws);
              return { args, run: () => Reflect.apply(member, args[0], args.slice(1)) };
            }
            const self = receiver(draws);
            const args = known.length > 0 ? garbage(draws, 4) : byHand(draws, member);
            const run = (): unknown => Reflect.apply(member, self.value, args);
            return { args: [self.value, ...args], misused: self.misused, run };
          },
        });
      };
      if (typeof descriptor.value === 'function') add('', descriptor.value as Callable);
      const accessors = descriptor as { get?: Callable; set?: Callable };
      if (accessors.get !== undefined) add(' (get)', accessors.get);
      if (accessors.set !== undefined) add(' (set)', accessors.set);
    }
  }
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
function lowered(value: unknown, held: Tensor[], depth = 0): unknown {
  if (torch.isTensor(value)) {
    held.push(value);
    return value.handle;
  }
  // No deeper: a list may hold itself.
  if (Array.isArray(value) && value.length < 10 && depth < 3) {
    return value.map((element) => lowered(element, held, depth + 1));
  }
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

const named = new Exports();

/** Exported classes whose methods are called on no object of theirs, because none could be made. */
export function classesWithoutObjects(): string[] {
  const concrete = named.classes.filter(({ type }) => !isAbstract(type));
  const lacking = concrete.filter(({ type }) => instanceOf(type, concrete, new Draws('any')) === null);
  return lacking.map(({ name }) => name);
}

/**
 * All functions in the public namespace and in those inside of it, constructors, static functions, methods and accessors
 * of the exported classes, and the functions of the addon; with `internal` every op by its full name, too.
 */
export function targets(internal: boolean): Target[] {
  return [...named.targets, ...nativeFunctions(), ...(internal ? everyOp() : [])];
}
