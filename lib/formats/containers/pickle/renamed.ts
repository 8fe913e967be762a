/**
 * Python 2's names for modules and functions that Python 3 renamed. Pickles of protocols 0 to 2 use the old names, even
 * if Python 3 wrote them, and Python 3 maps them to the new names when it opens such a file: `commands` becomes
 * `subprocess`.
 */

/** The last protocol with the old names. */
const LAST_PROTOCOL = 2;

/** Modules that contain parts of models or attacks; Python's `_compat_pickle` has the full list. */
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

/** Renamed names of `__builtin__`. */
const BUILTINS: ReadonlyMap<string, string> = new Map([
  ['long', 'int'],
  ['unichr', 'chr'],
  ['unicode', 'str'],
  ['xrange', 'range'],
]);

/** The module and name that Python 3 uses for those in a pickle of this protocol. */
export function currentName(module: string, name: string, protocol: number): [module: string, name: string] {
  const current = protocol > LAST_PROTOCOL ? undefined : MODULES.get(module);
  if (current === undefined) return [module, name];
  return [current, (module === '__builtin__' && BUILTINS.get(name)) || name];
}
