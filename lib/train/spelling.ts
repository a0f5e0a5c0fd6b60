// Not from the floor's index, which loads the native library: the program must be able to say that this is missing.
export { didYouMean, nearest } from '../engine/spelling';

/** `batchSize` → `--batch-size` */
export function flagOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
