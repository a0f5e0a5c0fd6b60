/**
 * How often whole numbers occur, by the number: `collections.Counter`, which a file of `save` holds it as. Python's schedulers ask
 * theirs for what a dict has not.
 */
export class Counter {
  [value: string]: number;

  /** @param counts how often each occurs */
  constructor(counts: Readonly<Record<number, number>> = {}) {
    Object.assign(this, counts);
  }
}
