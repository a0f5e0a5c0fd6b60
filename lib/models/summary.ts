/** What a model consists of, as a table: shapes, parameters, multiply-accumulates. */
import { inspect } from 'node:util';

import { checkInteger, checkOptions } from '../engine';
import type { AnyModule } from '../nn';
import { traceCalls, type ModuleCall } from './trace';

/** A module in a {@link ModelSummary}. */
export interface LayerSummary {
  /** Its dotted path; empty for the model itself. */
  readonly path: string;
  /** Its class. */
  readonly module: string;
  /** How many modules it is inside of. */
  readonly depth: number;
  /** Of its first input, in its last call; null where it was not called or took no tensor. */
  readonly inputShape: readonly number[] | null;
  /** Of its first output, in its last call; null where it was not called or returned no tensor. */
  readonly outputShape: readonly number[] | null;
  /** How often it was called. 0 too for what a module around it computes with, as attention does with its projection. */
  readonly calls: number;
  /** Numbers in its parameters and those of the modules in it, each parameter once. */
  readonly parameters: number;
  /** Multiply-accumulates of it and of the modules in it, in all calls. */
  readonly macs: number;
}

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** How deep the printed table goes; what lies deeper is in the numbers of the rows above it. Default 3. */
  depth?: number;
}

/** What {@link summary} found; `String(summary)` and `console.log` show it as a table. */
export class ModelSummary {
  /** @internal */
  constructor(
    /** Class of the model. */
    readonly model: string,
    readonly inputShape: readonly number[],
    readonly outputShape: readonly number[] | null,
    /** The model itself, and all modules in it, each once, parents first. */
    readonly layers: readonly LayerSummary[],
    /** Numbers in all parameters, each parameter once. */
    readonly parameters: number,
    /** Those of them that require a gradient. */
    readonly trainableParameters: number,
    /** Numbers in all buffers, such as the running means of batch norm. */
    readonly buffers: number,
    /** Multiply-accumulates of one forward pass over the whole batch. */
    readonly macs: number,
    private readonly depth: number,
  ) {}

  /** The table as text, ending with the totals. */
  toString(): string {
    const rows = this.layers
      .filter(({ depth }) => depth > 0 && depth <= this.depth)
      .map(({ path, module, depth, outputShape, parameters, macs }) => [
        `${'  '.repeat(depth - 1)}${path.slice(path.lastIndexOf('.') + 1)}`,
        module,
        outputShape === null ? '-' : `[${outputShape.join(', ')}]`,
        parameters === 0 ? '-' : thousands(parameters),
        macs === 0 ? '-' : thousands(macs),
      ]);
    const frozen = this.parameters - this.trainableParameters;
    return [
      `${this.model}: [${this.inputShape.join(', ')}] to ${this.outputShape === null ? '-' : `[${this.outputShape.join(', ')}]`}`,
      '',
      ...aligned([['layer', 'module', 'output shape', 'parameters', 'MACs'], ...rows]),
      '',
      `parameters  ${thousands(this.parameters)}${frozen === 0 ? '' : `, of which ${thousands(frozen)} are not trained`}`,
      ...(this.buffers === 0 ? [] : [`buffers     ${thousands(this.buffers)}`]),
      `MACs        ${thousands(this.macs)}`,
    ].join('\n');
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * The modules of a model with the shapes of what they return, their parameters and their multiply-accumulates, as one
 * forward pass over an input of this shape has them. The model computes on its own device, on zeros, in evaluation;
 * afterwards its weights, buffers, modes and the generators are as before.
 *
 * Counted are convolutions, linear layers, `MultiheadAttention`, and what a module with a method `multiplyAccumulates` says of
 * itself; see {@link macsOf}. Half of what `torch.utils.flop_counter` of PyTorch counts as operations.
 *
 * @param inputShape with the batch, such as [1, 3, 128, 128]
 * @throws ArgumentError for a shape that is none, and a model with lazy modules that have seen no input
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Conv2d(3, 8, 3, { padding: 1 }), new nn.ReLU(), new nn.Conv2d(8, 2, 1));
 * const { parameters, macs, layers } = torch.models.summary(model, [1, 3, 16, 16]);
 * console.log(parameters, macs); // 242 59392
 * console.log(layers.map(({ outputShape }) => outputShape)[1]); // [ 1, 8, 16, 16 ]
 * ```
 */
export function summary(model: AnyModule, inputShape: readonly number[], options: SummaryOptions = {}): ModelSummary {
  checkOptions('summary', options, ['depth']);
  const { depth = 3 } = options;
  checkInteger('summary', 'depth', depth, 1);
  const calls = traceCalls('summary', model, inputShape);
  const layers = model.namedModules().map(([path, module]) => layerOf(path, module, calls));
  const parameters = model.parameters();
  return new ModelSummary(
    model.constructor.name,
    [...inputShape],
    layers[0]?.outputShape ?? null,
    layers,
    numbersIn(parameters),
    numbersIn(parameters.filter(({ requiresGrad }) => requiresGrad)),
    numbersIn(model.buffers()),
    layers[0]?.macs ?? 0,
    depth,
  );
}

function layerOf(path: string, module: AnyModule, calls: readonly ModuleCall[]): LayerSummary {
  const own = calls.filter((call) => call.module === module);
  const last = own.at(-1);
  const inside = calls.filter((call) => path === '' || call.path === path || call.path.startsWith(`${path}.`));
  return {
    path,
    module: module.constructor.name,
    depth: path === '' ? 0 : path.split('.').length,
    inputShape: last?.inputShape ?? null,
    outputShape: last?.outputShape ?? null,
    calls: own.length,
    parameters: numbersIn(module.parameters()),
    macs: inside.reduce((sum, { macs }) => sum + macs, 0),
  };
}

function numbersIn(tensors: readonly { numel(): number }[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.numel(), 0);
}

function thousands(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Text to the left of its column, from the fourth on numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
