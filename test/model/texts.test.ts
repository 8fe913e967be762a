/** Models of texts: what rows may be, what is said of those that are none, and other ways to the same answers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';

const FOLDER = new URL('../fixtures/sklearn-texts/', import.meta.url);

interface Described {
  readonly file: string;
  readonly predictions: readonly { readonly rows: never[]; readonly labels?: readonly (string | number)[] }[];
}

async function opened(name: string) {
  const fixture: Described = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
  return { url: new URL(fixture.file, FOLDER), fixture, model: await load(new URL(fixture.file, FOLDER)) };
}

describe('a model of one text', () => {
  it('takes texts, rows of one, and records', async () => {
    const { model } = await opened('logistic-binary');
    const label = model.predict('free money now');
    expect(label).toBe('spam');
    expect(model.predict(['free money now', "l'été à l'école: c'est déjà vu, n'est-ce pas?"])).toEqual(['spam', 'ham']);
    expect(model.predict([['free money now']])).toEqual(['spam']);
    expect(model.predict([{ text: 'free money now' }])).toEqual(['spam']);
    expect(model.predict({ text: 'free money now', more: 1 })).toBe('spam');
    expect(Object.keys(model.predictProba('free money now'))).toEqual(['ham', 'spam']);
    expect(model.predict([])).toEqual([]);
  });

  it('says what it takes', async () => {
    const { model } = await opened('logistic');
    expect(model.inputs).toMatchObject([{ name: 'text', ragged: true, features: [0] }]);
    expect(model.summary()).toContain('terms of texts');
    expect(model.schema()).toMatchObject({ properties: { text: { type: 'string' } }, required: ['text'] });
  });

  it('runs over terms', async () => {
    const { model } = await opened('multinomial');
    const ids = Int32Array.of(3, 7, 7);
    const of = (weights: Float64Array) => model.run<Float64Array>({ ids, weights, offsets: Int32Array.of(0, 1, 3) });
    expect(of(Float64Array.of(1, 1, 1))).toHaveLength(6);
    expect(of(Float64Array.of(1, 0.5, 1.5))).toEqual(of(Float64Array.of(1, 1, 1)));
  });

  it.each<[string, (model: Model) => unknown, string]>([
    ['a number', (model) => model.predict([5] as never), 'rows[0]: expected a string, an array of 1 value or a record'],
    ['null', (model) => model.predict([null] as never), 'found null'],
    ['no text in a row', (model) => model.predict([[5]]), 'rows[0][0]: expected a string, found the number 5'],
    ['no text in a record', (model) => model.predict({ text: 5 }), 'record.text: expected a string'],
    ['another key', (model) => model.predict({ txt: 'a' }), "lacks 'text', and has 'txt'; did you mean 'text'?"],
    ['two texts', (model) => model.predict([['a', 'b']]), 'expected 1 value, found 2'],
    ['numbers', (model) => model.predict(new Float64Array(3)), 'rows: expected texts, found a Float64Array of 3'],
    ['bytes', (model) => model.predict([[new Uint8Array(2)]] as never), 'decode bytes with a TextDecoder'],
  ])('refuses %s', async (_, call, message) => {
    const { model } = await opened('logistic');
    const error = await failureOf(() => call(model));
    expect(error.code).toBe('INPUT');
    expect(error.message).toContain(message);
  });

  it('may be asked while it reads a record', async () => {
    const { model } = await opened('tfidf-l1');
    const texts = ['free money', 'one two three', 'see you tomorrow for lunch', ''];
    const expected = model.predict(texts);
    const records = texts.map((text) => ({
      get text() {
        expect(model.predict(['free cash now', 'two'])).toEqual(model.predict([['free cash now'], ['two']]));
        return text;
      },
    }));
    expect(model.predict(records)).toEqual(expected);
    expect(texts.map((_, i) => model.predict([records[i]]))).toEqual(texts.map((text) => model.predict([text])));
  });

  it('takes the next text after one that it refused', async () => {
    const { model } = await opened('count-pattern-9');
    const before = model.predict(['some good text']);
    await failureOf(() => model.predict(['some good text', 5] as never));
    expect(model.predict(['some good text'])).toEqual(before);
  });
});

describe('texts beside numbers and words', () => {
  it('come in records and arrays', async () => {
    const { model, fixture } = await opened('columns-logistic');
    const { rows, labels } = fixture.predictions[1];
    expect(model.predict(rows)).toEqual(labels);
    expect(model.inputs.map(({ name, features }) => [name, features])).toEqual([
      ['X', [1, 2, 4]],
      ['subject', [0]],
      ['body', [3]],
    ]);
    const [record] = rows as Record<string, unknown>[];
    const { code, message } = await failureOf(() => model.predict([{ ...record, subject: null }]));
    expect(`${code} ${message}`).toContain('INPUT rows[0].subject: expected a string, found null');
    const other = await failureOf(() => model.predict([{ ...record, size: 'long' }]));
    expect(other.message).toContain("rows[0].size: expected a number, found the string 'long'");
    const missing = await failureOf(() => model.predict([{ ...record, size: Number.NaN }]));
    expect(missing.message).toContain('rows[0].size: holds NaN');
    const lacking = await failureOf(() => model.predict([{ size: 1, sender: 'web', body: '' }]));
    expect(lacking.message).toContain("rows[0]: lacks 'subject'");
  });
});

it('a model without texts says so of a text', async () => {
  const model = await load(new URL('../fixtures/sklearn-steps/one-hot.pkl', import.meta.url));
  const error = await failureOf(() => model.predict('free money now'));
  expect(error.code).toBe('INPUT');
  expect(error.message).toContain('this model does not take texts');
});

describe('other ways to a model of texts', () => {
  const names = ['logistic', 'tfidf-all', 'union-selected', 'columns-logistic', 'hashing-chars', 'hasher', 'forest'];

  it.each(names)('a frozen file tells the same: %s', async (name) => {
    const { url, model, fixture } = await opened(name);
    const frozen = await load(Buffer.concat(await freeze(url)));
    for (const { rows } of fixture.predictions) expect(frozen.predict(rows)).toEqual(model.predict(rows));
    expect(frozen.inputs).toEqual(model.inputs);
  });

  it.each(names)('another holder of its handle tells the same: %s', async (name) => {
    const { model, fixture } = await opened(name);
    const attached = Model.attach(model.share());
    for (const { rows } of fixture.predictions) expect(attached.predict(rows)).toEqual(model.predict(rows));
    attached.dispose();
  });

  it.each<[string, (text: string) => string]>([
    ['a pattern that is not read', (text) => text.replace('\\\\b\\\\w\\\\w+', '(\\\\w)\\\\1\\\\w+')],
    ['a term twice', (text) => text.replace('"cash"', '"free"')],
    ['terms of no units', (text) => text.replace('"least":1', '"least":0')],
    ['a step that there is none of', (text) => text.replace('"of":1', '"of":9')],
  ])('a frozen file with %s is refused', async (_, change) => {
    const { url } = await opened('logistic');
    const bytes = Buffer.concat(await freeze(url));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    const before: string = header.__metadata__.forwardpass;
    header.__metadata__.forwardpass = change(before);
    expect(header.__metadata__.forwardpass).not.toBe(before);
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    const error = await failureOf(() => load(Buffer.concat([size, text, bytes.subarray(8 + length)])));
    expect(['MALFORMED', 'UNSUPPORTED_OP']).toContain(error.code);
  });
});
