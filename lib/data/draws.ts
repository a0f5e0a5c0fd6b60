import { empty, Generator, randint, randperm, type Tensor } from '../tensor';

/** `torch.empty((), dtype=torch.int64).random_(generator=generator).item()`, the way in which PyTorch's loaders draw a seed. */
export function drawSeed(generator?: Generator): bigint {
  return taken(empty([], { dtype: 'int64' }).random_({ generator }), (drawn) => drawn.itemBigInt());
}

/** `torch.randperm(n, generator=generator).tolist()` */
export function permutation(n: number, generator?: Generator): number[] {
  return taken(randperm(n, { generator: generator ?? null }), numbers);
}

/** `torch.randint(high, (count,), dtype=torch.int64, generator=generator).tolist()` */
export function integersBelow(high: number, count: number, generator?: Generator): number[] {
  return taken(randint(high, [count], { dtype: 'int64', generator: generator ?? null }), numbers);
}

/** A generator of its own, seeded. */
export function seededGenerator(seed: bigint): Generator {
  return new Generator().manualSeed(seed);
}

/** The elements of a tensor of indices, which is freed. */
export function indicesIn(tensor: Tensor): number[] {
  return taken(tensor, numbers);
}

/** Indices are far below 2^53, so they are numbers without loss. */
function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.toTypedArray() as BigInt64Array, Number);
}

function taken<T>(tensor: Tensor, read: (tensor: Tensor) => T): T {
  try {
    return read(tensor);
  } finally {
    tensor.dispose();
  }
}
