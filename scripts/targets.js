/**
 * The binaries of a release, by their path in prebuilds/: the platforms of docs/platforms.md. The file names are those
 * that prebuildify writes and node-gyp-build finds; lib/addon.ts looks for the same names.
 *
 * @typedef {{ file: string, triple: string }} Target `triple` is zig's name for the processor, system and libc; `file` is
 * the addon that runs models
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
