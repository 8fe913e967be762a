/**
 * Arrays whose elements become arguments. Each argument is on the stack, so about 120,000 of them cause a RangeError:
 * loops must process arrays whose length comes from a file (`greatest`, `least`, `pushAll`).
 */
import { every, parse } from './syntax.js';

/** @typedef {import('./syntax.js').Node} Node */

/**
 * The calls that spread an array that no literal bounds, such as `Math.max(...widths)`.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function spreadsOf(text) {
  const shown = (/** @type {Node} */ node) => text.slice(node.start, node.end).replace(/\s+/g, ' ');
  const found = [];
  for (const node of every(parse(text))) {
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') continue;
    const { callee } = node;
    if (isApply(node)) found.push(`${shown(callee)}(${node.arguments.map(shown).join(', ')})`);
    for (const argument of node.arguments) {
      if (argument.type !== 'SpreadElement' || isLiteral(argument.argument)) continue;
      found.push(`${node.type === 'NewExpression' ? 'new ' : ''}${shown(callee)}(${shown(argument)})`);
    }
  }
  return found;
}

/**
 * Whether the code determines the length, as in `[a, b]` and `isLast ? ['bias'] : []`.
 *
 * @param {Node} node
 * @returns {boolean}
 */
function isLiteral(node) {
  if (node.type === 'ConditionalExpression') return isLiteral(node.consequent) && isLiteral(node.alternate);
  if (node.type === 'TSAsExpression') return isLiteral(node.expression);
  return (
    node.type === 'ArrayExpression' && node.elements.every((/** @type {Node} */ { type }) => type !== 'SpreadElement')
  );
}

/**
 * `Reflect.apply(f, …)`, `Math.max.apply(…)` and `f.apply(null, …)`. Our own objects have methods with this name.
 *
 * @param {Node} call
 */
function isApply({ callee, arguments: [first] }) {
  if (callee.type !== 'MemberExpression' || callee.property.name !== 'apply') return false;
  const { object } = callee;
  return object.type === 'MemberExpression' || object.name === 'Reflect' || NO_OBJECT.has(first?.raw ?? first?.name);
}

const NO_OBJECT = new Set(['null', 'undefined']);
