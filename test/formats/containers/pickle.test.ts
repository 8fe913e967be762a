import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPickle } from '../../../lib/formats/containers/pickle/pickle.ts';
import {
  type PickleArray,
  type PickleDict,
  PickleGlobal,
  type PickleList,
  PickleObject,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { damagedPlaces } from '../../damage.ts';
import { failureOf } from '../../failure.ts';
import { plain, revive } from './plain-pickle.ts';

interface Row {
  readonly name: string;
  readonly protocol: number | null;
  readonly pickle: string;
  readonly value: unknown;
}

const ROWS: Row[] = JSON.parse(
  readFileSync(new URL('../../fixtures/pickle/pickles.json', import.meta.url), 'utf8'),
  revive,
);

const read = (bytes: string | Uint8Array, options = {}): PickleValue =>
  readPickle(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, {
    budget: new Budget(),
    place: 'a.pkl',
    ...options,
  }).value;

const decode = (row: Row) => new Uint8Array(Buffer.from(row.pickle, 'base64'));

describe('a pickle', () => {
  it.each(ROWS)('of $name, protocol $protocol, gives what CPython put in', (row) => {
    expect(plain(read(decode(row)))).toEqual(row.value);
  });

  it('is refused when it is cut off at any byte', { timeout: 120_000 }, async () => {
    for (const row of ROWS.filter(({ pickle }) => pickle.length < 1500)) {
      const bytes = decode(row);
      for (const length of damagedPlaces(bytes.length, 60)) {
        const { code } = await failureOf(() => read(bytes.slice(0, length)));
        expect(code, `${row.name} after ${length} bytes`).toBe('TRUNCATED');
      }
    }
  });

  it('gives a value or a typed error when any byte is another', { timeout: 120_000 }, async () => {
    for (const row of ROWS.filter(({ pickle }) => pickle.length < 500)) {
      const bytes = decode(row);
      for (const at of damagedPlaces(bytes.length, 60)) {
        for (const change of [1, 0x12, 0x80]) {
          const other = bytes.slice();
          other[at] ^= change;
          await Promise.resolve(other)
            .then(read)
            .catch((error) => failureOf(() => Promise.reject(error)));
        }
      }
    }
  });

  it('says where it ends, and begins where it is told', () => {
    const bytes = Buffer.from('K\x01.K\x02.', 'latin1');
    const options = { budget: new Budget(), place: 'a.pkl' };
    const first = readPickle(bytes, options);
    expect(first).toMatchObject({ value: 1, end: 3, protocol: 0 });
    expect(readPickle(bytes, { ...options, start: first.end })).toMatchObject({ value: 2, end: 6, protocol: 0 });
  });

  it('may hold itself', () => {
    const list = read(']q\0h\0a.') as PickleList;
    expect(list.items[0]).toBe(list);
  });

  it('keeps what it does not know as a name with arguments, state and items', () => {
    const object = read('ccollections\ndefaultdict\n(cbuiltins\nlist\ntRVkey\nK\x01s.') as PickleObject;
    expect(plain(object)).toEqual({ object: 'collections.defaultdict', args: [{ global: 'builtins.list' }] });
    expect(object.items).toEqual([['key', 1]]);
  });

  it('takes names of Python 2 for those of Python 3', () => {
    expect(plain(read('c__builtin__\nunicode\n.'))).toEqual({ global: 'builtins.str' });
    expect(plain(read('cexceptions\nValueError\n.'))).toEqual({ global: 'builtins.ValueError' });
  });

  it('takes names for what they are since protocol 3, which Python 2 cannot read', () => {
    expect(plain(read('\x80\x03ccommands\nStep\n.'))).toEqual({ global: 'commands.Step' });
  });

  it('gives the attributes of an object by name, be they in its dict or its slots', () => {
    const object = read('ca\nB\n)\x81N}Vx\nK\x05s\x86b.') as PickleObject;
    expect([object.attribute('x'), object.attribute('y')]).toEqual([5, undefined]);
  });

  it('gives the last of equal keys of a dict, and nothing for __proto__ unless it is there', () => {
    const dict = read('}(Va\nK\x01Va\nK\x02u.') as PickleDict;
    expect([dict.get('a'), dict.get('__proto__')]).toEqual([2, undefined]);
  });

  it.each(ROWS.filter(({ name }) => name === 'an array twice'))(
    'of protocol $protocol gives one array where it was saved twice',
    (row) => {
      const [first, second] = (read(decode(row)) as PickleList).items;
      expect(second).toBe(first);
    },
  );
});

describe('a pickle that runs code', () => {
  it.each([
    ['os.system', "cos\nsystem\n(S'true'\ntR."],
    ['posix.system', "cposix\nsystem\n(S'true'\ntR."],
    ['nt.system', "cnt\nsystem\n(S'true'\ntR."],
    ['subprocess.Popen', '\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93.'],
    ['builtins.eval', "c__builtin__\neval\n(S'1'\ntR."],
    ['subprocess.check_output', 'ccommands\ncheck_output\n.'],
    ['subprocess.Popen', '\x80\x02ccommands\nPopen\n.'],
    ['urllib.request.urlopen', 'curllib2\nurlopen\n.'],
    ['pickle.loads', 'ccPickle\nloads\n.'],
    ['_thread.start_new_thread', 'cthread\nstart_new_thread\n.'],
    ['__builtin__.eval', '\x80\x04\x8c\x0b__builtin__\x8c\x04eval\x93.'],
    ['builtins.exec', '\x80\x04\x8c\x08builtins\x8c\x04exec\x93.'],
    ['builtins.getattr', 'cbuiltins\ngetattr\n.'],
    ['builtins.__import__', 'c__builtin__\n__import__\n.'],
    ['runpy._run_code', "(S'1'\nirunpy\n_run_code\n."],
    ['sys.exit', '(csys\nexit\no.'],
    ['pickle.loads', 'cpickle\nloads\n.'],
    ['operator.attrgetter', 'coperator\nattrgetter\n.'],
    ['torch.hub.load', 'ctorch.hub\nload\n.'],
    ['torch.serialization.pickle.loads', '\x80\x04\x8c\x13torch.serialization\x8c\x0cpickle.loads\x93.'],
    ['sklearn.os.system', '\x80\x04\x8c\x07sklearn\x8c\x09os.system\x93.'],
    ['a.B.__init__.__globals__', '\x80\x04\x8c\x01a\x8c\x16B.__init__.__globals__\x93.'],
    ['numpy.testing._private.utils.runstring', 'cnumpy.testing._private.utils\nrunstring\n.'],
    ['dill._dill._create_function', 'cdill._dill\n_create_function\n.'],
    ['types.CodeType', 'ctypes\nCodeType\n.'],
    ['numpy.memmap', "cnumpy\nmemmap\n(S'/etc/hosts'\ntR."],
    ['numpy.memmap', '\x80\x02cnumpy\nmemmap\nU\x01a\x85\x81.'],
    ['numpy.memmap', "ccopyreg\n__newobj__\n(cnumpy\nmemmap\nS'a'\ntR."],
    ['numpy.memmap', '\x80\x04cnumpy\nmemmap\n)}\x92.'],
  ])('is refused by the name of %s', async (name, text) => {
    const error = await failureOf(() => read(text));
    expect(error.code).toBe('UNSAFE');
    expect(error.message).toContain(`would run ${name} `);
  });

  it.each<[title: string, text: string, message: RegExp]>([
    ['that it made itself', 'ca\nf\n)R)R.', /calls an object of a\.f/],
    ['that it took from outside', 'P1\n)R.', /calls a reference to something outside/],
    ['by a number', '\x80\x02\x82\x01.', /by the number 1/],
  ])('is refused when it calls something %s', async (_, text, message) => {
    const error = await failureOf(() => read(text));
    expect(error.code).toBe('UNSAFE');
    expect(error.message).toMatch(message);
  });

  it('is refused when it changes a class', async () => {
    const error = await failureOf(() => read('ca\nB\n}b.'));
    expect(error).toMatchObject({ code: 'UNSAFE', message: expect.stringContaining('change a.B') });
  });
});

describe('a pickle that holds Python code', () => {
  it.each([
    ['a function', 'ccloudpickle.cloudpickle\n_make_function\n.', 'cloudpickle.cloudpickle._make_function'],
    ['a class', '\x80\x04\x8c\x17cloudpickle.cloudpickle\x8c\x14_make_skeleton_class\x93.', '_make_skeleton_class'],
    ['a type of functions', "ccloudpickle.cloudpickle\n_builtin_type\n(S'CodeType'\ntR.", 'types.CodeType'],
    ['a module', 'ccloudpickle.cloudpickle\nsubimport\n.', 'cloudpickle.cloudpickle.subimport'],
    ['what joblib brings along', 'cjoblib.externals.cloudpickle.cloudpickle\n_fill_function\n.', '_fill_function'],
  ])('is not an attack, and refused with what to save instead: %s', async (_, text, name) => {
    const error = await failureOf(() => read(text));
    expect(error.code).toBe('UNSUPPORTED_OP');
    expect(error.message).toContain(name);
    expect(error.message).toContain('Save the model without functions and classes of your own');
  });

  it('is data where it names a type of data', () => {
    expect(read("ccloudpickle.cloudpickle\n_builtin_type\n(S'SimpleNamespace'\ntR.")).toEqual(
      new PickleGlobal('types', 'SimpleNamespace'),
    );
  });

  it.each(['ccloudpickle\nloads\n.', 'ccloudpickle.cloudpickle\npickle.loads\n.'])(
    'is unsafe where it loads another: %j',
    async (text) => {
      expect((await failureOf(() => read(text))).code).toBe('UNSAFE');
    },
  );
});

describe('the pickle machine', () => {
  const array = (type: string, shape: string, data: string) =>
    `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01${shape}cnumpy\ndtype\n(U\x02${type}K\0K\x01tR` +
    `(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89${data}tb.`;

  it.each<[title: string, text: string, code: string, message: RegExp]>([
    ['an unknown opcode', '\xff.', 'MALFORMED', /opcode 255/],
    ['a later protocol', '\x80\x06N.', 'UNSUPPORTED_VERSION', /protocol 6/],
    ['a stack that is empty', '0.', 'MALFORMED', /no mark/],
    ['nothing to take', '\x85.', 'MALFORMED', /fewer values/],
    ['nothing at the end', '.', 'MALFORMED', /more than one value is left|fewer/],
    ['values left at the end', 'NN.', 'MALFORMED', /more than one value is left/],
    ['a mark left at the end', 'N(.', 'MALFORMED', /more than one value is left/],
    ['tuples without a mark', 't.', 'MALFORMED', /no mark/],
    ['a memo without the value', 'h\x05.', 'MALFORMED', /no entry 5/],
    ['a place in the memo that is none', 'Np-1\n.', 'MALFORMED', /index of the memo.*'-1'/],
    ['an append to a tuple', ')Na.', 'MALFORMED', /append values to a tuple/],
    ['an append to a dict', '}Na.', 'MALFORMED', /append values to a dict/],
    ['items of a list', ']NNs.', 'MALFORMED', /set items in a list/],
    ['items of a global', 'ca\nB\nNNs.', 'MALFORMED', /set items in the global a\.B/],
    ['values added to a list', '\x80\x04](N\x90.', 'MALFORMED', /add values to a list/],
    ['a key without a value', '}(Nu.', 'MALFORMED', /no value/],
    ['a state for a list', ']}b.', 'MALFORMED', /a list of 0 cannot have a state/],
    ['a global named by numbers', '\x80\x04K\x01K\x02\x93.', 'MALFORMED', /the number 1/],
    ['arguments that are not a tuple', 'ca\nB\n]R.', 'MALFORMED', /as arguments, found a list/],
    ['an object without a class', '(o.', 'MALFORMED', /no class/],
    ['a number that is none', 'Ione\n.', 'MALFORMED', /'one'/],
    ['a float that is none', 'F0x10\n.', 'MALFORMED', /'0x10'/],
    ['a text without quotes', 'Sabc\n.', 'MALFORMED', /quotes/],
    ['a text that is not UTF-8', 'X\x01\0\0\0\xff.', 'MALFORMED', /UTF-8/],
    ['a character beyond Unicode', 'V\\U00110000\n.', 'MALFORMED', /U00110000/],
    ['a text longer than the file', 'X\xff\xff\xff\x7fab.', 'TRUNCATED', /2147483647 more bytes/],
    ['a text of 2^63 bytes', '\x80\x04\x8d\0\0\0\0\0\0\0\x80.', 'TRUNCATED', /expected 9223372036854/],
    ['a number of more than a thousand bytes', `\x80\x02\x8b\0\x08\0\0${'\x01'.repeat(2048)}.`, 'LIMIT', /2048/],
    ['a frame longer than the file', '\x80\x04\x95\x09\0\0\0\0\0\0\0N.', 'TRUNCATED', /9 more bytes/],
    ['a frame inside another', `\x80\x04\x95\x0b\0\0\0\0\0\0\0\x95\0\0\0\0\0\0\0\0N.`, 'MALFORMED', /inside another/],
    ['an operand across the end of a frame', '\x80\x04\x95\x02\0\0\0\0\0\0\0M\x01\0.', 'MALFORMED', /crosses/],
    ['data outside of the pickle', '\x80\x05\x97.', 'UNSUPPORTED_VERSION', /out-of-band/],
    ['marks without end', '('.repeat(100), 'LIMIT', /limits\.depth/],
    ['items of a set that are none', 'c__builtin__\nset\n(K\x01tR.', 'MALFORMED', /list of items, found the number 1/],
    ['pairs of a dict that are none', 'ccollections\nOrderedDict\n(]NatR.', 'MALFORMED', /found/],
    ['bytes that are none', 'c_codecs\nencode\n(V\\u1234\nVlatin1\ntR.', 'MALFORMED', /encodes bytes/],
    ['an object of no class', 'ccopy_reg\n_reconstructor\n(NNNtR.', 'MALFORMED', /expected a class, found None/],
    ['fewer bytes than an array takes', array('f8', 'K\x02\x85', 'U\x01x'), 'MALFORMED', /16 bytes, found 1/],
    ['a shape that is negative', array('f8', 'J\xff\xff\xff\xff\x85', 'U\0'), 'MALFORMED', /expected the shape/],
    ['a shape that overflows', array('f8', 'J\0\0\0\x7fJ\0\0\0\x7f\x86', 'U\0'), 'LIMIT', /2130706432, 2130706432/],
    ['a shape that overflows beside a zero', array('f8', 'K\0J\0\0\0\x7f\x86', 'U\0'), 'LIMIT', /0, 2130706432/],
    ['an array without bytes', array('f8', 'K\x01\x85', 'N'), 'MALFORMED', /found None/],
    ['an array of other objects than it says', array('O8', 'K\x02\x85', '](Ne'), 'MALFORMED', /2 objects.*list of 1/],
  ])('refuses %s', async (_, text, code, message) => {
    const error = await failureOf(() => read(text));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^a\.pkl at byte \d+: /);
    expect(error.code).toBe(code);
  });

  it('leaves arrays of records, dates and complex numbers as they are', () => {
    for (const type of ['V8', 'M8', 'c8']) {
      expect(read(array(type, 'K\0\x85', 'U\0'))).toBeInstanceOf(PickleObject);
    }
  });

  it('reads long texts in a time that is in proportion to them', async () => {
    const zeros = '\0'.repeat(200_000);
    const pickle = array('f8', 'K\x01\x85', `T\x41\x0d\x03\0${zeros}x`).replace('U\x02f8', 'U\x07S200001');
    const padded = read(pickle) as PickleArray;
    expect(padded.data[0]).toHaveLength(200_001);
    expect((await failureOf(() => read(`F${'1'.repeat(200_000)}x\n.`))).code).toBe('MALFORMED');
  });

  it('keeps to as many values as the limit on nodes is worth', async () => {
    const budget = new Budget({ nodes: 10 });
    expect(read(`${']0'.repeat(300)}N.`, { budget })).toBeNull();
    const error = await failureOf(() => read(`${'N'.repeat(400)}.`, { budget }));
    expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringContaining('limits.nodes') });
  });
});
