/**
 * Globals that are known to run code. Nothing in a pickle is ever called here, so this list is not a protection; it
 * explains what a file would have done in Python. Anything not on it is data without a meaning.
 */
import { ForwardpassError } from '../../../errors.ts';
import { PickleGlobal, PickleObject, type PickleValue } from './values.ts';

/** Packages whose classes and functions never belong in a model. */
const PACKAGES = new Set(
  (
    'os posix posixpath ntpath nt subprocess _posixsubprocess popen2 sys runpy pty tty socket ssl socketserver ' +
    'webbrowser shutil tempfile importlib _frozen_importlib _frozen_importlib_external imp pkgutil zipimport pip ' +
    'ensurepip venv codeop timeit cProfile pdb bdb doctest pydoc idlelib lib2to3 ctypes _ctypes cffi marshal pickle ' +
    '_pickle cPickle shelve dill cloudpickle jsonpickle multiprocessing concurrent threading _thread asyncio signal ' +
    'sched atexit gc inspect ast dis urllib urllib2 http httplib ftplib smtplib imaplib poplib telnetlib xmlrpc ' +
    'requests aiohttp paramiko fabric linecache fileinput mmap fcntl sqlite3 unittest'
  ).split(' '),
);

/** Subpackages that are refused. */
const SUBPACKAGES = [
  'distutils.command',
  'distutils.file_util',
  'distutils.spawn',
  'logging.config',
  'numpy.distutils',
  'numpy.f2py',
  'numpy.lib._npyio_impl',
  'numpy.lib.npyio',
  'numpy.testing',
  'test.support',
  'torch._inductor',
  'torch.distributed.rpc',
  'torch.fx',
  'torch.hub',
  'torch.multiprocessing',
  'torch.package',
  'torch.testing._internal',
  'torch.utils._config_module',
  'torch.utils.bottleneck',
  'torch.utils.collect_env',
  'torch.utils.cpp_extension',
  'torch.utils.model_zoo',
];

const BUILTINS = (
  'eval exec execfile compile open file __import__ getattr setattr delattr globals locals vars dir breakpoint ' +
  'input raw_input apply help exit quit reload'
).split(' ');
const FILES = ['open', 'open_code', 'FileIO'];
const TORCH_FILES = ['load', 'save'];

/** Functions of packages that also contain harmless names. */
const FUNCTIONS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    builtins: BUILTINS,
    __builtin__: BUILTINS,
    code: ['InteractiveInterpreter', 'InteractiveConsole', 'interact'],
    commands: ['getoutput', 'getstatusoutput'],
    profile: ['Profile', 'run', 'runctx'],
    trace: ['Trace'],
    io: FILES,
    _io: FILES,
    types: ['FunctionType', 'LambdaType', 'CodeType', 'MethodType', 'ModuleType'],
    operator: ['attrgetter', 'methodcaller', 'call'],
    _operator: ['attrgetter', 'methodcaller', 'call'],
    joblib: ['load'],
    'joblib.numpy_pickle': ['load'],
    numpy: ['load', 'loadtxt', 'genfromtxt', 'fromfile', 'save', 'savez'],
    pandas: ['eval', 'read_pickle'],
    'pandas.io.pickle': ['read_pickle'],
    torch: [...TORCH_FILES, 'compile'],
    'torch.serialization': TORCH_FILES,
    'torch.jit': TORCH_FILES,
    'torch.jit._serialization': TORCH_FILES,
  }),
);

/** Packages that other packages import: `torch.os.system` is `os.system`. */
const WITHIN = new Set([
  'os',
  'posix',
  'nt',
  'subprocess',
  'sys',
  'builtins',
  'importlib',
  'shutil',
  'runpy',
  'pickle',
]);

/** Names that pickles legitimately use. */
const HARMLESS = new Set(['copyreg.__newobj__', 'copyreg.__newobj_ex__']);

/** The functions with which cloudpickle rebuilds functions and classes from the Python code in the file. */
const CODE = /^(?:joblib\.externals\.)?cloudpickle(?:\.\w+)*\.(?:_\w+|(?:dynamic_)?subimport)$/;

/** cloudpickle's name for a built-in type of Python; its argument says which one. */
export const BUILTIN_TYPE = 'cloudpickle.cloudpickle._builtin_type';

export function holdsCode(name: string, place: string): ForwardpassError {
  const message =
    `contains a function or a class as Python code (${name}), as cloudpickle and MLflow save what a notebook or a script ` +
    'defines; only Python runs it, and nothing of it was run. Save the model without functions and classes of your ' +
    'own: steps of scikit-learn, functions of NumPy';
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}

/**
 * Throws, with its name, `UNSAFE` for a global that runs code, and `UNSUPPORTED_OP` for one that makes a function from
 * code.
 */
export function refuseUnsafe(module: string, name: string, place: string): void {
  const full = `${module}.${name}`;
  if (full === BUILTIN_TYPE) return;
  if (CODE.test(full)) throw holdsCode(full, place);
  if (isUnsafe(module, name)) throw unsafe(full, place);
}

export const GETATTR = 'builtins.getattr';

/**
 * Throws `UNSAFE` for a class that opens a file when it is called (it does not when it is only the class of an array in
 * the pickle), and for getattr, unless it gets a method.
 */
export function refuseCall(callable: PickleGlobal, args: readonly PickleValue[], place: string): void {
  const { name } = callable;
  if (name !== 'memmap' && name !== 'getattr') return;
  const full = String(callable);
  if (full === 'numpy.memmap' || (full === GETATTR && !isMethod(args))) throw unsafe(full, place);
}

/** A method, with a plain name, of a torch object that is in the file itself: Python pickles methods as getattr. */
function isMethod([object, name, ...others]: readonly PickleValue[]): boolean {
  const isTorch = object instanceof PickleObject && /^torch(\.|$)/.test(object.callable.module);
  return isTorch && typeof name === 'string' && /^[a-zA-Z]\w*$/.test(name) && others.length === 0;
}

/**
 * The name of a method of Python's `str` or `bytes`, which Python pickles as getattr of the class: `str.split`. It is a
 * name like that of any function, and is not called either.
 */
export function methodOfText(callable: PickleGlobal, [object, name, ...others]: readonly PickleValue[]) {
  const isOfText = object instanceof PickleGlobal && String(object) === 'builtins.str' && String(callable) === GETATTR;
  return isOfText && typeof name === 'string' && /^[a-z]+$/.test(name) && others.length === 0
    ? `str.${name}`
    : undefined;
}

export function unsafe(name: string, place: string): ForwardpassError {
  const message = `the file would run ${name} when Python opens it; it is refused, and nothing of it was run`;
  return new ForwardpassError('UNSAFE', message, place);
}

function isUnsafe(module: string, name: string): boolean {
  const full = `${module}.${name}`;
  if (HARMLESS.has(full)) return false;
  const parts = full.split('.');
  const [root] = parts;
  if (PACKAGES.has(root) || parts.slice(1).some((part) => WITHIN.has(part))) return true;
  if (SUBPACKAGES.some((path) => full.startsWith(`${path}.`))) return true;
  const [outermost] = name.split('.');
  return FUNCTIONS.get(module)?.includes(outermost) || name.split('.').some((part) => /^__\w+__$/.test(part));
}
