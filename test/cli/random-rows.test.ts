import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { randomRows } from '../../lib/cli/random-rows.ts';
import { ForwardpassError } from '../../lib/errors.ts';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { fakeModel } from './support.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

async function eachModel(folder: string, names: RegExp, look: (model: Model, name: string) => void): Promise<number> {
  let count = 0;
  for (const name of readdirSync(`${FIXTURES}${folder}`).filter((file) => names.test(file))) {
    const model = await load(`${FIXTURES}${folder}/${name}`).catch(() => undefined);
    if (model === undefined) continue;
    look(model, name);
    model.dispose();
    count++;
  }
  return count;
}

describe('random rows', () => {
  it.each([
    ['sklearn-steps', /\.(pkl|joblib|skops)$/, 100],
    ['onnx-ml', /\.onnx$/, 40],
    ['keras', /embed.*\.(keras|h5)$/, 1],
    ['tables', /\.joblib$/, 1],
  ])('are rows that models take: words, categories, ids, logarithms: %s', async (folder, names, least) => {
    const count = await eachModel(folder, names, (model, name) => {
      if (model.inputs.some(({ ragged }) => ragged)) {
        expect(() => randomRows(model, 16), name).toThrow('which the command cannot generate');
        return;
      }
      const rows = randomRows(model, 16);
      expect(
        () => model.run(Object.fromEntries(model.inputs.map((info, i) => [info.name, rows[i]]))),
        name,
      ).not.toThrow();
    });
    expect(count).toBeGreaterThanOrEqual(least);
  });

  it('differ where the model lets them', async () => {
    const model = await load(`${FIXTURES}tables/passengers.joblib`);
    const [rows] = randomRows(model, 200);
    const column = (at: number) => new Set(rows.filter((_, i) => i % 5 === at));
    expect(column(0)).toEqual(new Set([0, 1]));
    expect(column(3)).toEqual(new Set([0, 1, 2]));
    expect(column(1).size).toBe(200);
    model.dispose();
  });

  it('keep to the one value that is taken, and say when none is found', () => {
    const model = fakeModel({ inputs: { x: [2] } });
    const taking = (isTaken: (value: number) => boolean) => {
      const ask: typeof model.ask = (question, rows) => {
        const at = Array.from(rows.arrays[0] as Float64Array).findIndex(
          (value, i) => i % 2 === 1 && !isTaken(Number(value)),
        );
        if (at < 0) return model.ask(question, rows);
        const { place } = rows.cell(Math.floor(at / 2), 0, at % 2);
        throw new ForwardpassError('ID', 'is none of the values that the model knows', place);
      };
      return { ...model, ask };
    };
    const [rows] = randomRows(
      taking((value) => value === 1995),
      8,
    );
    expect(rows.filter((_, i) => i % 2 === 1)).toEqual(new Float64Array(8).fill(1995));
    expect(new Set(rows.filter((_, i) => i % 2 === 0)).size).toBe(8);
    expect(() =>
      randomRows(
        taking(() => false),
        8,
      ),
    ).toThrow('no random row was found that the model accepts');
  });
});
