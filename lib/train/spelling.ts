export { didYouMean, nearest } from '../engine/spelling';

/** `batchSize` → `--batch-size` */
export function flagOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
