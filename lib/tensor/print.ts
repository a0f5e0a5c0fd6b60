/** Tensors as Python prints them; follows torch/_tensor_str.py step by step. */

import { binding } from '../engine';
import { callOp } from './dispatch';
import { type DType, isComplexDType, isFloatingDType } from './dtype';
import { shortName } from './graph-node';
import { contents } from './print-elements';
import { getPrintoptions, type PrintOptions } from './print-options';
import { floatText } from './python-float';
import { complexOf, getDefaultDtype } from './settings';
import type { Tensor } from './tensor';

function tuple(sizes: readonly number[]): string {
  return `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
}

/** True for the dtypes that Python infers by itself, and so does not tell. */
function goesWithoutSaying(dtype: DType): boolean {
  if (dtype === 'int64' || dtype === 'bool') return true;
  const fraction = getDefaultDtype();
  return dtype === fraction || (isComplexDType(dtype) && dtype === complexOf(fraction));
}

/** What stands between `tensor(` and its end: the elements, and what is to be told of the tensor behind them. */
interface Parts {
  readonly text: string;
  readonly suffixes: readonly string[];
  /** The suffixes begin on a line of their own. */
  readonly newline?: boolean;
}

function dtypeSuffix({ dtype }: Tensor): string[] {
  return goesWithoutSaying(dtype) ? [] : [`dtype=torch.${dtype}`];
}

function plainParts(tensor: Tensor, indent: number, options: PrintOptions): Parts {
  const { dtype, shape, layout } = tensor;
  // Without elements to tell by, int64 must be named as well.
  const named = dtype === getDefaultDtype() ? [] : [`dtype=torch.${dtype}`];
  const size = `size=${tuple(shape)}`;
  if (tensor.device === 'meta') return { text: '...', suffixes: [size, ...named] };
  if (tensor.numel() === 0) return { text: '[]', suffixes: [...(shape.length === 1 ? [] : [size]), ...named] };
  const suffixes = [...(options.edgeitems === 0 ? [size] : []), ...dtypeSuffix(tensor)];
  if (layout === 'strided') return { text: contents(tensor, indent, options), suffixes };
  const dense = callOp<Tensor>('aten::to_dense', [tensor]);
  const text = contents(dense, indent, options);
  dense.dispose();
  return { text, suffixes };
}

/** Index tensors of each sparse layout: the word in Python's repr, and the op that returns it. */
const INDICES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  sparse_coo: [['indices', 'aten::_indices']],
  sparse_csr: [
    ['crow_indices', 'aten::crow_indices'],
    ['col_indices', 'aten::col_indices'],
  ],
  sparse_csc: [
    ['ccol_indices', 'aten::ccol_indices'],
    ['row_indices', 'aten::row_indices'],
  ],
  sparse_bsr: [
    ['crow_indices', 'aten::crow_indices'],
    ['col_indices', 'aten::col_indices'],
  ],
  sparse_bsc: [
    ['ccol_indices', 'aten::ccol_indices'],
    ['row_indices', 'aten::row_indices'],
  ],
};

function sparseParts(tensor: Tensor, indent: number, options: PrintOptions): Parts {
  const { layout, shape } = tensor;
  const isCoo = layout === 'sparse_coo';
  const isMeta = tensor.device === 'meta';
  const members = [...(INDICES[layout] ?? []), ['values', isCoo ? 'aten::_values' : 'aten::values'] as const];
  const texts = members.map(([name, op]) => {
    const part = callOp<Tensor>(op, [tensor]);
    const prefix = `${name}=tensor(`;
    const size = isMeta || part.numel() === 0 ? `, size=${tuple(part.shape)}` : '';
    const text = `${prefix}${isMeta ? '...' : contents(part, indent + prefix.length, options)}${size})`;
    part.dispose();
    return text;
  });
  const nnz = isMeta ? [] : [`nnz=${callOp<number>('aten::_nnz', [tensor])}`];
  return {
    text: texts.join(`,\n${' '.repeat(indent)}`),
    suffixes: [`size=${tuple(shape)}`, ...nnz, ...dtypeSuffix(tensor)],
    newline: isCoo,
  };
}

function quantizedParts(tensor: Tensor, indent: number, options: PrintOptions): Parts {
  const { dtype, shape } = tensor;
  const suffixes = [`size=${tuple(shape)}`, `dtype=torch.${dtype}`];
  const member = (op: string): Tensor => callOp<Tensor>(op, [tensor]);
  let scale: number | null = null;
  try {
    scale = callOp<number>('aten::q_scale', [tensor]);
  } catch {
    // Only tensors with one scale for all elements have it.
  }
  if (scale !== null) {
    const zeroPoint = callOp<number>('aten::q_zero_point', [tensor]);
    suffixes.push(
      'quantization_scheme=torch.per_tensor_affine',
      `scale=${floatText(scale)}`,
      `zero_point=${zeroPoint}`,
    );
  } else {
    const scales = member('aten::q_per_channel_scales');
    const zeroPoints = member('aten::q_per_channel_zero_points');
    const scheme = isFloatingDType(zeroPoints.dtype) ? 'per_channel_affine_float_qparams' : 'per_channel_affine';
    const axis = callOp<number>('aten::q_per_channel_axis', [tensor]);
    suffixes.push(`quantization_scheme=torch.${scheme}`, `scale=${format(scales)}`);
    suffixes.push(`zero_point=${format(zeroPoints)}`, `axis=${axis}`);
    scales.dispose();
    zeroPoints.dispose();
  }
  const plain = callOp<Tensor>('aten::dequantize.self', [tensor]);
  const text = contents(plain, indent, options);
  plain.dispose();
  return { text, suffixes };
}

function partsOf(tensor: Tensor, indent: number, options: PrintOptions): Parts {
  if (tensor.layout in INDICES) return sparseParts(tensor, indent, options);
  // No DType: quantized tensors come from ops only.
  if (/^quint|^qint/.test(tensor.dtype)) return quantizedParts(tensor, indent, options);
  return plainParts(tensor, indent, options);
}

function gradSuffix(tensor: Tensor): string[] {
  let name: string | null;
  try {
    name = tensor.gradFn?.name ?? null;
  } catch {
    // A view that was changed in place where autograd cannot follow has no node any more.
    name = 'Invalid';
  }
  if (name !== null) return [`grad_fn=<${shortName(name)}>`];
  return tensor.requiresGrad ? ['requires_grad=True'] : [];
}

/** The text of `repr(tensor)` in Python. */
export function format(tensor: Tensor): string {
  const options = getPrintoptions();
  const prefix = 'tensor(';
  const indent = prefix.length;
  const recording = binding.isGradEnabled();
  binding.setGradEnabled(false);
  try {
    const { device, layout } = tensor;
    const parts = partsOf(tensor, indent, options);
    const suffixes = [
      ...(device === 'cpu' ? [] : [`device='${device}'`]),
      ...parts.suffixes,
      ...(layout === 'strided' ? [] : [`layout=torch.${layout}`]),
      ...gradSuffix(tensor),
    ];
    let text = prefix + parts.text;
    let column = text.length - text.lastIndexOf('\n') + 1;
    for (const [index, suffix] of suffixes.entries()) {
      if ((index === 0 && parts.newline === true) || column + suffix.length + 2 > options.linewidth) {
        text += `,\n${' '.repeat(indent)}${suffix}`;
        column = indent + suffix.length;
      } else {
        text += `, ${suffix}`;
        column += suffix.length + 2;
      }
    }
    return `${text})`;
  } finally {
    binding.setGradEnabled(recording);
  }
}

/**
 * The text among other values of `util.inspect`, which indents all lines but the first: a tensor of several lines begins
 * on a line of its own, since the width of the name before it is not known here.
 */
export function formatNested(text: string): string {
  const lines = text.split('\n');
  const opening = /^\w+\(/.exec(text)?.[0];
  if (lines.length === 1 || opening === undefined) return text;
  const body = lines.map((line) => line.slice(opening.length)).map((line) => (line === '' ? '' : `  ${line}`));
  return [opening, ...body].join('\n');
}
