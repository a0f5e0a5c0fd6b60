/** Nodes of autograd's graph, as JavaScript sees them. */

import { inspect } from 'node:util';

import { ArgumentError, binding, describe, TensorBase } from '../engine';
import type { NodeId } from '../engine/binding';
import { adopt } from './dispatch';
import { checkHook, type HookResult, RemovableHandle } from './hooks';
import type { Tensor } from './tensor';

/** Gradients of a node: null for one that is missing. */
export type NodeGradients = readonly (Tensor | null)[];

/**
 * A node of autograd's graph: how one tensor was made, and where its gradient goes. `torch.autograd.graph.Node`.
 *
 * It keeps the tensor that it was got from, and does not keep the graph alive beyond it: after that tensor's dispose() or
 * the end of its scope, reading the node throws DisposedError.
 */
export class GraphNode {
  /** @internal */
  constructor(
    private readonly id: NodeId,
    /** What keeps the node alive. */
    private source: TensorBase | GraphNode,
  ) {}

  /** `AddBackward0`, as Python prints it. */
  get name(): string {
    return binding.nodeName(this.id);
  }

  /**
   * The nodes that this one passes gradients to, each with the number of its input; null for an argument that needs no
   * gradient. A leaf is an AccumulateGrad node. `next_functions`.
   */
  get nextFunctions(): readonly (readonly [node: GraphNode | null, input: number])[] {
    const edges = binding.nextFunctions(this.id);
    return Array.from({ length: edges.length / 2 }, (_, index) => {
      const [node = 0, input = 0] = edges.slice(2 * index);
      return [nodeOf(node, this), input];
    });
  }

  /**
   * Has `hook` called whenever the node has computed gradients, with those that it passes on and those that it was given;
   * a list that it returns takes the place of the first. `torch.autograd.graph.Node.register_hook`.
   */
  registerHook(
    hook: (gradInputs: NodeGradients, gradOutputs: NodeGradients) => HookResult<NodeGradients>,
  ): RemovableHandle {
    checkHook(hook, 'registerHook');
    const id = binding.registerNodeHook(this.id, (gradInputs, gradOutputs) =>
      handlesOf(hook(tensorsOf(gradInputs), tensorsOf(gradOutputs)), gradInputs.length, 'registerHook'),
    );
    return new RemovableHandle(() => binding.removeHook(id));
  }

  /**
   * Has `hook` called whenever gradients reach the node, before it computes; a list that it returns takes their place.
   * `torch.autograd.graph.Node.register_prehook`.
   */
  registerPrehook(hook: (gradOutputs: NodeGradients) => HookResult<NodeGradients>): RemovableHandle {
    checkHook(hook, 'registerPrehook');
    const id = binding.registerNodePrehook(this.id, (gradOutputs) =>
      handlesOf(hook(tensorsOf(gradOutputs)), gradOutputs.length, 'registerPrehook'),
    );
    return new RemovableHandle(() => binding.removeHook(id));
  }

  /** As Python prints it: the name without the namespace in C++. */
  toString(): string {
    return `<${shortName(this.name)}>`;
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal A node reached again may outlive what it was reached by first. */
  keepBy(source: TensorBase | GraphNode): this {
    this.source = source;
    return this;
  }
}

/** @internal The name of a node without what stands before the last `::` of it. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

function tensorsOf(handles: readonly number[]): (Tensor | null)[] {
  return handles.map((handle) => (handle === 0 ? null : adopt<Tensor>(handle)));
}

/** What a hook returned, as handles; null for nothing. */
function handlesOf(returned: unknown, count: number, name: string): number[] | null {
  if (returned === undefined || returned === null) return null;
  const list: unknown = returned;
  const isGradient = (value: unknown): value is TensorBase | null => value === null || value instanceof TensorBase;
  if (Array.isArray(list) && list.length === count && list.every(isGradient)) {
    return list.map((gradient) => gradient?.handle ?? 0);
  }
  throw new ArgumentError(
    `${name}(): expected the hook to return nothing or a list of ${count} tensors and nulls, but it returned ${describe(returned)}`,
  );
}

/** @internal The one object for a node; null for 0. */
export function nodeOf(id: NodeId, source: TensorBase | GraphNode): GraphNode | null {
  if (id === 0) return null;
  const known = binding.nodeObject(id) as GraphNode | null;
  // The node's own tensor keeps it more surely than what was derived from it.
  if (known !== null) return source instanceof GraphNode ? known : known.keepBy(source);
  const node = new GraphNode(id, source);
  binding.setNodeObject(id, node);
  return node;
}
