/**
 * What lib/ must not contain, because a file or a row could make it slow or stop the process: arguments spread from
 * arrays of any length, regular expressions that are not linear, and unbounded recursion; and phrases that are not
 * plain English. `code-rules/allowed.js` lists the places that are bounded, and by what.
 */
import { ALLOWED } from './code-rules/allowed.js';
import { slowness } from './code-rules/patterns.js';
import { recursionsOf } from './code-rules/recursion.js';
import { spreadsOf } from './code-rules/spreads.js';
import { every, parse } from './code-rules/syntax.js';
import { wordingOf } from './code-rules/wording.js';

/**
 * The part of a file that violates a rule, and why.
 *
 * @typedef {{ what: string, why: string }} Finding
 * @typedef {Readonly<Record<string, Readonly<Record<string, string>>>>} Allowed why, by file and finding
 */

/**
 * Violations, one line each, and allowed places that no longer exist.
 *
 * @param {ReadonlyMap<string, string>} files texts by their repository paths
 * @param {Allowed} [allowed]
 * @returns {string[]}
 */
export function codeViolations(files, allowed = ALLOWED) {
  const found = [...files].map(([path, text]) => ({ path, findings: findingsIn(text) }));
  const refused = found.flatMap(({ path, findings }) =>
    findings
      .filter(({ what }) => allowed[path]?.[what] === undefined)
      .map(({ what, why }) => `${path}: ${what} ${why}`),
  );
  const stale = Object.entries(allowed).flatMap(([path, places]) => {
    const there = found.find((file) => file.path === path)?.findings.map(({ what }) => what) ?? [];
    const gone = Object.keys(places).filter((what) => !there.includes(what));
    return gone.map((what) => `${path}: ${what} is allowed in scripts/code-rules/allowed.js, and not there any more`);
  });
  return [...refused, ...stale];
}

/**
 * @param {string} text
 * @returns {Finding[]}
 */
function findingsIn(text) {
  return [...spreads(text), ...patterns(text), ...recursions(text), ...wordingOf(text)];
}

/**
 * @param {string} text
 * @returns {Finding[]}
 */
function spreads(text) {
  const why =
    'spreads an array into arguments, which fails for long ones: walk it, or say in allowed.js what bounds it';
  return spreadsOf(text).map((what) => ({ what, why }));
}

/**
 * @param {string} text
 * @returns {Finding[]}
 */
function patterns(text) {
  const found = [];
  for (const node of every(parse(text))) {
    const why = node.regex === undefined ? undefined : slowness(node.regex.pattern, node.regex.flags);
    if (why !== undefined)
      found.push({ what: node.raw, why: `${why}: walk the text, or say in allowed.js what bounds it` });
    const isMade = (node.type === 'NewExpression' || node.type === 'CallExpression') && node.callee.name === 'RegExp';
    if (isMade) {
      const what = text.slice(node.start, node.end);
      found.push({ what, why: 'is not checked: write a literal, or say in allowed.js why it is linear' });
    }
  }
  return found;
}

/**
 * @param {string} text
 * @returns {Finding[]}
 */
function recursions(text) {
  const why = 'calls itself: write a loop, or say in allowed.js what bounds the depth';
  return recursionsOf(text).map((names) => ({ what: names.join(' '), why }));
}
