/**
 * The page at `/`: each model with a form to try it, its schema, code to copy, and live figures. It is a constant text:
 * the page requests the list of models from the server. It loads nothing from other hosts.
 */
import { createHash } from 'node:crypto';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { Answer } from './protocol.ts';

const BODY = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Models served by forwardpass</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>forwardpass</h1>
<label>Model <select id="model"></select></label>
<span class="soft" id="about"></span>
<label id="token" hidden>Token <input id="secret" type="password" autocomplete="off"></label>
<nav><a data-path="/openapi.json">OpenAPI</a> <a data-path="/metrics">Metrics</a></nav>
</header>
<main>
<section><h2>Try it</h2><form id="form"><div class="fields" id="fields"></div><div class="row"><button>Predict</button></div></form></section>
<section aria-live="polite"><h2>Answer</h2><div id="result"></div></section>
<section class="wide"><h2>Live</h2><div class="figures">
<div><span class="soft">Throughput</span><b id="rate">–</b></div>
<div><span class="soft">Rows</span><b id="rows">–</b></div>
<div><span class="soft">Median latency</span><b id="median">–</b></div>
<div><span class="soft">99th percentile</span><b id="tail">–</b></div>
<div><span class="soft">Requests</span><b id="requests">–</b></div>
<div><span class="soft">Errors</span><b id="errors">–</b></div>
</div><svg viewBox="0 0 59 31" preserveAspectRatio="none" role="img" aria-label="Requests per second over the last two minutes"><polyline id="line"></polyline></svg></section>
<section><h2>curl</h2><pre id="curl"></pre><div class="row"><button class="plain" data-copy="curl">Copy</button></div></section>
<section><h2>fetch</h2><pre id="fetch"></pre><div class="row"><button class="plain" data-copy="fetch">Copy</button></div></section>
<section class="wide"><details><summary>Schema of a record</summary><pre id="schema"></pre></details></section>
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

let answer: Answer | undefined;

/** `GET /` */
export function page(): Answer {
  answer ??= {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'",
        `script-src ${hashOf(PAGE_SCRIPT)}`,
        `style-src ${hashOf(PAGE_STYLE)}`,
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ].join('; '),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
    body: BODY,
  };
  return answer;
}
