/** How tensors are printed: `torch.set_printoptions`. */
export interface PrintOptions {
  /** Digits after the point. */
  precision: number;
  /** Tensors with more elements are summarised. */
  threshold: number;
  /** Elements shown at each end of a summarised dimension. */
  edgeitems: number;
  /** Characters per line. */
  linewidth: number;
  /** Scientific notation; null decides by the values. */
  sciMode: boolean | null;
}

const options: PrintOptions = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sciMode: null };

/** The settings as they are, copied. */
export function getPrintOptions(): PrintOptions {
  return { ...options };
}

/** Changes some settings. As in Python, `sciMode` falls back to null where it is not given. */
export function setPrintOptions(changes: Partial<PrintOptions>): void {
  Object.assign(options, { sciMode: null }, changes);
}
