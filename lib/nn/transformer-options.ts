/** What the layers of transformers have in common. */
import { ArgumentError, checkNumbers, describe, TorchError } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { GELU, ReLU } from './activation';
import { checkCount, readOptions } from './arguments';
import * as F from './functional';
import type { FactoryOptions } from './linear';
import { Module } from './module';

/** What stands between the two linear layers: a name, a function or a module. */
export type TransformerActivation = 'relu' | 'gelu' | ((input: Tensor) => Tensor) | Module;

/** Options of {@link TransformerEncoderLayer} and {@link TransformerDecoderLayer}. */
export interface TransformerLayerOptions extends FactoryOptions {
  /** Features between the two linear layers. */
  dimFeedforward?: number;
  /** In training, the probability of an element to become zero: of attention weights and of what each part returns. */
  dropout?: number;
  activation?: TransformerActivation;
  /** Added to the variances in the normalisations. */
  layerNormEps?: number;
  /** Sequences are [N, L, E], not [L, N, E]. */
  batchFirst?: boolean;
  /** Normalise what goes into attention and linear layers, not what comes out. */
  normFirst?: boolean;
  /** Learn biases in linear layers and normalisations. */
  bias?: boolean;
}

/** @inline */
interface LayerSizes {
  dModel: number;
  nhead: number;
}

/** The arguments of a layer. @inline */
export type TransformerLayerArguments = Arguments<
  [dModel: number, nhead: number],
  LayerSizes & TransformerLayerOptions,
  [
    'dModel',
    'nhead',
    'dimFeedforward',
    'dropout',
    'activation',
    'layerNormEps',
    'batchFirst',
    'normFirst',
    'bias',
    'device',
    'dtype',
  ]
>;

/** The defaults of {@link TransformerLayerOptions}, in PyTorch's order. */
export const layerDefaults: Required<TransformerLayerOptions> = {
  dimFeedforward: 2048,
  dropout: 0.1,
  activation: F.relu,
  layerNormEps: 1e-5,
  batchFirst: false,
  normFirst: false,
  bias: true,
  device: null,
  dtype: null,
};

/** Reads the arguments of a layer, with the activation as what can be called. */
export function readLayerOptions(
  callee: string,
  args: TransformerLayerArguments,
): LayerSizes & Required<TransformerLayerOptions> & { activation: Exclude<TransformerActivation, string> } {
  const defaults = { dModel: required as number, nhead: required as number, ...layerDefaults };
  const options = readOptions(callee, defaults, args);
  const { dimFeedforward, dropout, layerNormEps, activation } = options;
  checkNumbers(callee, { dropout, layerNormEps });
  checkCount(callee, 'dimFeedforward', dimFeedforward);
  return { ...options, activation: activationOf(callee, activation) };
}

function activationOf(callee: string, activation: TransformerActivation): Exclude<TransformerActivation, string> {
  if (activation === 'relu') return F.relu;
  if (activation === 'gelu') return F.gelu;
  if (typeof activation === 'string') {
    throw new TorchError(`activation should be relu/gelu, not ${String(activation)}`);
  }
  if (typeof activation === 'function' || activation instanceof Module) return activation;
  throw new ArgumentError(
    `${callee}(): expected 'relu', 'gelu', a function or a module for argument \`activation\`, received ${describe(activation)}`,
  );
}

/** Applies an activation. */
export function activate(activation: Exclude<TransformerActivation, string>, input: Tensor): Tensor {
  return activation instanceof Module ? activation.forward(input) : activation(input);
}

/** What the fused layer knows: 1 for ReLU, 2 for GELU (however it approximates, as in Python), 0 for others. */
export function reluOrGelu(activation: Exclude<TransformerActivation, string>): 0 | 1 | 2 {
  if (activation === F.relu || activation instanceof ReLU) return 1;
  return activation === F.gelu || activation instanceof GELU ? 2 : 0;
}
