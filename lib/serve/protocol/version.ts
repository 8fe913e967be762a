/** The version of this package. */
import { readFileSync } from 'node:fs';

/** The relative paths of package.json, from the sources and from bundles in dist/. */
const PLACES = ['../package.json', '../../package.json', '../../../package.json'];

let known: string | undefined;

export function packageVersion(): string {
  known ??= versionAt(PLACES) ?? '0.0.0';
  return known;
}

function versionAt(places: readonly string[]): string | undefined {
  for (const place of places) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (name === 'forwardpass') return version;
    } catch {
      // File not found.
    }
  }
  return undefined;
}
