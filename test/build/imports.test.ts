import { expect, test } from 'vitest';
import { cycles, violations } from '../../scripts/import-rules.js';

function check(path: string, text: string): string[] {
  return violations(new Map([[path, text]]));
}

test.each([
  ['lib/errors.ts', "import type { Graph } from './graph/graph.ts';", 'lib/graph/graph.ts'],
  ['lib/graph/graph.ts', "export * from '../errors.ts';", 'lib/errors.ts'],
  ['lib/graph/validate.ts', "import { load } from '../load.ts';", 'lib/load.ts'],
  ['lib/formats/onnx/onnx.ts', "import { readFile } from 'node:fs/promises';", 'node:fs/promises'],
  ['lib/formats/onnx/onnx.ts', "const http = await import('node:http');", 'node:http'],
  ['lib/formats/onnx/onnx.ts', "import 'left-pad';", 'left-pad'],
  ['lib/formats/onnx/onnx.ts', "const text = Buffer.from(bytes).toString('latin1');", 'node:buffer'],
  ['lib/formats/containers/zip.ts', 'function read(bytes: Buffer): void {}', 'node:buffer'],
  ['lib/formats/containers/zip.ts', "import { inflateSync } from 'node:zlib';", 'node:zlib'],
  ['lib/formats/containers/npy.ts', "import type { Graph } from '../../graph/graph.ts';", 'lib/graph/graph.ts'],
  ['lib/watch/cache.ts', "import { open } from 'node:fs/promises';", 'node:fs/promises'],
  ['lib/learn/write-file.ts', "import { rename } from 'node:fs/promises';", 'node:fs/promises'],
  ['lib/load.ts', "import { statSync } from 'node:fs';", 'node:fs'],
  ['lib/model.ts', "import { Worker } from 'node:worker_threads';", 'node:worker_threads'],
  ['lib/rows/texts.ts', "import { createRequire } from 'node:module';", 'node:module'],
  ['lib/engine/choose-isa.ts', "import { env } from 'node:process';", 'node:process'],
  ['lib/load.ts', "import { openAddon } from './addon.ts';", 'lib/addon.ts'],
  ['lib/load.ts', "import {\n  engine,\n} from '#engine';", '#engine'],
  ['lib/model.ts', "import { engine } from './engine/native.ts';", 'lib/engine/native.ts'],
  ['lib/cli/run.ts', "import { load } from '../index.ts';", 'lib/index.ts'],
  ['native/engine.cc', '#include "kernels/vec_avx2.h"', 'native/kernels/vec_avx2.h'],
  ['native/engine.cc', '#include <node_api.h>', '<node_api.h>'],
  ['native/plan.h', '#include <node_api.h>', '<node_api.h>'],
  ['native/binding/model.cc', '#include "../network.h"', 'native/network.h'],
  ['native/plan.cc', '#include "engine.h"', 'native/engine.h'],
  ['native/kernels/dense.h', '#  include "../engine.h"', 'native/engine.h'],
])('%s may not say %j', (path, text, target) => {
  expect(check(path, text)).toEqual([`${path} may not import ${target}`]);
});

test.each([
  ['lib/model.ts', "import { engine } from '#engine';\nimport type { Plan } from './graph/plan-format.ts';"],
  [
    'lib/formats/containers/zip.ts',
    "// import 'node:fs';\nimport { open } from 'yauzl';\nimport type { A } from '../format.ts';",
  ],
  ['lib/formats/onnx/onnx.ts', 'const buffer: ArrayBuffer = bytes.buffer; // not a Buffer'],
  ['lib/source/kept-file.ts', "import { open } from 'node:fs/promises';"],
  ['lib/engine/native.ts', "import { openAddon } from '../addon.ts';\nimport { createRequire } from 'node:module';"],
  ['lib/load.ts', 'throw new Error(\'an import from "./addon.ts"\');'],
  ['native/binding/model.h', '#include <node_api.h>\n#include <cstring>\n#include "../engine.h"'],
  ['native/kernels/avx2.cc', '#include "../cpu.h"\n#include <immintrin.h>\n#include "vec_avx2.h"'],
])('%s may say %j', (path, text) => {
  expect(check(path, text)).toEqual([]);
});

test('a native file that no rule knows is refused', () => {
  expect(check('native/extra.cc', '')).toEqual(['native/extra.cc belongs to no group of scripts/import-rules.js']);
});

test('files that import one another are found, types included, and files that only share one are not', () => {
  const files = new Map([
    ['lib/a.ts', "import { b } from './b.ts';"],
    ['lib/b.ts', "import type { C } from './c.ts';\nimport './leaf.ts';"],
    ['lib/c.ts', "export * from './a.ts';\nimport './leaf.ts';"],
    ['lib/leaf.ts', "import { readFile } from 'node:fs';"],
    ['lib/d.ts', "const later = () => import('./e.ts');"],
    ['lib/e.ts', "import './d.ts';\nimport './a.ts';"],
    ['lib/top.ts', "import './a.ts';\nimport './e.ts';"],
  ]);
  expect(cycles(files)).toEqual([
    'lib/a.ts, lib/b.ts, lib/c.ts import one another',
    'lib/d.ts, lib/e.ts import one another',
  ]);
});
