/** The line search of `LBFGS`: a step along a direction that satisfies the strong Wolfe conditions. */

import { dispose, scope } from '../engine';
import { Tensor } from '../tensor';
import { abs, add, div, less, lessOrEqual, max, min, mul, type Num, sub } from './python-number';

/** Tensors that are in use for a while, and are freed when nothing needs them any more. */
export class InUse {
  readonly #tensors = new Set<Tensor>();

  add<T extends Num>(value: T): T {
    if (value instanceof Tensor) this.#tensors.add(value);
    return value;
  }

  /** Frees all but these. */
  keepOnly(needed: Iterable<unknown>): void {
    const live = new Set(needed);
    for (const tensor of this.#tensors) {
      if (live.has(tensor)) continue;
      dispose(tensor);
      this.#tensors.delete(tensor);
    }
  }
}

/** A point on the line: how far, the loss, the gradient, and its share along the direction. */
interface Point {
  readonly t: Num;
  readonly loss: number;
  readonly grad: Tensor;
  readonly slope: Num;
}

/** What the search found; `evaluations` counts the calls of the closure. */
export interface Found {
  readonly t: Num;
  readonly loss: number;
  readonly grad: Tensor;
  readonly evaluations: number;
}

/** The search's options, as in Python's defaults. */
const armijo = 1e-4;
const curvature = 0.9;
const least = 1e-9;

/**
 * Goes up the line until the wanted step lies between two points, then closes in on it.
 *
 * @param evaluate - the loss and the gradient at a distance, in new tensors
 * @param start - loss, gradient and slope at distance 0; its tensors stay
 * @param first - the first distance to try
 * @param most - bound of the number of iterations
 */
export function strongWolfe(
  evaluate: (t: Num) => { loss: number; grad: Tensor },
  direction: Tensor,
  start: Omit<Point, 't'>,
  first: Num,
  most: number,
): Found {
  const inUse = new InUse();
  const origin: Point = { ...start, t: 0 };
  const norm = inUse.add(scope(() => direction.abs().max()));
  let evaluations = 0;
  const visit = (t: Num): Point => {
    const { loss, grad } = evaluate(t);
    evaluations += 1;
    return { t, loss, grad: inUse.add(grad), slope: inUse.add(scope(() => grad.dot(direction))) };
  };
  const release = (...points: readonly Point[]): void =>
    inUse.keepOnly([norm, ...points.flatMap(({ t, grad, slope }) => [t, grad, slope])]);
  const isTooHigh = ({ t, loss }: Point): boolean =>
    scope(() => less(add(origin.loss, mul(mul(armijo, t), origin.slope)), loss));
  const isFlat = ({ slope }: Point): boolean => scope(() => lessOrEqual(abs(slope), mul(-curvature, origin.slope)));

  // Up the line, to two points with the wanted step between them, or to the step itself.
  let [before, now] = [origin, visit(first)];
  let bracket: [Point, Point] | null = null;
  let iterations = 0;
  for (; iterations < most; iterations++) {
    if (isTooHigh(now) || (iterations > 1 && now.loss >= before.loss)) {
      bracket = [before, now];
      break;
    }
    if (isFlat(now)) return found(now);
    if (scope(() => lessOrEqual(0, now.slope))) {
      bracket = [before, now];
      break;
    }
    const t = inUse.add(
      scope(() => {
        const lowest = add(now.t, mul(0.01, sub(now.t, before.t)));
        return interpolate(before, now, [lowest, mul(now.t, 10)]);
      }),
    );
    before = now;
    now = visit(t);
    release(before, now);
  }
  bracket ??= [origin, now];

  // Closer, until a point satisfies the conditions or the two are as good as one.
  let slow = false;
  let [low, high] = byLoss(bracket);
  for (; iterations < most; iterations++) {
    const [left, right] = bracket;
    if (scope(() => less(mul(abs(sub(right.t, left.t)), norm), least))) break;
    const next = scope(() => closer(left, right, slow));
    slow = next.slow;
    const point = visit(inUse.add(next.t));
    if (isTooHigh(point) || point.loss >= bracket[low].loss) {
      bracket[high] = point;
      [low, high] = byLoss(bracket);
    } else {
      const done = isFlat(point);
      const width = scope(() => mul(point.slope, sub(bracket[high].t, bracket[low].t)));
      inUse.add(width);
      if (!done && scope(() => lessOrEqual(0, width))) bracket[high] = bracket[low];
      bracket[low] = point;
      if (done) break;
    }
    release(...bracket);
  }
  return found(bracket[low]);

  function found({ t, loss, grad }: Point): Found {
    inUse.keepOnly([t, grad]);
    return { t, loss, grad, evaluations };
  }
}

type Place = 0 | 1;

/** Which of two points has the lower loss, and which the other. */
function byLoss([left, right]: readonly [Point, Point]): [low: Place, high: Place] {
  return left.loss <= right.loss ? [0, 1] : [1, 0];
}

/** A distance between two points; away from both if the last one was near one already. */
function closer(left: Point, right: Point, wasSlow: boolean): { t: Num; slow: boolean } {
  const t = interpolate(left, right, null);
  const [least, most] = [min(left.t, right.t), max(left.t, right.t)];
  const margin = mul(0.1, sub(most, least));
  if (!less(min(sub(most, t), sub(t, least)), margin)) return { t, slow: false };
  if (!wasSlow && !lessOrEqual(most, t) && !lessOrEqual(t, least)) return { t, slow: true };
  const nearMost = less(abs(sub(t, most)), abs(sub(t, least)));
  return { t: nearMost ? sub(most, margin) : add(least, margin), slow: false };
}

/** Where the cubic through two points with these slopes is lowest, within the bounds. */
function interpolate(a: Point, b: Point, bounds: readonly [Num, Num] | null): Num {
  const ascending = lessOrEqual(a.t, b.t);
  const [lowest, highest] = bounds ?? (ascending ? [a.t, b.t] : [b.t, a.t]);
  const d1 = sub(add(a.slope, b.slope), div(3 * (a.loss - b.loss), sub(a.t, b.t)));
  const square = sub(mul(d1, d1), mul(a.slope, b.slope));
  if (!lessOrEqual(0, square)) return div(add(lowest, highest), 2);
  const d2 = typeof square === 'number' ? Math.sqrt(square) : square.sqrt();
  const [from, to] = ascending ? [a, b] : [b, a];
  const share = div(sub(add(to.slope, d2), d1), add(sub(to.slope, from.slope), mul(2, d2)));
  return min(max(sub(to.t, mul(sub(to.t, from.t), share)), lowest), highest);
}
