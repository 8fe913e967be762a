/** A line on a terminal that shows the progress of a long run. Writes nothing elsewhere, or when the run is short. */
import type { WriteStream } from 'node:tty';

export type ProgressStream = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

const DELAY_MS = 500;
const INTERVAL_MS = 100;
const BAR_WIDTH = 20;

export class Progress {
  private readonly startedAt: number;
  private nextAt: number;
  private isShown = false;

  constructor(
    private readonly stream: ProgressStream,
    isWanted = true,
    private readonly now: () => number = Date.now,
  ) {
    this.startedAt = now();
    this.nextAt = stream.isTTY && isWanted ? this.startedAt + DELAY_MS : Number.POSITIVE_INFINITY;
  }

  /** `fraction` is from 0 to 1, if known. */
  update(rowCount: number, fraction: number | undefined): void {
    const now = this.now();
    if (now < this.nextAt) return;
    this.nextAt = now + INTERVAL_MS;
    this.isShown = true;
    const line = progressLine(rowCount, fraction, (now - this.startedAt) / 1000);
    this.stream.write(`\r\x1b[K${line.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }

  /** Clears the line for the next output. */
  clear(): void {
    if (this.isShown) this.stream.write('\r\x1b[K');
    this.isShown = false;
  }
}

export function progressLine(rowCount: number, fraction: number | undefined, seconds: number): string {
  const rate = rowCount / seconds;
  const rows = `${count(rowCount)} rows  ${count(rate < 10 ? Number(rate.toFixed(1)) : Math.round(rate))} rows/s`;
  if (fraction === undefined) return rows;
  const filled = Math.floor(fraction * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const left = fraction > 0 ? `  ${duration((seconds * (1 - fraction)) / fraction)} left` : '';
  return `${bar} ${Math.floor(fraction * 100)} %  ${rows}${left}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
