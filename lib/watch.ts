/** A model that is replaced while it is used: the newest good version of a file or a URL. */
import type { LiveModel } from './watch/live-model.ts';
import type { WatchOptions } from './watch/options.ts';

export type { LiveModel, LiveStatus } from './watch/live-model.ts';
export type { ModelVersion, WatchOptions } from './watch/options.ts';

/**
 * Loads a model from a path or a URL (`file:`, `http:`, `https:`), and checks for newer versions of it. Resolves with the first
 * good model: the source's, otherwise the cached one, otherwise the fallback's. See docs/live-models.md.
 *
 *     const live = await watch('https://models.example/churn.joblib', { cache: '/var/cache/churn' });
 *     live.run(x);
 *
 * @throws {ForwardpassError} what `load` throws, if none of the three is a good model; CHECKSUM, REJECTED; OPTION.
 */
export async function watch(source: string | URL, options: WatchOptions = {}): Promise<LiveModel> {
  // Loaded with the first watched model, because programs that only load models do not need it.
  const { openLive } = await import('./watch/open.ts');
  return openLive(source, options);
}
