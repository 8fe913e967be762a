#!/usr/bin/env node
import { main } from './program.ts';

// The write to a closed pipe reports the error; without a listener, the event would end the process first.
process.stdout.on('error', () => {});

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  // Imported on first use, because `help` does not need the engine.
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
