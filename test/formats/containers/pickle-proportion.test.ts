/** Small pickles that ask for much: each kind is refused when it asks, and what is honestly large is read. */
import { describe, expect, it } from 'vitest';
import { readPickle } from '../../../lib/formats/containers/pickle/pickle.ts';
import { type PickleArray, PickleDict, PickleList } from '../../../lib/formats/containers/pickle/values.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

const PROTOCOL = '\x80\x04';
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString('latin1');
const text = (value: string) => `X${u32(value.length)}${value}`;
const global = (module: string, name: string) => `c${module}\n${name}\n`;

function read(pickle: string) {
  const bytes = Buffer.from(PROTOCOL + pickle, 'latin1');
  const budget = new Budget();
  budget.opened(bytes.length);
  return readPickle(bytes, { budget, place: 'a.pkl' }).value;
}

/** An argument tuple in the memo at 0, a function at 1, then as many calls, of which nothing is kept. */
const calls = (args: string, callable: string, count: number) =>
  `(${args}q\x000${callable}q\x010${'h\x01h\x00R0'.repeat(count)}l.`;

const MANY = 400_000;
const LONG = 'N'.repeat(100_000);
const ARRAY = 'numpy.core.numeric';
const dtype = (spelling: string) => `${global('numpy', 'dtype')}${text(spelling)}\x85R`;

describe('a small pickle', () => {
  it.each([
    ['lists', `(${']'.repeat(MANY)}l.`],
    ['dicts', `(${'}'.repeat(MANY)}l.`],
    ['tuples of one', `(${'N\x85'.repeat(MANY)}l.`],
    ['lists of one', `(${']Na'.repeat(MANY)}l.`],
    ['tuples within tuples', `N${'\x85'.repeat(MANY)}.`],
    ['views of no bytes', `(${'C\x00'.repeat(MANY)}l.`],
    ['pairs', `}(${'NN'.repeat(MANY)}u.`],
    ['values on the stack', 'N'.repeat(2_200_000)],
    ['classes', `(${Array.from({ length: MANY / 2 }, (_, i) => global('a', `b${i}`)).join('')}l.`],
    ['copies of a list', calls(`(${LONG}l\x85`, global('builtins', 'list'), 1000)],
    ['copies of a set', calls(`(${LONG}l\x85`, global('builtins', 'frozenset'), 1000)],
    [
      'copies of a text as bytes',
      calls(`${text('x'.repeat(50_000))}${text('latin1')}\x86`, global('_codecs', 'encode'), 1000),
    ],
    [
      'arrays of the same bytes',
      calls(
        `(B${u32(50_000)}${'\x01'.repeat(50_000)}${dtype('u1')}J${u32(50_000)}\x85${text('C')}t`,
        global(ARRAY, '_frombuffer'),
        1000,
      ),
    ],
    ['pickles one after another', 'N.'],
  ])('of %s is refused before it takes much', async (kind, pickle) => {
    const error = await failureOf(() => {
      if (kind !== 'pickles one after another') read(pickle);
      const budget = new Budget();
      for (let i = 0; i < MANY; i++) readPickle(Buffer.from('N.'), { budget, place: 'a.pkl' });
    });
    expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringMatching(/raise `limits\.(?:bytes|nodes)`/) });
  });

  it('names a class by so many characters as classes have', async () => {
    const error = await failureOf(() => read(`${text('a.'.repeat(50_000))}${text('b')}\x93.`));
    expect(error).toMatchObject({ code: 'MALFORMED', message: expect.stringContaining('has 100001 characters') });
  });

  it('has types of arrays that are spelt as types are, which are not looked through again and again', async () => {
    const spelling = `B${u32(300_000)}${'f'.repeat(300_000)}`;
    const type = `${global('numpy', 'dtype')}${spelling}\x85R`;
    const pickle = calls(`${type}C\x08${'\0'.repeat(8)}\x86`, global('numpy.core.multiarray', 'scalar'), 30_000);
    expect(read(pickle)).toBeInstanceOf(PickleList);
  });
});

describe('an honest pickle', () => {
  it('of 10^6 words, each in the memo, is read', () => {
    const word = (i: number) => `\x8c\x0bword${String(i).padStart(7, '0')}\x94`;
    // In the batches that Python writes.
    const batch = (at: number) => `(${Array.from({ length: 1000 }, (_, i) => word(1000 * at + i)).join('')}e`;
    const list = read(`]${Array.from({ length: 1000 }, (_, at) => batch(at)).join('')}.`);
    expect((list as PickleList).items.at(-1)).toBe('word0999999');
  });

  it('of words in an array of fixed length is read', () => {
    const count = 200_000;
    const bytes = Buffer.from(Array.from({ length: count }, (_, i) => String(i).padStart(8, 'w')).join(''), 'utf16le');
    const points = Buffer.from(
      Uint32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)).buffer,
    );
    const type = `${dtype('U8')}(K\x03${text('<')}NNNK\x20K\x04K\x08tb`;
    const args = `(B${u32(points.length)}${points.toString('latin1')}${type}J${u32(count)}\x85${text('C')}t`;
    const array = read(`${global(ARRAY, '_frombuffer')}${args}R.`) as PickleArray;
    expect([array.data[7], array.data[count - 1]]).toEqual(['wwwwwww7', 'ww199999']);
  });

  it('of a dict that grows gives the last value of each key', () => {
    const dict = new PickleDict();
    for (let i = 0; i < 200; i++) dict.entries.push([`key${i}`, i]);
    expect([dict.get('key7'), dict.get('key199'), dict.get('other')]).toEqual([7, 199, undefined]);
    dict.entries.push(['key7', 'again'], ['other', true]);
    expect([dict.get('key7'), dict.get('other')]).toEqual(['again', true]);
  });

  it('recalls what the memo has under numbers that do not follow one another', () => {
    const list = read(`](Nr${u32(4_000_000)}K\x01\x94q\x05j${u32(4_000_000)}h\x05e.`) as PickleList;
    expect(list.items).toEqual([null, 1, null, 1]);
  });
});
