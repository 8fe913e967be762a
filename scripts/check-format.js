/** Checks the C++ sources with clang-format, if the version that formats them is installed. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { exit } from 'node:process';
import { fileURLToPath } from 'node:url';

/** Versions format differently, so only one can be used: that of Debian 12. */
const VERSION = 14;

const root = new URL('..', import.meta.url);
const installed = [`clang-format-${VERSION}`, 'clang-format'].find((command) =>
  new RegExp(`version ${VERSION}\\.`).test(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
);

if (installed === undefined) {
  console.log(`C++ formatting not checked: clang-format ${VERSION} is not installed`);
} else {
  const files = ['native', 'test/native'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(cc|h)$/.test(file))
      .map((file) => `${folder}/${file}`),
  );
  const options = { cwd: fileURLToPath(root), stdio: /** @type {const} */ ('inherit') };
  exit(spawnSync(installed, ['--dry-run', '-Werror', ...files], options).status ?? 1);
}
