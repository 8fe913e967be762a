/** Assembles the parts that watch one source. */
import { ForwardpassError } from '../errors.ts';
import { loadChecked } from '../load.ts';
import { describe } from '../messages.ts';
import { aborted } from '../source/abort.ts';
import { locate } from '../source.ts';
import { Cache } from './cache.ts';
import { FileOrigin } from './file-origin.ts';
import { HttpOrigin } from './http-origin.ts';
import { LiveModel } from './live-model.ts';
import { type CheckedWatchOptions, checkWatchOptions, type WatchOptions } from './options.ts';
import type { Offer } from './origin.ts';
import { Reports } from './reports.ts';
import { Watcher } from './watcher.ts';

export async function openLive(source: string | URL, options: WatchOptions): Promise<LiveModel> {
  const checked = checkWatchOptions(options);
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new ForwardpassError('OPTION', `expected a path or a URL, found ${describe(source)}`, 'source');
  }
  const reports = new Reports(checked);
  const place = locate(source);
  const origin = typeof place === 'string' ? new FileOrigin(place, checked) : remote(place, checked, reports);
  const watcher = new Watcher(origin, fallbackOf(checked), checked, reports);
  const { signal } = checked.load;
  aborted(signal);
  signal?.addEventListener('abort', () => watcher.close(signal.reason), { signal: watcher.signal });
  try {
    await watcher.start();
  } catch (error) {
    await watcher.close();
    throw error;
  }
  return new LiveModel(watcher);
}

function remote(url: URL, options: CheckedWatchOptions, reports: Reports): HttpOrigin {
  const { cache, load } = options;
  const report = (error: ForwardpassError) => reports.cache(error);
  return new HttpOrigin(
    url,
    options,
    cache === undefined ? undefined : new Cache(cache, url, load.limits.bytes, report),
  );
}

function fallbackOf({ fallback, load: options }: CheckedWatchOptions): Offer | undefined {
  if (fallback === undefined) return undefined;
  return {
    version: { from: 'fallback' },
    key: 'fallback',
    load: (signal) => loadChecked(fallback, { ...options, signal }),
  };
}
