/** Finds an addon's binary and opens it; lib/engine/native.ts and lib/learn/addon.ts say what is in them. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readElf } from './elf.ts';
import { ForwardpassError } from './errors.ts';
import { describe, docsPage } from './messages.ts';

/** What decides which binary is looked for, and where. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Whether the C library is musl: undefined on systems with only one C library. */
  readonly musl?: boolean;
  /**
   * - FORWARDPASS_ADDON: the path of the binary, instead of a search; other addons are expected beside it, under their
   *   own names
   * - FORWARDPASS_PREBUILD: the folder that contains prebuilds/, instead of the package's own
   * - PREBUILDS_ONLY: ignores binaries that were built from source
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders that may contain prebuilds/: the package's own, then those of a bundle that includes it. */
  readonly folders: readonly string[];
}

/** The two addons, each with a function that only it exports. */
const MARKS = { forwardpass: 'attach', 'forwardpass-learn': 'pow' } as const;
export type AddonName = keyof typeof MARKS;

/** The exports of the addon. */
export function openAddon(host: Host = thisHost(), name: AddonName = 'forwardpass'): unknown {
  const failures: string[] = [];
  for (const path of addonPaths(host, name)) {
    const opened = open(path, host, name);
    if (typeof opened !== 'string') return opened.exports;
    failures.push(`\n  ${path}: ${opened}`);
  }
  const { platform, arch, musl } = host;
  const libc = musl === undefined ? '' : `, ${musl ? 'musl' : 'glibc'}`;
  const { node, modules, napi } = process.versions;
  throw new ForwardpassError(
    'NATIVE',
    `no binary could be loaded for ${platform} ${arch}${libc} (Node ${node}, ABI ${modules}, Node-API ${napi}). ` +
      `Looked for:${failures.join('')}${remedies(host)
        .map((remedy) => `\n  ${remedy}`)
        .join('')}`,
    'native addon',
  );
}

const BUILD = 'This builds it from source: npx forwardpass build';

/** What to do where the package is installed, and where only its code was copied. */
function remedies({ platform, arch, env, folders }: Host): string[] {
  if (env.FORWARDPASS_ADDON || env.FORWARDPASS_PREBUILD) return [BUILD];
  const isPackage = existsSync(join(folders[0], 'native/sources.json'));
  if (isPackage && folders.some((folder) => existsSync(join(folder, 'prebuilds')))) return [BUILD];
  const apart =
    'A bundler (esbuild, webpack, Rollup, Next.js), or a copy of the package, left out its binaries. Leave forwardpass ' +
    "out of the bundle (external: ['forwardpass']; Next.js: serverExternalPackages: ['forwardpass']), or copy " +
    `node_modules/forwardpass/prebuilds/${platform}-${arch} to prebuilds/ beside the bundle, or name the file in the ` +
    `environment variable FORWARDPASS_ADDON. See ${docsPage('bundlers')}`;
  return isPackage ? [apart, BUILD] : [apart];
}

/** The paths where the binary may be, in search order. */
export function addonPaths({ platform, arch, musl, env, folders }: Host, name: AddonName = 'forwardpass'): string[] {
  if (env.FORWARDPASS_ADDON) {
    const named = resolve(env.FORWARDPASS_ADDON);
    return [name === 'forwardpass' ? named : join(dirname(named), `${name}.node`)];
  }
  const found = env.FORWARDPASS_PREBUILD ? [resolve(env.FORWARDPASS_PREBUILD)] : folders;
  // The other libc's binary is tried as well, because the detection of the libc can fail.
  const tags = musl === undefined ? [''] : musl ? ['.musl', '.glibc'] : ['.glibc', '.musl'];
  return [
    ...(env.PREBUILDS_ONLY ? [] : [join(found[0], `build/Release/${name}.node`)]),
    ...found.flatMap((folder) => tags.map((tag) => join(folder, `prebuilds/${platform}-${arch}/${name}${tag}.node`))),
  ];
}

/** The module, or why it could not be opened. */
function open(path: string, { platform, arch }: Host, name: AddonName): { exports: unknown } | string {
  if (!existsSync(path)) return 'file not found';
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) {
    // The system's messages for these cases are misleading, and opening a truncated file would crash the process.
    const elf = readElf(path);
    if (elf === undefined) return 'is not a Linux shared library';
    if (elf.arch !== arch) return `is for ${elf.arch}`;
    const { size } = statSync(path);
    if (size < elf.bytes) return `is truncated: expected ${elf.bytes} bytes, found ${size}`;
  }
  const module = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (cause) {
    if ((cause as { code?: unknown } | undefined)?.code === 'MEMORY') {
      throw new ForwardpassError('MEMORY', 'no memory for the addon', path, { cause });
    }
    return (cause instanceof Error ? cause.message : describe(cause)).replace(`${path}: `, '').trim();
  }
  return MARKS[name] in Object(module.exports) ? module : 'is another addon';
}

export function thisHost(): Host {
  const { platform, arch, env, argv, execPath } = process;
  // Bundles of CommonJS modules have no import.meta.url.
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const script = argv[1] === undefined ? [] : [dirname(argv[1])];
  return {
    platform,
    arch,
    musl: platform === 'linux' ? runsOnMusl() : undefined,
    env,
    folders: [...new Set([dirname(here), here, ...script, dirname(execPath)])],
  };
}

/** The loader of this process (its ELF interpreter) also loads the addon. */
function runsOnMusl(): boolean {
  return readElf(process.execPath)?.interpreter?.includes('/ld-musl') ?? existsSync('/etc/alpine-release');
}
