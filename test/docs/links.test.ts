/** Whoever has installed the package has every page that its messages, its README and its pages name. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { docsPage } from '../../lib/messages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const filesIn = (folder: string, ending: RegExp) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file).replaceAll('\\', '/'));

const { files, name } = JSON.parse(read('package.json')) as { files: string[]; name: string };
const isPublished = (file: string) =>
  file === 'README.md' || file === 'LICENSE' || files.some((entry) => file === entry || file.startsWith(`${entry}/`));
const pages = filesIn('docs', /\.md$/);
const rootPages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
const known = new Set([
  ...pages,
  ...filesIn('docs', /\.svg$/),
  ...readdirSync(root),
  ...['native', 'examples'].flatMap((folder) => filesIn(folder, /./)),
]);

const withoutCode = (page: string) => read(page).replaceAll(/^```.*?^```/gms, '');

/** Links, images and sources of a page that are not to the web: files from the package's root, and anchors in them. */
function targetsOf(page: string): { readonly file: string; readonly anchor?: string }[] {
  const found = [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source,
  );
  const local = found.filter((target) => !/^[a-z]+:/.test(target));
  return local.map((target) => {
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : relative('.', join(dirname(page), path)).replaceAll('\\', '/');
    return { file, anchor };
  });
}

/** What GitHub calls the headings of a page: the second of two that are alike gets `-1`. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(page).matchAll(/^#{1,6} (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const name = plain
      .replaceAll(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation} -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = name;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${name}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

describe('a page in the package', () => {
  it.each([...rootPages, ...pages])('links to what is in the package too: %s', (page) => {
    expect(isPublished(page)).toBe(true);
    expect(targetsOf(page).filter(({ file }) => !isPublished(file) || !known.has(file))).toEqual([]);
  });

  it.each([...rootPages, ...pages])('links to headings that there are: %s', (page) => {
    const targets = targetsOf(page).filter(({ file, anchor }) => anchor !== undefined && file.endsWith('.md'));
    expect(targets.filter(({ file, anchor }) => !anchorsOf(file).has(anchor ?? ''))).toEqual([]);
  });

  it.each(['CHANGELOG.md', ...pages])('names pages that there are: %s', (page) => {
    const named = [...read(page).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([path]) => path);
    expect(named.filter((path) => !known.has(path))).toEqual([]);
  });
});

describe('a message or a comment of the code', () => {
  it('names a page by its place in the package', () => {
    expect(docsPage('onnx')).toBe(`node_modules/${name}/docs/onnx.md`);
  });

  it.each(filesIn('lib', /\.ts$/).filter((file) => /docsPage\(|docs\//.test(read(file))))(
    'names pages that there are: %s',
    (file) => {
      const text = read(file);
      const paths = [...text.matchAll(/docsPage\('([^']+)'\)/g)].map(([, page]) => `docs/${page}.md`);
      const written = [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([path]) => path);
      expect([...paths, ...written].filter((path) => !known.has(path) || !isPublished(path))).toEqual([]);
      // A message says where the package lies; only comments speak of the repository's own folder.
      const messages = text
        .split('\n')
        .filter(
          (line) => /(?<!node_modules\/forwardpass\/)docs\/[\w/-]+\.md/.test(line) && !/^\s*\/?\*|\/\/ /.test(line),
        );
      expect(messages).toEqual([]);
    },
  );
});
