/** The models of fixtures/own-steps, and how they are opened. */
import { readdirSync, readFileSync } from 'node:fs';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import type { Rows } from '../../lib/rows.ts';
import type { StepFunctions } from '../../lib/steps/types.ts';
import { FUNCTIONS } from './functions.ts';

export const FOLDER = new URL('../fixtures/own-steps/', import.meta.url);

interface Case {
  readonly rows: Rows;
  readonly labels?: readonly (string | number)[];
  readonly values?: readonly number[];
  readonly probabilities?: readonly number[];
}
export interface Fixture {
  readonly file: string;
  readonly tolerance?: number;
  readonly options?: { readonly member: string[] };
  readonly columns?: Readonly<Record<string, number | readonly string[]>>;
  readonly cases: readonly Case[];
}

export function fixtures(): { name: string; fixture: Fixture }[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return files.map((file) => ({
    name: file.slice(0, -'.json'.length),
    fixture: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
  }));
}

/** The functions, with what they give where the fixture says it. */
function functionsFor({ columns = {} }: Fixture): StepFunctions {
  const said = Object.entries(columns).map(([name, count]) => [name, { run: FUNCTIONS[name], columns: count }]);
  return { ...FUNCTIONS, ...Object.fromEntries(said) };
}

export const open = (fixture: Fixture): Promise<Model> =>
  load(new URL(fixture.file, FOLDER), { ...fixture.options, functions: functionsFor(fixture) });
