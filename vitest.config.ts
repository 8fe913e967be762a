import { defineConfig } from 'vitest/config';

/** Files that replace a module by another, or share a folder that the first of them to end removes. */
const ISOLATED = [
  'test/cli/**/*.test.ts',
  'test/engine/reference-engine.test.ts',
  'test/formats/catboost/categories.test.ts',
  'test/watch/first-load.test.ts',
];

export default defineConfig({
  test: {
    // Vitest leaves one processor to itself, which is idle once the files are transformed.
    maxWorkers: '100%',
    // What ends a test is a hang: a busy machine is no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ['test/setup.ts'],
    // With `--coverage`: what the tests of a process execute; commands, threads and servers that they start count for nothing.
    coverage: {
      include: ['lib/**/*.ts'],
      reportsDirectory: 'build/coverage',
      reporter: [['text', { skipFull: true, maxCols: 120 }]],
    },
    projects: [
      // The files of a worker share its modules: loading them anew for each of 250 files takes a minute.
      { extends: true, test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: ISOLATED, isolate: false } },
      { extends: true, test: { name: 'isolated', include: ISOLATED } },
    ],
  },
});
