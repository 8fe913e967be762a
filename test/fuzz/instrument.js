/**
 * Counts how often each branch of the library runs: a counter is put into the source wherever it forks. Inputs that
 * reach a new branch are worth changing further. Counters cost less than a tenth of the time, where V8's own coverage
 * has to be asked for after each input.
 */
import { parseAst } from 'rolldown/parseAst';

/** Room for counters: `$hits[i]` is how often branch i ran, modulo 256. */
export const MOST_BRANCHES = 2 ** 16;
export const INTRO = `globalThis.$hits = new Uint8Array(${MOST_BRANCHES});`;

/** @typedef {{ type: string, start: number, end: number, [key: string]: any }} AstNode */

/**
 * A plugin of the bundler.
 * @param {RegExp} files whose branches are counted
 */
export function instrument(files) {
  let branches = 0;
  const count = () => `$hits[${branches++}]++`;
  return {
    name: 'instrument',
    /** @param {string} code @param {string} id */
    transform(code, id) {
      if (!files.test(id)) return null;
      /** @type {{ at: number, text: string }[]} */
      const insertions = [];
      const insert = (/** @type {number} */ at, /** @type {string} */ text) => insertions.push({ at, text });
      visit(/** @type {AstNode} */ (/** @type {unknown} */ (parseAst(code, { lang: 'ts' }))), insert, count);
      return { code: inserted(code, insertions) };
    },
  };
}

/** @param {AstNode} node @param {(at: number, text: string) => void} insert @param {() => string} count */
function visit(node, insert, count) {
  const statement = (/** @type {AstNode | null} */ body) => {
    if (body === null) return;
    if (body.type === 'BlockStatement') return insert(body.start + 1, `${count()};`);
    insert(body.start, `{${count()};`);
    return insert(body.end, '}');
  };
  const expression = (/** @type {AstNode} */ value) => {
    insert(value.start, `(${count()},`);
    insert(value.end, ')');
  };
  // A node before its parts: of insertions at one place the outer ones come first, but for ends, which are in the other order.
  if (/^(Function|ArrowFunction)/.test(node.type) && node.body !== null) {
    if (node.body.type === 'BlockStatement') statement(node.body);
    else expression(node.body);
  } else if (node.type === 'IfStatement') {
    statement(node.consequent);
    if (node.alternate?.type !== 'IfStatement') statement(node.alternate);
  } else if (/^(For|While|DoWhile|ForOf|ForIn)Statement$/.test(node.type)) statement(node.body);
  else if (node.type === 'CatchClause') statement(node.body);
  else if (node.type === 'ConditionalExpression') {
    expression(node.consequent);
    expression(node.alternate);
  } else if (node.type === 'LogicalExpression') expression(node.right);
  else if (node.type === 'SwitchCase' && node.consequent.length > 0) insert(node.consequent[0].start, `${count()};`);
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) for (const item of child) if (isNode(item)) visit(item, insert, count);
    if (isNode(child)) visit(child, insert, count);
  }
  // What follows where the condition did not hold, or did.
  if (Array.isArray(node.body)) {
    for (const part of node.body) if (part.type === 'IfStatement') insert(part.end, `${count()};`);
  }
}

/** @param {unknown} value @returns {value is AstNode} */
function isNode(value) {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** @param {string} code @param {{ at: number, text: string }[]} insertions */
function inserted(code, insertions) {
  const closing = insertions.filter(({ text }) => /^[})]$/.test(text)).reverse();
  const opening = insertions.filter(({ text }) => !/^[})]$/.test(text));
  // Stable: what closes at a place comes before what opens there.
  const ordered = [...closing, ...opening].sort((a, b) => a.at - b.at);
  let done = 0;
  const parts = ordered.flatMap(({ at, text }) => {
    const before = code.slice(done, at);
    done = at;
    return [before, text];
  });
  return parts.join('') + code.slice(done);
}
