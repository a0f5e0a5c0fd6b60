/** Nodes of autograd's graph, as JavaScript sees them. */

import { inspect } from 'node:util';

import { binding, type TensorBase } from '../engine';
import type { NodeId } from '../engine/binding';

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

  /** The node's name, as Python prints it. */
  toString(): string {
    return `<${this.name}>`;
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
