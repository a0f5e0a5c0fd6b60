import { ArgumentError, checkBooleans, checkFunction, checkOptions, checkString, computeAsync } from '../engine';
import type { Device, DType, RemovableHandle, Tensor } from '../tensor';
import { clearGradients } from './gradients';
import { type ForwardHookOptions, type HookOptions, type ModuleHook, ModuleHooks } from './module-hooks';
import { ModuleParts } from './module-parts';
import { cast, castFloating, moveEmpty, type MoveOptions, moveTo } from './move';
import { Buffer, Parameter } from './parameter';
import { classWithPrivateMembers } from './private-members';
import { moduleRepr } from './repr';
import {
  collectState,
  loadStateDict,
  type LoadedKeys,
  type LoadStateDictOptions,
  type RefusedState,
  type StateDict,
} from './state-dict';

/** A module whatever it takes and gives. */
export type AnyModule = Module<readonly unknown[], unknown>;

/** What a module holds of its own, by PyTorch's name. */
export type Member = Parameter | Buffer | AnyModule;

/**
 * Base of all layers and models (`torch.nn.Module`).
 *
 * What a module owns is found in its properties, in their order: a {@link Parameter}, a {@link Buffer} or another module
 * that is assigned to a property belongs to the module from then on, and `null` there means "none", as in Python. The name
 * in the state dict is the property's in snake_case (`inProjWeight` → `in_proj_weight`). Where that rule does not give the
 * Python name, `registerParameter`, `registerBuffer` and `registerModule` take the name itself. A property that held a
 * parameter or a buffer when the module was first asked for them goes on being one: a buffer's takes any tensor, which is a
 * buffer then, a parameter's a {@link Parameter}, both null, and nothing else, as in Python. ECMAScript's private
 * fields (`#cache`) and arrays are not looked into: hide a helper module in the former, hold a list in a `ModuleList`.
 *
 * A name that is a whole number comes before all others, as JavaScript orders properties; among themselves they count up.
 * A class that declares its fields has its properties in the order of the declarations, one that does not in the order of
 * the assignments: keep Python's order of assignment in either case, since optimizers number parameters by it.
 *
 * @typeParam Inputs the arguments of `forward`
 * @typeParam Output what `forward` returns
 *
 * @example
 * ```ts
 * class Doubled extends nn.Module {
 *   readonly linear = new nn.Linear(3, 2);
 *
 *   forward(x: torch.Tensor): torch.Tensor {
 *     return this.linear.forward(x).mul(2);
 *   }
 * }
 * const model = new Doubled();
 * console.log([...model.stateDict().keys()]); // [ 'linear.weight', 'linear.bias' ]
 * console.log(model.forward(torch.ones([4, 3])).shape); // [ 4, 2 ]
 * ```
 */
export abstract class Module<Inputs extends readonly unknown[] = [input: Tensor], Output = Tensor> extends ModuleParts {
  /** The module behaves as in training (dropout drops, batch norm measures); see {@link train} and {@link eval}. */
  training = true;

  #hooks: ModuleHooks | null = null;

  /** Computes the output; what hooks are registered run around it. */
  abstract forward(...inputs: Inputs): Output;

  /** {@link forward} on the compute thread, see `computeAsync`; the event loop goes on meanwhile. */
  forwardAsync(...inputs: Inputs): Promise<Output> {
    return computeAsync(() => this.forward(...inputs));
  }

  // -- hooks ------------------------------------------------------------------------------------------------------------
  //
  // Modules are called by `forward`, and so are their parts, so that is where hooks must run: the first hook puts a
  // forward of its own before the class's, on this object alone. A module without hooks pays nothing.

  /**
   * Has `hook` called with the inputs before each forward: `register_forward_pre_hook`. An array that it returns takes
   * the place of all inputs, another value that of a single one.
   */
  registerForwardPreHook(
    hook: ModuleHook<'forwardPre', this, Inputs, Output>,
    options: HookOptions = {},
  ): RemovableHandle {
    return this.#hooked().forwardPre.add(hook, 'registerForwardPreHook', options);
  }

  /**
   * Has `hook` called with the inputs and the output after each forward: `register_forward_hook`. What it returns takes
   * the output's place.
   */
  registerForwardHook(
    hook: ModuleHook<'forward', this, Inputs, Output>,
    options: ForwardHookOptions = {},
  ): RemovableHandle {
    return this.#hooked().forward.add(hook, 'registerForwardHook', options);
  }

  /**
   * Has `hook` called in backward with the gradients of the outputs, before those of the inputs are computed:
   * `register_full_backward_pre_hook`. An array that it returns takes their place.
   */
  registerFullBackwardPreHook(hook: ModuleHook<'backwardPre', this>, options: HookOptions = {}): RemovableHandle {
    return this.#hooked().backwardPre.add(hook, 'registerFullBackwardPreHook', options);
  }

  /**
   * Has `hook` called in backward with the gradients of the inputs and of the outputs: `register_full_backward_hook`. An
   * array that it returns takes the place of the inputs' gradients. Inputs and outputs that are no tensors have null.
   *
   * As in PyTorch, the module's inputs and outputs become views of what they were, which must not be changed in place.
   */
  registerFullBackwardHook(hook: ModuleHook<'backward', this>, options: HookOptions = {}): RemovableHandle {
    return this.#hooked().backward.add(hook, 'registerFullBackwardHook', options);
  }

  /** @internal True where hooks run around {@link forward}, whose work must not be done by other means then. */
  get hasForwardHooks(): boolean {
    const hooks = this.#hooks;
    return hooks !== null && hooks.forward.entries.length + hooks.forwardPre.entries.length > 0;
  }

  /**
   * Has `hook` called with this module's part of a state dict before that is loaded: `register_load_state_dict_pre_hook`. The
   * map is a copy, of which the keys begin with `prefix`; what the hook changes in it is loaded.
   */
  registerLoadStateDictPreHook(hook: ModuleHook<'loadState', this>): RemovableHandle {
    return this.#hooked().loadState.add(hook, 'registerLoadStateDictPreHook', {});
  }

  /**
   * Has `hook` called after a state dict was loaded into this module and those below it:
   * `register_load_state_dict_post_hook`. It may change the lists of keys: strict loading refuses what is left in them.
   */
  registerLoadStateDictPostHook(hook: ModuleHook<'loadedState', this>): RemovableHandle {
    return this.#hooked().loadedState.add(hook, 'registerLoadStateDictPostHook', {});
  }

  /** Has `hook` called before each state dict that this module is asked for: `register_state_dict_pre_hook`. */
  registerStateDictPreHook(hook: ModuleHook<'statePre', this>): RemovableHandle {
    return this.#hooked().statePre.add(hook, 'registerStateDictPreHook', {});
  }

  /**
   * Has `hook` called with this module's part of each state dict, of which the keys begin with `prefix`:
   * `register_state_dict_post_hook`. What it changes in the map is in the state dict.
   */
  registerStateDictPostHook(hook: ModuleHook<'statePost', this>): RemovableHandle {
    return this.#hooked().statePost.add(hook, 'registerStateDictPostHook', {});
  }

  /** @internal The hooks of the module, if it has had any. */
  hooks(): ModuleHooks | null {
    return this.#hooks;
  }

  #hooked(): ModuleHooks {
    return this.#hooks ?? this.#runHooks(new ModuleHooks(Object.getOwnPropertyDescriptor(this, 'forward')?.value));
  }

  #runHooks(hooks: ModuleHooks): ModuleHooks {
    const forward = (...inputs: readonly unknown[]): unknown => {
      const base: unknown = hooks.ownForward ?? Reflect.get(Object.getPrototypeOf(this) as object, 'forward');
      return hooks.run(this, base as typeof forward, inputs);
    };
    Object.defineProperty(this, 'forward', { value: forward, writable: true, configurable: true, enumerable: false });
    this.#hooks = hooks;
    return hooks;
  }

  // -- copies -----------------------------------------------------------------------------------------------------------

  /**
   * Another module of this class, with which `nn.deepcopy` begins; it then gets copies of all properties in the place of
   * those that it has. No constructor but this base's runs for it, so that nothing is drawn and no arguments are needed.
   *
   * A class with private members (`#name`) must have a method of its own, since only its constructor makes those. What it
   * draws at random is not seen by the generators.
   *
   * @param copy what copies the values of private fields, so that what is shared stays shared
   * @throws ArgumentError for a class with private members
   *
   * @example
   * ```ts
   * class Scaled extends nn.Module {
   *   readonly linear = new nn.Linear(2, 2);
   *   readonly #scale: number;
   *
   *   constructor(scale: number) {
   *     super();
   *     this.#scale = scale;
   *   }
   *
   *   override beginCopy(): Scaled {
   *     return new Scaled(this.#scale);
   *   }
   *
   *   forward(x: torch.Tensor): torch.Tensor {
   *     return this.linear.forward(x).mul(this.#scale);
   *   }
   * }
   * const [model, x] = [new Scaled(3), torch.ones([1, 2])];
   * console.log(torch.equal(nn.deepcopy(model).forward(x), model.forward(x))); // true
   * ```
   */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for the classes below, which need it
  beginCopy(copy: <T>(value: T) => T): AnyModule {
    const secretive = classWithPrivateMembers(this, Module);
    if (secretive !== null) {
      throw new ArgumentError(
        `deepcopy(): the class ${secretive} has private members (#name), which only its constructor makes; expected it to ` +
          `have a method beginCopy() that returns a new ${secretive}`,
      );
    }
    return Reflect.construct(Module, [], this.constructor) as AnyModule;
  }

  /** @internal Takes over what is no property: which names stand as they are, and the hooks. */
  finishCopy(from: AnyModule): void {
    this.copyNames(from);
    if (from.#hooks !== null) this.#runHooks(new ModuleHooks(from.#hooks.ownForward, from.#hooks));
  }

  // -- state ------------------------------------------------------------------------------------------------------------

  /**
   * Switches this module and all below it to training, or with `false` to evaluation. Each child's own `train` is called, so that
   * one that overrides it, such as a batch norm that is to stay frozen, has its way.
   */
  train(mode = true): this {
    checkBooleans('train', { mode });
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Switches to evaluation: dropout passes through, batch norm uses its running statistics. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `visit` with every module below this one, children first, and with this one at the end. */
  apply(visit: (module: AnyModule) => void): this {
    checkFunction('apply', 'visit', visit);
    for (const child of this.children()) child.apply(visit);
    visit(this);
    return this;
  }

  /** Switches on or off that autograd records what is done to the parameters. */
  requiresGrad_(requiresGrad = true): this {
    checkBooleans('requiresGrad_', { requiresGrad });
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /** Forgets the gradients of all parameters; with `false` keeps them and fills them with zeros. */
  zeroGrad(setToNone = true): void {
    checkBooleans('zeroGrad', { setToNone });
    clearGradients(this.parameters(), setToNone);
  }

  /**
   * Moves parameters, buffers and gradients to a device, or floating-point ones to another dtype, in place: the tensor
   * objects stay the same, so that an optimizer made before still holds them.
   * @param target a device, a dtype, a tensor that has both, or options, among them the memory format of tensors with 4 or
   *   5 dimensions
   * @param dtype after a device
   * @throws ArgumentError for a module of the meta device, which has nothing to move: see {@link toEmpty}
   */
  to(target: DType | Device | Tensor | MoveOptions, dtype?: DType): this {
    moveTo(this, target, dtype);
    return this;
  }

  /** Moves parameters and buffers to the CPU. */
  cpu(): this {
    return this.to('cpu');
  }

  /** Moves parameters and buffers to a GPU, the current one if no number is given. */
  cuda(device?: number | Device): this {
    return this.to(typeof device === 'number' ? `cuda:${device}` : (device ?? 'cuda'));
  }

  /** Casts floating-point parameters and buffers to float32. */
  float(): this {
    castFloating(this, 'float32');
    return this;
  }

  /** Casts floating-point parameters and buffers to float64. */
  double(): this {
    castFloating(this, 'float64');
    return this;
  }

  /** Casts floating-point parameters and buffers to float16. */
  half(): this {
    castFloating(this, 'float16');
    return this;
  }

  /** Casts floating-point parameters and buffers to bfloat16. */
  bfloat16(): this {
    castFloating(this, 'bfloat16');
    return this;
  }

  /** Casts all parameters and buffers, those of whole numbers too: {@link to} leaves these alone. */
  type(dtype: DType): this {
    cast(this, dtype);
    return this;
  }

  /** @internal Called when {@link to} has given the parameters other memory. */
  parametersMoved(): void {
    // Nothing depends on where the parameters of most modules lie.
  }

  /** Gives parameters and buffers new memory on a device, with arbitrary contents: what a module of the meta device needs. */
  toEmpty(options: { device: Device; recurse?: boolean }): this {
    moveEmpty(this, options);
    return this;
  }

  /**
   * Parameters and persistent buffers of this module and all below it, by PyTorch's keys and in its order. The tensors
   * share the module's memory and are cut off from autograd: training goes on changing them. Those of a lazy module that
   * has seen no input are as they are, without a shape.
   *
   * Each child is asked by its own `stateDict`, with a longer prefix: one that overrides it has its way.
   * @param options - `prefix` of all keys; `keepVars`: the parameters and buffers themselves, with autograd
   */
  stateDict(options: { prefix?: string; keepVars?: boolean } = {}): StateDict {
    checkOptions('stateDict', options, ['prefix', 'keepVars']);
    const { prefix = '', keepVars = false } = options;
    checkString('stateDict', 'prefix', prefix);
    checkBooleans('stateDict', { keepVars });
    return collectState(this, prefix, keepVars);
  }

  /**
   * Copies a state dict into this module.
   * @param options - `strict`: the keys must be exactly those of {@link stateDict}; the default. `assign`: parameters and
   *   buffers take over the memory, dtype and device of the given tensors, which are not copied; they stay the same objects
   * @throws StateDictError which lists every missing key, every unexpected key and every difference in shape; nothing is
   *   copied then (Python's has copied what fitted)
   *
   * @example
   * ```ts
   * const [from, to] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
   * to.loadStateDict(from.stateDict());
   * console.log(torch.equal(from.weight, to.weight)); // true
   * ```
   */
  loadStateDict(
    state: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
    options: LoadStateDictOptions = {},
  ): LoadedKeys {
    return loadStateDict(this, state, options);
  }

  /**
   * What a class adds to its part of the state dict, under the key `_extra_state`, beside parameters and buffers: anything
   * that can be saved. Its {@link setExtraState} gets it back.
   */
  getExtraState?(): unknown;

  /** Takes what {@link getExtraState} gave, from a state dict that is loaded. */
  setExtraState?(state: unknown): void;

  /** Parameters, then persistent buffers, of this module alone: its part of the state dict. */
  ownState(): [string, Parameter | Buffer][] {
    const members = this.members();
    return [
      ...members.filter((member): member is [string, Parameter] => member[1] instanceof Parameter),
      ...members.filter((member): member is [string, Buffer] => member[1] instanceof Buffer && member[1].persistent),
    ];
  }

  /** Names in {@link ownState} that a state dict may lack: what older versions of the module did not save. */
  optionalState(): readonly string[] {
    return [];
  }

  /** What a state dict must not have, strict or not, unless it is in {@link ownState}: older versions saved it. */
  refusedState(): RefusedState | null {
    return null;
  }

  // -- printing -----------------------------------------------------------------------------------------------------------

  /** What stands between the parentheses when the module is printed. */
  extraRepr(): string {
    return '';
  }

  /** The module as Python prints it. */
  override toString(): string {
    return moduleRepr(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
