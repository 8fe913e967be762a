/** Programs and commands of docs/guides run as a reader runs them: in their own project, from start to end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { blocksOf } from './blocks.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guides = join(root, 'docs/guides');
const read = (page: string) => readFileSync(join(guides, page), 'utf8');
const pages = readdirSync(guides).filter((page) => page !== 'README.md');

const begun: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of begun.splice(0)) {
    if (child.exitCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, maxRetries: 5 });
});

/** A project with the package installed, as far as the guides use it, and the model beside. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-guide-'));
  folders.push(folder);
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'forwardpass');
  const prebuilds = join(installed, 'prebuilds', `${process.platform}-${process.arch}`);
  mkdirSync(prebuilds, { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const library of ['', '.glibc', '.musl']) {
    cpSync(join(root, 'build/Release/forwardpass.node'), join(prebuilds, `forwardpass${library}.node`));
  }
  symlinkSync(join(root, 'dist'), join(installed, 'dist'), 'junction');
  symlinkSync(join(root, 'node_modules/rolldown'), join(modules, 'rolldown'), 'junction');
  cpSync(join(root, 'examples/churn'), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

/** Node's arguments for a command of a page. */
function argumentsOf(command: string): string[] {
  const [program, ...rest] = command.split(' ');
  if (program === 'node') return rest;
  if (program === 'npx' && rest[0] === 'forwardpass') return [join(root, 'dist/cli/main.js'), ...rest.slice(1)];
  throw new Error(`expected a command of node or npx forwardpass, found ${command}`);
}

/** Starts a program, and waits until it has printed as much as the page says. */
async function start(command: string, cwd: string, expected: string): Promise<string> {
  const child = spawn(execPath, argumentsOf(command), { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  begun.push(child);
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (printed.length >= expected.length) break;
  }
  return printed;
}

function run(command: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync(execPath, argumentsOf(command), { cwd, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The page with ports of this machine in place of its own. */
async function withFreePorts(page: string): Promise<string> {
  let text = page;
  for (const port of ['8080', '8081']) text = text.replaceAll(port, String(await freePort()));
  return text;
}

describe('a guide', () => {
  it('is listed, and nothing else is', () => {
    const listed = [...read('README.md').matchAll(/\]\(([a-z-]+\.md)\)/g)].map(([, page]) => page);
    expect(listed.sort()).toEqual([...pages].sort());
  });

  it.each(pages)('says what its programs print: %s', { timeout: 60_000 }, async (page) => {
    const blocks = blocksOf(await withFreePorts(read(page)));
    const folder = project();
    for (const { language, name, text } of blocks) {
      if (['js', 'json', 'c'].includes(language)) writeFileSync(join(folder, name), text);
    }
    const sessions = blocks.filter(({ language }) => language === 'console');
    expect(sessions.length).toBeGreaterThan(0);
    for (const { text } of sessions) {
      for (const [, command, end, expected] of text.matchAll(/^\$ (.*?)( &)?\n((?:[^$].*\n)*)/gm)) {
        const printed = end === undefined ? run(command, folder) : await start(command, folder, expected);
        // "…" is whatever the page leaves out.
        const parts = expected.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
        expect(printed, command).toMatch(new RegExp(`^${parts.join('[\\s\\S]+')}$`));
      }
    }
  });

  it('bundles all but the addon', () => {
    const folder = project();
    for (const { language, name, text } of blocksOf(read('bundle.md'))) {
      if (language === 'js') writeFileSync(join(folder, name), text);
    }
    expect(run('node build.js', folder)).toBe('');
    const server = mkdtempSync(join(tmpdir(), 'forwardpass-guide-'));
    folders.push(server);
    cpSync(join(folder, 'out'), server, { recursive: true });
    cpSync(join(folder, 'churn.joblib'), join(server, 'churn.joblib'));
    expect(run('node predict.mjs churn.joblib', server)).toBe('leaves\n');
  });

  it('builds the image of the example, from files that it makes', async () => {
    const page = read('container.md');
    const docker = blocksOf(page).find(({ language }) => language === 'dockerfile');
    expect(docker?.text).toBe(readFileSync(join(root, docker?.name ?? ''), 'utf8'));
    const program = blocksOf(page).find(({ name }) => name === 'server.js');
    const folder = project();
    writeFileSync(join(folder, 'server.js'), program?.text ?? '');
    run('npx forwardpass freeze churn.joblib -o model.safetensors', folder);
    // What the image has: the packages, and what is copied beside them.
    const image = project();
    for (const name of readdirSync(image)) if (name.startsWith('c')) rmSync(join(image, name));
    const copied = /^COPY (package\.json .*) \.\/$/m.exec(docker?.text.split('FROM')[2] ?? '')?.[1].split(' ') ?? [];
    expect(copied).toContain('model.safetensors');
    for (const name of copied) cpSync(join(folder, name), join(image, name));
    const port = await freePort();
    process.env.PORT = String(port);
    expect(await start('node server.js', image, 'ready\n')).toBe('ready\n');
    delete process.env.PORT;
    const url = `http://127.0.0.1:${port}/models/churn/predict`;
    const body = '{"age": 41, "plan": "pro", "calls": 9, "bill": 52.3}';
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(((await response.json()) as { label: string }).label).toBe('leaves');
  });
});
