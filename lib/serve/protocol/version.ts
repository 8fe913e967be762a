/** The version of this package. */
import { readFileSync } from 'node:fs';

/** From the sources and from dist/, where modules are bundled, package.json is at different distances. */
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
      // Not there.
    }
  }
  return undefined;
}
