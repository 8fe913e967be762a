/** The page at `/`. It is whole by itself: it loads nothing from elsewhere. */
import type { Answer, ServedModel } from './protocol.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}code{background:#eee}';

export function page(models: readonly ServedModel[]): Answer {
  const items = models.map(({ name, version, format }) => {
    const path = `/models/${encodeURIComponent(name)}`;
    return `<li><a href="${path}">${escaped(name)}</a>, version ${escaped(version)} (${escaped(format)}): <code>POST ${path}/predict</code>, <a href="${path}/schema">schema</a></li>`;
  });
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>forwardpass</title><style>${STYLE}</style>
<h1>forwardpass</h1><ul>${items.join('')}</ul>
<p><a href="/openapi.json">OpenAPI</a> · <a href="/metrics">metrics</a> · <a href="/models">models</a></p></html>`;
  return { status: 200, headers: { ...PAGE_HEADERS }, body };
}

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
