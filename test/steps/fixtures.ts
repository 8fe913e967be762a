/** The models of fixtures/own-steps, and how they are opened. */
import { readdirSync, readFileSync } from 'node:fs';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import type { Rows } from '../../lib/rows.ts';
import type { StepFunction, StepFunctions } from '../../lib/steps/types.ts';
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
  readonly classes?: Readonly<Record<string, readonly (string | number)[]>>;
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
function functionsFor({ columns = {}, classes = {} }: Fixture, without: readonly string[]): StepFunctions {
  const said = (name: string, what: object): [string, StepFunctions[string]] => [
    name,
    { run: FUNCTIONS[name] as StepFunction, ...what },
  ];
  const stated = [
    ...Object.entries(columns).map(([name, count]) => said(name, { columns: count })),
    ...Object.entries(classes).map(([name, list]) => said(name, { classes: list })),
  ];
  const all = { ...FUNCTIONS, ...Object.fromEntries(stated) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
}

export const open = (fixture: Fixture, without: readonly string[] = []): Promise<Model> =>
  load(new URL(fixture.file, FOLDER), { ...fixture.options, functions: functionsFor(fixture, without) });
