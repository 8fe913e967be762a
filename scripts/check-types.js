/** Whether a program in TypeScript that uses the package compiles, as an ES module and as CommonJS, by each way of resolving. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { call } from './check-installs.js';

/** Uses values, classes and types of every entry. The last line must be an error, or types are `any`. */
const PROGRAM = `
import { define, type ErrorCode, ForwardpassError, load, type LoadOptions, Model, watch } from 'forwardpass';
import { Adwin, learn, type Learner } from 'forwardpass/learn';
import { type Server, serve } from 'forwardpass/serve';

class OwnError extends ForwardpassError {}

export const model: Model = define({ layers: [{ weight: [[2]] }] });
export const result: Float32Array | Float64Array = model.run(new Float64Array([21]));
export const options: LoadOptions = { precision: 'f32' };
export const adwin: Adwin = new Adwin();
export async function start(path: string): Promise<readonly [Model, Learner, Server] | ErrorCode> {
  try {
    (await watch(path)).run(result);
    return [await load(path, options), await learn(path), await serve(path)];
  } catch (error) {
    return error instanceof ForwardpassError ? error.code : new OwnError('SOURCE', path).code;
  }
}
// @ts-expect-error there is no such option
export const misspelt: LoadOptions = { precison: 'f32' };
`;

/** A model of an ES module is one of CommonJS, too. */
const BOTH = `
import forwardpass = require('forwardpass');
import type { Model } from 'forwardpass' with { 'resolution-mode': 'import' };

export const model: Model = forwardpass.define({ layers: [{ weight: 2 }] });
`;

const FILES = { 'program.ts': PROGRAM, 'program.mts': PROGRAM, 'program.cts': PROGRAM, 'both.cts': BOTH };
const SCRIPTS = ['program.ts'];
const NODE = ['program.ts', 'program.mts', 'program.cts', 'both.cts'];

/**
 * What a tsconfig.json says, and the files that it can compile. `node10` is gone from TypeScript 7.
 * @type {Readonly<Record<string, { module: string, moduleResolution?: string, files: readonly string[] }>>}
 */
export const SETTINGS = {
  node16: { module: 'node16', files: NODE },
  nodenext: { module: 'nodenext', files: NODE },
  bundler: { module: 'esnext', moduleResolution: 'bundler', files: SCRIPTS },
  preserve: { module: 'preserve', files: SCRIPTS },
  commonjs: { module: 'commonjs', files: SCRIPTS },
  node10: { module: 'commonjs', moduleResolution: 'node10', files: SCRIPTS },
};

/**
 * What the compiler says of it, of the package's own declarations too: nothing, where all is well.
 * @param {{ compiler: string, folder: string, typeRoots: string, setting: string }} options `folder` has, or is below one
 *   that has, node_modules/forwardpass
 */
export async function compilerErrors({ compiler, folder, typeRoots, setting }) {
  const { files, ...chosen } = SETTINGS[setting];
  const own = join(folder, setting);
  mkdirSync(own, { recursive: true });
  for (const file of files) writeFileSync(join(own, file), FILES[/** @type {keyof typeof FILES} */ (file)]);
  writeFileSync(join(own, 'package.json'), '{ "private": true }');
  const compilerOptions = {
    ...chosen,
    target: 'ES2022',
    lib: ['ES2023'],
    types: ['node'],
    typeRoots: [typeRoots],
    strict: true,
    noEmit: true,
  };
  writeFileSync(join(own, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { output } = await call([execPath, compiler, '-p', own], own, process.env);
  return output.trim();
}
