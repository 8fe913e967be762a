/** Parses paths to routes. Names are decoded and looked up in a table: no path reaches the file system. */

export type Action =
  | 'page'
  | 'live'
  | 'ready'
  | 'metrics'
  | 'openapi'
  | 'list'
  | 'describe'
  | 'schema'
  | 'predict'
  | 'v2'
  | 'v2-live'
  | 'v2-ready'
  | 'v2-list'
  | 'v2-metadata'
  | 'v2-model-ready'
  | 'v2-infer'
  | 'index'
  | 'load'
  | 'unload'
  | 'v1-list'
  | 'v1-metadata'
  | 'v1-predict';

export interface Route {
  readonly action: Action;
  readonly method: 'GET' | 'POST';
  readonly name?: string;
  readonly version?: string;
}

/** Paths without names. */
const FIXED: ReadonlyMap<string, Route> = new Map([
  ['/', get('page')],
  ['/healthz', get('live')],
  ['/readyz', get('ready')],
  ['/metrics', get('metrics')],
  ['/openapi.json', get('openapi')],
  ['/models', get('list')],
  ['/v2', get('v2')],
  ['/v2/', get('v2')],
  ['/v2/health/live', get('v2-live')],
  ['/v2/health/ready', get('v2-ready')],
  ['/v2/models', get('v2-list')],
  ['/v2/repository/index', { action: 'index', method: 'POST' }],
  ['/v1/models', get('v1-list')],
]);

/** The routes after a model's name or version. */
const AFTER_MODEL: ReadonlyMap<string, ReadonlyMap<string, Route>> = new Map([
  [
    'models',
    new Map([
      ['', get('describe')],
      ['schema', get('schema')],
      ['predict', { action: 'predict', method: 'POST' }],
    ]),
  ],
  [
    'v2',
    new Map([
      ['', get('v2-metadata')],
      ['ready', get('v2-model-ready')],
      ['infer', { action: 'v2-infer', method: 'POST' }],
    ]),
  ],
]);

function get(action: Action): Route {
  return { action, method: 'GET' };
}

/** Longer paths are not found. */
const LONGEST_PATH = 4096;

/** The route of a path without its query. Undefined if the path is unknown, `malformed` if it is invalid. */
export function routeOf(path: string): Route | 'malformed' | undefined {
  const fixed = FIXED.get(path);
  if (fixed !== undefined || path.length > LONGEST_PATH) return fixed;
  if (!path.startsWith('/')) return 'malformed';
  const segments: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    const decoded = decode(segment);
    if (decoded === undefined) return 'malformed';
    segments.push(decoded);
  }
  const [first, second, ...rest] = segments;
  if (first === 'models') return named('models', segments.slice(1));
  if (first === 'v2' && second === 'models') return named('v2', rest);
  if (first === 'v2' && second === 'repository') return control(rest);
  if (first === 'v1' && second === 'models') return v1(rest);
  return undefined;
}

/** NAME, NAME/WHAT, NAME/versions/VERSION, NAME/versions/VERSION/WHAT */
function named(family: string, [name, ...rest]: readonly string[]): Route | undefined {
  if (!name) return undefined;
  const table = AFTER_MODEL.get(family);
  if (rest[0] === 'versions' && rest[1] && rest.length <= 3) {
    const route = rest[2] === '' ? undefined : table?.get(rest[2] ?? '');
    return route && { ...route, name, version: rest[1] };
  }
  if (rest.length > 1 || rest[0] === '') return undefined;
  const route = table?.get(rest[0] ?? '');
  return route && { ...route, name };
}

/** models/NAME/load, models/NAME/unload */
function control([models, name, what, ...rest]: readonly string[]): Route | undefined {
  if (models !== 'models' || !name || rest.length > 0 || (what !== 'load' && what !== 'unload')) return undefined;
  return { action: what, method: 'POST', name };
}

/** NAME, NAME:predict, NAME/versions/VERSION, NAME/versions/VERSION:predict */
function v1(segments: readonly string[]): Route | undefined {
  const last = segments.at(-1) ?? '';
  const isPredict = last.endsWith(':predict');
  const cut = isPredict ? last.slice(0, -':predict'.length) : last;
  const [name, versions, version, ...rest] = [...segments.slice(0, -1), cut];
  if (!name || rest.length > 0) return undefined;
  const route: Route = isPredict ? { action: 'v1-predict', method: 'POST' } : get('v1-metadata');
  if (versions === undefined) return { ...route, name };
  return versions === 'versions' && version ? { ...route, name, version } : undefined;
}

function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Caches routes by path, because a server has few. */
export class Routes {
  readonly #known = new Map<string, Route>();

  of(path: string): Route | 'malformed' | undefined {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const route = routeOf(path);
    if (typeof route === 'object' && path.length <= 256) {
      if (this.#known.size >= 1024) this.#known.clear();
      this.#known.set(path, route);
    }
    return route;
  }
}
