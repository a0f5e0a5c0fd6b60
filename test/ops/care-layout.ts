/** Arguments of what picks, places and rearranges elements: indexing, views, splitting, joining. */

import type { Cares } from './care';
import type { Arguments } from './generator';
import type { Value } from './values';

const rankOf = (g: Arguments): number => g.choose.int(1, 3);
const someShape = (g: Arguments): number[] => Array.from({ length: rankOf(g) }, () => g.choose.int(1, 4));
const dimOf = (g: Arguments, shape: readonly number[]): number => g.choose.int(-shape.length, shape.length - 1);
const at = (shape: readonly number[], dim: number): number => shape.at(dim) ?? 1;
const withSize = (shape: readonly number[], dim: number, size: number): number[] =>
  shape.map((old, index) => (index === (dim + shape.length) % shape.length ? size : old));

/** A tensor, a dimension of it, and an index into that dimension of the shape that `scatter` and `gather` want. */
function alongDim(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const dim = dimOf(g, shape);
  const part = withSize(shape, dim, g.choose.int(1, 4));
  return {
    self: g.t(shape),
    dim,
    index: g.index(part, at(shape, dim)),
    src: g.t(part),
    value: g.choose.pick([1, 2, 3]),
    reduce: undefined,
  };
}

/** A tensor, a dimension, and a list of places in it. */
function placesInDim(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const dim = dimOf(g, shape);
  const places = g.choose.int(1, 3);
  return {
    self: g.t(shape),
    dim,
    index: g.index([places], at(shape, dim)),
    source: g.t(withSize(shape, dim, places)),
  };
}

function view(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const count = shape.reduce((product, size) => product * size, 1);
  const forms = [[count], [-1], [1, count], [...shape].reverse(), [1, ...shape], [at(shape, 0), -1]];
  return { self: g.t(shape), size: g.choose.pick(forms), shape: g.choose.pick(forms) };
}

function pieces(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const dim = g.choose.int(0, shape.length - 1);
  const size = at(shape, dim);
  const first = g.choose.int(0, size);
  return {
    self: g.t(shape),
    dim,
    splitSizes: [first, size - first],
    splitSize: [first, size - first],
    chunks: g.choose.int(1, 4),
  };
}

export const careForLayout: Cares = [
  ['view_as_complex', (g) => ({ self: g.f('a b 2') })],
  ['view_as_real imag', (g) => ({ self: g.t('a b', 'plain', 'complex64') })],
  ['gather scatter_add', alongDim],
  [
    'scatter',
    (g, overload) => ({
      ...alongDim(g),
      ...(overload.endsWith('reduce') ? { reduce: g.choose.pick(['add', 'multiply']) } : {}),
    }),
  ],
  ['scatter_reduce', (g) => ({ ...alongDim(g), reduce: g.choose.pick(['sum', 'prod', 'mean', 'amax', 'amin']) })],
  [
    'take_along_dim',
    (g) => {
      const { self, dim, index } = alongDim(g);
      return { self, dim, indices: index };
    },
  ],
  ['index_select index_add index_copy', placesInDim],
  ['index_fill', (g, overload) => ({ ...placesInDim(g), value: overload.endsWith('Tensor') ? g.t('') : 2 })],
  ['index_reduce', (g) => ({ ...placesInDim(g), reduce: g.choose.pick(['prod', 'mean', 'amax', 'amin']) })],
  [
    'index',
    (g) => ({
      self: g.t('a b c'),
      indices: g.choose.pick([[g.index('3', 'a')], [null, g.index('2', 'b')], [g.index('2', 'a'), g.index('2', 'b')]]),
    }),
  ],
  ['index_put', (g) => ({ self: g.t('a b'), indices: [g.index('3', 'a')], values: g.t('b') })],
  ['take', (g) => ({ self: g.t('a b'), index: g.index('3 2', g.size('a') * g.size('b')) })],
  ['put', (g) => ({ self: g.t('a b'), index: g.index('3', g.size('a') * g.size('b')), source: g.t('3') })],
  ['masked_scatter', (g) => ({ self: g.t('a b'), mask: g.t('a b', 'any', 'bool'), source: g.t('4 4') })],
  [
    'masked_fill',
    (g, overload) => ({
      self: g.t('a b'),
      mask: g.t('a b', 'any', 'bool'),
      value: overload === 'Tensor' ? g.t('') : 2,
    }),
  ],
  [
    'where',
    (g, overload) => ({
      condition: g.t('a b', 'any', 'bool'),
      ...(overload === ''
        ? {}
        : {
            self: /Scalar$|ScalarSelf$/.test(overload) ? 2 : g.t('a b'),
            other: /Scalar$|ScalarOther$/.test(overload) ? 1.5 : g.t('b'),
          }),
    }),
  ],
  [
    'select',
    (g) => {
      const shape = someShape(g);
      const dim = dimOf(g, shape);
      return { self: g.t(shape), dim, index: g.choose.int(0, at(shape, dim) - 1) };
    },
  ],
  ['select_scatter', (g) => ({ self: g.t('a b c'), src: g.t('a c'), dim: 1, index: g.choose.int(0, g.size('b') - 1) })],
  ['slice_scatter', (g) => ({ self: g.t('a b'), src: g.t('a 1'), dim: 1, start: 0, end: 1, step: 1 })],
  [
    'slice',
    (g) => ({
      self: g.t('a 5'),
      dim: 1,
      start: g.choose.pick([undefined, 1]),
      end: g.choose.pick([4, 9]),
      step: g.choose.pick([1, 2]),
    }),
  ],
  ['slice_inverse', (g) => ({ self: g.t('a 1'), src: g.t('a b'), dim: 1, start: 0, end: 1, step: 1 })],
  [
    'diagonal diag_embed',
    (g) => ({ self: g.t('a b c'), dim1: 0, dim2: g.choose.pick([1, -1]), offset: g.choose.int(-1, 1) }),
  ],
  ['diagonal_scatter', (g) => ({ self: g.t('a a'), src: g.t('a'), offset: 0, dim1: 0, dim2: 1 })],
  [
    'as_strided',
    (g) => ({
      self: g.t('3 4'),
      size: [2, 2],
      stride: g.choose.pick([
        [1, 2],
        [2, 1],
      ]),
      storageOffset: g.choose.pick([0, 1]),
    }),
  ],
  [
    'as_strided_scatter',
    (g) => ({ self: g.t('3 4'), src: g.t('2 2'), size: [2, 2], stride: [2, 1], storageOffset: 0 }),
  ],
  ['view reshape', (g, overload) => (overload === 'dtype' ? { self: g.t('4 4') } : view(g))],
  ['view_as reshape_as', (g) => ({ self: g.t('2 6'), other: g.t('3 4') })],
  ['flatten', (g) => ({ self: g.t('a b c'), startDim: g.choose.int(0, 1), endDim: g.choose.int(1, 2) })],
  [
    'unflatten',
    (g) => ({
      self: g.t('a 6'),
      dim: 1,
      sizes: g.choose.pick([
        [2, 3],
        [-1, 2],
      ]),
    }),
  ],
  ['expand', (g) => ({ self: g.t('1 b'), size: [g.choose.int(1, 4), g.size('b')] })],
  ['broadcast_to', (g) => ({ self: g.t('1 b'), size: [g.choose.int(1, 4), g.size('b')] })],
  ['expand_as', (g) => ({ self: g.t('1 b'), other: g.t('a b') })],
  ['sum_to_size', (g) => ({ self: g.t('a b'), size: [1, g.size('b')] })],
  ['permute', (g) => ({ self: g.t('a b c'), dims: g.choose.shuffle([0, 1, 2]) })],
  ['repeat tile', (g) => ({ self: g.t('a b'), repeats: [g.choose.int(0, 2), 2], dims: [2, g.choose.int(1, 3)] })],
  [
    'repeat_interleave',
    (g, overload) => ({
      self: g.t('a b'),
      repeats: overload === 'self_int' ? 2 : g.index(overload === 'Tensor' ? '4' : 'b', 3),
      dim: overload === 'self_Tensor' ? 1 : undefined,
      outputSize: undefined,
    }),
  ],
  ['roll', (g) => ({ self: g.t('a b'), shifts: [1, g.choose.int(-3, 3)], dims: [0, 1] })],
  [
    'rot90',
    (g) => ({
      self: g.t('a b c'),
      k: g.choose.int(-2, 5),
      dims: g.choose.pick([
        [0, 1],
        [1, 2],
      ]),
    }),
  ],
  [
    'movedim moveaxis',
    (g, overload) => ({
      self: g.t('a b c'),
      ...(overload === 'int'
        ? { source: 0, destination: g.choose.int(-3, 2) }
        : { source: [0, 2], destination: [1, 0] }),
    }),
  ],
  [
    'narrow',
    (g, overload) => ({
      self: g.t('4 b'),
      dim: 0,
      start: overload === 'Tensor' ? g.index('', 3) : g.choose.int(0, 2),
      length: g.choose.int(0, 2),
    }),
  ],
  ['chunk unsafe_chunk split_with_sizes unsafe_split_with_sizes', pieces],
  [
    'split unsafe_split',
    (g, overload) => ({ ...pieces(g), ...(overload === 'sizes' ? {} : { splitSize: g.choose.int(1, 3) }) }),
  ],
  [
    'tensor_split',
    (g, overload) => ({
      self: g.t('5 b'),
      dim: 0,
      sections: g.choose.int(1, 4),
      indices: [1, g.choose.int(1, 6)],
      tensorIndicesOrSections: overload === 'tensor_indices_or_sections' ? g.t('', [1, 3], 'int64') : undefined,
    }),
  ],
  ['hsplit', (g) => ({ self: g.t('2 4 2'), sections: g.choose.pick([1, 2]), indices: [1, 3] })],
  ['vsplit', (g) => ({ self: g.t('4 2'), sections: g.choose.pick([1, 2]), indices: [1, 3] })],
  ['dsplit', (g) => ({ self: g.t('1 2 4'), sections: g.choose.pick([1, 2]), indices: [1, 3] })],
  ['pixel_shuffle', (g) => ({ self: g.t('n 8 a b'), upscaleFactor: 2 })],
  ['pixel_unshuffle', (g) => ({ self: g.t('n c 4 6'), downscaleFactor: 2 })],
  ['channel_shuffle native_channel_shuffle', (g) => ({ self: g.t('n 6 a b'), groups: g.choose.pick([2, 3]) })],
  ['unfold', (g) => ({ self: g.t('a 6'), dimension: 1, size: g.choose.int(1, 4), step: g.choose.int(1, 3) })],
  ['cat concat concatenate', (g) => ({ tensors: [g.t('a b'), g.t('a c')], dim: g.choose.pick([1, -1]) })],
  ['flatten_dense_tensors', (g) => ({ tensors: [g.t('a b'), g.t('c')] })],
  ['unflatten_dense_tensors', (g) => ({ flat: g.t('6'), tensors: [g.t('2 2'), g.t('2')] })],
  ['pad_sequence', (g) => ({ sequences: [g.t('a c'), g.t('b c')] })],
  ['cartesian_prod', (g) => ({ tensors: [g.t('a'), g.t('b')] })],
  ['combinations', (g) => ({ self: g.t('4'), r: g.choose.int(0, 3) })],
  ['meshgrid', (g) => ({ tensors: [g.t('a'), g.t('b')] })],
  ['squeeze', (g, overload) => ({ self: g.t('a 1 b 1'), dim: overload === 'dims' ? [1, 3] : g.choose.int(-4, 3) })],
  [
    'transpose swapaxes swapdims',
    (g) => ({
      self: g.t('a b c'),
      dim0: g.choose.int(-3, 2),
      dim1: g.choose.int(-3, 2),
      axis0: g.choose.int(-3, 2),
      axis1: g.choose.int(-3, 2),
    }),
  ],
  ['index_fill_', (g, overload) => ({ ...placesInDim(g), value: overload.endsWith('Tensor') ? g.t('') : 2 })],
  ['nonzero_static', (g) => ({ self: g.t('a b', 'whole'), size: g.choose.int(0, 6), fillValue: undefined })],
];
