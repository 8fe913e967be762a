/**
 * Places that the rules would refuse, and what bounds each: by file, as the rules name them. A place is removed from here
 * once it is gone, and `npm run lint` says so.
 *
 * @type {import('../code-rules.js').Allowed}
 */
export const ALLOWED = {
  'lib/bound-call.ts': { 'bound.bind(...buffers)': 'MAX_PORTS of lib/graph/validate.ts' },
  'lib/calls.ts': {
    'this.#native.run(...buffers)': 'MAX_PORTS of lib/graph/validate.ts',
    'this.#native.runAsync(...buffers)': 'MAX_PORTS of lib/graph/validate.ts',
    'this.#native.run(...row)': 'MAX_PORTS of lib/graph/validate.ts',
    'this.#native.run(...results)': 'MAX_PORTS of lib/graph/validate.ts',
  },
  'lib/cli/parquet/thrift.ts': {
    'ThriftCheck.element ThriftCheck.list ThriftCheck.struct': 'DEEPEST, 32, is checked at each struct and list',
  },
  'lib/cli/write-text.ts': { nestedText: 'a level for each axis of an output: MAX_RANK of lib/graph/validate.ts' },
  'lib/model.ts': {
    'Model.create': 'once, for the model that decides, which has none',
    'Model.#attach': 'once, for the model that decides, which has none',
  },
  'lib/watch/watcher.ts': {
    'Watcher.#run Watcher.#schedule Watcher.check': 'each check is awaited from a timer of its own',
  },
};
