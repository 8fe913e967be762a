#!/usr/bin/env node
import { main } from './program.ts';

// A closed pipe is reported by the write that meets it; without a listener it would end the process first.
process.stdout.on('error', () => {});

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  // Only when it is needed: help has no use for the engine.
  load: async (path, options) => (await import('../load.ts')).load(path, options),
  freeze: async (path, options) => (await import('../freeze.ts')).freeze(path, options),
  learn: async (path, options) => (await import('../learn.ts')).learn(path, options),
  openQuantizable: async (path, options) => (await import('../quantize.ts')).openQuantizable(path, options),
  serve: async (source, options) => (await import('../serve/server.ts')).openServer(source, options),
  onSignal(names, callback) {
    for (const name of names) process.on(name, callback);
    return () => {
      for (const name of names) process.off(name, callback);
    };
  },
});
