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
const known = new Set([
  ...pages,
  ...filesIn('docs', /\.svg$/),
  ...readdirSync(root),
  ...['native', 'examples'].flatMap((folder) => filesIn(folder, /./)),
]);

/** Links, images and sources of a page, from the package's root; without those to the web and within the page. */
function targetsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```.*?^```/gms, '');
  const found = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source,
  );
  const local = found.filter((target) => !/^([a-z]+:|#)/.test(target));
  return local.map((target) => relative('.', join(dirname(page), target.replace(/#.*/, ''))).replaceAll('\\', '/'));
}

describe('a page in the package', () => {
  it.each(['README.md', 'CHANGELOG.md', ...pages])('links to what is in the package too: %s', (page) => {
    expect(isPublished(page)).toBe(true);
    expect(targetsOf(page).filter((target) => !isPublished(target) || !known.has(target))).toEqual([]);
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
