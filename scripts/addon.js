/** The addon as the repository builds it: native/make.js, with the packages of the repository, into build/. */
import { join } from 'node:path';
import { platform } from 'node:process';
import { hasCMake, buildAddon as make, root, run } from '../native/make.js';

export const ADDON = 'build/Release/forwardpass.node';

/** For Windows without CMake, where node-gyp must find the compiler first. */
export function buildAddon() {
  if (platform === 'win32' && !hasCMake()) run('node-gyp.cmd', ['rebuild']);
  else make(root, join(root, 'build'), join(root, ADDON));
}
