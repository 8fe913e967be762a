import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { breakLines } from '../../scripts/break-lines.js';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** What a script opens when it is opened: itself, and all that it imports without being asked. */
function opened(script: string, found = new Set<string>()): Set<string> {
  found.add(script);
  for (const [, path] of readFileSync(join(dist, script), 'utf8').matchAll(/\bfrom ?"\.\/([^"]+)"/g)) {
    if (!found.has(path)) opened(path, found);
  }
  return found;
}

test('importing the package opens two scripts, and the reader of no format', () => {
  expect([...opened('index.js')]).toEqual(['index.js', 'load.js']);
});

test('the package and its server are opened apart: the server opens the package, and no reader', () => {
  const scripts = [...opened('serve.js')].sort();
  expect(scripts).toEqual(expect.arrayContaining(['load.js', 'serve.js']));
  expect(scripts.filter((name) => /onnx|read|pickle|http/.test(name))).toEqual([]);
  expect(opened('index.js').size).toBe(2);
});

test('learning is opened apart: it opens the package, and no reader', () => {
  const scripts = [...opened('learn.js')].sort();
  expect(scripts).toEqual(expect.arrayContaining(['learn.js', 'load.js']));
  expect(scripts.filter((name) => /onnx|pickle|origin|http/.test(name))).toEqual([]);
});

test('the reader of ONNX files is one script more, beside what several readers share', () => {
  expect([...opened('onnx.js')].sort()).toEqual(['load.js', 'onnx.js', 'tensors.js']);
});

test('what reads texts is a script that no start opens, and that threads which load nothing open at once', () => {
  const texts = 'term-column.js';
  expect([...opened(texts)].sort()).toEqual(['load.js', texts]);
  for (const script of ['index.js', 'serve.js', 'cli/main.js', 'read.js', 'safetensors.js', 'onnx.js']) {
    expect(opened(script), script).not.toContain(texts);
  }
  const program = `const { parentPort, workerData, Worker, isMainThread } = require('node:worker_threads');
    import(${JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)}).then(async ({ load, Model }) => {
      if (!isMainThread) return parentPort.postMessage(Model.attach(workerData).predict(['free money']));
      const model = await load(${JSON.stringify(fileURLToPath(new URL('../fixtures/sklearn-texts/logistic.pkl', import.meta.url)))});
      const [own] = model.predict(['free money']);
      new Worker(__filename, { workerData: model.share() }).on('message', ([other]) => console.log(own === other));
    });`;
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-texts-'));
  try {
    writeFileSync(join(folder, 'program.cjs'), program);
    const { stdout, stderr } = spawnSync(execPath, [join(folder, 'program.cjs')], { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['true\n', '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the scripts are of only ASCII', () => {
  for (const script of opened('onnx.js')) expect(readFileSync(join(dist, script), 'latin1')).not.toMatch(/[^\0-\x7f]/);
});

test('no line is too long to be shown above a stack', () => {
  const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(20);
  for (const script of scripts) {
    const longest = Math.max(
      ...readFileSync(join(dist, script), 'utf8')
        .split('\n')
        .map(({ length }) => length),
    );
    expect(longest, script).toBeLessThan(400);
  }
});

test.each([
  ['from a call', "run(['x'])", 'INPUT', 'inputs: expected'],
  ['from a promise', "await load('no/such.onnx')", 'SOURCE', 'no/such.onnx: '],
])('an uncaught error %s shows its message, and little else', (_, call, code, message) => {
  const index = JSON.stringify(pathToFileURL(join(dist, 'index.js')).href);
  const program = `import { define, load } from ${index};
    const run = (rows) => define({ layers: [{ weight: 2 }] }).run(rows);
    ${call};`;
  const { status, stderr } = spawnSync(execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr.length).toBeLessThan(4096);
  const lines = stderr.trim().split('\n');
  const told = lines.findIndex((line) => line.startsWith(`ForwardpassError [${code}]: `) && line.includes(message));
  expect(told, stderr).toBeGreaterThanOrEqual(0);
  expect(told, stderr).toBeLessThan(8);
});

test('a bundle without binaries says that it is one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-bundle-'));
  try {
    const bundle = await rolldown({ input: join(dist, 'index.js'), platform: 'node', external: /^[^./]/ });
    await bundle.write({ dir: join(folder, 'out') });
    const program = `import(${JSON.stringify(pathToFileURL(join(folder, 'out/index.js')).href)})
      .then(({ define }) => define({ layers: [{ weight: 1 }] }));`;
    const { stderr } = spawnSync(execPath, ['-e', program], { encoding: 'utf8', cwd: folder });
    expect(stderr).toContain("serverExternalPackages: ['forwardpass']");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('breaking lines changes no script', () => {
  const words = Array.from({ length: 60 }, (_, at) => `w${at}`).join(' ');
  const script = [
    `const a=[${words.replaceAll(' ', ',').replaceAll('w', '')}],b=\`${words} \${a.map(c=>{return c+1}).join(\`,\`)} \\\\ \\u0041.${words}\`;`,
    `function f(x){if(x>2){return [x,a.length,x?b:\`\`,{k:x,[x]:1,'${words}':(()=>x)()}]}else for(let i=0;i<3;i++)x+=i;return x}`,
    `const t=((s,...v)=>s.raw.join(\`|\`))\`${words}\${1}${words}\`;JSON.stringify([b,f(3),f(1),t])`,
  ].join('');
  const broken = breakLines(script);
  const longest = (text: string) => Math.max(...text.split('\n').map(({ length }) => length));
  expect([longest(script) > 1500, longest(broken) < 700]).toEqual([true, true]);
  expect(runInNewContext(broken)).toBe(runInNewContext(script));
});
