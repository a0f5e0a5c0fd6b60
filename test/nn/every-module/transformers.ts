import * as nn from '../../../lib/nn';
import { randn, tensor, type Tensor } from '../../../lib/tensor';
import type { Draws } from '../draws';
import type { Configuration, Entries, Value } from './entry';

/** An activation here and in Python. */
type Activation = readonly [ours: nn.TransformerActivation, python: string];

const activations: readonly Activation[] = [
  ['relu', "'relu'"],
  ['gelu', "'gelu'"],
  [nn.functional.gelu, 'torch.nn.functional.gelu'],
  [(x) => x.tanh(), 'torch.tanh'],
  [new nn.GELU('tanh'), "torch.nn.GELU('tanh')"],
  [new nn.ELU(), 'torch.nn.ELU()'],
];

interface Layer {
  readonly size: number;
  readonly heads: number;
  readonly batchFirst: boolean;
  /** The arguments of both sides. */
  readonly options: nn.TransformerLayerOptions;
  readonly python: string;
}

const py = (value: boolean): string => (value ? 'True' : 'False');

/** Modules are made for each call, since both sides must draw nothing but what a fresh one draws. */
function layerOf(draws: Draws): Layer {
  const heads = draws.int(1, 4);
  const size = heads * draws.int(1, 4);
  const [batchFirst, normFirst, bias] = [draws.int(0, 3) > 0, draws.int(0, 3) === 0, draws.int(0, 3) > 0];
  const [dimFeedforward, dropout] = [draws.int(1, 12), draws.pick([0, 0.1, 0.5])];
  const [activation, spelt] = draws.pick(activations);
  const layerNormEps = draws.pick([1e-5, 1e-3]);
  return {
    size,
    heads,
    batchFirst,
    options: { dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst, bias },
    python:
      `dim_feedforward=${dimFeedforward}, dropout=${dropout.toFixed(1)}, activation=${spelt}, layer_norm_eps=${layerNormEps}, ` +
      `batch_first=${py(batchFirst)}, norm_first=${py(normFirst)}, bias=${py(bias)}`,
  };
}

/** Flags, drawn; the first column is false, so that every row leaves something to see. */
function flags(draws: Draws, shape: readonly [number, ...number[]], share = 0.3): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const columns = shape.at(-1) as number;
  return tensor(Array.from({ length: count }, (_, at) => at % columns !== 0 && draws.next() < share)).reshape(shape);
}

/** Padding at the ends of the sequences, or anywhere. */
function padding(draws: Draws, batch: number, length: number): Tensor {
  if (draws.int(0, 3) === 0) return flags(draws, [batch, length]);
  return tensor(
    Array.from({ length: batch }, () => {
      const end = draws.int(1, length);
      return Array.from({ length }, (_, at) => at >= end);
    }),
  );
}

const causal = (length: number): Tensor => nn.Transformer.generateSquareSubsequentMask(length);

const maskOf = (draws: Draws, rows: number, columns: number): Value =>
  draws.pick([null, null, flags(draws, [rows, columns]), ...(rows === columns ? [causal(rows)] : [])]);

const sequence = (layer: Layer, batch: number, length: number): Tensor =>
  randn(layer.batchFirst ? [batch, length, layer.size] : [length, batch, layer.size]);

/** Source, mask and padding of an encoder. */
function encoderInputs(draws: Draws, layer: Layer): Value[] {
  const [batch, length] = [draws.int(1, 3), draws.int(1, 5)];
  if (draws.int(0, 4) === 0) return [randn([length, layer.size]), maskOf(draws, length, length)];
  const mask = maskOf(draws, length, length);
  const pads = draws.flag() ? padding(draws, batch, length) : null;
  return [sequence(layer, batch, length), mask, pads];
}

function decoderInputs(draws: Draws, layer: Layer): Value[] {
  const [batch, target, source] = [draws.int(1, 3), draws.int(1, 5), draws.int(1, 5)];
  return [
    sequence(layer, batch, target),
    sequence(layer, batch, source),
    maskOf(draws, target, target),
    draws.pick([null, flags(draws, [target, source])]),
    draws.flag() ? padding(draws, batch, target) : null,
    draws.flag() ? padding(draws, batch, source) : null,
  ];
}

const encoderLayer = ({
  size,
  heads,
  options,
  python,
}: Layer): Pick<Configuration, 'python'> & { make: () => nn.TransformerEncoderLayer } => ({
  make: () => new nn.TransformerEncoderLayer(size, heads, options),
  python: `torch.nn.TransformerEncoderLayer(${size}, ${heads}, ${python})`,
});

const decoderLayer = ({
  size,
  heads,
  options,
  python,
}: Layer): Pick<Configuration, 'python'> & { make: () => nn.TransformerDecoderLayer } => ({
  make: () => new nn.TransformerDecoderLayer(size, heads, options),
  python: `torch.nn.TransformerDecoderLayer(${size}, ${heads}, ${python})`,
});

export const transformers: Entries = {
  TransformerEncoderLayer: (draws) => {
    const layer = layerOf(draws);
    return { ...encoderLayer(layer), inputs: encoderInputs(draws, layer), differentiate: [0] };
  },
  TransformerDecoderLayer: (draws) => {
    const layer = layerOf(draws);
    return { ...decoderLayer(layer), inputs: decoderInputs(draws, layer), differentiate: [0, 1] };
  },
  TransformerEncoder: (draws) => {
    const layer = layerOf(draws);
    const { make, python } = encoderLayer(layer);
    const [count, normed, nested, check] = [draws.int(1, 3), draws.flag(), draws.int(0, 3) > 0, draws.int(0, 3) > 0];
    const norm = (): nn.LayerNorm | null => (normed ? new nn.LayerNorm(layer.size) : null);
    return {
      make: () => new nn.TransformerEncoder(make(), count, norm(), { enableNestedTensor: nested, maskCheck: check }),
      python:
        `torch.nn.TransformerEncoder(${python}, ${count}, ${normed ? `torch.nn.LayerNorm(${layer.size})` : 'None'}, ` +
        `enable_nested_tensor=${py(nested)}, mask_check=${py(check)})`,
      inputs: encoderInputs(draws, layer),
      differentiate: [0],
    };
  },
  TransformerDecoder: (draws) => {
    const layer = layerOf(draws);
    const { make, python } = decoderLayer(layer);
    const [count, normed] = [draws.int(1, 3), draws.flag()];
    return {
      make: () => new nn.TransformerDecoder(make(), count, normed ? new nn.LayerNorm(layer.size) : null),
      python: `torch.nn.TransformerDecoder(${python}, ${count}${normed ? `, torch.nn.LayerNorm(${layer.size})` : ''})`,
      inputs: decoderInputs(draws, layer),
      differentiate: [0, 1],
    };
  },
  Transformer: (draws) => {
    const layer = layerOf(draws);
    const { size, heads, options, python } = layer;
    const [encoders, decoders] = [draws.int(1, 2), draws.int(1, 2)];
    const [batch, source, target] = [draws.int(1, 3), draws.int(1, 5), draws.int(1, 5)];
    return {
      make: () => new nn.Transformer(size, heads, encoders, decoders, options),
      python: `torch.nn.Transformer(${size}, ${heads}, ${encoders}, ${decoders}, ${python})`,
      inputs: [
        sequence(layer, batch, source),
        sequence(layer, batch, target),
        maskOf(draws, source, source),
        maskOf(draws, target, target),
        draws.pick([null, flags(draws, [target, source])]),
        draws.flag() ? padding(draws, batch, source) : null,
        draws.flag() ? padding(draws, batch, target) : null,
        draws.flag() ? padding(draws, batch, source) : null,
      ],
      differentiate: [0, 1],
    };
  },
};
