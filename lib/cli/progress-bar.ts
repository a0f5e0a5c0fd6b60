import { duration } from './format';

const barWidth = 24;

/** One line at the bottom of a terminal that rewrites itself; on anything else it stays silent. */
export class ProgressBar {
  private shown = false;
  private lastDrawn = -Infinity;

  constructor(private readonly terminal: NodeJS.WriteStream) {}

  /** Draws `label [████    ] 12/60  0:31 left`, ten times a second at most. */
  update(label: string, done: number, total: number, secondsLeft: number, now = performance.now()): void {
    if (!this.terminal.isTTY || (now - this.lastDrawn < 100 && done < total)) return;
    this.lastDrawn = now;
    this.shown = true;
    const filled = Math.round((barWidth * done) / Math.max(1, total));
    const bar = '█'.repeat(filled) + ' '.repeat(barWidth - filled);
    const line = `${label} [${bar}] ${done}/${total}  ${duration(secondsLeft)} left`;
    this.terminal.write(`\r\x1b[2K${line.slice(0, Math.max(20, (this.terminal.columns || 80) - 1))}`);
  }

  /** Takes the bar away, so that a line can be printed in its place. */
  clear(): void {
    if (this.shown) this.terminal.write('\r\x1b[2K');
    this.shown = false;
  }
}
