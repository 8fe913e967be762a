/** Models of texts by Keras and TensorFlow: rows, tokens by themselves, and other ways to the same answers. */
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import { Model, type RowRecord } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { fixturesIn } from './expectations.ts';

const FOLDERS = ['keras', 'tensorflow'].map((folder) => new URL(`../fixtures/${folder}/`, import.meta.url));
/** What is hashed as it is comes in as texts do. */
const HASHED = [
  'integers-hashed',
  'integer-hashed-alone',
  'values-crossed-as-they-are',
  'feature-space-hashed-integers',
];
const MODELS = FOLDERS.flatMap((folder) =>
  fixturesIn(folder)
    .filter(({ name }) => name.startsWith('texts-') || HASHED.includes(name))
    .map(({ file, predictions }) => ({
      name: `${folder.pathname.split('/').at(-2)}/${file}`,
      url: new URL(file as string, folder),
      rows: predictions?.[0].rows as RowRecord[],
    })),
);

function opened(name: string): Promise<Model> {
  return load(new URL(`../fixtures/${name}`, import.meta.url));
}

describe('models of values that are hashed', () => {
  it('say what they take', async () => {
    const model = await opened('keras/integer-hashed-alone.keras');
    expect(model.schema()).toMatchObject({ properties: { i: { type: 'integer' } }, required: ['i'] });
    expect(model.summary()).toContain('hashes of values');
    expect(model.predict([{ i: 7 }, { i: -0 }])).toEqual(model.predict([[7], [0]]));
    expect(model.predict({ i: [7] } as never)).toEqual(model.predict([{ i: 7 }]));
    for (const value of [1.5, '7', null, 2 ** 60]) {
      const error = await failureOf(() => model.predict([{ i: value }]));
      expect(error).toMatchObject({ code: 'INPUT', message: expect.stringContaining('expected an integer') });
    }
  });

  it('keep an input that other layers take too', async () => {
    const model = await opened('keras/integers-hashed.keras');
    expect(model.inputs.filter(({ ragged }) => !ragged).map(({ name }) => name)).toEqual(['i', 'k']);
    expect(model.schema()).toMatchObject({ required: ['i', 'k'] });
    const lacking = await failureOf(() => model.predict([{ i: 7 }]));
    expect(lacking.message).toContain("lacks 'k'; expected 'i', 'k'");
    expect(model.predict([[7, 3]])).toEqual(model.predict([{ i: 7, k: 3 }]));
  });

  it.each<[string, (text: string) => string]>([
    ['no places', (text) => text.replace('"count":20', '"count":0')],
    ['a feature of another input', (text) => text.replace(/("op":"place".*?"features":)\[0\]/, '$1[1]')],
    ['several values and no start', (text) => text.replace('"kinds":["integer"]', '"kinds":["integer","word"]')],
  ])('are refused of a frozen file with %s', async (_, change) => {
    const bytes = Buffer.concat(await freeze(new URL('../fixtures/keras/integer-hashed-alone.keras', import.meta.url)));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    const before: string = header.__metadata__.forwardpass;
    header.__metadata__.forwardpass = change(before);
    expect(header.__metadata__.forwardpass).not.toBe(before);
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    const changed = Buffer.concat([size, text, bytes.subarray(8 + length)]);
    expect((await failureOf(() => load(changed))).code).toBe('MALFORMED');
  });
});

describe('models of texts', () => {
  it.each(MODELS)('are the same when frozen, and in other threads: $name', async ({ url, rows }) => {
    const model = await load(url);
    const expected = model.predict(rows);
    expect((await load(Buffer.concat(await freeze(url)))).predict(rows)).toEqual(expected);
    expect(Model.attach(structuredClone(model.share())).predict(rows)).toEqual(expected);
  });

  it('take a text, rows and records', async () => {
    for (const name of ['keras/texts-multi-hot.keras', 'tensorflow/texts-multi-hot']) {
      const model = await opened(name);
      const one = model.predict(['free money']);
      expect(model.predict([{ text: 'free money' }])).toEqual(one);
      expect(model.predict([['free money']])).toEqual(one);
      expect(model.predict('free money')).toEqual(one);
      expect(model.inputs).toMatchObject([{ name: 'text', ragged: true }]);
      expect(model.summary()).toContain('terms of texts');
      expect(model.schema()).toMatchObject({ properties: { text: { type: 'string' } }, required: ['text'] });
    }
  });

  it('run over places of tokens by themselves', async () => {
    const model = await opened('keras/texts-embedded-flat.keras');
    // Of pairs of words the second that the model knows, then an unknown one: it knows 'free money' as 2.
    const places = { ids: Int32Array.of(0, 1), weights: Float32Array.of(3, 1), offsets: Int32Array.of(0, 2) };
    expect(model.run(places)).toEqual(model.predict('See you zzz'));
  });

  it('name the text that a row lacks', async () => {
    const model = await opened('keras/texts-beside-numbers.keras');
    const error = await failureOf(() => model.predict([{ title: 'a', price: [1, 2, 3], city: 'ny' }]));
    expect(error).toMatchObject({ code: 'INPUT', message: expect.stringContaining("lacks 'body'") });
    const wrong = await failureOf(() =>
      model.predict([{ title: 'a', body: 5, price: [1, 2, 3], city: 'ny' } as never]),
    );
    expect(wrong.message).toContain('rows[0].body: expected a string, found the number 5');
  });
});
