/** Places in lists, as Python counts them. */
import { checkInteger, IndexError, valueError } from '../engine';

/** The place that an index means, of which a negative one counts from the end; `least` and `most` may go beyond the elements. */
export function placeOf(callee: string, index: number, length: number, most = length - 1): number {
  checkInteger(callee, 'index', index);
  const place = index < 0 ? index + length : index;
  if (place >= 0 && place <= most) return place;
  throw new IndexError(`${callee}(): index ${index} is out of range for ${length} elements`);
}

/** The elements of `list[start:stop:step]`; null stands for what Python lets one leave out. */
export function sliceOf<T>(list: readonly T[], start: number | null, stop: number | null, step: number): T[] {
  checkInteger('slice', 'step', step);
  if (step === 0) throw valueError('slice(): expected a step other than 0');
  const clamp = (name: string, index: number | null, absent: number): number => {
    if (index === null) return absent;
    checkInteger('slice', name, index);
    const place = index < 0 ? index + list.length : index;
    return step > 0 ? Math.min(Math.max(place, 0), list.length) : Math.min(Math.max(place, -1), list.length - 1);
  };
  const first = clamp('start', start, step > 0 ? 0 : list.length - 1);
  const end = clamp('stop', stop, step > 0 ? list.length : -1);
  const taken: T[] = [];
  for (let place = first; step > 0 ? place < end : place > end; place += step) taken.push(list[place] as T);
  return taken;
}
