/**
 * The binaries that a release holds, by their place in prebuilds/: the platforms of docs/platforms.md. The names of the
 * files are those that prebuildify gives and node-gyp-build finds; lib/addon.ts looks for the same.
 *
 * @typedef {{ file: string, triple: string }} Target `triple` is zig's name of the processor, system and libc; `file` is
 * that of the addon that runs models
 */

/** Where an addon is in prebuilds/. @param {string} target @param {import('../native/make.js').AddonName} name */
export function fileOf(target, name) {
  return TARGETS[target].file.replace('/forwardpass', `/${name}`);
}

/** @type {Readonly<Record<string, Target>>} */
export const TARGETS = {
  'linux-x64-glibc': { file: 'linux-x64/forwardpass.glibc.node', triple: 'x86_64-linux-gnu.2.17' },
  'linux-x64-musl': { file: 'linux-x64/forwardpass.musl.node', triple: 'x86_64-linux-musl' },
  'linux-arm64-glibc': { file: 'linux-arm64/forwardpass.glibc.node', triple: 'aarch64-linux-gnu.2.17' },
  'linux-arm64-musl': { file: 'linux-arm64/forwardpass.musl.node', triple: 'aarch64-linux-musl' },
  'win32-x64': { file: 'win32-x64/forwardpass.node', triple: 'x86_64-windows-gnu' },
  'win32-arm64': { file: 'win32-arm64/forwardpass.node', triple: 'aarch64-windows-gnu' },
  'darwin-x64': { file: 'darwin-x64/forwardpass.node', triple: 'x86_64-macos.11.0' },
  'darwin-arm64': { file: 'darwin-arm64/forwardpass.node', triple: 'aarch64-macos.11.0' },
};
