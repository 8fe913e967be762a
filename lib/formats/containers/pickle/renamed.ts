/**
 * Python 2's names for what Python 3 calls otherwise. Pickles of protocols 0 to 2 have the old ones, also those that
 * Python 3 writes, and it takes them for the new ones when it opens such a file: `commands` stands for `subprocess`.
 */

/** The last protocol that has the old names. */
const LAST_PROTOCOL = 2;

/** Modules that hold what models or attacks are made of; `_compat_pickle` of Python has them all. */
const MODULES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    __builtin__: 'builtins',
    BaseHTTPServer: 'http.server',
    CGIHTTPServer: 'http.server',
    Cookie: 'http.cookies',
    SimpleHTTPServer: 'http.server',
    SimpleXMLRPCServer: 'xmlrpc.server',
    SocketServer: 'socketserver',
    StringIO: 'io',
    UserDict: 'collections',
    UserList: 'collections',
    UserString: 'collections',
    _abcoll: 'collections.abc',
    cPickle: 'pickle',
    cStringIO: 'io',
    commands: 'subprocess',
    cookielib: 'http.cookiejar',
    copy_reg: 'copyreg',
    exceptions: 'builtins',
    httplib: 'http.client',
    robotparser: 'urllib.robotparser',
    'test.test_support': 'test.support',
    thread: '_thread',
    urllib2: 'urllib.request',
    urlparse: 'urllib.parse',
    xmlrpclib: 'xmlrpc.client',
  }),
);

/** Of `__builtin__`. */
const BUILTINS: ReadonlyMap<string, string> = new Map([
  ['long', 'int'],
  ['unichr', 'chr'],
  ['unicode', 'str'],
  ['xrange', 'range'],
]);

/** The module and the name that Python 3 takes for those that a pickle of this protocol has. */
export function currentName(module: string, name: string, protocol: number): [module: string, name: string] {
  const current = protocol > LAST_PROTOCOL ? undefined : MODULES.get(module);
  if (current === undefined) return [module, name];
  return [current, (module === '__builtin__' && BUILTINS.get(name)) || name];
}
