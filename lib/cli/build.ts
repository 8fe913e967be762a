import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { ForwardpassError } from '../errors.ts';
import type { Environment } from './environment.ts';

const EXAMPLES = `
It takes a C++17 compiler, and CMake 3.19 or later where that is installed. What else it takes, cmake-js and the headers
of Node-API, are those of the project where it has them; otherwise npm fetches them into a folder for the time.

Examples:
  $ forwardpass build
  $ forwardpass build -o /srv/app/forwardpass.node && export FORWARDPASS_ADDON=/srv/app/forwardpass.node`;

export function addBuildCommand(program: Command, environment: Environment): void {
  program
    .command('build')
    .summary('build the native addon from source')
    .description(
      'Builds the native addon from the sources in the package, for a machine without a matching prebuilt binary.',
    )
    .option('-o, --output <file>', 'where to write the addon (default: into the package)')
    .addHelpText('after', EXAMPLES)
    .action(async ({ output }: { readonly output?: string }) => {
      const path = resolve(output ?? join(root, 'build/Release/forwardpass.node'));
      requireWritable(path);
      await build(path);
      // The search for the addon then tries only this path.
      if (output !== undefined) process.env.FORWARDPASS_ADDON = path;
      const isa = await tryAddon();
      const hint = output === undefined ? '' : `; FORWARDPASS_ADDON=${path} tells the package where it is`;
      environment.stdout.write(`built ${path}: it loads, and computes with ${isa}${hint}\n`);
    });
}

/** The root of the package, relative to both lib/cli/ and dist/cli/. */
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The exports of native/make.js, which is plain JavaScript and is shipped with the sources. */
interface Recipes {
  readonly TOOLS: Readonly<Record<string, string>>;
  run(command: string, args: readonly string[]): void;
  buildAddon(tools: string, folder: string, output: string): void;
}

/** Fails before minutes are spent on a build whose result cannot be written. */
function requireWritable(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ForwardpassError(
      'NATIVE',
      `the folder cannot be written to (${reason}). \`npx forwardpass build --output FILE\` writes the addon elsewhere; ` +
        'then set the environment variable FORWARDPASS_ADDON to its path',
      path,
      { cause },
    );
  }
}

async function build(output: string): Promise<void> {
  const { TOOLS, run, buildAddon } = (await import(new URL('../../native/make.js', import.meta.url).href)) as Recipes;
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-build-'));
  try {
    const present = [process.cwd(), root].find((place) =>
      Object.entries(TOOLS).every(([name, version]) => isInstalled(place, name, version)),
    );
    if (present === undefined) {
      const packages = Object.entries(TOOLS).map(([name, version]) => `${name}@${version}`);
      const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
      run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['install', '--prefix', folder, ...options, ...packages]);
    }
    buildAddon(present ?? folder, join(folder, 'build'), output);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ForwardpassError('NATIVE', `the addon could not be built: ${reason}`, root, { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Loads the addon the way programs do and runs a model on it; returns the instruction set used. */
async function tryAddon(): Promise<string> {
  const { define } = await import('../load.ts');
  const model = define({ layers: [{ weight: 2, bias: 1 }] });
  model.run(Float64Array.of(3));
  model.dispose();
  return model.isa;
}

/** Whether a package of the wanted version, or of a compatible later one, is found from a folder. */
function isInstalled(place: string, name: string, wanted: string): boolean {
  try {
    const path = createRequire(join(place, 'package.json')).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
    const [major, minor] = version.split('.').map(Number);
    const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
    return major === wantedMajor && minor >= wantedMinor;
  } catch {
    return false;
  }
}
