/** TypeScript as a tree, for rules of this repository. */
import { parseAst } from 'rolldown/parseAst';

/**
 * A node as ESTree has it, with TypeScript's own beside them.
 *
 * @typedef {{ type: string, start: number, end: number, [field: string]: any }} Node
 */

/** Fields that hold types or say nothing of what runs. */
const NOT_RUN = new Set([
  'type',
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'typeArguments',
  'superTypeArguments',
]);

/**
 * @param {string} text
 * @returns {Node[]}
 */
export function parse(text) {
  return /** @type {any} */ (parseAst(text, { lang: 'ts' })).body;
}

/**
 * The nodes right below one, without those of types.
 *
 * @param {Node} node
 * @returns {Node[]}
 */
export function below(node) {
  return Object.keys(node)
    .filter((field) => !NOT_RUN.has(field))
    .flatMap((field) => node[field])
    .filter((value) => typeof value?.type === 'string' && !/^TS(Interface|TypeAlias)/.test(value.type));
}

/**
 * Every node of a file, parents first.
 *
 * @param {Iterable<Node>} roots
 * @returns {Generator<Node>}
 */
export function* every(roots) {
  for (const node of roots) {
    yield node;
    yield* every(below(node));
  }
}

/**
 * @param {string} text
 * @param {number} at
 */
export function lineOf(text, at) {
  return text.slice(0, at).split('\n').length;
}
