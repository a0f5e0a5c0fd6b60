import type { TwoPhaseDataset } from './dataset';
import { disposeTensors } from './ownership';

/** A load that has ended, well or not. Never a rejected promise: one that nobody waits for yet would end the process. */
export type Loaded<D> = { readonly value: D } | { readonly error: unknown };

/** The loads of a two-phase data set that run ahead of what was asked for, in order, and no more of them than `limit`. */
export class Prefetch<D> {
  private readonly planned: number[] = [];
  private readonly started: Promise<Loaded<D>>[] = [];

  constructor(
    private readonly dataset: TwoPhaseDataset<D, unknown>,
    private readonly limit: number,
  ) {}

  /** True if {@link fill} could start more than is planned. */
  get hungry(): boolean {
    return this.started.length + this.planned.length < this.limit;
  }

  /** Says what will be taken next, after all that was planned before. */
  plan(indices: readonly number[]): void {
    this.planned.push(...indices);
  }

  /** Starts what is planned, as far as the limit allows. */
  fill(): void {
    const indices = this.planned.splice(0, this.limit - this.started.length);
    this.started.push(...indices.map((index) => load(this.dataset, index)));
  }

  /** The loads of the indices that were planned first, or of unplanned ones where none are; starts those that wait. */
  take(indices: readonly number[]): Promise<Loaded<D>>[] {
    const started = this.started.splice(0, indices.length);
    const waiting = indices.slice(started.length);
    this.planned.splice(0, waiting.length);
    return [...started, ...waiting.map((index) => load(this.dataset, index))];
  }

  /**
   * Gives up what was started; what still runs is freed when it ends, and its errors are nobody's any more. All has ended
   * when the promise is settled.
   */
  async close(): Promise<void> {
    this.planned.length = 0;
    await Promise.all(this.started.splice(0).map(async (pending) => disposeLoaded(this.dataset, await pending)));
  }
}

/** Frees what a load brought, but the tensors in `but`. */
export function disposeLoaded<D>(
  dataset: TwoPhaseDataset<D, unknown>,
  loaded: Loaded<D>,
  but?: ReadonlySet<unknown>,
): void {
  if (!('value' in loaded)) return;
  disposeTensors(loaded.value, but);
  dataset.release?.(loaded.value);
}

async function load<D>(dataset: TwoPhaseDataset<D, unknown>, index: number): Promise<Loaded<D>> {
  try {
    return { value: await dataset.load(index) };
  } catch (error) {
    return { error };
  }
}
