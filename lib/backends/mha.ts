import { ArgumentError, describe } from '../engine';

/** Attention in evaluation: `torch.backends.mha`. */
export interface MhaBackend {
  /** `nn.MultiheadAttention` and the transformer's encoder may take the fused kernel, where their other conditions hold. */
  getFastpathEnabled(): boolean;
  /**
   * Lets them take it, or with `false` has them compute by single ops, whose bits are those of training. As in Python it is
   * a setting of the layers and not of libtorch: each thread has its own.
   */
  setFastpathEnabled(value: boolean): void;
}

let enabled = true;

/** For layers, which ask before each forward. */
export function isFastpathEnabled(): boolean {
  return enabled;
}

export const mha: MhaBackend = Object.freeze({
  getFastpathEnabled: isFastpathEnabled,
  setFastpathEnabled: (value: boolean) => {
    if (typeof value !== 'boolean') {
      throw new ArgumentError(
        `setFastpathEnabled(): expected true or false for argument \`value\`, received ${describe(value)}`,
      );
    }
    enabled = value;
  },
});
