/** Metrics as text, in the format that Prometheus reads (version 0.0.4). */
import { DIFFERENCES, type HistogramCounts, ROWS, SECONDS } from './histogram.ts';
import type { MetricsState, SeriesState } from './metrics.ts';

/** A version of a model, from the repository. */
export interface VersionCounts {
  readonly model: string;
  readonly version: string;
  readonly format: string;
  readonly sha256?: string;
  /** The number of versions that replaced another one from the same path. */
  readonly updates: number;
  readonly rejections: number;
  /** The time when it was loaded, in seconds since 1970. */
  readonly since: number;
}

export interface ProcessCounts {
  readonly ready: boolean;
  readonly workers: number;
  readonly restarts: number;
}

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Sample = readonly [labels: string, value: number];

export function prometheusText(
  { series, statuses, connections, waiting }: MetricsState,
  versions: readonly VersionCounts[],
  about: ProcessCounts,
): string {
  const lines: string[] = [];
  const family = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]) => {
    head(lines, name, type, help);
    for (const [labels, value] of samples) lines.push(`${name}${labels && `{${labels}}`} ${number(value)}`);
  };
  const perSeries = (of: (one: SeriesState) => number): Sample[] => series.map((one) => [labelsOf(one), of(one)]);
  const histogram = (
    name: string,
    help: string,
    bounds: readonly number[],
    of: (one: SeriesState) => HistogramCounts,
  ) => {
    head(lines, name, 'histogram', help);
    for (const one of series) pushHistogram(lines, name, labelsOf(one), bounds, of(one));
  };

  family(
    'forwardpass_requests_total',
    'counter',
    'Requests for predictions.',
    perSeries(({ requests }) => requests),
  );
  family(
    'forwardpass_request_errors_total',
    'counter',
    'Requests for predictions that failed, by code.',
    series.flatMap((one) =>
      Object.entries(one.errors).map(([code, count]): Sample => [`${labelsOf(one)},code="${escaped(code)}"`, count]),
    ),
  );
  family(
    'forwardpass_rows_total',
    'counter',
    'Rows that were predicted.',
    perSeries(({ rows }) => rows),
  );
  histogram(
    'forwardpass_request_duration_seconds',
    'Time from the headers of a request for predictions to its answer.',
    SECONDS,
    ({ seconds }) => seconds,
  );
  histogram(
    'forwardpass_compute_duration_seconds',
    'The part of it for running the model, and waiting for that.',
    SECONDS,
    ({ computeSeconds }) => computeSeconds,
  );
  histogram('forwardpass_batch_rows', 'Rows per run.', ROWS, ({ batchRows }) => batchRows);

  const shadows = series.filter(({ shadow }) => shadow.requests + shadow.failures > 0);
  const perShadow = (key: keyof SeriesState['shadow']): Sample[] =>
    shadows.map((one) => [labelsOf(one), one.shadow[key]]);
  family('forwardpass_shadow_requests_total', 'counter', 'Requests that a shadow also ran.', perShadow('requests'));
  family(
    'forwardpass_shadow_failures_total',
    'counter',
    'Requests that a shadow failed or was too busy for.',
    perShadow('failures'),
  );
  family('forwardpass_shadow_rows_total', 'counter', 'Rows that a shadow also ran.', perShadow('rows'));
  family(
    'forwardpass_shadow_different_rows_total',
    'counter',
    'Rows for which a shadow had a different result.',
    perShadow('different'),
  );
  head(
    lines,
    'forwardpass_shadow_difference',
    'histogram',
    'The largest absolute difference of a request from the shadow.',
  );
  for (const one of shadows) {
    pushHistogram(lines, 'forwardpass_shadow_difference', labelsOf(one), DIFFERENCES, one.differences);
  }

  family(
    'forwardpass_model_info',
    'gauge',
    'Versions in use.',
    versions.map((one) => {
      const about = `format="${escaped(one.format)}",sha256="${escaped(one.sha256 ?? '')}"`;
      return [`${labelsOf(one)},${about}`, 1];
    }),
  );
  family(
    'forwardpass_model_loaded_timestamp_seconds',
    'gauge',
    'Time when the version in use was loaded.',
    versions.map((one) => [labelsOf(one), one.since]),
  );
  family(
    'forwardpass_model_reloads_total',
    'counter',
    'Newer files that replaced the one in use.',
    versions.map((one) => [labelsOf(one), one.updates]),
  );
  family(
    'forwardpass_model_rejections_total',
    'counter',
    'Newer files that were rejected.',
    versions.map((one) => [labelsOf(one), one.rejections]),
  );

  family(
    'forwardpass_http_responses_total',
    'counter',
    'Answers of all kinds, by status.',
    Object.entries(statuses).map(([status, count]) => [`status="${status}"`, count]),
  );
  family('forwardpass_connections', 'gauge', 'Open connections.', [['', connections]]);
  family('forwardpass_waiting_requests', 'gauge', 'Requests that wait for a run off the event loop, or for a batch.', [
    ['', waiting],
  ]);
  family('forwardpass_ready', 'gauge', 'Whether the server is ready.', [['', about.ready ? 1 : 0]]);
  family('forwardpass_workers', 'gauge', 'Threads that answer requests.', [['', about.workers]]);
  family('forwardpass_worker_restarts_total', 'counter', 'Threads that ended unexpectedly.', [['', about.restarts]]);
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  family('process_cpu_seconds_total', 'counter', 'Processor time of the process.', [['', (user + system) / 1e6]]);
  family('process_resident_memory_bytes', 'gauge', 'Memory of the process.', [['', rss]]);
  family('process_start_time_seconds', 'gauge', 'Time when the process started.', [['', performance.timeOrigin / 1e3]]);
  family('nodejs_heap_size_used_bytes', 'gauge', 'Heap of the thread that answered.', [['', heapUsed]]);
  return `${lines.join('\n')}\n`;
}

function head(lines: string[], name: string, type: string, help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

function pushHistogram(
  lines: string[],
  name: string,
  labels: string,
  bounds: readonly number[],
  { counts, sum }: HistogramCounts,
): void {
  let count = 0;
  for (const [at, bound] of bounds.entries()) {
    count += counts[at];
    lines.push(`${name}_bucket{${labels},le="${number(bound)}"} ${number(count)}`);
  }
  count += counts[bounds.length];
  lines.push(`${name}_bucket{${labels},le="+Inf"} ${number(count)}`);
  lines.push(`${name}_sum{${labels}} ${number(sum)}`, `${name}_count{${labels}} ${number(count)}`);
}

function labelsOf({ model, version }: { readonly model: string; readonly version: string }): string {
  return `model="${escaped(model)}",version="${escaped(version)}"`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : 'NaN';
}
