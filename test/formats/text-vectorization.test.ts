/** Models of texts by Keras and TensorFlow: rows, tokens by themselves, and other ways to the same answers. */
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import { Model, type RowRecord } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { fixturesIn } from './expectations.ts';

const FOLDERS = ['keras', 'tensorflow'].map((folder) => new URL(`../fixtures/${folder}/`, import.meta.url));
const MODELS = FOLDERS.flatMap((folder) =>
  fixturesIn(folder)
    .filter(({ name }) => name.startsWith('texts-'))
    .map(({ file, predictions }) => ({
      name: `${folder.pathname.split('/').at(-2)}/${file}`,
      url: new URL(file as string, folder),
      rows: predictions?.[0].rows as RowRecord[],
    })),
);

function opened(name: string): Promise<Model> {
  return load(new URL(`../fixtures/${name}`, import.meta.url));
}

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
    expect(wrong.message).toContain('rows[0].body: expected a text, found the number 5');
  });
});
